"""What outside an environment counts on it: files that name it, programs that run from it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from venvdash.model import Environment, Flag
from venvdash.scanner import references
from venvdash.scanner.references import Reference
from venvdash.system.machine import Machine


@dataclass(frozen=True, slots=True)
class Outside:
    """For each environment's path: what names it, and the flags that follow."""

    references: Mapping[Path, tuple[Reference, ...]] = field(default_factory=dict)
    flags: Mapping[Path, frozenset[Flag]] = field(default_factory=dict)


def look(machine: Machine, environments: Iterable[Environment]) -> Outside:
    """Look once for everything that names or uses the environments. Raises nothing."""
    from venvdash.system.processes import users

    found = list(environments)
    named = references.by_environment(references.read(machine), found)
    uses = users([environment.path for environment in found]).uses
    flags: dict[Path, frozenset[Flag]] = {}
    for environment in found:
        path, more = environment.path, set()
        if path in named and not environment.traits.tool:  # a tool's launcher goes with it
            more.add(Flag.REFERENCED)
        if uses.get(path):
            more.add(Flag.IN_USE)
        if more:
            flags[path] = frozenset(more)
    return Outside(named, flags)
