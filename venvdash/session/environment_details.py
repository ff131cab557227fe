"""The details of one environment, which take too long to read for a list."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from venvdash.config import Config
from venvdash.model import Flag, Package, Row, Status, Use
from venvdash.scanner.discovery.site_packages import origins, site_directory
from venvdash.scanner.evidence.references import Reference
from venvdash.scanner.projects import project_tools
from venvdash.scanner.usage import missing_files
from venvdash.scanner.usage.missing_files import Missing
from venvdash.system.machine import Machine


@dataclass(frozen=True, slots=True)
class EnvironmentDetails:
    """The details of one environment; ``row`` has the additional flags.

    ``packages`` have their origins. ``uses`` are the environments that the tools of its projects
    use.
    """

    row: Row
    packages: tuple[Package, ...]
    missing: tuple[Missing, ...]
    references: tuple[Reference, ...]
    uses: tuple[tuple[Path, Use], ...]


def examine(
    row: Row, references: tuple[Reference, ...], machine: Machine, config: Config
) -> EnvironmentDetails:
    """Return the details of an environment; ``references`` are those that the scan found."""
    environment = row.environment
    prefix = environment.target or environment.path
    site = _site(prefix, environment.python)
    recorded = site is not None and not os.path.isdir(prefix / "conda-meta")
    gone = missing_files.missing(prefix, site) if site and recorded else ()  # conda rewrites RECORD
    if gone:
        environment = replace(environment, flags=environment.flags | {Flag.DAMAGED})
        row = replace(row, environment=environment)
    packages = _with_origins(environment.packages, origins(site) if site else ())
    uses = tuple(_uses(row, machine, config))
    return EnvironmentDetails(row, packages, gone, references, uses)


def _uses(row: Row, machine: Machine, config: Config) -> Iterator[tuple[Path, Use]]:
    """Yield the environments that the tools of its existing projects use."""
    if row.environment.traits.script or row.verdict.status not in (Status.LINKED, Status.REPLACED):
        return
    for project in row.verdict.projects:
        tools = project_tools.of_project(project, machine, config, {row.environment.store})
        yield from ((project, use) for use in tools.uses.values())


def _site(prefix: Path, python: str | None) -> str | None:
    try:
        listing = frozenset(os.listdir(prefix))
    except OSError:
        return None
    return site_directory(str(prefix), python, listing)


def _with_origins(packages: tuple[Package, ...], read: tuple[Package, ...]) -> tuple[Package, ...]:
    """Return the packages, with the origins that were read."""
    known = {(package.name, package.version): package for package in read}
    return tuple(known.get((p.name, p.version), p) if p.origin is None else p for p in packages)
