"""Copying trees: a copy has everything that its original has, and a change meanwhile is noticed."""

import os
import struct
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.mounting import tmpfs
from venvdash.actions.copy.copy_tree import TreeCopy, extent
from venvdash.actions.process.child_process import CancelledError
from venvdash.actions.safety.manifest import Manifest, in_words
from venvdash.system import file_copy

_ACL = "system.posix_acl_access"
_DEFAULT_ACL = "system.posix_acl_default"


def _acl(uid: int, permissions: int) -> bytes:
    """Return a POSIX ACL as the kernel takes it: rw-r-----, and ``permissions`` for one user."""
    nobody = 0xFFFFFFFF
    entries = [(1, 6, nobody), (2, permissions, uid), (4, 4, nobody), (16, 7, nobody)]
    entries.append((32, 0, nobody))
    packed = [struct.pack("<HHI", tag, bits, who) for tag, bits, who in entries]
    return struct.pack("<I", 2) + b"".join(packed)


def _copied(source: Path, target: Path, cancelled: Callable[[], bool] = lambda: False) -> TreeCopy:
    work = TreeCopy(
        source, target, without=(), relinked=lambda below, text: text, cancelled=cancelled
    )
    list(work.run(extent(source).entries))
    return work


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "source"
    (path / "folder").mkdir(parents=True)
    (path / "folder" / "file").write_text("content")
    return path


@pytest.fixture(params=["here", "tmpfs"])
def target(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Path]:
    """A place on the same file system, and one on another."""
    if request.param == "here":
        yield tmp_path / "target"
        return
    other = tmp_path / "other"
    other.mkdir()
    with tmpfs(other, "64m"):
        yield other / "target"


def test_several_names_of_one_file_stay_names_of_one(source: Path, target: Path) -> None:
    os.link(source / "folder" / "file", source / "twin")
    os.link(source / "folder" / "file", source.with_name("outside"))
    _copied(source, target)
    one, two = (target / "folder" / "file").stat(), (target / "twin").stat()
    assert (one.st_ino, one.st_nlink) == (two.st_ino, 2)
    assert (source / "twin").stat().st_nlink == 3
    assert (target / "twin").read_text() == "content"


def test_room_is_counted_once_for_each_file(source: Path) -> None:
    (source / "big").write_bytes(os.urandom(1_000_000))
    before = extent(source)
    os.link(source / "big", source / "twin")
    now = extent(source)
    assert now.size == before.size
    assert now.entries == before.entries + 1


def test_holes_stay_holes(source: Path, target: Path) -> None:
    mebibyte = 1024 * 1024
    with (source / "sparse").open("wb") as file:
        file.truncate(300 * mebibyte)
        file.seek(100 * mebibyte)
        file.write(b"in the middle")
    with (source / "empty").open("wb") as file:
        file.truncate(50 * mebibyte)
    _copied(source, target)
    for name in ("sparse", "empty"):
        one, other = (source / name).stat(), (target / name).stat()
        assert one.st_size == other.st_size
        assert other.st_blocks * 512 < mebibyte
    with (target / "sparse").open("rb") as file:
        file.seek(100 * mebibyte - 1)
        assert file.read(15) == b"\0in the middle\0"


def test_extended_attributes_acls_modes_and_times(source: Path, target: Path) -> None:
    try:
        for path in (source / "folder" / "file", source / "folder", source):
            os.setxattr(path, "user.origin", f"of {path.name}".encode())
        os.setxattr(source / "folder" / "file", _ACL, _acl(12345, 6))
        os.setxattr(source / "folder", _DEFAULT_ACL, _acl(12345, 7))
        probe = target.parent / "probe"
        probe.touch()
        os.setxattr(probe, "user.origin", b"")
        os.setxattr(probe, _ACL, _acl(12345, 6))
    except OSError as error:
        pytest.skip(f"needs extended attributes and ACLs: {error}")
    (source / "folder").chmod(0o2750)
    os.utime(source / "folder" / "file", ns=(10**18, 10**18 + 7))
    os.utime(source / "folder", ns=(10**18, 10**18 + 9))
    work = _copied(source, target)
    assert work.lossy == 0
    for below in ("folder/file", "folder", "."):
        one, other = source / below, target / below
        for name in ("user.origin", _ACL, _DEFAULT_ACL):
            assert _attribute(one, name) == _attribute(other, name), (below, name)
        assert one.stat().st_mode == other.stat().st_mode
        assert one.stat().st_mtime_ns == other.stat().st_mtime_ns
    assert _attribute(target / "folder" / "file", _ACL) == _acl(12345, 6)


def _attribute(path: Path, name: str) -> bytes | None:
    try:
        return os.getxattr(path, name)
    except OSError:
        return None


@pytest.mark.skipif(os.getuid() != 0, reason="needs root to give files away")
def test_owner_and_group(source: Path, target: Path) -> None:
    os.chown(source / "folder" / "file", 12345, 23456)
    (source / "folder" / "file").chmod(0o4711)
    os.chown(source / "folder", 0, 23456)
    assert _copied(source, target).lossy == 0
    found = (target / "folder" / "file").stat()
    assert (found.st_uid, found.st_gid, found.st_mode & 0o7777) == (12345, 23456, 0o4711)
    assert (target / "folder").stat().st_gid == 23456


def test_what_the_other_file_system_cannot_keep_is_counted(
    source: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(file: int, name: str, value: bytes) -> None:
        raise OSError(95, "Operation not supported")

    try:
        os.setxattr(source / "folder" / "file", "user.origin", b"x")
    except OSError as error:
        pytest.skip(f"needs extended attributes: {error}")
    monkeypatch.setattr(os, "setxattr", refuse)
    assert _copied(source, target).lossy == 1
    assert (target / "folder" / "file").read_text() == "content"


def test_where_the_kernel_does_not_copy(
    source: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(os, "copy_file_range", raising=False)
    with (source / "sparse").open("wb") as file:
        file.truncate(10_000_000)
        file.seek(5_000_000)
        file.write(b"x" * 5000)
    _copied(source, target)
    assert (target / "sparse").read_bytes() == (source / "sparse").read_bytes()
    assert (target / "folder" / "file").read_text() == "content"


def test_it_stops_in_the_middle_of_a_large_file(
    source: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file_copy, "_CHUNK", 4096)
    (source / "large").write_bytes(b"x" * 100_000)
    asked = 0

    def cancelled() -> bool:
        nonlocal asked
        asked += 1
        return asked > 5

    with pytest.raises(CancelledError):
        _copied(source, target, cancelled)
    assert (target / "large").stat().st_size < 100_000


def _write(path: Path) -> None:
    """Write other content of the same length, and give the file its time back."""
    before = path.stat()
    with path.open("r+b") as file:
        file.write(b"CONTENT")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


@pytest.mark.parametrize(
    ("change", "names"),
    [
        (lambda root: _write(root / "folder" / "file"), ["folder/file"]),
        (lambda root: (root / "folder" / "new").touch(), ["folder/new"]),
        (lambda root: (root / "folder" / "empty").mkdir(), ["folder/empty"]),
        (lambda root: (root / "folder" / "file").unlink(), ["folder/file"]),
        (lambda root: (root / "folder").chmod(0o700), ["folder"]),
        (lambda root: (root / "folder" / "file").chmod(0o600), ["folder/file"]),
        (
            lambda root: (root / "folder" / "file").rename(root / "folder" / "other"),
            ["folder/file", "folder/other"],
        ),
        (lambda root: (root / "not counted").write_text("x"), []),
        (lambda root: os.link(root / "folder" / "file", root.with_name("elsewhere")), []),
    ],
    ids=["same size", "file", "folder", "gone", "mode", "mode of file", "name", "left out", "link"],
)
def test_what_has_changed_since(
    source: Path, change: Callable[[Path], object], names: list[str]
) -> None:
    if not names:
        os.link(source / "folder" / "file", source.with_name("cache"))
    without = ("not counted",)
    before = Manifest.of(source, without)
    assert before.differences(Manifest.of(source, without)) == []
    change(source)
    assert before.differences(Manifest.of(source, without)) == names


def test_what_was_copied_is_what_is_compared(source: Path, target: Path) -> None:
    (source / "link").symlink_to("folder/file")
    assert _copied(source, target).manifest.differences(Manifest.of(source, ())) == []


def test_names_in_a_sentence() -> None:
    assert in_words(["a", "b"]) == "a, b"
    assert in_words(["a", "b\x1b", "c", "d", "e"]) == r"a, b\e, c and 2 more"
