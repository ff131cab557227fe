"""Replacing a small file so that a reader sees the old content or the new, never a part."""

import errno
import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PREFIX = ".venvdash-tmp-"
_TEMPORARY = re.compile(re.escape(PREFIX) + "[0-9a-f]{16}")
# Another process may take a file that is not locked yet for the leftover of a killed one.
_ATTEMPTS = 20
_NEW = (
    os.O_WRONLY
    | os.O_CREAT
    | os.O_EXCL
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)
)
# Windows has none of these.
_BY_DESCRIPTOR = {os.open, os.unlink, os.rename} <= os.supports_dir_fd


def write_atomically(directory: Path, name: str, data: bytes, *, mode: int = 0o600) -> None:
    """Give the file ``name`` in ``directory`` the content ``data``, all of it or nothing.

    The data goes to a new file beside it (``PREFIX`` and random letters), is flushed to the disk
    and renamed over the old one. A link in the file's place is replaced, not followed; a
    ``directory`` that is a link is refused, resolve it first where that is wanted. On POSIX all
    happens below one descriptor, so a directory swapped in the middle is not written through.
    ``mode`` is what a new file gets, before the umask. What a killed process left of writing in
    the directory is removed.

    Raises OSError (no permission, disk full, not a directory); the old content stays then, and
    nothing is left behind. Raises ValueError for a ``name`` that is no plain file name.
    """
    if name in ("", ".", "..") or "/" in name or os.path.basename(name) != name:
        raise ValueError(f"not a plain file name: {name!r}")
    with _opened(directory) as descriptor:
        for attempt in range(_ATTEMPTS):
            try:
                _write(directory, descriptor, name, data, mode)
                break
            except FileNotFoundError:
                if attempt == _ATTEMPTS - 1:
                    raise
        if descriptor is not None:
            # The new content is in place: an error here cannot take that back.
            with suppress(OSError):
                os.fsync(descriptor)
            _sweep(descriptor)


def _write(directory: Path, descriptor: int | None, name: str, data: bytes, mode: int) -> None:
    where = None if descriptor is not None else directory
    temporary = _at(where, PREFIX + os.urandom(8).hex())
    handle = os.open(temporary, _NEW, mode, dir_fd=descriptor)
    try:
        try:
            if descriptor is not None:
                _lock(handle)
                if os.fstat(handle).st_nlink == 0:
                    raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), temporary)
            _fill(handle, data)
            if descriptor is not None:
                os.replace(temporary, name, src_dir_fd=descriptor, dst_dir_fd=descriptor)
        finally:
            os.close(handle)
        if descriptor is None:  # Windows renames no open file
            os.replace(temporary, _at(where, name))
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary, dir_fd=descriptor)
        raise


def _sweep(directory: int) -> None:
    """Remove what processes left that were killed while they wrote: nobody has it locked."""
    with suppress(OSError):
        for name in os.listdir(directory):
            if _TEMPORARY.fullmatch(name):
                _remove_leftover(directory, name)


def _remove_leftover(directory: int, name: str) -> None:
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    with suppress(OSError):
        handle = os.open(name, flags, dir_fd=directory)
        try:
            if stat.S_ISREG(os.fstat(handle).st_mode) and _lock(handle):
                os.unlink(name, dir_fd=directory)
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


@contextmanager
def _opened(directory: Path) -> Iterator[int | None]:
    """Yield a descriptor of the directory; None where the system cannot work below one."""
    if not _BY_DESCRIPTOR:
        if not os.path.isdir(directory):
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(directory))
        yield None
        return
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(directory, flags)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _at(directory: Path | None, name: str) -> str:
    return name if directory is None else os.path.join(directory, name)


def _fill(handle: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(handle, rest) :]
    os.fsync(handle)
