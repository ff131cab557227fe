"""``trash.toml``: all that is needed to take a deletion back, in the directory that it is about.

It is written into the environment before anything else is changed, so that whatever a crash
leaves, the directory itself tells what it is and where it belongs. Anybody may have put such a
file there, so it is read behind hard limits, and what it says is checked again before it is done.
"""

import errno
import os
import tomllib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from venvdash.model import Edit, Link, Removal, Trashed
from venvdash.records.spelling import spell, unspell
from venvdash.system.directory import Directory
from venvdash.system.files import UnreadableError
from venvdash.system.toml import bomb

NAME = "trash.toml"
PREFIX = ".venvdash-trash-"  # of the trash directory's name; random letters follow
LINK = "link"  # what an alias is called in its trash directory
BEGUN = "purge.toml"  # the journal's name once freeing has begun: see ``purge``
_TEMPORARY = ".venvdash-tmp-trash"
_SCHEMA = 1
_LIMIT = 128 * 1024  # bytes
_MOST = 64  # links or edits
_COMMENT = "# venvdash moved this to the trash. `venvdash trash` brings it back.\n"


class JournalError(Exception):
    """A ``trash.toml`` that cannot be trusted; the text goes on after "its trash.toml …"."""


def write(directory: Directory, trashed: Trashed) -> None:
    """Write the journal into ``directory``. Raises OSError; then there is none, or the old one.

    What could not be read again is not written.
    """
    import tomlkit  # slow to import, and only deleting needs it

    data = (_COMMENT + tomlkit.dumps(_table(trashed))).encode()
    try:
        again = _trashed(tomllib.loads(data.decode()), directory, False)
    except (JournalError, ValueError, KeyError, TypeError) as error:
        raise OSError(errno.EINVAL, "what is known of it cannot be written down") from error
    if again != replace(trashed, path=again.path) or len(data) > _LIMIT:
        raise OSError(errno.EINVAL, "what is known of it cannot be written down")
    directory.write(NAME, data, _TEMPORARY)


def read(directory: Directory) -> Trashed | None:
    """Return what the journal in ``directory`` says, None where there is none.

    Raises JournalError. At most 128 KiB of a regular file of our own are read.
    """
    return _read(directory, NAME) or _read(directory, BEGUN)


def _read(directory: Directory, name: str) -> Trashed | None:
    try:
        data = directory.read(name, _LIMIT, _user())
    except FileNotFoundError:
        return None
    except (UnreadableError, OSError) as error:
        raise JournalError(str(error)) from error
    try:
        text = data.decode()
        if problem := bomb(text, dots=3, depth=4):
            raise JournalError(problem)
        return _trashed(tomllib.loads(text), directory, name == BEGUN)
    except JournalError:
        raise
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise JournalError("is damaged, or not venvdash's") from error


def remove(directory: Directory) -> None:
    """Remove the journal, and what a crash left of writing it. Raises OSError."""
    for name in (_TEMPORARY, NAME):
        if directory.has(name):
            directory.unlink(name)
    directory.sync()


def leftover(directory: Directory) -> bool:
    """Return whether a crash left the beginnings of a journal and no journal."""
    return directory.has(_TEMPORARY) and not directory.has(NAME)


def _table(trashed: Trashed) -> dict[str, Any]:
    table: dict[str, Any] = {
        "schema": _SCHEMA,
        "how": str(trashed.how),
        "original": spell(str(trashed.original)),
        "name": spell(trashed.name),
        "project": spell(str(trashed.project)) if trashed.project else None,
        "kind": spell(trashed.kind),
        "status": str(trashed.status),
        "reason": spell(trashed.reason),
        "since": float(trashed.since),
        "on_disk": trashed.on_disk,
        "frees": trashed.frees,
        "inode": str(trashed.inode),
        "mode": trashed.mode,
        "links": [
            {"path": spell(str(link.path)), "target": spell(link.target)} for link in trashed.links
        ],
        "edits": [
            {
                key: spell(str(value))
                for key in ("path", "before", "after")
                if (value := getattr(edit, key)) is not None
            }
            for edit in trashed.edits
        ],
    }
    return {key: value for key, value in table.items() if value is not None}


def _trashed(table: Mapping[str, Any], directory: Directory, purging: bool) -> Trashed:
    """Return the table as a value. Raises ValueError, KeyError or TypeError for what is none."""
    if table["schema"] != _SCHEMA:
        raise JournalError("was written by another version of venvdash")
    return Trashed(
        path=directory.path,
        original=_path(table["original"]),
        name=_text(table["name"]),
        project=_path(table["project"]) if "project" in table else None,
        since=_time(table["since"]),
        on_disk=_count(table["on_disk"]),
        frees=_count(table["frees"]),
        links=tuple(
            Link(_path(one["path"]), _text(one["target"])) for one in _several(table, "links")
        ),
        edits=tuple(
            Edit(_path(one["path"]), _maybe(one, "before"), _maybe(one, "after"))
            for one in _several(table, "edits")
        ),
        status=_text(table["status"]),
        reason=_text(table["reason"]),
        kind=_text(table["kind"]),
        how=Removal(table["how"]),
        inode=_count(int(_text(table["inode"]))),
        mode=_count(table["mode"]) & 0o7777,
        purging=purging,
    )


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return unspell(value)


def _maybe(table: Mapping[str, Any], key: str) -> str | None:
    return _text(table[key]) if key in table else None


def _path(value: Any) -> Path:
    path = Path(_text(value))
    if not path.is_absolute():
        raise ValueError
    return path


def _count(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**128:
        raise ValueError
    return value


def _time(value: Any) -> float:
    if not isinstance(value, float) or not 0 <= value < 2**40:
        raise ValueError
    return value


def _several(table: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    found = table.get(key, [])
    if not isinstance(found, list) or len(found) > _MOST:
        raise ValueError
    return found


def _user() -> int | None:
    return os.geteuid() if hasattr(os, "geteuid") else None
