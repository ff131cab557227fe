"""A record as the plain table that a sidecar holds, and back, every value checked.

Absent keys mean "not known". Paths, and other names that come from disk, are written as
``spelling`` says. Integers too large for TOML's 64 bits are written as strings of digits.
"""

import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar
from unicodedata import category

from venvdash.model import Fingerprint, How, ProjectRecord, Record
from venvdash.records.identity import valid_identity
from venvdash.records.merge import projects as joined
from venvdash.system.spelling import spell, unspell

SCHEMA = 1
LONGEST_NOTE = 2000  # characters
_LONGEST_NAME = 512  # characters
_LARGEST = 2**128  # ReFS counts its files with 128 bits
_INT64 = 2**63

T = TypeVar("T")


class SchemaError(Exception):
    """A table is no record; the text names the key. ``newer``: a later version wrote it."""

    def __init__(self, reason: str, newer: bool = False) -> None:
        super().__init__(reason)
        self.newer = newer


# In the order in which they are written; what is not here is left as it was found.
KEYS = (
    "schema",
    "id",
    "path",
    "note",
    "pinned",
    "last_sync",
    "last_shell",
    "unfinished",
    "copied_from",
    "first_seen",
    "last_seen",
    "fingerprint",
    "projects",
)


def to_table(record: Record) -> dict[str, Any]:
    """Return ``record`` as a table of TOML's own types, keys without a value left out.

    Characters of the note that cannot be shown are dropped; what is too long is cut.
    """
    found = record.fingerprint
    table = {
        "schema": SCHEMA,
        "id": record.identity,
        "path": spell(str(record.path)),
        "note": _clean(record.note, "\n\t")[:LONGEST_NOTE] or None,
        "pinned": record.pinned or None,
        "last_sync": _stamp(record.last_sync),
        "last_shell": _stamp(record.last_shell),
        "unfinished": _spelt(record.unfinished),
        "copied_from": spell(str(record.copied_from)) if record.copied_from else None,
        "first_seen": _stamp(record.first_seen),
        "last_seen": _stamp(record.last_seen),
        "fingerprint": {
            "inode": _fitting(found.inode),
            "cfg_inode": _fitting(found.cfg_inode),
            "cfg_mtime_ns": found.cfg_mtime_ns,
            "cfg_ctime_ns": found.cfg_ctime_ns,
        },
        "projects": [project_table(project) for project in record.projects] or None,
    }
    return _given(table)


def from_table(table: Mapping[str, Any]) -> Record:
    """Return the record that ``table`` holds. Raises SchemaError."""
    schema = table.get("schema")
    if not isinstance(schema, int) or isinstance(schema, bool) or schema < 1:
        raise SchemaError("has no schema number")
    if schema > SCHEMA:
        raise SchemaError(
            f"has schema {schema}, written by a newer version of venvdash", newer=True
        )
    identity = table.get("id")
    if not isinstance(identity, str) or not valid_identity(identity):
        raise SchemaError("has no valid id")
    projects = table.get("projects", [])
    if not isinstance(projects, list):
        raise SchemaError("`projects` is not a list of tables")
    return Record(
        identity=identity,
        path=_needed(table, "path", _path),
        fingerprint=_fingerprint(_needed(table, "fingerprint", _table)),
        projects=joined(project(_checked("projects", one, _table)) for one in projects),
        note=_optional(table, "note", _note) or "",
        pinned=_optional(table, "pinned", _flag) or False,
        last_sync=_optional(table, "last_sync", _time),
        last_shell=_optional(table, "last_shell", _time),
        unfinished=_optional(table, "unfinished", _name),
        first_seen=_optional(table, "first_seen", _time) or 0.0,
        last_seen=_optional(table, "last_seen", _time) or 0.0,
        copied_from=_optional(table, "copied_from", _path),
    )


def project_table(record: ProjectRecord) -> dict[str, Any]:
    """Return a project's record as a table, keys without a value left out."""
    return _given(
        {
            "path": spell(str(record.path)),
            "how": record.how.value,
            "real": spell(str(record.real)) if record.real else None,
            "inode": _fitting(record.inode),
            "fsid": _fitting(record.fsid),
            "birth": record.birth,
            "mount_point": _spelt(record.mount_point),
            "mount_source": _spelt(record.mount_source),
            "name": _spelt(record.name),
            "git": _spelt(record.git),
            "host": _spelt(record.host),
            "first_seen": _stamp(record.first_seen),
            "last_seen": _stamp(record.last_seen),
        }
    )


def project(table: Mapping[str, Any]) -> ProjectRecord:
    """Return the project's record that ``table`` holds. Raises SchemaError."""
    return ProjectRecord(
        path=_needed(table, "path", _path),
        how=_needed(table, "how", _how),
        real=_optional(table, "real", _path),
        inode=_optional(table, "inode", _count),
        fsid=_optional(table, "fsid", _count),
        birth=_optional(table, "birth", _nanoseconds),
        mount_point=_optional(table, "mount_point", _long_name),
        mount_source=_optional(table, "mount_source", _long_name),
        name=_optional(table, "name", _name),
        git=_optional(table, "git", _name),
        host=_optional(table, "host", _name),
        first_seen=_optional(table, "first_seen", _time) or 0.0,
        last_seen=_optional(table, "last_seen", _time) or 0.0,
    )


def _fingerprint(table: Mapping[str, Any]) -> Fingerprint:
    return Fingerprint(
        inode=_needed(table, "inode", _count),
        cfg_inode=_needed(table, "cfg_inode", _count),
        cfg_mtime_ns=_needed(table, "cfg_mtime_ns", _nanoseconds),
        cfg_ctime_ns=_needed(table, "cfg_ctime_ns", _nanoseconds),
    )


# What follows reads one value each; a ValueError's text says what is wrong with it.


def _needed(table: Mapping[str, Any], key: str, read: Callable[[Any], T]) -> T:
    if key not in table:
        raise SchemaError(f"has no `{key}`")
    return _checked(key, table[key], read)


def _optional(table: Mapping[str, Any], key: str, read: Callable[[Any], T]) -> T | None:
    return _checked(key, table[key], read) if key in table else None


def _checked(key: str, value: Any, read: Callable[[Any], T]) -> T:
    try:
        return read(value)
    except ValueError as error:
        raise SchemaError(f"`{key}` {error}") from error


def _table(value: Any) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise ValueError("is not a table")
    return value


def _text(value: Any, limit: int) -> str:
    if not isinstance(value, str):
        raise ValueError("is not a string")
    if len(value) > limit:
        raise ValueError(f"is longer than {limit} characters")
    return value


def _path(value: Any) -> Path:
    path = Path(unspell(_text(value, 3 * 4096)))
    if not path.is_absolute():
        raise ValueError("is not an absolute path")
    return path


def _name(value: Any) -> str:
    return unspell(_text(value, _LONGEST_NAME))


def _long_name(value: Any) -> str:
    return unspell(_text(value, 3 * 4096))


def _note(value: Any) -> str:
    text = _text(value, LONGEST_NOTE)
    if text != _clean(text, "\n\t"):
        raise ValueError("contains control characters")
    return text


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError("is not true or false")
    return value


def _how(value: Any) -> How:
    text = _text(value, _LONGEST_NAME)
    try:
        return How(text)
    except ValueError:  # a later version knows more ways; here it decides nothing
        return How.MENTION


def _time(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("is not a time in seconds")
    if not math.isfinite(value) or not 0 <= value < 2**40:
        raise ValueError("is out of range")
    return float(value)


def _count(value: Any) -> int:
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 40:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError("is not a whole number")
    if not 0 <= value < _LARGEST:
        raise ValueError("is out of range")
    return value


def _nanoseconds(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError("is not a whole number")
    if not -_INT64 <= value < _INT64:
        raise ValueError("is out of range")
    return value


# And these make one value fit to be written.


def _given(table: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in table.items() if value is not None}


def _clean(text: str, also: str = "") -> str:
    # Wide and unbreakable spaces (Zs) are text too, though Python calls them unprintable.
    return "".join(c for c in text if c.isprintable() or c in also or category(c) == "Zs")


def _spelt(text: str | None) -> str | None:
    return spell(text)[:_LONGEST_NAME] if text and len(text) <= _LONGEST_NAME else None


def _stamp(time: float | None) -> float | None:
    return float(time) if time and math.isfinite(time) and 0 <= time < 2**40 else None


def _fitting(number: int | None) -> int | str | None:
    return str(number) if number is not None and number >= _INT64 else number
