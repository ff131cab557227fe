"""Environments that a project leads to and that lie in no store: read as they are, where they are.

Such as a ``.venv`` link to another disk, or into the cache of another UV_CACHE_DIR. What such a
pointer names was written by anybody, so the target counts only if an environment lies there.
"""

import os
from dataclasses import dataclass, replace
from pathlib import Path

from venvdash.model import Claim, Direction, How, Location, NotEnvironment
from venvdash.scanner.discover import OURS
from venvdash.scanner.inspect import Inspected, inspect
from venvdash.stores import of_name, registry
from venvdash.stores.base import VENV_NAMES, Entry, Root, Why

MOST = 2000  # such environments in one listing


@dataclass(frozen=True, slots=True)
class Lead:
    """A pointer in a project and the path that it leads to, links resolved.

    ``uses``: the project's tool takes that environment before any other (a ``.venv``).
    """

    project: Path
    pointer: Path
    target: Path
    uses: bool

    @property
    def claim(self) -> Claim:
        """What the pointer says of the environment at its target."""
        source = os.fspath(self.pointer)
        return Claim(self.target, self.project, How.PROJECT_LINK, Direction.PROJECT, source)


def leads_outside(project: str, target: str) -> bool:
    """Return whether a pointer of ``project`` leads out of it; paths with links resolved."""
    inside = target == project or target.startswith(project.rstrip(os.sep) + os.sep)
    return not inside and OURS not in target


def root_of(prefix: Path) -> Root:
    """Return what stands for the store of an environment that lies in none."""
    for store in registry():
        root = store.elsewhere(prefix)
        if root is not None:
            return root
    unnamed = prefix.name in VENV_NAMES and len(prefix.parts) > 2
    return Root(prefix.parent.parent if unnamed else prefix.parent, "folders", Why.PROJECT)


def read(prefix: Path, uid: int | None) -> Inspected | NotEnvironment:
    """Read the environment at ``prefix``, a path without links; see ``inspect`` for ``uid``.

    Nothing is ever written into one: other programs' folders are not venvdash's.
    """
    if not os.path.lexists(prefix / "pyvenv.cfg"):
        return NotEnvironment(prefix, "", "holds no pyvenv.cfg")
    root = root_of(prefix)
    store = of_name(root.store)
    entry = store.entry(prefix, root) if store else prefix
    found = inspect(Entry(prefix, entry), root, uid)
    if isinstance(found, NotEnvironment):
        return found
    environment = replace(
        found.environment,
        traits=replace(found.environment.traits, keeps_sidecar=False),
        location=Location.LINKED,
        sidecar=False,
    )
    return replace(found, environment=environment)
