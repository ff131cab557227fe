"""The index: what goes in comes out, and whatever is wrong with it is told, never raised."""

import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conftest import Home
from tests.records import values
from tests.records.world import NOW, make, record
from venvdash.model import How, ProjectRecord, Record, Usage
from venvdash.records import tables
from venvdash.records.index import Index, index_path
from venvdash.system.machine import Machine
from venvdash.system.mounts import Mount, Mounts

UID = os.getuid()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "host.sqlite"


def filled(path: Path) -> Record:
    """Make an index with one record."""
    one = record(Path("/store/a"))
    index = Index.open(path)
    assert index.remember([one]), index.problem
    index.close()
    return one


def plain(index: Index) -> dict[Path, Record]:
    """The records, with their projects in one order."""
    return {path: _ordered(one) for path, one in index.records().items()}


def _ordered(one: Record) -> Record:
    return replace(one, projects=tuple(sorted(one.projects, key=lambda project: project.path)))


@given(st.lists(values.records, max_size=6, unique_by=lambda one: one.path))
@settings(deadline=None)
def test_what_is_remembered_comes_back(given_: list[Record]) -> None:
    given_ = [replace(one, identity=f"{n:032x}") for n, one in enumerate(given_)]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "index.sqlite"
        for _ in range(2):
            index = Index.open(path)
            assert index.remember(given_), index.problem
            index.close()
        index = Index.open(path)
        assert plain(index) == {one.path: _ordered(one) for one in given_}
        assert {p.path for p in index.projects()} == {p.path for r in given_ for p in r.projects}
        assert index.problem == ""
        index.close()


def test_the_file_is_private_and_its_name_may_be_anything(tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"st\xffa?te#") / "ho%st.sqlite"
    one = filled(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert os.listdir(path.parent) == [path.name]
    again = Index.open(path)
    assert again.records() == {one.path: one}
    again.close()


def test_a_record_replaces_what_had_its_id_or_its_path(path: Path) -> None:
    one = filled(path)
    index = Index.open(path)
    moved = replace(one, path=Path("/store/b"))
    assert index.remember([moved])
    assert index.records() == {moved.path: moved}
    other = record(Path("/store/b"))
    assert index.remember([other])
    assert index.records() == {other.path: other}
    index.close()


def test_sizes_go_in_and_out_and_away(path: Path) -> None:
    one = filled(path)
    index = Index.open(path)
    first = {one.path: (Usage(1, 2**62, 3, 4, None, False, 5.5), b"\0trace")}
    second = {Path("/store/b"): (Usage(1, 2, 3, 4, 5, True, 6.5), b"")}
    assert index.remember_sizes(first)
    assert index.remember_sizes(second)
    assert index.sizes() == first | second
    assert index.forget([one.path])
    assert index.sizes() == second
    index.close()


def test_projects_outlive_their_environments(path: Path) -> None:
    old = ProjectRecord(Path("/code/old"), How.USER, name="old", first_seen=1, last_seen=2)
    newer = replace(old, how=How.HASH, last_seen=9)
    other = ProjectRecord(Path("/code/other"), How.HASH, last_seen=5)
    one = record(Path("/store/a"), projects=(old,))
    two = record(Path("/store/b"), projects=(newer, other))
    index = Index.open(path)
    assert index.remember([one, two])
    assert index.projects() == [newer, other]
    assert index.forget([one.path, two.path, Path("/never/seen")])
    assert index.records() == {}
    assert index.projects() == [newer, other]
    index.close()


def test_forgotten_projects_do_not_pile_up(path: Path) -> None:
    index = Index.open(path)
    gone = []
    for number in range(1100):
        project = ProjectRecord(Path(f"/code/{number}"), How.HASH, last_seen=number)
        gone.append(record(Path(f"/store/{number}"), projects=(project,)))
    assert index.remember(gone)
    assert index.forget(one.path for one in gone)
    kept = index.projects()
    assert len(kept) == 1000
    assert kept[0].last_seen == 1099
    index.close()


def test_read_only_makes_nothing(path: Path) -> None:
    index = Index.open(path, read_only=True)
    assert not index.usable
    assert index.problem == ""
    assert not index.remember([record(Path("/store/a"))])
    index.close()
    assert not path.parent.exists()


def test_read_only_writes_nothing(path: Path) -> None:
    one = filled(path)
    before = path.read_bytes()
    index = Index.open(path, read_only=True)
    assert index.records() == {one.path: one}
    assert not index.remember([replace(one, note="new")])
    assert not index.forget([one.path])
    assert index.records() == {one.path: one}
    index.close()
    assert path.read_bytes() == before
    assert os.listdir(path.parent) == [path.name]


# What may be wrong with the file.


def _junk(path: Path) -> None:
    path.write_bytes(b"this is not a database" * 1000)


def _truncated(path: Path) -> None:
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2 + 100])


def _overwritten(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[4096:] = os.urandom(len(data) - 4096)  # the first page is well
    path.write_bytes(data)


def _directory(path: Path) -> None:
    path.unlink()
    path.mkdir()
    (path / "something").write_text("kept")


def _fifo(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def _dangling(path: Path) -> None:
    path.unlink()
    path.symlink_to("/nowhere/at/all")


def _loop(path: Path) -> None:
    path.unlink()
    path.symlink_to(path)


def _somebody_elses(path: Path) -> None:
    path.unlink()
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE theirs (a)")
    database.close()


def _without_a_table(path: Path) -> None:
    with sqlite3.connect(path) as database:
        database.execute("DROP TABLE project")
    database.close()


def _nonsense_in_it(path: Path) -> None:
    with sqlite3.connect(path) as database:
        database.execute("UPDATE environment SET inode = 'many'")
    database.close()


def _newer(path: Path) -> None:
    with sqlite3.connect(path) as database:
        database.execute(f"PRAGMA user_version = {tables.VERSION + 1}")
    database.close()


HARM = [
    _junk,
    _truncated,
    _overwritten,
    _directory,
    _fifo,
    _dangling,
    _loop,
    _somebody_elses,
    _without_a_table,
    _nonsense_in_it,
    _newer,
]


@pytest.mark.parametrize("harm", HARM)
def test_what_cannot_be_used_is_set_aside_and_begun_anew(
    path: Path, harm: Callable[[Path], None]
) -> None:
    one = filled(path)
    harm(path)
    index = Index.open(path)
    assert index.records() == {}
    assert "set aside as" in index.problem
    assert index.problem.isprintable()
    assert index.usable
    assert index.remember([one])
    assert index.records() == {one.path: one}
    index.close()
    aside = [name for name in os.listdir(path.parent) if name != path.name]
    assert len(aside) == 1
    assert aside[0] in index.problem
    again = Index.open(path)
    assert again.problem == ""
    assert again.records() == {one.path: one}
    again.close()


@pytest.mark.parametrize("harm", HARM)
def test_read_only_never_sets_aside(path: Path, harm: Callable[[Path], None]) -> None:
    filled(path)
    harm(path)
    before = os.listdir(path.parent)
    index = Index.open(path, read_only=True)
    assert index.records() == {}
    assert "nothing is remembered" in index.problem
    assert not index.usable
    index.close()
    assert os.listdir(path.parent) == before


@pytest.mark.parametrize("harm", [_junk, _directory])
def test_setting_aside_twice(path: Path, harm: Callable[[Path], None]) -> None:
    for _ in range(2):
        one = filled(path)
        harm(path)
    index = Index.open(path)
    assert index.usable
    assert index.remember([one])
    index.close()


def test_a_journal_is_not_played_back_into_the_new_file(path: Path) -> None:
    filled(path)
    _junk(path)
    journal = path.with_name(path.name + "-journal")
    journal.write_bytes(b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7" + os.urandom(4096))
    index = Index.open(path)
    assert index.records() == {}
    assert index.usable
    index.close()
    assert not journal.exists()


def test_harmed_while_it_is_open(path: Path) -> None:
    one = filled(path)
    index = Index.open(path)
    with path.open("r+b") as file:
        file.write(b"\0" * path.stat().st_size)
    assert index.remember([one])
    assert "set aside" in index.problem
    assert index.records() == {one.path: one}
    index.close()


def test_values_that_cannot_be_stored_harm_nothing(path: Path) -> None:
    one = filled(path)
    index = Index.open(path)
    wrong = replace(one, first_seen=object())  # type: ignore[arg-type]  # what a bug would pass
    assert not index.remember([replace(one, note="new"), wrong])
    assert index.records() == {one.path: one}
    assert os.listdir(path.parent) == [path.name]
    index.close()


# What may keep it from being reached.

_LOCK = """
import sqlite3, sys
database = sqlite3.connect(sys.argv[1], isolation_level=None)
database.execute("BEGIN " + sys.argv[2])
database.execute("UPDATE environment SET note = 'theirs'")
print("locked", flush=True)
sys.stdin.read()
"""


@pytest.mark.parametrize("kind", ["IMMEDIATE", "EXCLUSIVE"])
def test_a_lock_held_by_another_program_is_not_waited_for(path: Path, kind: str) -> None:
    one = filled(path)
    with subprocess.Popen(
        [sys.executable, "-c", _LOCK, path, kind],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as other:
        assert other.stdout
        assert other.stdout.readline() == "locked\n"
        begun = time.monotonic()
        index = Index.open(path)
        records = index.records()
        stored = index.remember([one])
        problem = index.problem
        index.close()
        assert time.monotonic() - begun < 15  # it would be for ever; how long is not the point
        other.communicate(timeout=30)
    assert not stored
    assert "in use by another program" in problem
    assert records == ({one.path: one} if kind == "IMMEDIATE" else {})
    assert os.listdir(path.parent) == [path.name]


def test_a_network_file_system_is_not_touched(path: Path) -> None:
    far = Mounts((Mount("/", "ext4", "/dev/x"), Mount(str(path.parent), "nfs4", "server:/home")))
    index = Index.open(path, mounts=far)
    assert not index.usable
    assert "network file system" in index.problem
    assert "VENVDASH_STATE_DIR" in index.problem
    assert not path.parent.exists()
    link = path.parent.with_name("link")
    link.symlink_to(path.parent)
    behind = Index.open(link / path.name, mounts=far)
    assert "network file system" in behind.problem
    assert not path.parent.exists()


def test_a_file_system_that_does_not_answer(
    path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    import threading

    answer = threading.Event()
    request.addfinalizer(answer.set)
    stat = os.stat

    def hanging(target: str | Path, **more: bool) -> os.stat_result:
        if target == path:
            answer.wait()
        return stat(target, **more)

    monkeypatch.setattr("venvdash.records.index._PATIENCE", 0.2)
    monkeypatch.setattr("venvdash.records.index.os.stat", hanging)
    index = Index.open(path)
    assert "does not answer" in index.problem
    assert index.records() == {}


def test_another_users_folder_is_left_alone(tmp_path: Path) -> None:
    if UID != 0:
        pytest.skip("needs root to give a folder to another user")
    home = tmp_path / "home"
    home.mkdir()
    os.chown(home, 65534, 65534)
    index = Index.open(home / "state" / "host.sqlite")  # as after sudo
    assert "belongs to another user" in index.problem
    assert not index.usable
    assert os.listdir(home) == []
    path = tmp_path / "state" / "host.sqlite"
    filled(path)
    os.chown(path, 65534, 65534)
    assert "belongs to another user" in Index.open(path).problem


def test_a_file_where_the_folder_should_be(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("")
    index = Index.open(tmp_path / "state" / "host.sqlite")
    assert not index.usable
    assert "nothing is remembered" in index.problem
    assert (tmp_path / "state").read_text() == ""


# Where it lies.


def test_where_it_lies(home: Home) -> None:
    def state(platform: str = "linux", **variables: str) -> Path:
        machine = Machine(home=Path("/h"), variables=variables, platform=platform)
        return machine.state_directory

    assert state() == Path("/h/.local/state/venvdash")
    assert state(XDG_STATE_HOME="/s") == Path("/s/venvdash")
    assert state(XDG_STATE_HOME="s") == Path("/h/.local/state/venvdash")
    assert state(XDG_STATE_HOME="/s", VENVDASH_STATE_DIR="~/v") == Path("/h/v")
    assert state("darwin") == Path("/h/Library/Application Support/venvdash")
    assert state("win32", LOCALAPPDATA="/l") == Path("/l/venvdash")
    assert index_path(home.machine(), "abc").name == "abc.sqlite"


@pytest.mark.parametrize("variables", [{}, {"XDG_STATE_HOME": "/s"}, {"XDG_STATE_HOME": ""}])
def test_platformdirs_says_the_same(home: Home, variables: dict[str, str]) -> None:
    home.variables.update(variables)
    said = home.run(
        sys.executable,
        "-c",
        "import platformdirs; print(platformdirs.user_state_path('venvdash', appauthor=False))",
    ).stdout.strip()
    assert str(home.machine().state_directory) == said


def test_nothing_slow_is_imported_before_it_is_needed(home: Home) -> None:
    code = (
        "import sys, venvdash.records.index, venvdash.records.sidecar, venvdash.records.identity;"
        "print({'sqlite3', 'tomlkit', 'platformdirs', 'psutil', 'json'} & set(sys.modules))"
    )
    assert home.run(sys.executable, "-c", code).stdout.strip() == "set()"


def test_a_listing_of_many(path: Path) -> None:
    make(path.parent.with_name("e"))
    many = [record(Path(f"/store/{n}"), last_seen=NOW + n) for n in range(3000)]
    index = Index.open(path)
    assert index.remember(many)
    assert index.records() == {one.path: one for one in many}
    index.close()
