"""Small TOML files of ours in directories that others may write: one value each.

Anybody may have put such a file there, so it is read behind hard limits, and what it says is
checked again before it is done.
"""

import errno
import re
from contextlib import suppress
from typing import Any, Generic, TypeVar

from venvdash.system import toml_text
from venvdash.system.codec import Codec
from venvdash.system.directory import Directory
from venvdash.system.files import UnreadableError, own_uid
from venvdash.system.toml_limits import parse

_LIMIT = 128 * 1024  # bytes
_SCHEMA = 1
_PLAIN = re.compile(rb"[^\\\x00-\x09\x0b-\x1f\x7f-\xff]*")  # ASCII without a character to escape

T = TypeVar("T")


class JournalError(Exception):
    """A file of venvdash that is not trusted; the text continues "its trash.toml …"."""


class TomlFile(Generic[T]):
    """How one kind of value is written to a file, below a comment, and read again.

    The file has at most ``limit`` bytes.
    """

    def __init__(self, codec: Codec[T], comment: str, limit: int = _LIMIT) -> None:
        self._codec, self._comment, self._limit = codec, comment, limit

    def read(self, directory: Directory, name: str, **given: Any) -> T | None:
        """Return what the file ``name`` says, None where there is none.

        ``given`` are the fields that are not written. The file must be a regular one of our own,
        or root's. Raises JournalError.
        """
        try:
            data = directory.read(name, self._limit, own_uid(), or_root=True)
        except FileNotFoundError:
            return None
        except (UnreadableError, OSError) as error:
            raise JournalError(str(error)) from error
        return self._value(data, given)

    def _value(self, data: bytes, given: dict[str, Any]) -> T:
        try:
            table = parse(data, dots=3, depth=4)
            if table["schema"] != _SCHEMA:
                raise JournalError("was written by another version of venvdash")
            return self._codec.read(table, **given)
        except (ValueError, KeyError) as error:
            raise JournalError("is damaged or was not written by venvdash") from error

    def write(self, directory: Directory, name: str, value: T, temporary: str) -> None:
        """Write the file ``name``. Raises OSError; then there is none, or the old one."""
        directory.write(name, self.encoded(value), temporary)

    def encoded(self, value: T) -> bytes:
        """Return the content of a file. Raises OSError for what could not be read again."""
        table = {"schema": _SCHEMA, **self._codec.write(value)}
        data = toml_text.dumps(table, self._comment)
        unwritten = {name: getattr(value, name) for name in self._codec.without}
        with suppress(JournalError, ValueError):
            # To parse it takes ten times as long as all else, and plain text says what it says.
            plain = _PLAIN.fullmatch(data)
            read = self._codec.read(table, **unwritten) if plain else self._value(data, unwritten)
            if len(data) <= self._limit and read == value:
                return data
        raise OSError(errno.EINVAL, "it cannot be recorded")


def remove(directory: Directory, *names: str) -> None:
    """Remove what is there of these files. Raises OSError."""
    for name in names:
        if directory.has(name):
            directory.unlink(name)
    directory.sync()
