"""Replacing a small file so that a reader sees the old content or the new, never a part."""

import errno
import os
import re
import stat
from contextlib import suppress
from pathlib import Path

from venvdash.system.directory import Directory

PREFIX = ".venvdash-tmp-"
_TEMPORARY = re.compile(re.escape(PREFIX) + "[0-9a-f]{16}")
# Another process may take a file that is not locked yet for the leftover of a killed one.
_ATTEMPTS = 20


def write_atomically(
    directory: Path,
    name: str,
    data: bytes,
    *,
    mode: int = 0o600,
    flush: bool = True,
    modified: float | None = None,
) -> None:
    """Give the file ``name`` in ``directory`` the content ``data``, all of it or nothing.

    The data goes to a new file beside it (``PREFIX`` and random letters), which is renamed over the
    old one. A link in the file's place is replaced, not followed; a ``directory`` that is a link is
    refused, resolve it first where that is wanted. ``mode`` is what a new file gets, before the
    umask, ``modified`` its time of modification (not on Windows). What a killed process left of
    writing in the directory is removed. Without ``flush`` it is faster, and after a power failure
    the file may be empty, or hold zeros.

    Raises OSError (no permission, disk full, not a directory, no plain file name); the old content
    stays then, and nothing is left behind.
    """

    def prepare(file: int) -> None:
        _keep_from_others(file)
        if modified is not None:
            os.utime(file, (modified, modified))

    with Directory(directory) as opened:
        for attempt in range(_ATTEMPTS):
            try:
                temporary = PREFIX + os.urandom(8).hex()
                opened.write(name, data, temporary, mode, prepare=prepare, flush=flush)
                break
            except FileNotFoundError:
                if attempt == _ATTEMPTS - 1:
                    raise
        if opened.descriptor is not None:
            _sweep(opened)


def _keep_from_others(file: int) -> None:
    """Lock a new file. Raises FileNotFoundError where another process has removed it."""
    _lock(file)
    if os.fstat(file).st_nlink == 0:
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))


def _sweep(directory: Directory) -> None:
    """Remove what processes left that were killed while writing: no process has it locked."""
    with suppress(OSError):
        for name in directory.names():
            if name.startswith(PREFIX) and _TEMPORARY.fullmatch(name):
                _remove_leftover(directory, name)


def _remove_leftover(directory: Directory, name: str) -> None:
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    with suppress(OSError):
        handle = os.open(name, flags, dir_fd=directory.descriptor)
        try:
            if stat.S_ISREG(os.fstat(handle).st_mode) and _lock(handle):
                directory.unlink(name)
        finally:
            os.close(handle)


def _lock(handle: int) -> bool:
    """Lock an open file; False where somebody else has it, or where there are no locks."""
    import fcntl  # not on Windows, where nothing is written below a descriptor

    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
