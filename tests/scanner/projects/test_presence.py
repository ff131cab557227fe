"""Gone, there, or out of reach: with real permissions, real mounts and real links."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from venvdash.model import EvidenceKind, Place, Presence, ProjectRecord
from venvdash.scanner.projects.presence import look, record_of, words
from venvdash.system.birth_time import birth_of
from venvdash.system.mounts import Mount, Mounts

ROOT = Mounts((Mount("/", "ext4", "/dev/vda"),))


@pytest.fixture
def code(tmp_path: Path) -> Path:
    path = tmp_path / "code"
    path.mkdir()
    (path / "notes.txt").touch()  # a disk that is not mounted leaves an empty directory
    return path.resolve()


def here(path: Path, **more: Any) -> ProjectRecord:
    record = ProjectRecord(path, EvidenceKind.USER, mount_point="/", mount_source="/dev/vda")
    return replace(record, **more)


def identity(path: Path) -> dict[str, Any]:
    """Return what tells a directory from every other."""
    return {
        "real": path,
        "inode": path.stat().st_ino,
        "fsid": os.statvfs(path).f_fsid,
        "birth": birth_of(path),
    }


def test_present(code: Path) -> None:
    found = look(code, ROOT)
    assert found == Place(code, Presence.PRESENT, **identity(code))


def test_present_through_a_link(code: Path, tmp_path: Path) -> None:
    (code / "webapp").mkdir()
    link = tmp_path / "link"
    link.symlink_to(code)
    found = look(link / "webapp", ROOT)
    assert (found.presence, found.real) == (Presence.PRESENT, code / "webapp")


def test_absent_names_the_directory_above(code: Path) -> None:
    found = look(code / "webapp", ROOT)
    assert found.presence is Presence.ABSENT
    assert found.reason == f"{code}/webapp does not exist, though {code} does"
    assert found.ancestor_mtime == code.stat().st_mtime


def test_absent_names_the_topmost_missing_directory(code: Path) -> None:
    found = look(code / "a" / "b" / "c", ROOT)
    assert found.presence is Presence.ABSENT
    assert found.reason == f"{code}/a/b/c: {code}/a does not exist, though {code} does"


def test_absent_through_a_file(code: Path) -> None:
    (code / "webapp").write_text("")
    found = look(code / "webapp" / "sub" / "deep", ROOT)
    assert found.presence is Presence.ABSENT
    assert found.reason.endswith(f"which cannot exist: {code}/webapp is a file")


def test_absent_behind_links(code: Path, tmp_path: Path) -> None:
    parent = tmp_path / "parent"
    parent.symlink_to(code)
    found = look(parent / "webapp", ROOT)
    assert found.presence is Presence.ABSENT
    assert found.reason == (
        f"{parent}/webapp points to {code}/webapp, which does not exist, though {code} does"
    )
    dangling = tmp_path / "dangling"
    dangling.symlink_to(code / "gone" / "webapp")
    found = look(dangling, ROOT)
    assert found.presence is Presence.ABSENT
    assert found.reason == (
        f"{dangling} points to {code}/gone/webapp: {code}/gone does not exist, though {code} does"
    )


def test_a_dangling_link_to_what_is_not_mounted_is_out_of_reach(tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to("/mnt/venvdash-no-such-disk/webapp")
    found = look(link, ROOT)
    assert found.presence is Presence.UNREACHABLE
    assert found.reason == "/mnt/venvdash-no-such-disk is not mounted"


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/media/ada/venvdash-usb/webapp", "/media/ada is not mounted"),
        ("/run/media/ada/x/webapp", "/run/media/ada is not mounted"),
        ("/Volumes/venvdash/webapp", "/Volumes/venvdash is not mounted"),
        ("/venvdash-in-fstab/webapp", "/venvdash-in-fstab is not mounted"),
    ],
)
def test_where_disks_come_and_go_nothing_is_gone(path: str, reason: str) -> None:
    found = look(Path(path), Mounts(ROOT.mounts, ("/", "/venvdash-in-fstab")))
    assert (found.presence, found.reason) == (Presence.UNREACHABLE, reason)


def test_odd_paths_are_out_of_reach(code: Path) -> None:
    (code / "loop").symlink_to("loop")
    for path in (code / "loop", code / "loop" / "webapp", code / ("x" * 300), Path("/a\0b")):
        found = look(path, ROOT)
        assert found.presence is Presence.UNREACHABLE
        assert found.reason.isprintable()


def test_a_file_where_a_directory_is_expected_is_not_judged(code: Path) -> None:
    script = code / "script.py"
    script.write_text("")
    assert look(script, ROOT).presence is Presence.PRESENT
    assert look(script, ROOT, script=True).presence is Presence.PRESENT
    assert look(script, ROOT, script=False).presence is Presence.UNREACHABLE
    assert look(code, ROOT, script=True).presence is Presence.UNREACHABLE


def test_names_in_reasons_are_fit_to_show(code: Path) -> None:
    found = look(code / "a\x1b]0;x\x07\n\udcff\u202e", ROOT)
    assert found.presence is Presence.ABSENT
    assert "a\\e]0;x\\x07\\n\\xff\\u202e" in found.reason
    assert found.reason.isprintable()


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        ({"mount_point": "/disk"}, "/disk is not mounted"),
        ({"mount_point": "/proc"}, "is on a different file system than when it was last seen"),
        ({"host": "other"}, "was last seen on another computer"),
    ],
)
def test_another_mount_or_host_is_no_proof(
    code: Path, record: dict[str, object], reason: str
) -> None:
    mounts = Mounts((*ROOT.mounts, Mount("/proc", "proc", "proc")))
    found = look(code / "webapp", mounts, here(code / "webapp", **record), "ours")
    assert found.presence is Presence.UNREACHABLE
    assert found.reason.endswith(reason)


def test_our_host_and_mount_prove(code: Path) -> None:
    assert look(code / "x", ROOT, here(code / "x", host="ours"), "ours").presence is Presence.ABSENT
    renamed = here(code / "x", mount_source="/dev/nvme0n1")  # the root is the root
    assert look(code / "x", ROOT, renamed).presence is Presence.ABSENT


def test_another_host_is_believed_on_the_same_network_mount_only(code: Path) -> None:
    mounts = Mounts((*ROOT.mounts, Mount(str(code), "nfs4", "nas:/code")))
    path = code / "webapp"
    record = here(path, host="other", mount_point=str(code), mount_source="nas:/code")
    assert look(path, mounts, record, "ours").presence is Presence.ABSENT
    elsewhere = replace(record, mount_source="nas:/other")
    assert look(path, mounts, elsewhere, "ours").presence is Presence.UNREACHABLE


def test_another_disk_at_the_same_point(code: Path) -> None:
    mounts = Mounts((*ROOT.mounts, Mount(str(code), "vfat", "/dev/sdb1")))
    path = code / "webapp"
    record = here(path, mount_point=str(code), mount_source="/dev/sdc1")
    found = look(path, mounts, record)
    assert found.presence is Presence.UNREACHABLE
    assert found.reason.startswith("a different file system is mounted at ")
    same = replace(record, fsid=os.statvfs(code).f_fsid)  # only its device was renamed
    assert look(path, mounts, same).presence is Presence.ABSENT


def test_a_record_of_what_is_there(code: Path) -> None:
    mounts = Mounts.read()
    first = record_of(
        look(code, mounts), EvidenceKind.HASH, mounts, now=5.0, host="h", name="n", git="g"
    )
    lies_on = mounts.of(code)
    assert lies_on is not None
    assert first == ProjectRecord(
        code,
        EvidenceKind.HASH,
        **identity(code),
        mount_point=lies_on.point,
        mount_source=lies_on.source,
        name="n",
        git="g",
        host="h",
        first_seen=5.0,
        last_seen=5.0,
    )
    again = record_of(look(code, mounts), EvidenceKind.USER, mounts, now=9.0, before=first)
    assert (again.first_seen, again.last_seen, again.how) == (5.0, 9.0, EvidenceKind.USER)
    (code / "notes.txt").unlink()
    code.rmdir()
    assert look(code, mounts, first, "h").presence is Presence.ABSENT


def test_words_for_every_error() -> None:
    for number in range(1, 140):
        assert words(OSError(number, os.strerror(number))).startswith(
            ("cannot ", "does not respond")
        )
    assert words(ValueError("embedded null byte"))


_LOOK = """
import os, sys
from pathlib import Path
from venvdash.scanner.projects.presence import look
from venvdash.system.mounts import Mounts
mounts = Mounts.read()
os.setgroups([])
os.setgid(65534)
os.setuid(65534)
found = look(Path(sys.argv[1]), mounts)
print(found.presence, found.reason, sep="|")
"""


def look_as_nobody(path: Path) -> tuple[str, str]:
    """Return what ``look`` answers a user who may read only what everybody may."""
    if os.getuid() != 0:
        pytest.skip("needs root, to become another user")
    done = subprocess.run(
        [sys.executable, "-c", _LOOK, str(path)],
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    presence, reason = done.stdout.strip().split("|")
    return presence, reason


@pytest.fixture
def public(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A directory that every user may enter."""
    import tempfile

    with tempfile.TemporaryDirectory(dir="/tmp") as name:
        os.chmod(name, 0o755)
        yield Path(name).resolve()


@pytest.mark.parametrize("mode", [0o700, 0o711, 0o744])
@pytest.mark.parametrize("there", [True, False])
def test_a_parent_that_another_user_may_not_read(public: Path, mode: int, there: bool) -> None:
    parent = public / "private"
    parent.mkdir()
    if there:
        (parent / "webapp").mkdir()
    parent.chmod(mode)
    presence, reason = look_as_nobody(parent / "webapp")
    if there and mode == 0o711:  # may be entered, though not listed
        assert presence == "present"
    else:
        assert (presence, reason) == (
            "unreachable",
            f"{parent / 'webapp' if mode != 0o711 else parent} cannot be read (no permission)",
        )


def test_a_parent_that_another_user_may_read(public: Path) -> None:
    (public / "notes.txt").touch()
    assert look_as_nobody(public / "webapp")[0] == "absent"


def test_a_disk_that_is_unmounted_takes_its_projects_out_of_reach(tmp_path: Path) -> None:
    point = tmp_path.resolve() / "disk"
    point.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "venvdash-test", point]).returncode:
        pytest.skip("needs the right to mount")
    try:
        project = point / "code" / "webapp"
        project.mkdir(parents=True)
        mounts = Mounts.read()
        record = record_of(look(project, mounts), EvidenceKind.POINTER, mounts, now=1.0)
        assert record.mount_point == str(point)
        project.rmdir()
        assert look(project, mounts, record).presence is Presence.ABSENT
    finally:
        subprocess.run(["umount", point], check=True)
    found = look(project, Mounts.read(), record)
    assert (found.presence, found.reason) == (
        Presence.UNREACHABLE,
        f"{point} is not mounted",
    )
    found = look(project, Mounts.read())  # nobody knew of the disk
    assert (found.presence, found.reason) == (
        Presence.UNREACHABLE,
        f"{point} has always been empty: its disk may not be mounted",
    )
    (point / "x").mkdir()
    (point / "x").rmdir()
    assert look(project, Mounts.read()).presence is Presence.ABSENT  # something lay in it


@pytest.mark.parametrize(
    ("there", "said"),
    [
        ("WebApp", "webapp"),
        ("cafe\u0301", "caf\u00e9"),
        ("caf\u00e9", "cafe\u0301"),
        ("STRASSE", "straße"),
    ],
)
def test_another_case_or_normalisation_is_told(code: Path, there: str, said: str) -> None:
    (code / there / "sub").mkdir(parents=True)
    found = look(code / said / "sub", ROOT)
    assert (found.presence, found.respelled) == (Presence.ABSENT, code / there / "sub")
    assert look(code / said / "other", ROOT).respelled is None
