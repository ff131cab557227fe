"""Environments of projects that have moved, made in a moment, and what is done with them."""

import json
import threading
from dataclasses import dataclass
from pathlib import Path

from tests.actions.deleting import small
from tests.conftest import Home
from tests.session.sharing import scanned
from venvdash.actions.events import Finished
from venvdash.config import Config
from venvdash.model import Action, Proposal, Result
from venvdash.session import Session
from venvdash.stores._name_hashes import sha256, short_hash


@dataclass
class Moved:
    """A project that is at another place now.

    ``environment`` is what it had, ``expected`` where its tool would look for that now.
    """

    home: Home
    project: Path
    environment: Path
    expected: Path


def uvlink_path(home: Home, project: Path) -> Path:
    """Return where uvlink keeps the environment of a project."""
    store = home.path / ".local" / "share" / "uvlink" / "cache"
    return store / f"{project.name}-{sha256(str(project))[:12]}-.venv" / ".venv"


def uvlinked(home: Home, project: Path) -> Path:
    """Make a project with an environment as uvlink does, with a program; return that."""
    project.mkdir(parents=True)
    path = small(uvlink_path(home, project))
    (path / "bin" / "thing").write_text(f"#!{path}/bin/python\nprint('thing')\n")
    (path / ".lock").touch()
    metadata = {"project_dir": str(project), "venv_type": ".venv"}
    (path.parent / "project.json").write_text(json.dumps(metadata))
    (project / ".venv").symlink_to(path)
    return path


def moved(home: Home, name: str = "before", to: str = "code/after") -> Moved:
    """Make such a project, let venvdash see it, and move it."""
    project = home.path / "code" / name
    path = uvlinked(home, project)
    scanned(home)
    target = home.path / to
    target.parent.mkdir(parents=True, exist_ok=True)
    return Moved(home, project.rename(target), path, uvlink_path(home, target))


def moved_of_hatch(home: Home) -> Moved:
    """Make the same of a project of hatch, whose environment lies under two directories of its own.

    With what hatch notes of its dependencies, and an editable install of the project.
    """
    before, after = (home.path / "code" / name for name in ("before", "after"))
    before.mkdir(parents=True)
    (before / "pyproject.toml").write_text('[project]\nname = "shop"\n')
    path = small(_hatch_path(home, before))
    (path / "bin" / "thing").write_text(f"#!{path}/bin/python\nprint('thing')\n")
    (path / ".lock").touch()
    site = path / "lib" / "python3.12" / "site-packages"
    (site / "_editable_impl_before.pth").write_text(f"{before}/src\n")
    notes = home.path / ".local/share/hatch/env/.metadata" / path.parent.name / "virtual"
    notes.mkdir(parents=True)
    (notes / "default.json").write_text('{"dependency_hash": "0"}')
    scanned(home)
    return Moved(home, before.rename(after), path, _hatch_path(home, after))


def _hatch_path(home: Home, project: Path) -> Path:
    store = home.path / ".local" / "share" / "hatch" / "env" / "virtual"
    return store / "shop" / short_hash(str(project)) / "shop"


def named(home: Home, name: str, project: Path | None = None) -> Path:
    """Make an environment as virtualenvwrapper does, for a project or none."""
    path = small(home.path / ".virtualenvs" / name)
    (path / "bin" / "postactivate").touch()
    if project is not None:
        (path / ".project").write_text(f"{project}\n")
    return path


def project_of(home: Home, name: str = "app") -> Path:
    """Make an empty project."""
    project = home.path / "code" / name
    project.mkdir(parents=True)
    return project


def applied(session: Session, proposal: Proposal) -> Result:
    """Carry a proposal out, and return what became of it."""
    for event in session.actions.apply([proposal], threading.Event()):
        if isinstance(event, Finished):
            (result,) = event.results
            return result
    raise AssertionError("it did not end")


def relinked(
    home: Home, path: Path, project: Path, *, share: bool = False, config: Config | None = None
) -> Result:
    """Link as one command does; a refusal fails the test."""
    session = scanned(home, config)
    proposal = session.actions.relink(session.rows[path], project, share=share)
    assert proposal.action is Action.RELINK
    assert not proposal.refusal, proposal.refusal
    return applied(session, proposal)


def unlinked(home: Home, path: Path) -> Result:
    """Unlink as one command does; a refusal fails the test."""
    session = scanned(home)
    proposal = session.actions.unlink(session.rows[path])
    assert not proposal.refusal, proposal.refusal
    return applied(session, proposal)


def refused(home: Home, path: Path, project: Path, *, config: Config | None = None) -> str:
    """Return why a link is refused, in the proposal and when it is carried out all the same."""
    session = scanned(home, config)
    proposal = session.actions.relink(session.rows[path], project)
    assert proposal.refusal
    return proposal.refusal
