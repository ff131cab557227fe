"""Small TOML files of ours in directories that others may write: what they say, checked.

Anybody may have put such a file there, so it is read behind hard limits, and what it says is
checked again before it is done.
"""

import errno
import os
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from venvdash.model import Edit
from venvdash.system.directory import Directory
from venvdash.system.files import UnreadableError, own_uid
from venvdash.system.process_identity import Owner
from venvdash.system.spelling import spell, unspell
from venvdash.system.toml_limits import bomb

LIMIT = 128 * 1024  # bytes
_MOST = 64  # tables in a list

T = TypeVar("T")
Table = Mapping[str, Any]


class JournalError(Exception):
    """A file of ours that cannot be trusted; the text goes on after "its trash.toml …"."""


def read(
    directory: Directory, name: str, understood: Callable[[Table], T], limit: int = LIMIT
) -> T | None:
    """Return what ``understood`` makes of the file ``name``, None where there is none.

    ``understood`` raises ValueError, KeyError or TypeError for what it does not know. At most
    ``limit`` bytes of a regular file of our own, or root's, are read. Raises JournalError.
    """
    try:
        data = directory.read(name, limit, own_uid(), or_root=True)
    except FileNotFoundError:
        return None
    except (UnreadableError, OSError) as error:
        raise JournalError(str(error)) from error
    try:
        text = data.decode()
        if problem := bomb(text, dots=3, depth=4):
            raise JournalError(problem)
        return understood(tomllib.loads(text))
    except JournalError:
        raise
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise JournalError("is damaged or was not written by venvdash") from error


def write(
    directory: Directory,
    name: str,
    table: Table,
    comment: str,
    temporary: str,
    understood: Callable[[Table], bool],
    limit: int = LIMIT,
) -> None:
    """Write ``table`` into the file ``name``. Raises OSError; then there is none, or the old one.

    The other arguments are those of ``encoded``.
    """
    directory.write(name, encoded(table, comment, understood, limit), temporary)


def encoded(
    table: Table, comment: str, understood: Callable[[Table], bool], limit: int = LIMIT
) -> bytes:
    """Return the content of a file that says what ``table`` does. Raises OSError.

    Values of None are left out. What could not be read again is not written: ``understood`` says
    whether what is read from it is what was meant.
    """
    import tomlkit  # slow to import, and only what changes something needs it

    kept = {key: value for key, value in table.items() if value is not None}
    data = (comment + tomlkit.dumps(kept)).encode()
    try:
        fits = len(data) <= limit and understood(tomllib.loads(data.decode()))
    except (JournalError, ValueError, KeyError, TypeError):
        fits = False
    if not fits:
        raise OSError(errno.EINVAL, "it cannot be recorded")
    return data


def remove(directory: Directory, *names: str) -> None:
    """Remove what is there of these files. Raises OSError."""
    for name in names:
        if directory.has(name):
            directory.unlink(name)
    directory.sync()


# Values, checked as they are read. Each raises ValueError, KeyError or TypeError.


def text(value: Any) -> str:
    """Return a text, as ``system.spelling`` wrote it."""
    if not isinstance(value, str):
        raise TypeError
    return unspell(value)


def maybe(table: Table, key: str) -> str | None:
    """Return a text that may be missing."""
    return text(table[key]) if key in table else None


def path(value: Any) -> Path:
    """Return an absolute path."""
    found = Path(text(value))
    if not found.is_absolute():
        raise ValueError
    return found


def below(value: Any) -> str:
    """Return a path relative to a directory that it does not leave, "" for that itself."""
    found = text(value)
    if os.path.isabs(found) or ".." in Path(found).parts:
        raise ValueError
    return found


def count(value: Any) -> int:
    """Return a number that is not negative."""
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**128:
        raise ValueError
    return value


def time(value: Any) -> float:
    """Return seconds since the epoch."""
    if not isinstance(value, float) or not 0 <= value < 2**40:
        raise ValueError
    return value


def several(table: Table, key: str) -> list[Any]:
    """Return a list, empty where it is missing."""
    found = table.get(key, [])
    if not isinstance(found, list) or len(found) > _MOST:
        raise ValueError
    return found


def edits(table: Table, key: str) -> tuple[Edit, ...]:
    """Return a list of edits, written with ``spelt``."""
    return tuple(
        Edit(path(one["path"]), maybe(one, "before"), maybe(one, "after"))
        for one in several(table, key)
    )


def spelt(value: Any, *keys: str) -> dict[str, str]:
    """Return these attributes of ``value`` as texts that ``text`` and ``path`` read again."""
    found = {key: getattr(value, key) for key in keys}
    return {key: spell(str(one)) for key, one in found.items() if one is not None}


def owner_table(owner: Owner) -> dict[str, Any]:
    """Return who is at work, as ``owner`` reads it again."""
    return {
        "host": owner.host,
        "boot": owner.boot,
        "pid": owner.pid,
        "started": owner.started,
    }


def owner(table: Table) -> Owner:
    """Return the process that was at work."""
    return Owner(
        host=text(table["host"]),
        boot=text(table["boot"]),
        pid=count(table["pid"]),
        started=text(table["started"]),
    )
