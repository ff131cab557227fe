"""An index that is damaged, somebody else's, locked or out of reach: told, and never waited for."""

import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.records.world import filled
from venvdash.records import tables
from venvdash.records.index import Index
from venvdash.system.mounts import Mount, Mounts

UID = os.getuid()


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
def test_what_cannot_be_used_is_set_aside_and_created_again(
    path: Path, harm: Callable[[Path], None]
) -> None:
    one = filled(path)
    harm(path)
    index = Index.open(path)
    assert index.records() == {}
    assert "renamed to" in index.problem
    assert index.lost
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
    assert not again.lost
    assert again.records() == {one.path: one}
    again.close()


@pytest.mark.parametrize("harm", HARM)
def test_read_only_never_sets_aside(path: Path, harm: Callable[[Path], None]) -> None:
    filled(path)
    harm(path)
    before = os.listdir(path.parent)
    index = Index.open(path, read_only=True)
    assert index.records() == {}
    assert "no records are kept" in index.problem
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
    assert "renamed to" in index.problem
    assert index.lost
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
        index = Index.open(path)
        records = index.records()
        stored = index.remember([one])
        problem = index.problem
        index.close()
        assert other.poll() is None  # which still holds the lock
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
    assert "does not respond" in index.problem
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
    assert "no records are kept" in index.problem
    assert (tmp_path / "state").read_text() == ""


def test_a_python_without_sqlite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sqlite3", None)
    path = tmp_path / "state" / "index.sqlite"
    for read_only in (False, True):
        index = Index.open(path, read_only=read_only)
        assert not index.usable
        assert index.records() == {}
        assert index.projects() == ()
        index.close()
    assert "this Python has no sqlite3" in Index.open(path).problem


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="needs root")
def test_root_makes_no_home_that_is_not_there() -> None:
    home = Path(f"/venvdash-no-home-{os.urandom(8).hex()}")
    index = Index.open(home / ".local" / "state" / "venvdash" / "index.sqlite")
    assert not index.usable
    assert "does not exist" in index.problem
    assert not home.exists()
