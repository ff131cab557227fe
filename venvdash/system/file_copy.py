"""Copying one file with its holes, owner, extended attributes, ACLs, mode and times.

Data are cloned or copied within the kernel if the file system supports it. On Linux a POSIX ACL is
an extended attribute (acl(5)), and copied as one.
"""

import errno
import os
import stat
import sys
from collections.abc import Callable, Iterator

from venvdash.system.directory import NEW
from venvdash.system.removal import BLOCK

_CHUNK = 16 * 1024 * 1024  # bytes copied between two checks whether to stop
# Errors of a kernel that cannot copy between these files.
_BY_HAND = (errno.ENOSYS, errno.EXDEV, errno.EINVAL, errno.EOPNOTSUPP, errno.EPERM)
# Errors for an attribute that the file system does not support, or that only root may set.
_CANNOT_KEEP = (errno.EOPNOTSUPP, errno.EPERM, errno.EACCES, errno.EINVAL)
# The system's policy sets these for each new file.
_POLICY = ("security.selinux", "security.ima", "security.evm")
# Windows and macOS have no such calls in ``os``.
_ATTRIBUTES = hasattr(os, "listxattr")
_HOLES = hasattr(os, "SEEK_DATA")

Attributes = tuple[tuple[str, bytes], ...]


class StoppedError(Exception):
    """The caller has asked to stop."""


def copy_file(source: int, target: bytes, stop: Callable[[], bool]) -> bool:
    """Copy the open regular file ``source`` to ``target``, which must not exist.

    Returns False if its owner or an extended attribute cannot be kept. Raises StoppedError once
    ``stop`` returns True, and OSError; the incomplete copy stays.
    """
    status = os.fstat(source)
    if not stat.S_ISREG(status.st_mode):
        raise OSError(errno.EINVAL, "no longer a regular file")
    file = os.open(target, NEW, 0o600)
    try:
        _copy_data(source, file, status, stop)
        if os.chmod not in os.supports_fd:
            return True
        return set_attributes(file, status, attributes(source))
    finally:
        os.close(file)
        if os.chmod not in os.supports_fd:
            os.chmod(target, stat.S_IMODE(status.st_mode))
            os.utime(target, ns=(status.st_atime_ns, status.st_mtime_ns))


def attributes(file: int) -> Attributes:
    """Return the extended attributes of an open file or directory. Raises OSError."""
    if not _ATTRIBUTES:
        return ()
    try:
        names = os.listxattr(file)
    except OSError as error:
        if error.errno == errno.EOPNOTSUPP:
            return ()
        raise
    return tuple((name, os.getxattr(file, name)) for name in names if not name.startswith(_POLICY))


def set_attributes(target: int, like: os.stat_result, extended: Attributes) -> bool:
    """Give an open file or directory the owner, attributes, mode and times of another.

    Returns False if its owner or an extended attribute cannot be kept. Raises OSError.
    """
    kept = [_own(target, like), *(_set(target, name, value) for name, value in extended)]
    os.chmod(target, stat.S_IMODE(like.st_mode))  # only now: a new owner clears bits of it
    os.utime(target, ns=(like.st_atime_ns, like.st_mtime_ns))
    return all(kept)


def _own(target: int, like: os.stat_result) -> bool:
    now = os.fstat(target)
    if (now.st_uid, now.st_gid) == (like.st_uid, like.st_gid):
        return True
    try:
        os.chown(target, like.st_uid, like.st_gid)
    except PermissionError:
        if now.st_uid != like.st_uid:
            return False
        raise
    return True


def _set(target: int, name: str, value: bytes) -> bool:
    try:
        os.setxattr(target, name, value)
    except OSError as error:
        if error.errno not in _CANNOT_KEEP:
            raise
        return False
    return True


def _copy_data(source: int, target: int, status: os.stat_result, stop: Callable[[], bool]) -> None:
    size = status.st_size
    holes = _HOLES and getattr(status, "st_blocks", size) * BLOCK < size
    for start, end in _extents(source, size) if holes else [(0, None)]:
        _copy_range(source, target, start, end, stop)
    if holes:
        os.ftruncate(target, max(size, os.fstat(target).st_size))


def _extents(source: int, size: int) -> Iterator[tuple[int, int | None]]:
    """Yield the ranges of a file that hold data, as offsets of their start and end."""
    start = 0
    while start < size:
        try:
            start = os.lseek(source, start, os.SEEK_DATA)
            end = os.lseek(source, start, os.SEEK_HOLE)
        except OSError as error:
            if error.errno == errno.ENXIO:  # nothing but a hole from here on
                return
            raise
        yield start, end
        start = end


def _copy_range(
    source: int, target: int, start: int, end: int | None, stop: Callable[[], bool]
) -> None:
    """Copy from one offset up to another, or to the end of the file."""
    os.lseek(source, start, os.SEEK_SET)
    os.lseek(target, start, os.SEEK_SET)
    left = sys.maxsize if end is None else end - start
    by_kernel = hasattr(os, "copy_file_range")  # Linux; clones where the file system can
    while left > 0:
        wanted = min(left, _CHUNK)
        count = _copy_by_kernel(source, target, wanted) if by_kernel else 0
        if not count:  # some file systems return 0 although data is left
            by_kernel = False
            count = _copy_by_hand(source, target, wanted)
        if not count:
            return
        left -= count
        if stop():
            raise StoppedError


def _copy_by_kernel(source: int, target: int, wanted: int) -> int:
    try:
        return os.copy_file_range(source, target, wanted)
    except OSError as error:
        if error.errno not in _BY_HAND:
            raise
        return 0


def _copy_by_hand(source: int, target: int, wanted: int) -> int:
    data = os.read(source, wanted)
    view = memoryview(data)
    while view:
        view = view[os.write(target, view) :]
    return len(data)
