"""What every plan may know of the machine besides the environments."""

import os
import sys
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from venvdash.actions.process.run_log import Log
from venvdash.config import Config
from venvdash.model import Environment, Location
from venvdash.scanner.discovery import store_folders
from venvdash.scanner.stages import linked_environments
from venvdash.stores.roots import Root
from venvdash.system.machine import Machine
from venvdash.system.mounts import Mounts

PATIENCE = 5.0  # seconds that another venvdash may hold a store
Roots = Mapping[Path, tuple[Root, ...]]


@dataclass(frozen=True)
class Context:
    """``roots``: the existing stores' directories, links resolved, with all that look there.

    ``own`` are the places of venvdash itself: its environment and the interpreter it runs on.
    ``log`` is where programs that are started are recorded. ``trusted`` are projects of other
    users, links resolved, whose code the user lets run. ``silent`` are stores that do not answer;
    they are not among the ``roots``. ``notes`` is our state, for what a plan would leave if it were
    killed; None where nothing is to be remembered. ``patience``: seconds to wait for another
    venvdash that changes the same store. ``untested``: whether the user allows changes on a system
    where nothing was tested.
    """

    machine: Machine
    roots: Roots = field(default_factory=dict)
    mounts: Mounts = field(default_factory=Mounts)
    own: tuple[Path, ...] = ()
    log: Log = field(default_factory=Log)
    trusted: frozenset[Path] = frozenset()
    silent: tuple[Path, ...] = ()
    notes: Path | None = None
    patience: float = PATIENCE
    untested: bool = False

    @cached_property
    def above_home(self) -> frozenset[Path]:
        """The user's HOME, links resolved, and the directories above it."""
        home = Path(os.path.realpath(self.machine.home))
        return frozenset((home, *home.parents))

    @cached_property
    def above_own(self) -> Mapping[Path, Path]:
        """A place of venvdash itself, for each such place and each directory above one."""
        return {above: own for own in self.own for above in (own, *own.parents)}

    @cached_property
    def above_roots(self) -> Mapping[Path, Path]:
        """A root below each directory that contains roots."""
        return {above: root for root in self.roots for above in root.parents}

    def roots_of(self, environment: Environment) -> tuple[Root, ...]:
        """Return the roots of stores that an environment lies in, none where no store looks there.

        For one that only a project leads to, that is what stands for a store.
        """
        if environment.location is not Location.CENTRAL:
            return (linked_environments.root_of(environment.path),)
        return self.roots.get(environment.root, ())

    @classmethod
    def current(cls, machine: Machine, config: Config, log: Log | None = None) -> "Context":
        """Return what holds now: the stores of this user, what is mounted, who we are."""
        roots, silent = store_roots(machine, config)
        own = own_places()
        mounts, log = Mounts.read(), log or Log()
        untested = config.untested
        return cls(machine, roots, mounts, own, log, silent=silent, untested=untested)

    def stores(self, environment: Environment) -> tuple[str, ...]:
        """Return the names of the stores that look where the environment lies, its own first."""
        roots = self.roots.get(environment.root, ())
        return tuple(dict.fromkeys([environment.store, *(root.store for root in roots)]))


def store_roots(machine: Machine, config: Config) -> tuple[Roots, tuple[Path, ...]]:
    """Return the existing directories of all stores, links resolved, and those not answering."""
    roots_by_directory: dict[Path, list[Root]] = defaultdict(list)
    branches, silent = store_folders.answering_branches(machine, config)
    for branch in branches:
        if branch.exists and not branch.problem:
            roots_by_directory[branch.real].append(branch.root)
    return {real: tuple(roots) for real, roots in roots_by_directory.items()}, tuple(silent)


def own_places() -> tuple[Path, ...]:
    """Return the environment and the interpreter that this program runs on, links resolved."""
    program = getattr(sys, "_base_executable", None) or sys.executable
    places = [sys.prefix, sys.exec_prefix, sys.base_prefix, sys.base_exec_prefix]
    places += [sys.executable, program]
    return tuple(dict.fromkeys(Path(os.path.realpath(place)) for place in places if place))
