"""Killed or failing at any moment of a relinking: all leads to the environment, or nothing."""

import errno
import os
import signal
import stat
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from tests.actions.crashing import killed_at, with_fault
from tests.actions.relinking import differing, everything
from tests.conftest import Home
from tests.effort import calls
from tests.mounting import tmpfs
from tests.scenario import rows
from tests.session.relinking import (
    Moved,
    applied,
    moved,
    moved_of_hatch,
    named,
    project_of,
    relinked,
)
from tests.session.sharing import last, scanned, undone
from venvdash.actions.journals import relink_stages
from venvdash.actions.relink.apply import undo as undo_relink
from venvdash.actions.safety import file_swap, steps
from venvdash.model import EvidenceKind, Outcome, Result, Status
from venvdash.session import Session

pytestmark = pytest.mark.slow

Snapshot = dict[str, tuple[int, bytes]]
_JOURNALLED = 2  # the step at which the journal is written; the first one begins the history


@dataclass
class World:
    """A moved project and its environment; how both look before and after they are linked."""

    moved: Moved
    before: Snapshot
    after: Snapshot

    @property
    def home(self) -> Home:
        return self.moved.home

    def relink(self, session: Session) -> Result:
        row = session.rows[self.moved.environment]
        return applied(session, session.actions.relink(row, self.moved.project))

    def undo(self, session: Session) -> Result:
        (result,) = last(undo_relink(session)).results
        return result

    def check(self, *, empty: bool = True) -> bool:
        """Return whether it is linked; fail the test where that is half so, or forgotten.

        Without ``empty`` directories in which nothing is left do not count.
        """
        found = rows(self.home)  # ends what was interrupted
        state = self.home.machine().state_directory
        assert not relink_stages.due(state)
        now, before, after = everything(self.home), self.before, self.after
        if not empty:
            now, before, after = map(_filled, (now, before, after))
        if self.moved.environment in found:
            assert differing(now, before) == []
            verdict = found[self.moved.environment].verdict
            assert (verdict.status, verdict.place) == (Status.MOVED, self.moved.project)
            return False
        assert differing(now, after) == []
        verdict = found[self.moved.expected].verdict
        assert (verdict.status, verdict.project) == (Status.LINKED, self.moved.project)
        assert verdict.evidence is EvidenceKind.USER
        return True


@pytest.fixture(params=[moved, moved_of_hatch], ids=["uvlink", "hatch"])
def world(home: Home, request: pytest.FixtureRequest) -> World:
    known: Moved = request.param(home)
    # Made through the project's link, and so named by that.
    link = home.path / "code" / "before" / ".venv"
    activate = known.environment / "bin" / "activate"
    activate.write_text(f"VIRTUAL_ENV='{link}'\nexport VIRTUAL_ENV\n")
    made = World(known, {}, {})
    session = scanned(home)
    made.before = everything(home)
    assert made.relink(session).outcome is Outcome.DONE
    made.after = everything(home)
    assert made.check()
    assert made.undo(scanned(home)).outcome is Outcome.DONE
    assert not made.check()
    return made


def _filled(snapshot: Snapshot) -> Snapshot:
    """Return a snapshot without the directories that hold nothing."""
    others = {path: found for path, found in snapshot.items() if not stat.S_ISDIR(found[0])}
    holding = {str(folder) for path in others for folder in Path(path).parents}
    return {path: found for path, found in snapshot.items() if path in others or path in holding}


def _steps_of(call: Callable[[], object], monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the steps that a call does, one after the other."""
    done: list[str] = []
    with monkeypatch.context() as patched:
        patched.setattr(steps, "step", done.append)
        call()
    return done


def test_killed_after_each_step(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    session = scanned(world.home)
    done = _steps_of(lambda: world.relink(session), monkeypatch)
    assert world.check()
    undone = _steps_of(lambda: world.undo(scanned(world.home)), monkeypatch)
    assert {"begun", "renamed", "moved", "swapped", "done"} <= set(done)
    assert {"swapped back", "renamed", "moved back"} <= set(undone)
    seen = set()
    for number in range(1, len(done) + 1):
        session = scanned(world.home)
        assert killed_at(number, partial(world.relink, session)) == -signal.SIGKILL, done[
            number - 1
        ]
        linked = world.check()
        seen.add(linked)
        if linked:
            assert world.undo(scanned(world.home)).outcome is Outcome.DONE
    assert seen == {True, False}
    for number in range(1, len(undone) + 1):
        assert world.relink(scanned(world.home)).outcome is Outcome.DONE
        session = scanned(world.home)
        assert killed_at(number, partial(world.undo, session)) == -signal.SIGKILL
        if world.check():
            assert world.undo(scanned(world.home)).outcome is Outcome.DONE


@pytest.mark.parametrize("kill", [False, True])
def test_the_nth_call_fails(world: World, kill: bool) -> None:
    codes = set()
    for number in calls(2000, least=13):
        session = scanned(world.home)
        code = with_fault(partial(world.relink, session), number, kill=kill)
        codes.add(code)
        assert code in ((-signal.SIGKILL, 2) if kill else (0, 1, 2, 3)), number
        # What cannot be removed because the disk fails stays, if nothing is in it.
        if world.check(empty=kill):
            assert world.undo(scanned(world.home)).outcome is Outcome.DONE, number
        if code == 2:
            break
    assert 2 in codes
    assert number > 50


def test_an_end_that_was_interrupted_is_told(world: World) -> None:
    session = scanned(world.home)
    assert killed_at(_JOURNALLED, partial(world.relink, session)) == -signal.SIGKILL
    again = scanned(world.home)
    (told,) = [p.message for p in again.problems if "interrupted" in p.message]
    assert "has been undone" in told


def test_another_machines_journal_is_left_to_it(world: World) -> None:
    session = scanned(world.home)
    assert killed_at(_JOURNALLED, partial(world.relink, session)) == -signal.SIGKILL
    folder = world.home.machine().state_directory / relink_stages.FOLDER
    (file,) = (path for path in folder.iterdir() if ".begun." in path.name)
    text = file.read_text()
    line = next(line for line in text.splitlines() if line.startswith("host"))
    file.write_text(text.replace(line, 'host = "another"', 1))
    rows(world.home)
    assert file.exists()
    file.write_text("garbage [")
    rows(world.home)
    assert file.exists()
    assert Path(world.moved.environment).exists()


def test_killed_again_while_it_is_fixed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    session = scanned(world.home)
    done = _steps_of(partial(world.relink, session), monkeypatch)
    assert world.undo(scanned(world.home)).outcome is Outcome.DONE
    almost = len(done) - 1 - done[::-1].index("swapped")
    for number in range(1, 50):
        session = scanned(world.home)
        assert killed_at(almost + 1, partial(world.relink, session)) == -signal.SIGKILL
        code = killed_at(number, partial(scanned, world.home))
        assert not world.check()
        if code == 0:
            break
    assert number > 5
    assert code == 0


@pytest.fixture
def linked(home: Home) -> tuple[Session, Path]:
    """A session that has linked an environment, which keeps its name, to a second project."""
    path = named(home, "app", project_of(home, "first"))
    assert relinked(home, path, project_of(home, "second")).outcome is Outcome.DONE
    return scanned(home), path


def _undone(session: Session) -> Result:
    (result,) = last(undo_relink(session)).results
    return result


def test_undo_on_a_full_disk_changes_nothing_and_works_once_there_is_room(home: Home) -> None:
    store = home.path / ".virtualenvs"
    store.mkdir()
    first, second = project_of(home, "first"), project_of(home, "second")
    with tmpfs(store, "256k"):
        path = named(home, "app", first)
        (path / ".project").write_text(f"{first}\n")
        (first / ".venv").symlink_to(path)
        assert relinked(home, path, second).outcome is Outcome.DONE
        session = scanned(home)
        # The entry's own files cannot be written again without room.
        with suppress(OSError), (store / "filler").open("wb", buffering=0) as file:
            while True:
                file.write(b"x" * 4096)
        result = _undone(session)
        assert result.outcome is Outcome.FAILED
        assert "No space left" in result.reason
        assert "run `venvdash relink --undo` to try again" in result.reason
        assert (path / ".project").read_text() == f"{second}\n"
        assert (second / ".venv").is_symlink()
        (store / "filler").unlink()
        result = _undone(scanned(home))
        assert (result.outcome, result.reason) == (Outcome.DONE, "")
        assert (path / ".project").read_text() == f"{first}\n"
        assert not (second / ".venv").is_symlink()
        assert rows(home)[path].verdict.projects == (first,)


def test_the_nth_call_of_undoing_fails_and_a_second_undo_ends_it(
    linked: tuple[Session, Path], home: Home
) -> None:
    session, path = linked
    first, second = home.path / "code" / "first", home.path / "code" / "second"
    codes = set()
    for number in calls(400, least=2):
        code = with_fault(partial(_undone, session), number, kill=False)
        codes.add(code)
        if (second / ".venv").is_symlink():
            assert (path / ".project").read_text() == f"{second}\n", number
            result = _undone(scanned(home))
            assert (result.outcome, result.reason) == (Outcome.DONE, ""), number
        assert (path / ".project").read_text() == f"{first}\n", number
        assert not (second / ".venv").is_symlink(), number
        shown = rows(home)[path].verdict
        assert shown.projects == (first,), number
        assert not relink_stages.due(home.machine().state_directory)
        if code == 2:
            break
        session = scanned(home)
        again = session.actions.relink(session.rows[path], second)
        assert applied(session, again).outcome is Outcome.DONE, number
        session = scanned(home)
    assert 2 in codes
    assert number > 20


def test_undo_in_the_dashboard_can_be_asked_for_again(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, second = named(home, "app", project_of(home, "first")), project_of(home, "second")
    session = scanned(home)
    proposal = session.actions.relink(session.rows[path], second)
    assert applied(session, proposal).outcome is Outcome.DONE

    def full(*given: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patched:
        patched.setattr(file_swap, "_make_aside", full)
        (result,) = undone(session).results
    assert result.outcome is Outcome.FAILED
    (result,) = undone(session).results
    assert result.outcome is Outcome.DONE
    assert (path / ".project").read_text() == f"{home.path / 'code' / 'first'}\n"
