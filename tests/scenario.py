"""Projects and environments made by the real tools, as a user would have them."""

import os
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from venv import EnvBuilder

from tests.conftest import Home
from venvdash.config import Config
from venvdash.model import Row
from venvdash.session import Session
from venvdash.system import locks


def listing(
    home: Home,
    config: Config | None = None,
    *,
    cwd: Path | None = None,
    records: bool = True,
    variables: Mapping[str, str] | None = None,
) -> Session:
    """Return a session after one listing without sizes, as a new process would have it."""
    session = Session(home.machine(cwd, **variables or {}), config or Config(), records=records)
    for _ in session.scan(usage=False):
        pass
    session.remember()
    return session


def rows(home: Home, config: Config | None = None, *, records: bool = True) -> dict[Path, Row]:
    """Return what one listing without sizes shows, as a new process would see it."""
    return listing(home, config, records=records).rows


def uv_project(home: Home, path: Path, *how: str, python: Path | None = None) -> Path:
    """Make a project with uv, sync it, and return its environment in uv's central store."""
    if not path.exists():
        path.mkdir(parents=True)
        home.uv("init", "-q", "--no-workspace", *how, cwd=path)
        project = path / "pyproject.toml"
        wide = re.sub(r'requires-python = ".*"', 'requires-python = ">=3.9"', project.read_text())
        project.write_text(wide)
    picked: list[str | Path] = ["--python", python] if python else []
    home.uv("sync", "-q", *picked, cwd=path)
    return (path / ".venv").resolve()


def lab(home: Home, pythons: tuple[Path, Path]) -> tuple[Path, Path, Path]:
    """Make a project with an environment of uv's for each of two Pythons, the second in use."""
    project = home.path / "code" / "lab"
    older = uv_project(home, project, "--bare", python=pythons[0])
    return project, older, uv_project(home, project, python=pythons[1])


def uv_script(home: Home, path: Path) -> Path:
    """Make a PEP 723 script, run it with uv, and return its environment."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("# /// script\n# dependencies = []\n# ///\nprint('ran')\n")
    store = home.path / ".cache" / "uv" / "environments-v2"
    before = set(store.glob("*"))
    home.uv("run", "-q", path)
    (made,) = set(store.glob("*")) - before
    return made


def venv(path: Path) -> Path:
    """Make an environment with the standard library."""
    path.parent.mkdir(parents=True, exist_ok=True)
    EnvBuilder(symlinks=os.name != "nt").create(path)  # what `python -m venv --without-pip` does
    return path


def uv_lock(environment: Path) -> locks.Lock:
    """Lock an environment as uv does while it works there: it makes the file."""
    (environment / locks.LOCK_NAME).touch()
    return locks.lock_environment(environment)


def remove(path: Path) -> None:
    """Delete a directory as a user would."""
    shutil.rmtree(path)


def linked_project(home: Home, environment: Path) -> Path:
    """Make the project of an environment, with a link to it, and return the project."""
    project = home.path / "code" / environment.name
    project.mkdir(parents=True)
    (environment / ".project").write_text(f"{project}\n")
    (project / ".venv").symlink_to(environment)
    return project


def special_file(path: Path, kind: str) -> bool:
    """Make what is no regular file; return whether ``kind`` is one: fifo, link, or directory."""
    if kind == "fifo":
        os.mkfifo(path)
    elif kind == "link":
        path.symlink_to("/etc/passwd")
    elif kind == "directory":
        path.mkdir()
    else:
        return False
    return True


def orphan(home: Home, name: str) -> Path:
    """Make an environment whose project is gone, as its own .project says."""
    project = home.path / "code" / name
    project.mkdir(parents=True)
    path = venv(home.path / ".virtualenvs" / name)
    (path / ".project").write_text(f"{project}\n")
    project.rmdir()
    return path
