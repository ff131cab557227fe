"""Packages that a deletion would leave in uv's cache for nobody, and taking them out of there."""

import re
from collections.abc import Iterable, Sequence

from venvdash.actions.commands import Log
from venvdash.model import Row
from venvdash.system.machine import Machine

_SEPARATORS = re.compile(r"[-_.]+")
_NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_TIMEOUT = 600.0  # seconds; uv waits for other uvs that use the cache


def only_theirs(going: Iterable[Row], rows: Iterable[Row]) -> tuple[str, ...]:
    """Return the packages of ``going`` that none of the other ``rows`` has, by normalised name.

    Projects installed in editable mode count: uv keeps the little wheels that it makes of them.
    """
    deleted = {row.path for row in going if row.environment.target is None}
    theirs: set[str] = set()
    others: set[str] = set()
    for row in (*going, *rows):
        names = {_SEPARATORS.sub("-", package.name).lower() for package in row.environment.packages}
        if row.path in deleted:
            theirs |= names
        else:
            others |= names
    return tuple(sorted(name for name in theirs - others if _NAME.fullmatch(name)))


def clean(machine: Machine, packages: Sequence[str], log: Log) -> tuple[tuple[str, ...], list[str]]:
    """Have uv take packages out of its cache; return those, and sentences on what went wrong.

    Environments keep what they have, except where files are links into the cache.
    """
    from venvdash.actions import uv

    if not packages:
        return (), []
    program = uv.find_uv(machine)
    if program is None:
        return (), ["The cache was left alone: uv was not found on PATH."]
    if (machine.variable("UV_LINK_MODE") or "") == "symlink":
        return (), ["The cache was left alone: environments are links into it (UV_LINK_MODE)."]
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
        return (), [f"The cache was not cleaned. {error}"]
    return tuple(packages), []
