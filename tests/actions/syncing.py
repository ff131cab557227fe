"""A HOME with projects, local wheels and no network, and what the tests of syncing look at."""

import os
import stat
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from uv import find_uv_bin

from tests.conftest import Home
from tests.scenario import listing
from venvdash.actions.events import ActionEvent, Finished, Output
from venvdash.demo.wheels import make_wheel
from venvdash.model import Proposal, Result, Row
from venvdash.session import Session

CENTRAL = "centralized-project-envs"
_PYPROJECT = """\
[project]
name = "{name}"
version = "1.0"
requires-python = "{python}"
dependencies = [{needs}]

[project.optional-dependencies]
more = ["gamma"]

[dependency-groups]
check = ["delta"]
"""
# A build backend of its own: it says that it builds, and ends when somebody ends it.
_BACKEND = """\
import os, pathlib, subprocess, sys, time
def _build():
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    pathlib.Path("building").write_text(f"{{os.getsid(0)}} {{child.pid}}")
    time.sleep(600)
def build_wheel(*arguments, **more): _build()
def build_editable(*arguments, **more): _build()
"""
_SLOW = """
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]
"""


@dataclass
class Place:
    """A user's HOME in which uv finds a handful of wheels and no network."""

    home: Home

    @classmethod
    def make(cls, home: Home) -> "Place":
        wheels = home.path / "wheels"
        for version in ("1.0", "2.0"):
            make_wheel(wheels, "alpha", version)
        for name in ("beta", "delta", "pip"):
            make_wheel(wheels, name, "1.0")
        make_wheel(wheels, "gamma", "1.0", requires=("beta",))
        home.variables |= {
            "UV_OFFLINE": "1",
            "UV_NO_INDEX": "1",
            "UV_FIND_LINKS": str(wheels),
            "UV_PYTHON_DOWNLOADS": "never",
        }
        return cls(home)

    def uv(self, *arguments: str | Path, cwd: Path | None = None, **variables: str) -> str:
        done = self.home.run(find_uv_bin(), *arguments, cwd=cwd, check=True, **variables)
        return done.stdout

    def project(self, name: str, *needs: str, python: str = ">=3.10", slow: bool = False) -> Path:
        """Write a project; a slow one is a package whose build never ends."""
        path = self.home.path / "code" / name
        path.mkdir(parents=True, exist_ok=True)
        named = ", ".join(f'"{need}"' for need in needs)
        text = _PYPROJECT.format(name=name, python=python, needs=named)
        (path / "pyproject.toml").write_text(text + (_SLOW if slow else ""))
        if slow:
            (path / "backend.py").write_text(_BACKEND.replace("{{", "{").replace("}}", "}"))
        return path

    def central(self, project: Path, python: Path | None = None) -> Path:
        """Have uv make the project's environment in its cache, and return that."""
        picked: list[str | Path] = ["--python", python] if python else []
        self.uv("venv", "-q", *picked, cwd=project, UV_PREVIEW_FEATURES=CENTRAL)
        return (project / ".venv").resolve()

    def wrapped(self, name: str, project: Path | None = None, python: Path | None = None) -> Path:
        """Make an environment as virtualenvwrapper keeps them, hooks and all."""
        path = self.home.path / ".virtualenvs" / name
        picked: list[str | Path] = ["--python", python] if python else []
        self.uv("venv", "-q", *picked, path)
        if project is not None:
            (path / ".project").write_text(f"{project}\n")
            hook = path / "bin" / "postactivate"
            hook.write_text("#!/bin/bash\nexport NAME=value\n")
            hook.chmod(0o755)
        return path

    def version(self, python: Path) -> str:
        """Return the X.Y of an interpreter."""
        code = "import sys; print('%d.%d' % sys.version_info[:2])"
        return self.home.run(python, "-c", code).stdout.strip()

    def misfit(self, pythons: tuple[Path, Path]) -> tuple[Path, str]:
        """Make an environment that is too old for its project; return it and what it needs."""
        old, new = sorted(pythons, key=lambda python: int(self.version(python).split(".")[1]))
        wanted = self.version(new)
        self.home.variables["PATH"] += f":{new.parent}"
        project = self.project("web", "alpha", python=f">={wanted}")
        return self.wrapped("web", project, old), wanted

    def add(self, environment: Path, *packages: str) -> None:
        self.uv("pip", "install", "-q", "--python", environment, *packages)

    def session(self, cwd: Path | None = None, *, records: bool = True, **more: str) -> Session:
        """Return a session after a scan, as a new process has it."""
        return listing(self.home, cwd=cwd, records=records, variables=more)

    def row(self, path: Path, cwd: Path | None = None) -> Row:
        """Return how a new process lists an environment."""
        return self.session(cwd).rows[path]

    def propose(self, path: Path, *extra: str, cwd: Path | None = None) -> Proposal:
        session = self.session(cwd)
        return session.actions.sync(session.rows[path], extra)

    def sync(self, path: Path, *extra: str, cwd: Path | None = None) -> Result:
        """Propose and do it, whatever the proposal warns of."""
        session = self.session(cwd)
        proposal = session.actions.sync(session.rows[path], extra)
        assert not proposal.refusal, proposal.refusal
        (result,) = last(session.actions.apply([proposal])).results
        return result


def last(events: Iterator[ActionEvent]) -> Finished:
    """Return what a change ended with."""
    *_, finished = events
    assert isinstance(finished, Finished)
    return finished


def cancelled(
    session: Session, proposals: Sequence[Proposal], word: str, also: Path | None = None
) -> Finished:
    """Apply proposals, and cancel when uv has said ``word``, and the file ``also`` is there."""
    cancel = threading.Event()
    finished = None
    for event in session.actions.apply(proposals, cancel):
        if isinstance(event, Output) and word in event.line:
            while also is not None and not (also.exists() and also.read_text()):
                pass
            cancel.set()
        if isinstance(event, Finished):
            finished = event
    assert finished is not None
    assert cancel.is_set(), f"uv never said {word}"
    return finished


def packages(environment: Path) -> set[str]:
    """Return the names and versions of what is installed."""
    infos = environment.glob("lib/python*/site-packages/*.dist-info")
    return {info.name.removesuffix(".dist-info") for info in infos}


def content(*roots: Path) -> dict[str, tuple[int, object]]:
    """Return all that lies below ``roots``: permissions, kinds and content."""
    found: dict[str, tuple[int, object]] = {}
    for root in roots:
        for folder, folders, files in os.walk(root):
            for name in (*folders, *files):
                path = Path(folder, name)
                mode = path.lstat().st_mode
                what: object = os.readlink(path) if stat.S_ISLNK(mode) else None
                found[str(path)] = (mode, path.read_bytes() if stat.S_ISREG(mode) else what)
    return found
