"""Whether git tracks a path, read from its index.

git itself is not run: a repository's configuration can name programs for it to start. Format:
https://git-scm.com/docs/index-format, versions 2 to 4.
"""

import os
import struct
from collections.abc import Iterator
from pathlib import Path

from venvdash.scanner.projects import project_info
from venvdash.system.files import UnreadableError, read_regular

_LIMIT = 256 * 1024 * 1024  # bytes of an index
_FIXED = 40  # bytes of an entry before its object name
_EXTENDED, _LENGTH = 0x4000, 0x0FFF  # of its flags
_OBJECT_NAMES = (20, 32)  # bytes: SHA-1, SHA-256


def tracks(path: Path) -> bool:
    """Return whether git tracks ``path``, or files in it; there are no links on the way to it.

    False where no repository is found. Raises UnreadableError if its index cannot be understood.
    """
    for place in path.parents:
        if os.path.lexists(place / ".git"):
            directory = project_info.git_directory(os.fspath(place))
            return directory is not None and _names(Path(directory), path.relative_to(place))
    return False


def _names(directory: Path, inside: Path) -> bool:
    file = directory / "index"
    try:
        data = read_regular(file, _LIMIT)
    except FileNotFoundError:
        return False  # nothing was added yet
    except OSError as error:
        raise UnreadableError(f"{file} cannot be read") from error
    wanted = os.fsencode(inside.as_posix())
    for size in _OBJECT_NAMES:
        try:
            names = list(_all(data, size))
        except (struct.error, ValueError, IndexError):
            continue
        return any(name == wanted or name.startswith(wanted + b"/") for name in names)
    raise UnreadableError(f"{file} has an unknown format")


def _all(data: bytes, object_name: int) -> Iterator[bytes]:
    """Yield the names in an index. Raises ValueError, IndexError and struct.error."""
    mark, version, count = struct.unpack_from(">4sII", data)
    if mark != b"DIRC" or version not in (2, 3, 4):
        raise ValueError("not an index")
    at, name = 12, b""
    for _ in range(count):
        start = at
        at += _FIXED + object_name
        (flags,) = struct.unpack_from(">H", data, at)
        at += 4 if flags & _EXTENDED else 2
        if version == 4:
            strip, at = _number(data, at)
            name = name[: len(name) - strip]
        else:
            name = b""
        end = data.index(b"\0", at)
        name += data[at:end]
        if flags & _LENGTH not in (len(name), _LENGTH):
            raise ValueError("another length of object names")
        # Up to version 3 an entry is padded to a multiple of eight bytes, with at least one.
        at = end + 1 if version == 4 else start + (end - start + 8) // 8 * 8
        yield name


def _number(data: bytes, at: int) -> tuple[int, int]:
    """Return a number of git's variable length, and where it ends."""
    value = data[at] & 0x7F
    while data[at] & 0x80:
        at += 1
        value = (value + 1) << 7 | data[at] & 0x7F
    return value, at + 1
