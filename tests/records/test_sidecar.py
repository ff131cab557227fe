"""The sidecar: what is written comes back, and what others wrote is not trusted."""

import os
import subprocess
import sys
import tempfile
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings

from tests.records import values
from tests.records.world import NOW, fingerprint, make, record
from venvdash.model import EvidenceKind, ProjectRecord, Record
from venvdash.records import schema, sidecar
from venvdash.records.merge import MOST_PROJECTS
from venvdash.records.sidecar import LIMIT, NAME, SidecarProblem
from venvdash.system.spelling import spell, unspell

UID = os.getuid()


def names(directory: Path) -> list[str]:
    return sorted(os.listdir(directory))


def many(count: int, length: int = 1) -> tuple[ProjectRecord, ...]:
    return tuple(
        ProjectRecord(
            Path("/code") / ("x" * length) / str(number), EvidenceKind.HASH, last_seen=number + 1
        )
        for number in range(count)
    )


@pytest.mark.slow
@given(values.records)
@settings(deadline=None)
def test_what_is_written_comes_back(one: Record) -> None:
    with tempfile.TemporaryDirectory() as folder:
        directory = Path(folder)
        for _ in range(2):  # the second goes into what the first wrote
            sidecar.write(directory, one)
            assert sidecar.read(directory, UID) == one
        assert (directory / NAME).stat().st_mode & 0o777 == 0o600
        assert names(directory) == [NAME]


@pytest.mark.slow
@given(values.records, values.records)
@settings(deadline=None)
def test_one_record_after_another_keeps_what_others_added(one: Record, other: Record) -> None:
    with tempfile.TemporaryDirectory() as folder:
        directory = Path(folder)
        sidecar.write(directory, one)
        text = "# mine\nfuture = [1, 2]\n" + (directory / NAME).read_text() + "\n[extra]\na = 1\n"
        (directory / NAME).write_text(text)
        sidecar.write(directory, other)
        assert sidecar.read(directory, UID) == other
        after = (directory / NAME).read_text()
        assert after.startswith("# mine\n")
        table = tomllib.loads(after)
        assert table["future"] == [1, 2]
        assert table["extra"] == {"a": 1}


@given(values.names)
def test_every_name_has_one_spelling(name: str) -> None:
    text = spell(name)
    assert text.isprintable()
    text.encode()
    assert unspell(text) == name


@pytest.mark.parametrize("text", ["%", "%0", "%zz", "a%", "%00", "a\nb", "\x1b[", "/" + "a" * 4096])
def test_what_no_spelling_is(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        unspell(text)


def test_nothing_there(tmp_path: Path) -> None:
    assert sidecar.read(tmp_path, UID) is None
    assert sidecar.read(tmp_path / "missing", UID) is None
    (tmp_path / "file").write_text("")
    assert sidecar.read(tmp_path / "file", UID) is None


def test_the_same_again_is_not_written(tmp_path: Path) -> None:
    one = record(make(tmp_path / "a"))
    sidecar.write(one.path, one)
    before = (one.path / NAME).stat()
    sidecar.write(one.path, one)
    assert (one.path / NAME).stat().st_ino == before.st_ino


def test_writing_does_not_change_the_fingerprint(tmp_path: Path) -> None:
    one = record(make(tmp_path / "a"))
    sidecar.write(one.path, one)
    assert fingerprint(one.path) == one.fingerprint


def test_reading_leaves_no_trace_of_use(tmp_path: Path) -> None:
    one = record(make(tmp_path / "a"))
    sidecar.write(one.path, one)
    file = one.path / NAME
    os.utime(file, (1.0, 2.0))  # relatime would renew an access time older than the change
    assert isinstance(sidecar.read(one.path, UID), Record)
    assert file.stat().st_atime == 1.0


def test_too_many_projects_lose_the_oldest(tmp_path: Path) -> None:
    one = record(make(tmp_path / "a"), projects=many(12, 1200))
    sidecar.write(one.path, one)
    assert (one.path / NAME).stat().st_size <= LIMIT
    back = sidecar.read(one.path, UID)
    assert isinstance(back, Record)
    assert [p.last_seen for p in back.projects] == [12, 11, 10, 9, 8, 7]
    assert replace(back, projects=one.projects) == one


def test_a_file_with_too_many_projects_keeps_the_newest(tmp_path: Path) -> None:
    one = record(make(tmp_path / "a"), projects=many(40))
    sidecar.write(one.path, one)
    back = sidecar.read(one.path, UID)
    assert isinstance(back, Record)
    assert [p.last_seen for p in back.projects] == [40 - n for n in range(MOST_PROJECTS)]


def test_others_keys_go_before_the_last_project(tmp_path: Path) -> None:
    one = record(make(tmp_path / "a"))
    sidecar.write(one.path, one)
    with (one.path / NAME).open("a") as file:
        file.write('[extra]\na = "' + "x" * 7000 + '"\n')
    longer = replace(one, projects=many(1, 3000))
    sidecar.write(one.path, longer)
    assert sidecar.read(one.path, UID) == longer


def test_what_cannot_fit_is_an_error(tmp_path: Path) -> None:
    one = record(make(tmp_path / "a"))
    sidecar.write(one.path, one)
    path = Path(os.fsdecode(b"/" + b"\xff" * 4000))
    with pytest.raises(OSError, match="too large"):
        sidecar.write(one.path, replace(one, path=path))
    assert sidecar.read(one.path, UID) == one
    assert names(one.path) == ["pyvenv.cfg", NAME]


def test_a_newer_versions_sidecar_is_left_alone(tmp_path: Path) -> None:
    one = record(make(tmp_path / "a"))
    text = f'schema = {schema.SCHEMA + 1}\nid = "{one.identity}"\n'
    (one.path / NAME).write_text(text)
    found = sidecar.read(one.path, UID)
    assert isinstance(found, SidecarProblem)
    assert found.newer
    with pytest.raises(FileExistsError, match="newer"):
        sidecar.write(one.path, one)
    assert (one.path / NAME).read_text() == text


def test_a_note_that_cannot_be_shown_is_cleaned(tmp_path: Path) -> None:
    one = record(make(tmp_path / "a"), note="a\nb\t\u3000c\x1b[31m\ud800")
    sidecar.write(one.path, one)
    back = sidecar.read(one.path, UID)
    assert isinstance(back, Record)
    assert back.note == "a\nb\t\u3000c[31m"


GOOD = """schema = 1
identity = "0123456789abcdef0123456789abcdef"
path = "/store/a"
first_seen = 1.5
[fingerprint]
inode = 1
cfg_inode = "18446744073709551615"
cfg_mtime_ns = 3
cfg_ctime_ns = -4
[[projects]]
path = "/code/%FF%25"
how = "hash"
"""


def test_the_written_format(tmp_path: Path) -> None:
    (tmp_path / NAME).write_text(GOOD)
    found = sidecar.read(tmp_path, UID)
    assert isinstance(found, Record)
    assert found.fingerprint.cfg_inode == 2**64 - 1
    assert os.fsencode(found.projects[0].path) == b"/code/\xff%"


def test_a_way_of_proof_from_the_future_proves_nothing(tmp_path: Path) -> None:
    (tmp_path / NAME).write_text(GOOD.replace('"hash"', '"telepathy"'))
    found = sidecar.read(tmp_path, UID)
    assert isinstance(found, Record)
    assert found.projects[0].how is EvidenceKind.MENTION


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("schema = 1", ""),
        ("schema = 1", "schema = true"),
        ("schema = 1", 'schema = "1"'),
        ("schema = 1", "schema = 0"),
        ('identity = "0123456789abcdef', 'identity = "'),
        ('identity = "0', 'identity = "G'),
        ('path = "/store/a"', 'path = "store/a"'),
        ('path = "/store/a"', 'path = "/store/\\u0000a"'),
        ('path = "/store/a"', 'path = "/store/%00a"'),
        ('path = "/store/a"', 'path = "/store/\\u001b]0;a"'),
        ('path = "/store/a"', 'path = "/' + "a" * 4096 + '"'),
        ('path = "/store/a"', "path = 1"),
        ('path = "/store/a"', ""),
        ("inode = 1", "inode = -1"),
        ("inode = 1", "inode = true"),
        ("inode = 1", "inode = 1.0"),
        ("inode = 1", 'inode = "١"'),
        ("inode = 1", "inode = 1" + "0" * 39),
        ("cfg_mtime_ns = 3", "cfg_mtime_ns = 9223372036854775808"),
        ("cfg_mtime_ns = 3", ""),
        ("first_seen = 1.5", "first_seen = nan"),
        ("first_seen = 1.5", "first_seen = inf"),
        ("first_seen = 1.5", "first_seen = -1"),
        ("first_seen = 1.5", "first_seen = true"),
        ("first_seen = 1.5", "first_seen = 1e300"),
        ("first_seen = 1.5", "first_seen = 1979-05-27"),
        ("first_seen = 1.5", 'note = "\\u001b"'),
        ("first_seen = 1.5", 'note = "' + "x" * 2001 + '"'),
        ("first_seen = 1.5", "pinned = 1"),
        ("[fingerprint]", "[fingerprints]"),
        ("[[projects]]", "[projects]"),
        ('how = "hash"', ""),
        ('how = "hash"', "how = 1"),
        ('how = "hash"', 'how = "hash"\ngit = "\\u202e"'),
        ('how = "hash"', 'how = "hash"\nhost = "' + "x" * 513 + '"'),
        ('how = "hash"', 'how = "hash"\nfsid = "-1"'),
    ],
)
def test_every_value_is_checked(tmp_path: Path, old: str, new: str) -> None:
    assert old in GOOD
    (tmp_path / NAME).write_text(GOOD.replace(old, new, 1))
    found = sidecar.read(tmp_path, UID)
    assert isinstance(found, SidecarProblem), found
    assert found.reason.isprintable()
    assert not found.newer


_READ = """
import os, sys
from pathlib import Path
from venvdash.records import sidecar
found = sidecar.read(Path(sys.argv[1]), int(sys.argv[2]))
print(found.reason if isinstance(found, sidecar.SidecarProblem) else repr(found))
"""


def read_elsewhere(directory: Path, uid: int = UID) -> str:
    """Read in a process of its own, which must end by itself long before the time-out."""
    done = subprocess.run(
        [sys.executable, "-c", _READ, directory, str(uid)],
        capture_output=True,
        text=True,
        timeout=20,
    )
    assert done.returncode == 0, done.stderr
    assert not done.stderr
    return done.stdout.strip()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"a." * 4000 + b"b = 1", "too many dots"),
        (b"x = {" + b"a." * 4000 + b"b = 1}", "too many dots"),
        (b"[" + b'"a".' * 1900 + b"b]", "too many dots"),
        (b"a . " * 1900 + b"b = 1", "too many dots"),
        (b"x = " + b"[" * 8000, "nested too deep"),
        (b"x = " + b"{a=" * 2000, "nested too deep"),
        (b"[" * 8000, "nested too deep"),
        (b"]" * 4000 + b"[" * 4000, "nested too deep"),
        (b'"\\' * 4000, "not valid TOML"),
        (b'"""' * 2700, "not valid TOML"),
        (b"'''\\" * 2000, "not valid TOML"),
        (b"x = " + b"9" * 8000, "not valid TOML"),
        (b"schema = 1\n\0", "not valid TOML"),
        (b"root:x:0:0:secret\n", "not valid TOML"),
        (b"schema = 1\n# \xff\xfe", "not UTF-8"),
        (b"", "no schema"),
        (b"x" * (LIMIT + 1), "larger than"),
    ],
)
def test_bombs_are_told_at_once(tmp_path: Path, data: bytes, reason: str) -> None:
    (tmp_path / NAME).write_bytes(data)
    assert reason in read_elsewhere(tmp_path)
    sidecar.write(tmp_path, record(tmp_path / "gone"))  # and none stands in the way of a good one
    assert isinstance(sidecar.read(tmp_path, UID), Record)


def test_only_a_plain_file_of_ours_is_read(tmp_path: Path) -> None:
    def place(kind: str) -> Path:
        directory = tmp_path / kind
        directory.mkdir()
        return directory / NAME

    os.mkfifo(place("fifo"))
    place("directory").mkdir()
    place("link").symlink_to("/etc/passwd")
    place("dangling").symlink_to("/nowhere")
    place("device").symlink_to("/dev/zero")
    (tmp_path / "one").write_text(GOOD)
    os.link(tmp_path / "one", place("second name"))
    with place("huge").open("wb") as file:
        file.truncate(200 * 1024 * 1024)
    assert "regular file" in read_elsewhere(tmp_path / "fifo")
    assert "regular file" in read_elsewhere(tmp_path / "directory")
    for kind in ("link", "dangling", "device"):
        assert read_elsewhere(tmp_path / kind) == "is a symbolic link"
    assert "hard link" in read_elsewhere(tmp_path / "second name")
    assert "larger than" in read_elsewhere(tmp_path / "huge")
    place("theirs").write_text(GOOD)
    if UID == 0:
        assert isinstance(sidecar.read(tmp_path / "theirs", 1234), Record)  # root's is trusted
        os.chown(tmp_path / "theirs" / NAME, 1234, -1)
    assert "another user" in read_elsewhere(tmp_path / "theirs", uid=4321)


def test_a_note_full_of_dots_and_brackets_is_no_bomb(tmp_path: Path) -> None:
    note = 'see a.b.c.d.e.f.g "[[[[[[[[" {{{{{{ # \'\'\' """ \\ ]'
    one = record(make(tmp_path / "a"), note=note)
    sidecar.write(one.path, one)
    assert sidecar.read(one.path, UID) == one


@pytest.mark.parametrize(("projects", "flushed"), [(1, 0), (40, 2)])
def test_only_what_a_power_failure_could_cut_is_flushed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, projects: int, flushed: int
) -> None:
    one = record(make(tmp_path / "a"), projects=many(projects, 300))
    calls: list[int] = []
    monkeypatch.setattr(os, "fsync", calls.append)
    sidecar.write(one.path, one, flush=False)
    assert len(calls) == flushed
    assert ((one.path / NAME).stat().st_size > 4096) == (flushed > 0)


def test_it_is_no_newer_than_its_record(tmp_path: Path) -> None:
    for last_seen in (NOW, NOW + 0.123456789, 0.0):
        one = record(make(tmp_path / str(last_seen)), last_seen=last_seen)
        sidecar.write(one.path, one)
        assert last_seen - 1e-5 <= (one.path / NAME).stat().st_mtime <= last_seen


def test_what_only_we_wrote_is_written_without_tomlkit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = record(make(tmp_path / "a"))
    sidecar.write(one.path, one)
    monkeypatch.setitem(sys.modules, "tomlkit", None)
    sidecar.write(one.path, replace(one, note="new"))
    back = sidecar.read(one.path, UID)
    assert isinstance(back, Record)
    assert back.note == "new"
