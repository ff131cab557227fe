"""A project with its environment in it, and moving that out and in again."""

from dataclasses import dataclass
from pathlib import Path

from tests.actions.relinking import everything, with_program
from tests.conftest import Home
from tests.scenario import venv
from tests.session.sharing import last, scanned
from venvdash.actions.adopt import project_environments
from venvdash.actions.history import undo
from venvdash.model import Proposal, Result, Row
from venvdash.session import Session
from venvdash.stores.base import normalised

Snapshot = dict[str, tuple[int, bytes]]
NAME = "shöp app"


@dataclass
class Project:
    """A project of no tool at ``path``; its environment goes to ``entry``."""

    home: Home
    path: Path
    entry: Path

    @property
    def inside(self) -> Path:
        return self.path / ".venv"

    def row(self, session: Session) -> Row:
        (row,) = project_environments.rows_of(session, [self.path])
        return row

    def proposal(self, session: Session) -> Proposal:
        """Return the plan to move it out."""
        return session.actions.adopt(self.row(session))

    def out(self, session: Session) -> Result:
        return applied(session, self.proposal(session).taking_offers())

    def back(self, session: Session) -> Result:
        return applied(session, session.actions.move_in(session.rows[self.entry]))

    def undo(self, session: Session) -> Result:
        status = undo.chosen(session)
        assert not isinstance(status, str), status
        plan = undo.plan(session, session.deletions, status)
        return last(undo.apply(session, session.deletions, plan)).results[0]

    def session(self) -> Session:
        return scanned(self.home)

    def snapshot(self) -> Snapshot:
        return everything(self.home)


def applied(session: Session, proposal: Proposal) -> Result:
    """Carry a proposal out; a refusal is a result."""
    return last(session.actions.apply([proposal])).results[0]


def project(home: Home, name: str = NAME, *, program: bool = True) -> Project:
    """Make a project in a git repository, with an environment in it, and a program in that.

    uv notes the time when it installs the program: without it two such projects are equal.
    """
    path = home.path / "code" / name
    path.mkdir(parents=True)
    (path / "pyproject.toml").write_text('[project]\nname = "shop"\nversion = "1"\n')
    (path / ".gitignore").write_text(".venv/\n")
    home.run("git", "init", "-q", cwd=path)
    environment = venv(path / ".venv")
    if program:
        with_program(home, environment)
    (home.path / ".venvs").mkdir()
    made = Project(home, path, home.path / ".venvs" / "shop-abc234")
    made.session()  # creates what venvdash keeps outside
    return made


def fixed_name(place: Path, name: str) -> Path:
    """Return the entry of every plan, in the place of ``default_store.new_entry``."""
    return place / f"{normalised(name)}-abc234"
