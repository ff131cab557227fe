"""Moves to another file system: one whole environment at any time, with all that was in it."""

import os
import signal
import socket
import stat
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from tests.actions.crashing import in_child, killing
from tests.actions.deleting import at_step, tree
from tests.conftest import Home
from tests.mounting import tmpfs
from tests.scenario import rows, uv_lock, venv
from tests.session.sharing import last, scanned
from venvdash.actions.copy import copy_tree
from venvdash.actions.journals import move_stages
from venvdash.model import Outcome, Proposal, Result, Status
from venvdash.session import Session
from venvdash.system import file_copy, locks

pytestmark = pytest.mark.slow

_COPYING = ["making", "copying", "copied", "move journalled", "put"]
_REPLACING = ["led", "checked", "locked", "journalled", "unused", "renamed", "verified", "synced"]
_MOVED = ["moved"]


@dataclass
class World:
    """An environment with files of the user's own, its project, and another disk."""

    home: Home
    old: Path
    project: Path
    other: Path

    @property
    def new(self) -> Path:
        return self.other / "app"

    def propose(self, session: Session) -> Proposal:
        return session.actions.move(session.rows[self.old], self.other)

    def move(self, session: Session) -> Result:
        proposal = self.propose(session)
        assert proposal.refusal == ""
        return last(session.actions.apply([proposal], threading.Event())).results[0]

    def check(self) -> Path:
        """Return where it is; fail the test unless there is one, whole, that the project uses."""
        found = rows(self.home)
        assert not move_stages.due(self.home.machine().state_directory)
        (here,) = found
        assert here in (self.old, self.new)
        assert (here / "notebooks" / "thesis.ipynb").read_text() == "years of work"
        assert os.readlink(self.project / ".venv") == str(here)
        assert (self.project / "venv").read_text() == f"{here}\n"
        assert (here / "bin" / "tool").read_text() == f"#!{here}/bin/python\n"
        verdict = found[here].verdict
        assert (verdict.status, verdict.project) == (Status.LINKED, self.project)
        left = [*self.other.glob(".venvdash-tmp-*"), *self.old.parent.glob(".venvdash-tmp-*")]
        assert left == []
        return here


@pytest.fixture
def world(home: Home) -> Iterator[World]:
    old = venv(home.path / ".virtualenvs" / "app")
    (old / "notebooks").mkdir()
    (old / "notebooks" / "thesis.ipynb").write_text("years of work")
    (old / "bin" / "tool").write_text(f"#!{old}/bin/python\n")
    project = home.path / "code" / "app"
    project.mkdir(parents=True)
    (old / ".project").write_text(f"{project}\n")
    (project / ".venv").symlink_to(old)
    (project / "venv").write_text(f"{old}\n")
    other = home.path / ".venvs"
    other.mkdir()
    with tmpfs(other, "64m"):
        yield World(home, old, project, other)


def test_all_that_was_in_it_arrives(world: World) -> None:
    sparse = world.old / "data.bin"
    with sparse.open("wb") as file:
        file.truncate(200 * 1024 * 1024)  # the other disk has 64 MiB
    os.link(world.old / "notebooks" / "thesis.ipynb", world.old / "notebooks" / "twin")
    os.setxattr(sparse, "user.origin", b"experiment 7")
    result = world.move(scanned(world.home))
    assert (result.outcome, result.reason) == (Outcome.DONE, "The original is in the trash.")
    assert result.trash is not None
    assert world.check() == world.new
    assert (world.new / "data.bin").stat().st_size == 200 * 1024 * 1024
    assert (world.new / "data.bin").stat().st_blocks == 0
    assert os.getxattr(world.new / "data.bin", "user.origin") == b"experiment 7"
    assert (world.new / "notebooks" / "twin").stat().st_nlink == 2


def test_pipes_arrive_and_sockets_are_left_out(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    pipe = world.old / "notebooks" / "pipe"
    os.mkfifo(pipe)
    os.chown(pipe, 65534, 65534)
    pipe.chmod(0o640)
    os.utime(pipe, (1_600_000_000, 1_600_000_000))
    monkeypatch.chdir(world.old / "notebooks")  # the path of a socket is short
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("kernel")
        monkeypatch.chdir("/")
        result = world.move(scanned(world.home))
    assert result.outcome is Outcome.DONE, result.reason
    assert result.reason == (
        "The original is in the trash. 1 socket was not copied: the program that created it will "
        "recreate it."
    )
    found = (world.new / "notebooks" / "pipe").lstat()
    assert stat.filemode(found.st_mode) == "prw-r-----"
    assert (found.st_uid, found.st_gid, found.st_mtime) == (65534, 65534, 1_600_000_000)
    assert not (world.new / "notebooks" / "kernel").exists()
    assert world.check() == world.new


@pytest.mark.parametrize("times", [1, 3])
def test_what_changes_while_it_is_copied_is_copied_again(
    world: World, monkeypatch: pytest.MonkeyPatch, times: int
) -> None:
    """Twice; what then still changes is not moved."""
    thesis = world.old / "notebooks" / "thesis.ipynb"
    written: list[int] = []
    copy_file = file_copy.copy_file

    def busy(source: int, target: bytes, stop: Callable[[], bool]) -> bool:
        done = copy_file(source, target, stop)
        if target.endswith(b"thesis.ipynb") and len(written) < times:
            written.append(thesis.write_text(f"years of work {len(written)}"))
            (world.old / "notebooks" / f"new{len(written)}").touch()
        return done

    monkeypatch.setattr(copy_tree, "copy_file", busy)
    result = world.move(scanned(world.home))
    assert len(written) == times
    if times == 1:
        assert result.outcome is Outcome.DONE, result.reason
        assert (world.new / "notebooks" / "thesis.ipynb").read_text() == "years of work 0"
        assert (world.new / "notebooks" / "new1").exists()
        return
    assert result.outcome is Outcome.SKIPPED
    assert "Files changed during the copy: notebooks/new3, notebooks/thesis" in (result.reason)
    assert os.listdir(world.other) == []
    assert thesis.read_text() == "years of work 2"
    assert os.readlink(world.project / ".venv") == str(world.old)


@pytest.mark.parametrize("step", ["copied", "move journalled", "led", "locked", "renamed"])
def test_what_is_written_meanwhile_is_noticed(
    world: World, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """Of the same size, or new, before the copy has its name or after: the original stays."""
    session = scanned(world.home)

    def write() -> None:
        (root,) = (path for path in _whole(world.old.parent) if path.exists())
        (root / "notebooks" / "thesis.ipynb").write_text("later results")
        (root / "notebooks" / "new").write_text("unique")

    with monkeypatch.context() as patched:
        at_step(patched, step, write)
        result = world.move(session)
    assert result.outcome is not Outcome.DONE
    assert "notebooks/new, notebooks/thesis.ipynb" in result.reason
    assert (world.old / "notebooks" / "thesis.ipynb").read_text() == "later results"
    assert (world.old / "notebooks" / "new").read_text() == "unique"
    assert os.readlink(world.project / ".venv") == str(world.old)
    assert os.listdir(world.other) == []
    assert list(rows(world.home)) == [world.old]
    assert world.move(scanned(world.home)).outcome is Outcome.DONE
    assert (world.new / "notebooks" / "new").read_text() == "unique"


def _whole(store: Path) -> Iterator[Path]:
    yield store / "app"
    yield from store.glob(".venvdash-trash-*")


@pytest.mark.parametrize("step", [*_COPYING, *_REPLACING, *_MOVED])
def test_killed_after_each_step(world: World, step: str) -> None:
    session = scanned(world.home)
    assert in_child(killing(partial(world.move, session), step)) == -signal.SIGKILL
    here = world.check()
    assert here == (world.new if step in _MOVED else world.old)
    if here == world.old:
        assert world.move(scanned(world.home)).outcome is Outcome.DONE
    assert world.check() == world.new


@pytest.mark.parametrize("step", ["original back", "set aside"])
def test_killed_while_it_is_undone(world: World, step: str) -> None:
    session = scanned(world.home)
    assert in_child(killing(partial(world.move, session), "renamed")) == -signal.SIGKILL
    assert in_child(killing(lambda: rows(world.home), step)) == -signal.SIGKILL
    assert world.check() == world.old


def test_a_copy_that_was_used_since_is_not_removed(world: World) -> None:
    session = scanned(world.home)
    assert in_child(killing(partial(world.move, session), "led")) == -signal.SIGKILL
    assert os.readlink(world.project / ".venv") == str(world.new)
    (world.new / "notebooks" / "later").write_text("written after the crash")
    again = scanned(world.home)
    (said,) = [p.message for p in again.problems if "move was interrupted" in p.message]
    assert "both" in said
    assert sorted(again.rows) == sorted([world.old, world.new])
    assert (world.new / "notebooks" / "later").exists()
    assert not move_stages.due(world.home.machine().state_directory)


def test_a_copy_that_was_used_since_counts_where_the_original_is_in_the_trash(
    world: World,
) -> None:
    session = scanned(world.home)
    assert in_child(killing(partial(world.move, session), "synced")) == -signal.SIGKILL
    (world.new / "notebooks" / "later").write_text("written after the crash")
    assert world.check() == world.new
    assert (world.new / "notebooks" / "later").exists()


def test_starting_the_copy_is_no_use_of_it(world: World) -> None:
    session = scanned(world.home)
    assert in_child(killing(partial(world.move, session), "led")) == -signal.SIGKILL
    cache = world.new / "lib" / "__pycache__"
    cache.mkdir()
    (cache / "thing.cpython-311.pyc").write_bytes(b"compiled")
    assert world.check() == world.old


def test_it_cannot_be_deleted(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """uv begins to work in the original: it stays, and there is no copy."""
    session, before = scanned(world.home), tree(world.old / "notebooks")
    held: list[locks.Lock] = []
    with monkeypatch.context() as patched:
        at_step(patched, "put", lambda: held.append(uv_lock(world.old)))
        result = world.move(session)
    held[0].release()
    assert result.outcome is Outcome.FAILED
    assert result.reason == (
        "It is locked because uv is using it. The original is unchanged, and the copy was removed."
    )
    assert os.listdir(world.other) == []
    assert tree(world.old / "notebooks") == before
    assert world.check() == world.old


@pytest.mark.parametrize("step", ["move journalled", "led", "renamed"])
def test_the_other_disk_fills_up(world: World, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    """Whatever fails is undone, which needs no room there."""
    session = scanned(world.home)

    def fill() -> None:
        with suppress(OSError), (world.other / "filler").open("wb", buffering=0) as file:
            while True:
                file.write(b"x" * 65536)
        if step != "renamed":
            (world.old / "notebooks" / "new").touch()

    def move() -> None:
        result = world.move(session)
        os._exit(0 if result.outcome is Outcome.DONE else 1)

    with monkeypatch.context() as patched:
        at_step(patched, step, fill)
        code = in_child(move)
    assert code == (0 if step == "renamed" else 1)
    if step == "renamed":
        (world.other / "filler").unlink()
        assert world.check() == world.new
        return
    assert os.listdir(world.other) == ["filler"]
    (world.other / "filler").unlink()
    assert world.check() == world.old


def test_a_disk_that_is_not_there_is_waited_for(home: Home) -> None:
    old = venv(home.path / ".virtualenvs" / "app")
    project = home.path / "code" / "app"
    project.mkdir(parents=True)
    (old / ".project").write_text(f"{project}\n")
    (project / ".venv").symlink_to(old)
    disk = home.path / "disk"
    disk.mkdir()
    with tmpfs(disk, "64m"):
        other = disk / "envs"
        other.mkdir()
        world = World(home, old, project, other)
        session = scanned(home)
        assert in_child(killing(partial(world.move, session), "led")) == -signal.SIGKILL
        other.rename(disk / "away")
        again = scanned(home)
        assert any("an interrupted move cannot be undone now" in p.message for p in again.problems)
        assert os.readlink(project / ".venv") == str(old)
        assert list(again.rows) == [old]
        (disk / "away").rename(other)
        assert list(rows(home)) == [old]
        assert os.listdir(other) == []
        assert not move_stages.due(home.machine().state_directory)


def test_another_process_that_still_moves_is_left_alone(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = scanned(world.home)
    seen: list[int] = []

    at_step(monkeypatch, "led", lambda: seen.append(in_child(lambda: rows(world.home))))
    assert world.move(session).outcome is Outcome.DONE
    assert seen == [0]
    assert world.check() == world.new


def test_the_original_can_be_restored_beside_the_copy(world: World) -> None:
    """Whose identity and project went on with the copy: it gets an identity of its own."""
    session = scanned(world.home)
    assert world.move(session).outcome is Outcome.DONE
    (trashed,) = session.trash.find()
    assert session.trash.restore(trashed).outcome is Outcome.DONE
    found = rows(world.home)
    one, other = found[world.new], found[world.old]
    assert one.verdict.status is Status.LINKED
    assert other.verdict.status is not Status.DUPLICATE
    assert one.record
    assert other.record
    assert one.record.identity != other.record.identity
