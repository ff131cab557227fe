"""Which tools a project is made for, and which environment each would use in it."""

import os
from collections.abc import Collection
from functools import cache
from pathlib import Path

from venvdash.config import Config
from venvdash.model import ProjectTools, Sign
from venvdash.stores import registry
from venvdash.system.files import read_text
from venvdash.system.machine import Machine

_LIMIT = 1024 * 1024  # bytes of a pyproject.toml


def of_project(
    project: Path, machine: Machine, config: Config, present: Collection[str] = ()
) -> ProjectTools:
    """Return the tools of a project, and what each would use there.

    Asked are the stores with a sign of theirs in the project, and those named in ``present``: the
    stores of the environments that it has. Reads files only. Raises nothing.
    """
    names = frozenset(name for name in _lock_files() if os.path.lexists(project / name))
    pyproject = read_text(os.path.realpath(project / "pyproject.toml"), _LIMIT) or ""
    signs, uses = {}, {}
    for store in registry():
        sign = store.sign(names, pyproject)
        if sign:
            signs[store.name] = sign
        if sign or store.name in present:
            use = store.use(project, machine, config)
            if use is not None:
                uses[store.name] = use
    return ProjectTools(signs, uses)


@cache
def _lock_files() -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for store in registry() for name in store.lock_files))


def manages(tools: ProjectTools, store: str) -> bool:
    """Return whether anything in the project shows that a store's tool may be used there."""
    return tools.signs.get(store, Sign.NONE) > Sign.NONE
