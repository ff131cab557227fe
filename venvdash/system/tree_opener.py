"""Opening directories of a tree that is being removed: through no link, onto no mount.

Has no slow imports: the child process that purges the trash loads it.
"""

import errno
import os
import stat

from venvdash.system.openat2 import Open, opener
from venvdash.system.walk import FLAGS

_PATH_ONLY = getattr(os, "O_PATH", 0)  # Linux: opens what may not be read


class MountedError(OSError):
    """Something is mounted on a directory."""

    def __init__(self) -> None:
        super().__init__(errno.EXDEV, "a file system is mounted there")


class TreeOpener:
    """Opens directories at any depth below the open directory ``root``, except other mounts."""

    __slots__ = ("_device", "_mount", "_open")

    def __init__(self, root: int) -> None:
        self._open = opener(FLAGS)
        self._mount = None if self._open else mount_id(root)
        self._device = os.fstat(root).st_dev

    def enter(self, name: str, dir_fd: int) -> tuple[int, os.stat_result]:
        """Open a directory and return its status; give us all rights on it if we own it.

        Raises MountedError, or OSError: missing, not a directory, not readable.
        """
        descriptor = -1
        try:
            descriptor = open_directory(name, dir_fd, self._open or _open)
            status = os.fstat(descriptor)
            if status.st_dev != self._device or (
                self._open is None and mount_id(descriptor) != self._mount
            ):
                raise MountedError
            open_up(descriptor, status)
        except OSError as error:
            if descriptor >= 0:
                os.close(descriptor)
            if error.errno == errno.EXDEV:
                raise MountedError from None
            raise
        return descriptor, status


def _open(name: str, dir_fd: int) -> int:
    return os.open(name, FLAGS, dir_fd=dir_fd)


def open_directory(name: str, dir_fd: int, how: Open = _open) -> int:
    """Open a directory, not through a link; make it readable first if we own it.

    Raises OSError: missing, not a directory, not readable.
    """
    try:
        return how(name, dir_fd)
    except PermissionError:
        _permit(name, dir_fd)
        return how(name, dir_fd)


def _permit(name: str, dir_fd: int) -> None:
    """Give us all rights on our own directory. Raises PermissionError if we do not own it."""
    if not _PATH_ONLY:
        status = os.stat(name, dir_fd=dir_fd, follow_symlinks=False)
        _check_ours(status)
        os.chmod(name, _all_rights(status), dir_fd=dir_fd, follow_symlinks=False)
        return
    descriptor = os.open(name, FLAGS | _PATH_ONLY, dir_fd=dir_fd)
    try:
        status = os.fstat(descriptor)
        _check_ours(status)
        # fchmod fails on a descriptor of O_PATH; this path names the same directory.
        os.chmod(f"/proc/self/fd/{descriptor}", _all_rights(status))
    finally:
        os.close(descriptor)


def _check_ours(status: os.stat_result) -> None:
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.geteuid():
        raise PermissionError(errno.EACCES, "permission denied")


def _all_rights(status: os.stat_result) -> int:
    return stat.S_IMODE(status.st_mode) | stat.S_IRWXU


def open_up(descriptor: int, status: os.stat_result) -> None:
    """Give us all rights on an open directory if we own it, so that it can be emptied."""
    if status.st_mode & stat.S_IRWXU != stat.S_IRWXU and status.st_uid == os.geteuid():
        os.fchmod(descriptor, _all_rights(status))


def mount_id(descriptor: int) -> bytes | None:
    """Return the id of the mount of an open file (proc(5), ``fdinfo``), None if unknown.

    A bind mount has its own id, with the same device. Only Linux has them.
    """
    try:
        info = os.open(f"/proc/self/fdinfo/{descriptor}", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        data = os.read(info, 512)
    finally:
        os.close(info)
    return data.partition(b"mnt_id:")[2].partition(b"\n")[0].strip() or None
