"""Copies of environments in a store, and what a test looks at to see an original untouched."""

import stat
import sys
import threading
from dataclasses import dataclass, field, replace
from pathlib import Path

from tests.actions.deleting import small
from tests.conftest import Home
from tests.scenario import rows
from venvdash.actions.context import Context
from venvdash.actions.copy import copy_environment
from venvdash.actions.copy.copy_environment import CopyRequest
from venvdash.actions.errors import ChangedError
from venvdash.actions.events import Output, Progressed
from venvdash.config import Config, ConfiguredStore
from venvdash.model import Row


@dataclass
class World:
    """An original, never written to, and a store for its copies."""

    home: Home
    original: Path
    config: Config
    variables: dict[str, str]
    told: list[Output | Progressed] = field(default_factory=list)

    @property
    def store(self) -> Path:
        return self.home.path / ".virtualenvs"

    def context(self) -> Context:
        return Context.current(self.home.machine(None, **self.variables), self.config)

    def row(self) -> Row:
        return rows(self.home, self.config, records=False)[self.original]

    def copying(self, target: Path, python: str | None = None) -> CopyRequest:
        row, context = self.row(), self.context()
        for reason in copy_environment.copy_refusals(row, target, context, python=python):
            raise ChangedError(reason)
        packages = copy_environment.packages_of(row.environment, context)
        return CopyRequest(row, target, None if packages.obstacles else packages, python)

    def copy(self, name: str, cancel: threading.Event | None = None) -> Path:
        """Copy it into the store; ``told`` is what was told."""
        wanted = self.copying(self.store / name)
        for told in copy_environment.copy(wanted, self.context(), cancel or threading.Event()):
            self.told.append(told)
        return wanted.target

    def files(self, name: str) -> Path:
        """Copy all files: there is one that no package brought."""
        wanted = replace(self.copying(self.store / name), packages=None)
        self.told = list(copy_environment.copy(wanted, self.context(), threading.Event()))
        return wanted.target

    def assert_nothing_left(self, *names: str) -> None:
        assert sorted(path.name for path in self.store.iterdir()) == sorted(names)


def world_around(home: Home, original: Path, uv_cache: Path) -> World:
    """Return a world around an environment that lies elsewhere."""
    (home.path / ".virtualenvs").mkdir(exist_ok=True)
    config = Config(stores=(ConfiguredStore(str(original.parent)),))
    return World(home, original, config, {"UV_CACHE_DIR": str(uv_cache)})


def little_world(home: Home) -> World:
    """Return a world around an environment of a few files, whose Python starts."""
    store = home.path / ".virtualenvs"
    original = small(store / "app")
    (original / "bin" / "python").unlink()
    (original / "bin" / "python").symlink_to(sys.executable)
    version = "{}.{}.{}".format(*sys.version_info[:3])
    (original / "pyvenv.cfg").write_text(
        f"home = {Path(sys.executable).parent}\nversion = {version}\n"
    )
    (original / "bin" / "tool").write_text(f"#!{original}/bin/python\nprint('ran')\n")
    return World(home, original, Config(), {})


def traces(root: Path) -> dict[str, tuple[int, ...]]:
    """Return what a reading or writing would have changed of anything in a tree.

    Directories have no times here that Python's own walk renews; files that uv's cache shares have
    none of access: uv reads them there.
    """
    found: dict[str, tuple[int, ...]] = {}
    for path in [root, *root.rglob("*")]:
        status = path.lstat()
        alone = stat.S_ISREG(status.st_mode) and status.st_nlink == 1
        found[str(path)] = (
            status.st_ino,
            status.st_mode,
            status.st_size,
            status.st_mtime_ns,
            status.st_atime_ns if alone else 0,
        )
    return found
