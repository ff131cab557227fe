"""A row of a remembered list as a JSON array, every value checked when it is read back."""

import json
import math
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from venvdash.model.status import Flag, Location, Status
from venvdash.model.summary import Summary

_LONGEST = 32 * 1024  # characters of one text
_FLAGS = {flag.value: flag for flag in Flag}
_LOCATIONS = {location.value: location for location in Location}
_HERE = Summary._fields.index("here")

STORED = Summary._fields[:_HERE]
"""The fields that are stored: what follows is of one run only."""


class DamagedError(ValueError):
    """What was read is no list that this version of venvdash wrote for this user."""


def _text(value: Any) -> str:
    if not isinstance(value, str) or len(value) > _LONGEST:
        raise DamagedError("no text")
    return value


def _directory(value: Any) -> str:
    path = _text(value)
    os.fsencode(path)  # a ValueError where no path can be spelled so
    if not os.path.isabs(path) or "\0" in path:
        raise DamagedError("no absolute path")
    return path


def whole(value: Any, most: int = 2**63) -> int:
    """Return a whole number from 0 to ``most``. Raises DamagedError."""
    if type(value) is not int or not 0 <= value <= most:
        raise DamagedError("no count")
    return value


def moment(value: Any) -> float:
    """Return a time in seconds since the epoch. Raises DamagedError."""
    if type(value) not in (int, float) or not (math.isfinite(value) and 0 <= value < 2**40):
        raise DamagedError("no time")
    return float(value)


def _truth(value: Any) -> bool:
    if not isinstance(value, bool):
        raise DamagedError("neither true nor false")
    return value


def _maybe(read: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda value: None if value is None else read(value)


_READ: dict[str, Callable[[Any], Any]] = {
    "path": lambda value: Path(_directory(value)),
    "name": _text,
    "status": Status,
    "reason": _text,
    "store": _text,
    "kind": _text,
    "python": _maybe(_text),
    "implementation": _maybe(_text),
    "location": _LOCATIONS.__getitem__,
    "flags": lambda value: frozenset(_FLAGS[flag] for flag in value),
    "packages": whole,
    "on_disk": _maybe(whole),
    "reclaimable": _maybe(whole),
    "at_most": _truth,
    "cache_held": _maybe(whole),
    "files": _maybe(whole),
    "used": _maybe(moment),
    "projects": lambda value: tuple(map(_directory, value)),
    "place": _maybe(_directory),
    "note": _text,
    "description": _text,
    "user_files": _text,
}
_READERS = tuple(_READ[field] for field in STORED)


def read_row(record: bytes) -> Summary:
    """Return a row that is not confirmed. Raises DamagedError."""
    try:
        values = json.loads(record.decode())
        if not isinstance(values, list):
            raise DamagedError("a record is no list")
        stored = [read(value) for read, value in zip(_READERS, values, strict=True)]
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise DamagedError(str(error)) from error
    return Summary(*stored)._replace(confirmed=False)


def write_row(row: Summary) -> bytes:
    """Return the record of a row; texts that are too long are cut."""
    values = [_plain(value) for value in row[:_HERE]]
    return json.dumps(values, separators=(",", ":")).encode()


def _plain(value: object) -> object:
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, Path):
        return str(value)
    return value[:_LONGEST] if isinstance(value, str) else value
