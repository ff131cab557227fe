"""Which tools manage a project, and which environment each would use in it."""

import os
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from venvdash.config import Config
from venvdash.model import Claim, Environment, ProjectTools, Sign
from venvdash.model.packaging import VENV_NAMES
from venvdash.scanner.projects import project_info
from venvdash.stores import registry
from venvdash.stores.base import Store
from venvdash.system import reads
from venvdash.system.files import read_text
from venvdash.system.machine import Machine

_LIMIT = 1024 * 1024  # bytes of a pyproject.toml


def of_project(
    project: Path, machine: Machine, config: Config, present: Collection[str] = ()
) -> ProjectTools:
    """Return the tools of a project, and the environment that each would use.

    Considers the stores with a sign or a pointer in the project, and those in ``present``: the
    stores of its environments. Only reads files. Raises nothing.
    """
    names = frozenset(name for name in _signs() if reads.lexists(project / name))
    pyproject = read_text(reads.realpath(project / "pyproject.toml"), _LIMIT) or ""
    signs: dict[str, Sign] = {}
    uses, wrapped = {}, set[str]()
    for store in registry():
        sign = store.sign(names, pyproject)
        if sign:
            signs[store.name] = sign
        if sign >= Sign.TABLE:
            wrapped.update(store.wraps)
        if sign or store.name in present or names.intersection(store.own_pointers):
            use = store.use(project, machine, config)
            if use is not None:
                uses[store.name] = use
    return ProjectTools(signs, uses, frozenset(wrapped))


@dataclass(frozen=True, slots=True)
class UndecidedProject:
    """A project whose tools may use an environment other than one that it has.

    ``stores`` are the stores of its environments, ``several`` says that it has more than one.
    """

    project: Path
    stores: frozenset[str]
    several: bool

    def ask(self, machine: Machine, config: Config) -> tuple[Path, ProjectTools]:
        """Return the project and its tools; no tools if its one environment has no rival in it."""
        inside = any(reads.lexists(self.project / name) for name in VENV_NAMES)
        if not self.several and not inside:
            return self.project, ProjectTools()
        return self.project, of_project(self.project, machine, config, self.stores)


def undecided(
    claims: Iterable[Claim], environments: Mapping[Path, Environment]
) -> dict[Path, UndecidedProject]:
    """Return the projects with an environment that no ``.venv`` links to.

    Only of stores whose tool chooses an environment.
    """
    environments_of: dict[Path, dict[Path, str]] = {}
    led = set()
    for claim in claims:
        environment = environments[claim.environment]
        if claim.proves and not environment.traits.script:
            environments_of.setdefault(claim.project, {})[environment.path] = environment.store
            if os.path.basename(claim.source) == project_info.VENV:
                led.add((claim.project, environment.path))
    return {
        project: UndecidedProject(project, frozenset(own.values()), len(own) > 1)
        for project, own in environments_of.items()
        if any(s in _answering() and (project, path) not in led for path, s in own.items())
    }


@cache
def _answering() -> frozenset[str]:
    """Return the stores whose tool chooses an environment in a project."""
    return frozenset(s.name for s in registry() if type(s).use is not Store.use)


@cache
def _signs() -> tuple[str, ...]:
    """Return the names of files that may be a sign of a tool."""
    names = [(*store.lock_files, *store.own_pointers) for store in registry()]
    return tuple(dict.fromkeys(name for several in names for name in several))


def manages(tools: ProjectTools, store: str) -> bool:
    """Return whether a file in the project shows that the tool of a store may be used there."""
    return tools.signs.get(store, Sign.NONE) > Sign.NONE
