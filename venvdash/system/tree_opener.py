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
    """Something is mounted on a directory that would have been entered."""

    def __init__(self) -> None:
        super().__init__(errno.EXDEV, "a file system is mounted there")


class TreeOpener:
    """Opens directories anywhere below the open directory ``root``, but nothing mounted there."""

    __slots__ = ("_device", "_mount", "_open")

    def __init__(self, root: int) -> None:
        self._open = opener(FLAGS)
        self._mount = None if self._open else mount_id(root)
        self._device = os.fstat(root).st_dev

    def enter(self, name: str, dir_fd: int) -> tuple[int, os.stat_result]:
        """Open a directory, and return what it is; if it is ours, we have all rights on it then.

        Raises MountedError, or OSError: not there, not a directory, not ours to read.
        """
        descriptor = -1
        try:
            descriptor = open_directory(name, dir_fd, self._open or _open)
            found = os.fstat(descriptor)
            if found.st_dev != self._device or self._other_mount(descriptor):
                raise MountedError
            open_up(descriptor, found)
        except OSError as error:
            if descriptor >= 0:
                os.close(descriptor)
            if error.errno == errno.EXDEV:
                raise MountedError from None
            raise
        return descriptor, found

    def _other_mount(self, descriptor: int) -> bool:
        return self._open is None and mount_id(descriptor) != self._mount


def _open(name: str, dir_fd: int) -> int:
    return os.open(name, FLAGS, dir_fd=dir_fd)


def open_directory(name: str, dir_fd: int, how: Open = _open) -> int:
    """Open a directory, not through a link; one of our own that may not be read is made so first.

    Raises OSError: not there, not a directory, not ours.
    """
    try:
        return how(name, dir_fd)
    except PermissionError:
        _permit(name, dir_fd)
        return how(name, dir_fd)


def _permit(name: str, dir_fd: int) -> None:
    """Give us all rights on a directory of ours; raises PermissionError if it is not ours."""
    if not _PATH_ONLY:
        found = os.stat(name, dir_fd=dir_fd, follow_symlinks=False)
        _check_ours(found)
        os.chmod(name, _all_rights(found), dir_fd=dir_fd, follow_symlinks=False)
        return
    descriptor = os.open(name, FLAGS | _PATH_ONLY, dir_fd=dir_fd)
    try:
        found = os.fstat(descriptor)
        _check_ours(found)
        # A descriptor of O_PATH knows no fchmod; this way leads to the very same directory.
        os.chmod(f"/proc/self/fd/{descriptor}", _all_rights(found))
    finally:
        os.close(descriptor)


def _check_ours(found: os.stat_result) -> None:
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
        raise PermissionError(errno.EACCES, "permission denied")


def _all_rights(found: os.stat_result) -> int:
    return stat.S_IMODE(found.st_mode) | stat.S_IRWXU


def open_up(descriptor: int, found: os.stat_result) -> None:
    """Give us all rights on an open directory if it is ours, so that it can be emptied."""
    if found.st_mode & stat.S_IRWXU != stat.S_IRWXU and found.st_uid == os.geteuid():
        os.fchmod(descriptor, _all_rights(found))


def mount_id(descriptor: int) -> bytes | None:
    """Return what tells the mount of an open file from others (proc(5), ``fdinfo``), or None.

    A bind mount has its own, with the same device; only Linux tells.
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
