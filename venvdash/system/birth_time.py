"""When a file was created: with the inode number this identifies it, also after a move.

Inode numbers are reused, on ext4 at once; a birth time in nanoseconds is not.
"""

import ctypes
import functools
import os
import sys
from collections.abc import Callable

from venvdash.system import reads

_AT_FDCWD = -100
_NO_AUTOMOUNT = 0x800
_BTIME = 0x800  # STATX_BTIME, statx(2)
_SIZE = 256  # bytes of struct statx
_MASK, _SECONDS, _NANOSECONDS = (0, 4), (80, 88), (88, 92)  # of stx_mask and stx_btime in it


def birth_of(path: str | os.PathLike[str]) -> int | None:
    """Return when a file was created, in nanoseconds since the epoch, None if unknown.

    From statx(2) on Linux, ``st_birthtime`` elsewhere. A copy has its own; a rename keeps it.
    """
    if sys.platform.startswith("linux"):
        return _by_statx(os.fsencode(path))
    try:
        status = reads.stat(path)
    except (OSError, ValueError):
        return None
    seconds = getattr(status, "st_birthtime", None)
    return int(seconds * 1_000_000_000) if seconds else None


def _by_statx(path: bytes) -> int | None:
    statx = _statx()
    if statx is None or b"\0" in path:
        return None
    buffer = ctypes.create_string_buffer(_SIZE)
    if statx(_AT_FDCWD, path, _NO_AUTOMOUNT, _BTIME, buffer):
        return None
    raw = buffer.raw
    if not _number(raw, _MASK) & _BTIME:
        return None
    seconds = int.from_bytes(raw[slice(*_SECONDS)], sys.byteorder, signed=True)
    return seconds * 1_000_000_000 + _number(raw, _NANOSECONDS) or None


def _number(raw: bytes, where: tuple[int, int]) -> int:
    return int.from_bytes(raw[slice(*where)], sys.byteorder)


@functools.cache
def _statx() -> Callable[..., int] | None:
    try:
        function: Callable[..., int] = ctypes.CDLL(None).statx  # glibc 2.28, musl 1.2.5
    except (OSError, AttributeError):
        return None
    return function
