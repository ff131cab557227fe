"""A record as the plain table that a sidecar holds, and back, every value checked.

Absent keys mean "not known".
"""

from collections.abc import Mapping
from typing import Any
from unicodedata import category

from venvdash.model import EnvironmentIdentity, EvidenceKind, ProjectRecord, Record
from venvdash.records.identity import valid_identity
from venvdash.records.merge import projects as joined
from venvdash.system.codec import INT64, Codec, Kind, checked, plain, several, text

SCHEMA = 1
LONGEST_NOTE = 2000  # characters
_MOST = 1000  # projects; a sidecar has no room for more


class SchemaError(ValueError):
    """A table is no record; the text says why. ``newer``: a later version wrote it."""

    def __init__(self, reason: str, newer: bool = False) -> None:
        super().__init__(reason)
        self.newer = newer


def _read_how(value: Any) -> EvidenceKind:
    how = _NAME.read(value)
    try:
        return EvidenceKind(how)
    except ValueError:  # a later version knows more ways; here it decides nothing
        return EvidenceKind.MENTION


def _clean(note: str) -> str:
    """Return a note without the characters that cannot be shown."""
    # Wide and unbreakable spaces (Zs) are text too, though Python calls them unprintable.
    return "".join(c for c in note if c.isprintable() or c in "\n\t" or category(c) == "Zs")


_NAME = text(512)
_NOTE = checked(
    plain(LONGEST_NOTE), lambda note: note == _clean(note), "free of control characters"
)
PROJECT = Codec(
    ProjectRecord,
    sparse=True,
    how=Kind(_read_how, str),
    birth=INT64,
    mount_point=_NAME,
    mount_source=_NAME,
    name=_NAME,
    git=_NAME,
    host=_NAME,
)
_PROJECTS = several(PROJECT.kind, _MOST)
RECORD = Codec(
    Record,
    sparse=True,
    identity=checked(plain(64), valid_identity, "an id"),
    fingerprint=Codec(EnvironmentIdentity, cfg_mtime_ns=INT64, cfg_ctime_ns=INT64).kind,
    projects=Kind(lambda value: joined(_PROJECTS.read(value)), _PROJECTS.write),
    note=Kind(_NOTE.read, lambda note: _clean(note)[:LONGEST_NOTE]),
    unfinished=_NAME,
)


def to_table(record: Record) -> dict[str, Any]:
    """Return ``record`` as a table of TOML's own types, keys without a value left out.

    Characters of the note that cannot be shown are dropped; what is too long is cut.
    """
    return {"schema": SCHEMA, **RECORD.write(record)}


def from_table(table: Mapping[str, Any]) -> Record:
    """Return the record that ``table`` holds. Raises SchemaError."""
    schema = table.get("schema")
    if not isinstance(schema, int) or isinstance(schema, bool) or schema < 1:
        raise SchemaError("has no schema number")
    if schema > SCHEMA:
        raise SchemaError(
            f"has schema {schema}, written by a newer version of venvdash", newer=True
        )
    try:
        return RECORD.read(table)
    except ValueError as error:
        raise SchemaError(str(error)) from error
