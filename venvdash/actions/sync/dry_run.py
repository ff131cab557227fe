"""What uv says beforehand that it would do: its dry run, asked until it keeps the environment.

Formats (uv 0.13.9): the JSON of ``uv sync --dry-run``, whose schema is called "preview", and the
lines that a dry run writes of packages, which older ones tell in no other way (0.8).
"""

import os
import re
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from subprocess import CompletedProcess

from venvdash.actions.process import uv
from venvdash.actions.process.run_log import Log
from venvdash.actions.process.uv import UvError
from venvdash.actions.sync.command import CannotSyncError, SyncCommand, SyncKind, interpreter
from venvdash.model import Flag, PackageChange, Row
from venvdash.model.packaging import minor_version
from venvdash.scanner.discovery.site_packages import site_directory
from venvdash.scanner.usage import missing_files
from venvdash.stores.config_files import json_object, string
from venvdash.system.files import real
from venvdash.text import visible

_PATIENCE = 600.0  # seconds; what is not in the cache comes from the network, or is built
_ANSWER = 16 * 1024 * 1024  # bytes
_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")
_LINE = re.compile(r" ([-+~]) ([A-Za-z0-9._-]+)(?:==(\S+))?")
_ACTIONS = {"+": "installed", "-": "uninstalled", "~": "reinstalled"}
_TOO_OLD = "This version of uv cannot preview a project sync: uv 0.8 or newer is required."
_OF_PYTHON = re.compile(r"interpreter|Python at", re.IGNORECASE)
_PICKS_PYTHON = ("--python", "-p")
_WORDS = 1500  # characters of what uv says


@dataclass(frozen=True, slots=True)
class DryRun:
    """What ``way`` would do.

    ``replaced``: uv deletes the environment and makes another in its place, since its own Python
    would not do: ``why`` in uv's words. ``python`` is the version that it has then. ``lock`` is
    the project's lockfile where it is written as well, and may be there already. ``known`` is
    False where nobody can say beforehand. ``place``: the environment that uv would use.
    """

    way: SyncCommand
    packages: tuple[PackageChange, ...] = ()
    replaced: bool = False
    why: str = ""
    python: str | None = None
    lock: Path | None = None
    lock_exists: bool = False
    known: bool = True
    place: Path | None = None

    @property
    def nothing(self) -> bool:
        """Whether nothing is to be done."""
        return self.known and not (self.packages or self.replaced or self.lock)


def dry_run(row: Row, way: SyncCommand, log: Log, cancel: threading.Event | None = None) -> DryRun:
    """Ask uv what it would do; nothing of the environment changes.

    Building a package may be part of that. Raises CannotSyncError with uv's own words, and
    CancelledError.
    """
    if way.sort is SyncKind.TOOL:
        return DryRun(way, known=False)
    way = replace(way, again=tuple(_lacking(row)))
    if way.sort is SyncKind.REQUIREMENTS:
        try:
            _stays(way, log, cancel)
            return DryRun(way, merged(_lines(_asked(way, log, cancel).stderr)))
        except UvError as error:
            raise CannotSyncError(f"uv cannot sync it: {in_words(error)}") from error
    why = ""
    *first, last = _pythons(row, way)
    for python in first:
        try:
            foreseen_run = _foreseen(row.path, replace(way, python=python), log, cancel)
        except UvError as error:
            why = in_words(error)
            if not _OF_PYTHON.search(why):
                raise CannotSyncError(cannot(why)) from error
        else:
            if not foreseen_run.replaced or Flag.BROKEN in row.environment.flags:
                return foreseen_run
    try:
        return replace(_foreseen(row.path, replace(way, python=last), log, cancel), why=why)
    except UvError as error:
        raise CannotSyncError(cannot(in_words(error))) from error


def of_creation(way: SyncCommand, prefix: Path, log: Log) -> DryRun:
    """Ask uv what a sync that creates the environment at ``prefix`` would install.

    Raises CannotSyncError with uv's own words.
    """
    try:
        return _foreseen(prefix, way, log, None)
    except UvError as error:
        raise CannotSyncError(f"uv cannot create it: {in_words(error)}") from error


def merged(changes: Iterable[PackageChange]) -> tuple[PackageChange, ...]:
    """Return the changes, with one that reinstalls for each package that goes and comes back.

    uv names no version for what it builds from a source tree.
    """
    package_changes = tuple(changes)
    gone = {one.name: one.version for one in package_changes if one.action == _ACTIONS["-"]}
    back = {
        one.name
        for one in package_changes
        if one.action == _ACTIONS["+"]
        and gone.get(one.name)
        and one.version in ("", gone[one.name])
    }
    return tuple(
        replace(one, action=_ACTIONS["~"]) if one.name in back else one
        for one in package_changes
        if one.name not in back or one.action != _ACTIONS["-"]
    )


def _stays(way: SyncCommand, log: Log, cancel: threading.Event | None) -> None:
    """Raise CannotSyncError where uv's settings would have packages go elsewhere, and UvError."""
    setting = uv.elsewhere(
        way.program, way.words, environ=way.environ, cwd=way.cwd, log=log, cancel=cancel
    )
    if setting is not None:
        raise CannotSyncError(
            f"uv's settings there set `{setting}` under [pip], which installs to another "
            "location: remove that setting first."
        )


def cannot(why: str) -> str:
    """Return that uv cannot do it, and why, in a sentence."""
    if "--output-format" in why:
        return _TOO_OLD
    if "downloads are set to 'never'" in why:
        why += " (a plan downloads nothing: run `uv python install` to download it)"
    return f"uv cannot sync it: {why}"


def in_words(error: UvError) -> str:
    """Return what uv said of its failure in one line."""
    lines = [line.strip() for line in error.words.splitlines() if line.strip()]
    starts = [at for at, line in enumerate(lines) if line.startswith(("error", "×"))]
    reason = " ".join(lines[starts[0] :] if starts else lines[-3:])
    return visible(reason.removeprefix("error: "), _WORDS)


def _pythons(row: Row, way: SyncCommand) -> Iterator[str | None]:
    """Yield the interpreters to ask for, the last being the project's own choice.

    The environment's own first; where that is gone, another of the same version.
    """
    if not any(word.split("=")[0] in _PICKS_PYTHON for word in way.extra):
        version = row.environment.python
        if Flag.BROKEN not in row.environment.flags:
            yield str(interpreter(row))
        elif version:
            yield minor_version(version)
    yield None


def _lacking(row: Row) -> Iterator[str]:
    """Yield the packages that lack files: uv does not look at these."""
    try:
        listing = frozenset(os.listdir(row.path))
    except OSError:
        return
    site = site_directory(str(row.path), row.environment.python, listing)
    for missing in missing_files.missing(row.path, site) if site else ():
        if _NAME.fullmatch(missing.package):
            yield missing.package


def _asked(
    way: SyncCommand, log: Log, cancel: threading.Event | None, *more: str
) -> CompletedProcess[str]:
    """Return uv's answer. Raises UvError, CancelledError."""
    return uv.run(
        way.program,
        (*way.words, "--dry-run", *more),
        environ=way.environ,
        cwd=way.cwd,
        timeout=_PATIENCE,
        log=log,
        variables=way.variables,
        cancel=cancel,
    )


def _foreseen(prefix: Path, way: SyncCommand, log: Log, cancel: threading.Event | None) -> DryRun:
    run = foreseen(way, log, cancel)
    place = run.place
    if place is None or real(place) != real(prefix):
        other = f" ({visible(place)})" if place else ""
        raise CannotSyncError(f"uv would use another environment{other} instead of this one.")
    return run


def foreseen(way: SyncCommand, log: Log, cancel: threading.Event | None) -> DryRun:
    """Ask uv what a sync of a project would do, wherever. Raises as ``dry_run``, and UvError."""
    done = _asked(way, log, cancel, "--output-format", "json")
    answer = json_object(done.stdout, _ANSWER) or {}
    sync, lock = answer.get("sync"), answer.get("lock")
    if not isinstance(sync, dict):
        raise CannotSyncError(_TOO_OLD)
    place = string(sync, "environment", "path")
    lock = lock if isinstance(lock, dict) and lock.get("action") in ("create", "update") else {}
    file = string(lock, "path")
    return DryRun(
        way,
        merged(_changes(sync["changes"]) if "changes" in sync else _lines(done.stderr)),
        replaced=sync.get("action") != "check",
        python=string(sync, "environment", "python", "version"),
        lock=Path(file) if file else None,
        lock_exists=lock.get("action") == "update",
        place=Path(place) if place else None,
    )


def _changes(given: object) -> Iterator[PackageChange]:
    for one in given if isinstance(given, list) else ():
        name, action = string(one, "name"), string(one, "action")
        if name and action:
            yield PackageChange(name, string(one, "version") or "", action)


def _lines(text: str) -> Iterator[PackageChange]:
    for line in text.splitlines():
        match = _LINE.match(line)
        if match:
            yield PackageChange(match[2], match[3] or "", _ACTIONS[match[1]])
