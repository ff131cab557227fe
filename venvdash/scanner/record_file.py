"""``*.dist-info/RECORD``: the files that an installer put into an environment, with their sizes.

CSV of path, hash and size; the path is relative to site-packages (the standard "Recording installed
projects", PEP 376 and 627).

Loaded by the child processes that measure: no imports beyond small C modules.
"""

import os
import stat
from collections.abc import Iterator

_LIMIT = 32 * 1024 * 1024  # bytes of one list; the largest known have a few
_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)
_CACHE = "__pycache__"


class TooMuchError(Exception):
    """More was recorded than is read; the text says what."""


def names(file: str) -> list[str]:
    """Return the names in a RECORD as they are written, without compiled files.

    Raises OSError and TooMuchError.
    """
    text = read(file).rstrip("\n")
    # No name holds a comma or a quote, and each line has three fields.
    if '"' not in text and text.count(",") == 2 * (text.count("\n") + 1):
        paths = text.replace("\n", ",").split(",")[::3]
    else:
        paths = [row[0] for row in _rows(text)]
    return [name for name in paths if not is_compiled(name)] if ".pyc" in text else paths


def sizes(file: str) -> dict[str, int | None]:
    """Return the size of each file in a RECORD by its name, None where no size is recorded.

    Raises OSError and TooMuchError.
    """
    return {row[0]: _size(row) for row in _rows(read(file)) if row[0]}


def _size(row: list[str]) -> int | None:
    size = row[2] if len(row) > 2 else ""
    return int(size) if size.isdecimal() and len(size) < 20 else None


def is_compiled(name: str) -> bool:
    """Return whether a file is one that Python compiles on import."""
    return _CACHE in name or name.endswith((".pyc", ".pyo"))


def _rows(text: str) -> Iterator[list[str]]:
    """Yield the fields of each line, at least one; lines that are not CSV are skipped."""
    import csv

    for line in text.replace("\r\n", "\n").split("\n"):
        if not line.startswith('"'):
            yield line.split(",")
            continue
        try:
            yield next(csv.reader([line], strict=True))
        except (csv.Error, StopIteration):
            continue


def read(file: str) -> str:
    """Return the text of a regular file, "" for anything else. Raises OSError and TooMuchError."""
    descriptor = os.open(file, _FLAGS)
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            return ""
        if status.st_size > _LIMIT:
            raise TooMuchError(f"{file} is larger than {_LIMIT >> 20} MiB")
        data = os.read(descriptor, status.st_size)
        while len(data) < status.st_size and (part := os.read(descriptor, _LIMIT)):
            data += part
        return data.decode("utf-8", "surrogateescape")
    finally:
        os.close(descriptor)
