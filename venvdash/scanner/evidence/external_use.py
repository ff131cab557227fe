"""Uses of an environment from outside: files that name it, programs that run from it."""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from venvdash.model import Environment, Flag
from venvdash.scanner.evidence import references
from venvdash.scanner.evidence.references import Reference
from venvdash.system.locks import environment_locked
from venvdash.system.machine import Machine
from venvdash.system.mounts import Mounts
from venvdash.system.reads import unnoted


@dataclass(frozen=True, slots=True)
class ExternalUse:
    """For each environment: the references to it, and the flags that follow."""

    references: Mapping[Path, tuple[Reference, ...]]
    flags: Mapping[Path, frozenset[Flag]]


def find(machine: Machine, mounts: Mounts, environments: Iterable[Environment]) -> ExternalUse:
    """Find everything that names, uses, locks or is mounted in the environments.

    Raises nothing.
    """
    from venvdash.system.processes import users

    listed = list(environments)
    named = references.by_environment(references.read(machine), listed)
    with unnoted():  # processes come and go: what they use is looked at each time
        uses = users([environment.path for environment in listed]).uses
    holding = _above_mounts(mounts)
    flags: dict[Path, frozenset[Flag]] = {}
    for environment in listed:
        path, more = environment.path, set()
        if path in named and not environment.traits.tool:  # a tool's launcher goes with it
            more.add(Flag.REFERENCED)
        if uses.get(path):
            more.add(Flag.IN_USE)
        if str(path) in holding:
            more.add(Flag.MOUNTS)
        if mounts.shared(path):
            more.add(Flag.SHARED)
        if _locked(path, mounts):
            more.add(Flag.LOCKED)
        if more:
            flags[path] = frozenset(more)
    return ExternalUse(named, flags)


def _above_mounts(mounts: Mounts) -> set[str]:
    """Return every directory on which or in which something is mounted."""
    directories: set[str] = set()
    for point in mounts.points:
        directory = os.path.normpath(point)
        while directory not in directories:
            directories.add(directory)
            directory = os.path.dirname(directory)
    return directories


def _locked(path: Path, mounts: Mounts) -> bool:
    """Return whether a program holds uv's lock; not checked on network file systems."""
    mount = mounts.of(path) if mounts.any_network else None
    if mount is not None and mount.network:
        return False
    try:
        return environment_locked(path)
    except OSError:
        return False
