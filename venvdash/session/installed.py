"""The packages of one environment, compared with those of all others that a scan has found."""

import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from venvdash.model import Environment, Row
from venvdash.model.installed import InstalledPackage, OtherVersion
from venvdash.model.packaging import canonical_name
from venvdash.scanner.usage.installed_packages import installed_packages, site_of
from venvdash.system.fingerprint import Fingerprint, current, settled
from venvdash.system.foreground import in_turns

_KEPT = 16  # environments whose packages are remembered


def compared(
    packages: Iterable[InstalledPackage], environment: Environment, others: Iterable[Row]
) -> tuple[InstalledPackage, ...]:
    """Return the packages with the other versions that other environments have of each.

    An alias is no other environment, and only what the scan knows is compared: no disk is read.
    """
    packages = tuple(packages)
    names = {canonical_name(one.name) for one in packages}
    known: dict[str, str] = {}
    counts: dict[str, Counter[str]] = {name: Counter() for name in names}
    same = {environment.path, environment.target}
    for row in in_turns(others):
        other = row.environment
        if other.path in same or other.target is not None:
            continue
        for package in other.packages:
            name = known.get(package.name)
            if name is None:
                name = known[package.name] = canonical_name(package.name)
            if name in names:
                counts[name][package.version] += 1
    return tuple(_with(one, counts[canonical_name(one.name)]) for one in packages)


def _with(package: InstalledPackage, counts: Counter[str]) -> InstalledPackage:
    elsewhere = tuple(
        OtherVersion(version, count)
        for version, count in sorted(counts.items(), key=lambda one: (-one[1], one[0]))
        if version != package.package.version
    )
    return replace(package, elsewhere=elsewhere) if elsewhere else package


class InstalledPackages:
    """Reads the packages of environments; of those asked for last only where they changed.

    Any thread may ask, one at a time.
    """

    def __init__(self) -> None:
        self._known: dict[Path, tuple[object, tuple[InstalledPackage, ...]]] = {}

    def of(self, row: Row, others: Iterable[Row]) -> tuple[InstalledPackage, ...]:
        """Return the packages of an environment; ``others`` are all known rows. Raises nothing."""
        environment = row.environment
        now = time.time_ns()
        state = _state(environment)
        was, packages = self._known.pop(environment.path, (None, ()))
        if was is None or was != state:
            packages = installed_packages(environment)
        if all(settled(one, now) for one in state[0]):
            self._known[environment.path] = state, packages
            if len(self._known) > _KEPT:
                del self._known[next(iter(self._known))]
        return compared(packages, environment, others)


def _state(environment: Environment) -> tuple[list[Fingerprint], object]:
    """Return what changes whenever packages are installed or removed."""
    folders = (site_of(environment), str((environment.target or environment.path) / "conda-meta"))
    fingerprints = [current(folder) for folder in folders if folder]
    known = environment.fingerprint, environment.python, environment.packages
    return [one for one in fingerprints if one is not None], known
