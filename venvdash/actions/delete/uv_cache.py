"""Packages that a deletion would leave in uv's cache for nobody, and taking them out of there."""

import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from venvdash.actions.process.run_log import Log
from venvdash.model import Facts, Presence, Row
from venvdash.model.packaging import canonical_name
from venvdash.scanner.discovery.site_packages import linked_into
from venvdash.stores import uv_settings
from venvdash.system.machine import Machine
from venvdash.system.timeouts import Failed, Job, TimedOut, TimedRunner
from venvdash.text import visible

_NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_TIMEOUT = 600.0  # seconds; uv waits for other uvs that use the cache
_LOCAL = ".venv"  # what uv calls an environment in its project
_PATIENCE = 30.0  # seconds; a project may lie on a network that is gone


def only_theirs(going: Iterable[Row], rows: Iterable[Row]) -> tuple[str, ...]:
    """Return the packages of ``going`` that none of the other ``rows`` has, by normalised name.

    Projects installed in editable mode count: uv keeps the little wheels that it makes of them.
    """
    deleted = {row.path for row in going if row.environment.target is None}
    theirs: set[str] = set()
    others: set[str] = set()
    for row in (*going, *rows):
        names = {canonical_name(package.name) for package in row.environment.packages}
        if row.path in deleted:
            theirs |= names
        else:
            others |= names
    return tuple(sorted(name for name in theirs - others if _NAME.fullmatch(name)))


@dataclass(slots=True)
class CacheUsers:
    """What has to do with uv's cache: projects, and environments that are to stay whole.

    ``environments``: prefixes, with the Python of each as far as it is known.
    """

    projects: list[Path]
    environments: list[tuple[Path, str | None]]


def concerned(rows: Iterable[Row], facts: Facts | None) -> CacheUsers:
    """Return the projects that are there, and the environments of the table and in projects."""
    places = facts.places.items() if facts else ()
    projects = [path for path, place in places if place.presence is Presence.PRESENT]
    environments = [(row.path, row.environment.python) for row in rows]
    return CacheUsers(projects, [*environments, *((path / _LOCAL, None) for path in projects)])


def clean(
    machine: Machine, packages: Sequence[str], about: CacheUsers, log: Log
) -> tuple[tuple[str, ...], list[str]]:
    """Have uv take packages out of its cache; return those, and sentences on what went wrong.

    Nothing is taken out where environments are links into the cache, or may be.
    """
    from venvdash.actions.process import uv

    if not packages:
        return (), []
    program = uv.find_uv(machine)
    if program is None:
        return (), ["uv's cache was not cleaned: uv was not found on PATH."]
    linked = _links(machine, about)
    if linked:
        return (), [f"uv's cache was not cleaned: environments may link into it ({linked})."]
    try:
        uv.run(
            program,
            ["cache", "clean", "--quiet", "--", *packages],
            environ=machine.variables,
            cwd=machine.home,
            timeout=_TIMEOUT,
            log=log,
        )
    except uv.UvError as error:
        return (), [f"uv's cache was not cleaned. {error}"]
    return tuple(packages), []


def _links(machine: Machine, about: CacheUsers) -> str:
    """Return what tells that environments are links into the cache, or may be; "" for nothing."""
    jobs = [
        Job(machine.home, lambda: uv_settings.symlinking(machine, about.projects)),
        Job(machine.home, lambda: _linked(machine, about.environments)),
    ]
    for answer in TimedRunner(_PATIENCE, lambda: False).run(jobs):
        if isinstance(answer, TimedOut | Failed):
            return "this could not be checked"
        if answer:
            return visible(answer)
    return ""


def _linked(machine: Machine, environments: Iterable[tuple[Path, str | None]]) -> str | None:
    cache = os.path.realpath(uv_settings.cache_directory(machine)[0])
    for prefix, python in environments:
        if linked_into(os.fspath(prefix), python, cache):
            return f"as {prefix} shows"
    return None
