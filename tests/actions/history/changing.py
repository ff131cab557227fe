"""One environment, everything that can be done to it, and how the disk looks before and after."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.actions.deleting import small
from tests.actions.relinking import everything
from tests.conftest import Home
from tests.scenario import venv
from tests.session.sharing import last
from venvdash.config import Config
from venvdash.model import Action, Outcome, Proposal, Result, Row
from venvdash.session import Session

# Not: what changes no environment that there is.
UNDOABLE = [one for one in Action if one not in (Action.SYNC, Action.FORGET, Action.NEW)]
Snapshot = dict[str, tuple[int, bytes]]


@dataclass
class World:
    """The environment ``app`` of ``project``, and another, to which nothing is done by itself."""

    home: Home
    app: Path
    second: Path
    project: Path
    other: Path

    def session(self, *, records: bool = True) -> Session:
        """Return a session after its first scan, as a new process would have it."""
        session = Session(self.home.machine(), Config(), records=records)
        for _ in session.scan(usage=False):
            pass
        session.remember()
        return session

    def prepare(self, action: Action) -> None:
        """Do what must be done before an action can be done."""
        if action is Action.RESTORE:
            assert self.change(self.session(), Action.DELETE).outcome is Outcome.DONE

    def change(self, session: Session, action: Action) -> Result:
        """Do it to the environment, in a session that has scanned."""
        if action is Action.DELETE:
            plan = session.deletions.plan_delete([self.app, self.second])
            return last(session.deletions.delete(plan)).results[0]
        if action is Action.RESTORE:
            (found,) = [one for one in session.trash.find() if one.original == self.app]
            return session.actions.restore(found)
        proposal = self._proposal(session, action, session.rows[self.app])
        assert not proposal.refusal, proposal.refusal
        return last(session.actions.apply([proposal], threading.Event())).results[0]

    def _proposal(self, session: Session, action: Action, row: Row) -> Proposal:
        match action:
            case Action.RELINK:
                return session.actions.relink(row, self.other)
            case Action.USE:
                return session.actions.use(row, self.other)
            case Action.UNLINK:
                return session.actions.unlink(row)
            case Action.COPY:
                return session.actions.copy(row, "copy")
            case Action.RENAME:
                return session.actions.rename(row, "renamed")
        return session.actions.move(row, self.home.path / ".venvs")

    def snapshot(self) -> Snapshot:
        """Return what lies in the HOME, but for the trash."""
        return {
            path: found
            for path, found in everything(self.home).items()
            if "/.venvdash-trash-" not in path
        }


def world_of(home: Home, *, real: bool = False) -> World:
    """Make the environments: in a few files, or ``real`` ones, which can be copied."""
    make = venv if real else small
    store = home.path / ".virtualenvs"
    app, second = make(store / "app"), make(store / "second")
    (home.path / ".venvs").mkdir()
    (app / "bin" / "tool").write_text(f"#!{app}/bin/python\n")
    (app / "bin" / "postactivate").touch()
    project, other = home.path / "code" / "app", home.path / "code" / "other"
    project.mkdir(parents=True)
    other.mkdir()
    (app / ".project").write_text(f"{project}\n")
    (project / ".venv").symlink_to(app)
    world = World(home, app, second, project, other)
    world.session()  # makes the folders of what is remembered
    return world


def states(session: Session) -> Iterator[tuple[Action, str]]:
    """Yield what the history says, the newest first."""
    for status in session.actions.history():
        yield status.change.action, status.state
