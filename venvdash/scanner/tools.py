"""Which tools a project is made for, and which environment each would use in it."""

import os
from collections.abc import Collection, Iterable, Mapping
from functools import cache
from pathlib import Path

from venvdash.config import Config
from venvdash.model import Claim, Environment, ProjectTools, Sign
from venvdash.scanner import projects
from venvdash.stores import registry
from venvdash.stores.base import Store
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


def unclear(
    claims: Iterable[Claim], environments: Mapping[Path, Environment]
) -> dict[Path, frozenset[str]]:
    """Return the projects whose tools have to be asked, with the stores of their environments.

    Those with an environment to which no ``.venv`` leads, of a store whose tool answers.
    """
    found: dict[Path, dict[Path, str]] = {}
    led = set()
    for claim in claims:
        environment = environments[claim.environment]
        if not claim.proves or environment.traits.script or environment.store not in _answering():
            continue
        found.setdefault(claim.project, {})[environment.path] = environment.store
        if os.path.basename(claim.source) == projects.VENV:
            led.add((claim.project, environment.path))
    return {
        project: frozenset(own.values())
        for project, own in found.items()
        if any((project, path) not in led for path in own)
    }


@cache
def _answering() -> frozenset[str]:
    """Return the stores whose tool chooses an environment in a project."""
    return frozenset(s.name for s in registry() if type(s).use is not Store.use)


@cache
def _lock_files() -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for store in registry() for name in store.lock_files))


def manages(tools: ProjectTools, store: str) -> bool:
    """Return whether anything in the project shows that a store's tool may be used there."""
    return tools.signs.get(store, Sign.NONE) > Sign.NONE
