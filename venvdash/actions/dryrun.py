"""What uv says beforehand that it would do: its dry run, asked until it keeps the environment.

Format: the JSON of ``uv sync`` and ``uv pip install`` (uv 0.13.9; its schema is called "preview").
"""

import os
import re
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from venvdash.actions import uv
from venvdash.actions.commands import Log
from venvdash.actions.uv import UvError
from venvdash.actions.ways import CannotError, Sort, Way, interpreter
from venvdash.model import Flag, PackageChange, Row
from venvdash.scanner import integrity
from venvdash.scanner.packages import site_directory
from venvdash.stores.reading import json_object, string
from venvdash.text import visible

_PATIENCE = 600.0  # seconds; what is not in the cache comes from the network, or is built
_ANSWER = 16 * 1024 * 1024  # bytes
_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")
_OF_PYTHON = re.compile(r"interpreter|Python at", re.IGNORECASE)
_PICKS_PYTHON = ("--python", "-p")
_WORDS = 1500  # characters of what uv says


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What ``way`` would do.

    ``replaced``: uv deletes the environment and makes another in its place, since its own Python
    would not do: ``why`` in uv's words. ``python`` is the version that it has then. ``lock`` is
    what becomes of the project's lockfile: "create", "update" or nothing. ``known`` is False
    where nobody can say beforehand.
    """

    way: Way
    packages: tuple[PackageChange, ...] = ()
    replaced: bool = False
    why: str = ""
    python: str | None = None
    lock: str = ""
    known: bool = True

    @property
    def nothing(self) -> bool:
        """Whether nothing is to be done."""
        return self.known and not (self.packages or self.replaced or self.lock)


def foresee(row: Row, way: Way, log: Log, cancel: threading.Event | None = None) -> Foreseen:
    """Ask uv what it would do; nothing of the environment changes.

    Building a package may be part of that. Raises CannotError with uv's own words, CancelledError.
    """
    if way.sort is Sort.TOOL:
        return Foreseen(way, known=False)
    way = replace(way, extra=(*_reinstalled(row), *way.extra))
    if way.sort is Sort.REQUIREMENTS:
        return Foreseen(way, _changes(_asked(way, log, cancel)))
    why = ""
    *first, last = _pythons(row, way)
    for python in first:
        try:
            found = _foreseen(row, replace(way, python=python), log, cancel)
        except UvError as error:
            why = in_words(error)
            if not _OF_PYTHON.search(why):
                raise CannotError(f"uv cannot: {why}") from error
        else:
            if not found.replaced or Flag.BROKEN in row.environment.flags:
                return found
    try:
        return replace(_foreseen(row, replace(way, python=last), log, cancel), why=why)
    except UvError as error:
        raise CannotError(f"uv cannot: {in_words(error)}") from error


def in_words(error: UvError) -> str:
    """Return what uv said of its failure in one line."""
    lines = [line.strip() for line in error.words.splitlines() if line.strip()]
    starts = [at for at, line in enumerate(lines) if line.startswith(("error", "×"))]
    said = " ".join(lines[starts[0] :] if starts else lines[-3:])
    return visible(said.removeprefix("error: "), _WORDS)


def _pythons(row: Row, way: Way) -> Iterator[str | None]:
    """Yield the interpreters to ask for, the last being the project's own choice.

    The environment's own first; where that is gone, another of the same version.
    """
    if not any(word.split("=")[0] in _PICKS_PYTHON for word in way.extra):
        version = row.environment.python
        if Flag.BROKEN not in row.environment.flags:
            yield str(interpreter(row))
        elif version:
            yield ".".join(version.split(".")[:2])
    yield None


def _reinstalled(row: Row) -> Iterator[str]:
    """Yield options that have packages that lack files installed again: uv would not look."""
    try:
        listing = frozenset(os.listdir(row.path))
    except OSError:
        return
    site = site_directory(str(row.path), row.environment.python, listing)
    for missing in integrity.missing(row.path, site) if site else ():
        if _NAME.fullmatch(missing.package):
            yield from ("--reinstall-package", missing.package)


def _asked(way: Way, log: Log, cancel: threading.Event | None) -> Mapping[str, Any]:
    """Return uv's answer. Raises UvError, CancelledError, and CannotError where it is not one."""
    done = uv.run(
        way.program,
        (*way.words, "--dry-run", "--output-format", "json"),
        environ=way.environ,
        cwd=way.cwd,
        timeout=_PATIENCE,
        log=log,
        variables=way.variables,
        cancel=cancel,
    )
    answer = json_object(done.stdout, _ANSWER)
    if answer is None:
        raise CannotError("This uv does not say what it would do: a newer one is needed.")
    return answer


def _foreseen(row: Row, way: Way, log: Log, cancel: threading.Event | None) -> Foreseen:
    answer = _asked(way, log, cancel)
    sync, lock = answer.get("sync"), answer.get("lock")
    if not isinstance(sync, dict):
        raise CannotError("This uv does not say what it would do: a newer one is needed.")
    place = string(sync, "environment", "path")
    if place is None or Path(os.path.realpath(place)) != Path(os.path.realpath(row.path)):
        other = f" ({visible(place)})" if place else ""
        raise CannotError(f"uv would work in another environment{other}, not in this one.")
    action = string(lock, "action") if isinstance(lock, dict) else None
    return Foreseen(
        way,
        _changes(sync),
        replaced=sync.get("action") != "check",
        python=string(sync, "environment", "python", "version"),
        lock=action if action in ("create", "update") else "",
    )


def _changes(table: Mapping[str, Any]) -> tuple[PackageChange, ...]:
    given = table.get("changes")
    found = []
    for one in given if isinstance(given, list) else ():
        name, action = string(one, "name"), string(one, "action")
        if name and action:
            found.append(PackageChange(name, string(one, "version") or "", action))
    return tuple(found)
