"""Reading files that others wrote: of limited size, never blocking, never through a link."""

import errno
import os
import stat
from itertools import islice
from pathlib import Path

from venvdash.system import reads, trust
from venvdash.text import because

_FLAGS = (
    os.O_RDONLY
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_NONBLOCK", 0)  # a FIFO must not block
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)
)
_NOATIME = getattr(os, "O_NOATIME", 0)


class UnreadableError(Exception):
    """A file cannot be trusted or read; the text is the reason, without the path."""


def open_quietly(path: str | os.PathLike[str], flags: int = 0, dir_fd: int | None = None) -> int:
    """Open for reading without updating the access time if the system allows that.

    The list shows the access time as the last use, so reading must not change it.
    Raises OSError.
    """
    if dir_fd is None:
        reads.note(path)
    if _NOATIME:
        try:
            return os.open(path, _FLAGS | flags | _NOATIME, dir_fd=dir_fd)
        except PermissionError:  # only the owner may ask for O_NOATIME
            pass
    return os.open(path, _FLAGS | flags, dir_fd=dir_fd)


def own_uid() -> int | None:
    """Return the effective uid, None on a system without uids."""
    return os.geteuid() if hasattr(os, "geteuid") else None


def read_regular(
    path: str | os.PathLike[str],
    limit: int,
    *,
    dir_fd: int | None = None,
    owner: int | None = None,
    or_root: bool = False,
) -> bytes:
    """Return the content of a regular file of at most ``limit`` bytes.

    With ``owner`` the file must belong to that uid (or with ``or_root`` to root) and have one hard
    link. Raises FileNotFoundError (or NotADirectoryError) if it does not exist, UnreadableError for
    anything else: a link, a FIFO, a device, a file too large, no permission.
    """
    try:
        descriptor = open_quietly(path, dir_fd=dir_fd)
    except (FileNotFoundError, NotADirectoryError):
        raise
    except (OSError, ValueError) as error:
        raise UnreadableError(_because(error)) from error
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise UnreadableError("is not a regular file")
        if owner is not None and not _belongs(status.st_uid, owner, or_root):
            raise UnreadableError("belongs to another user")
        if owner is not None and status.st_nlink > 1:  # 0: it was replaced just now
            raise UnreadableError("has more than one hard link")
        if status.st_size > limit:
            raise UnreadableError(f"is larger than {limit} bytes")
        data, most = b"", status.st_size + 4096  # a buffer as large as any limit is slow
        while part := os.read(descriptor, min(most, limit + 1 - len(data))):
            data += part
    except OSError as error:
        raise UnreadableError(_because(error)) from error
    finally:
        os.close(descriptor)
    if len(data) > limit:  # it grew while it was read
        raise UnreadableError(f"is larger than {limit} bytes")
    return data


def _belongs(uid: int, owner: int, or_root: bool) -> bool:
    return trust.trusted(uid, owner) if or_root else uid == owner


def read_text(
    path: str | os.PathLike[str], limit: int = 64 * 1024, *, dir_fd: int | None = None
) -> str | None:
    """Return the text of a small file, bytes that are not UTF-8 escaped; None if unreadable."""
    try:
        return read_regular(path, limit, dir_fd=dir_fd).decode("utf-8", "surrogateescape")
    except (OSError, UnreadableError):
        return None


def read_head(
    path: str | os.PathLike[str], length: int
) -> tuple[os.stat_result, bytes] | tuple[None, bytes]:
    """Return the status and the first bytes of a regular file; (None, b"") if unreadable."""
    try:
        descriptor = open_quietly(path)
    except (OSError, ValueError):
        return None, b""
    try:
        status = os.fstat(descriptor)
        return (
            (status, os.read(descriptor, length)) if stat.S_ISREG(status.st_mode) else (None, b"")
        )
    except OSError:
        return None, b""
    finally:
        os.close(descriptor)


def names_in(directory: str | os.PathLike[str], limit: int | None = None) -> list[str]:
    """Return the names of the first ``limit`` entries of a directory, sorted; [] if unreadable."""
    try:
        with reads.scandir(directory) as entries:
            return sorted(entry.name for entry in islice(entries, limit))
    except (OSError, ValueError):
        return []


def status_of(path: str | os.PathLike[str]) -> os.stat_result | None:
    """Return ``os.stat`` of a path, links followed; None where it cannot be read."""
    try:
        return reads.stat(path)
    except (OSError, ValueError):
        return None


def real(path: Path) -> Path:
    """Return the path with links resolved as far as it exists; unchanged for a loop."""
    try:
        return Path(reads.realpath(path))
    except (OSError, ValueError):
        return path


def _because(error: Exception) -> str:
    # ELOOP is what O_NOFOLLOW says of a link.
    is_link = isinstance(error, OSError) and error.errno == errno.ELOOP
    return "is a symbolic link" if is_link else because(error)
