"""Copying a tree file by file: modes, times and links kept, the first error ends it.

Data are cloned or copied within the kernel where the file system can do that; the copy shares no
inode with the original, whose access times stay. Links that led into the tree lead into the copy.
"""

import errno
import os
import stat
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from venvdash.actions.events import Progressed
from venvdash.actions.programs import CancelledError
from venvdash.system.directory import NEW
from venvdash.system.files import open_quietly
from venvdash.system.removal import allocated
from venvdash.system.walk import Opened, walk

_CHUNK = 16 * 1024 * 1024  # bytes copied between two looks at whether to go on
_STEP = 200  # files between two words on how far it is
_MARGIN = 1.1  # what must be free, as a multiple of what is needed
# What the kernel says that cannot copy between these files by itself.
_BY_HAND = (errno.ENOSYS, errno.EXDEV, errno.EINVAL, errno.EOPNOTSUPP, errno.EPERM)

Cancelled = Callable[[], bool]


@dataclass(frozen=True, slots=True)
class Extent:
    """What a tree takes up: ``entries`` in all, ``size`` in allocated bytes.

    ``own_entries`` and ``own_size`` leave out files that have other names, as those have that uv
    links from its cache.
    """

    entries: int
    size: int
    own_entries: int
    own_size: int


def extent(root: Path) -> Extent:
    """Measure a tree. Raises OSError for whatever cannot be looked at."""
    entries = size = own_entries = own_size = 0
    for opened in walk(os.fsencode(root), report=_raise):
        directory = allocated(opened.stat)
        entries, size = entries + 1, size + directory
        own_entries, own_size = own_entries + 1, own_size + directory
        for entry in opened.files():
            found = entry.stat(follow_symlinks=False)
            entries, size = entries + 1, size + allocated(found)
            if found.st_nlink == 1:
                own_entries, own_size = own_entries + 1, own_size + allocated(found)
    return Extent(entries, size, own_entries, own_size)


def lacking(directory: Path, entries: int, size: int) -> str:
    """Return what there is too little of in the file system of ``directory``, "" for nothing.

    A tenth more than needed must be free. Raises OSError.
    """
    if not hasattr(os, "statvfs"):
        import shutil

        free = shutil.disk_usage(directory).free
        return "" if free >= size * _MARGIN else _too_little(size, free)
    found = os.statvfs(directory)
    free = found.f_bavail * found.f_frsize
    if free < size * _MARGIN:
        return _too_little(size, free)
    if found.f_files and found.f_favail < entries * _MARGIN:  # 0: made as they are needed
        return f"The disk has room for {found.f_favail:,} more files, {entries:,} are needed."
    return ""


def _too_little(size: int, free: int) -> str:
    mebibyte = 1024 * 1024
    return f"The disk has {free // mebibyte:,} MiB free, {size // mebibyte + 1:,} MiB are needed."


def copy_tree(
    source: Path,
    target: Path,
    *,
    total: int,
    without: Collection[str],
    relinked: Callable[[bytes, bytes], bytes],
    cancelled: Cancelled,
) -> Iterator[Progressed]:
    """Copy the tree at ``source`` to ``target``, which must not be there; tell how far it is.

    ``without`` names what is left out directly below the root. ``relinked`` is given a link's path
    below the root and its text, and returns the text of its copy. ``total`` is the number of
    entries. Raises CancelledError and OSError: the first error ends it, and what is there by then
    stays. Nothing on another file system is copied; a FIFO, a socket, a device is an error.
    """
    done = 0
    directories: list[tuple[bytes, os.stat_result]] = []
    root = os.fsencode(target)
    left_out = {os.fsencode(name) for name in without}
    for opened in walk(os.fsencode(source), report=_raise):
        if opened.path is None:
            raise OSError(errno.ENAMETOOLONG, os.strerror(errno.ENAMETOOLONG), str(source))
        here = os.path.join(root, opened.path) if opened.path else root
        os.mkdir(here, 0o700)
        directories.append((here, opened.stat))
        done += 1
        for entry in opened.files():
            name = os.fsencode(entry.name)
            if not opened.path and name in left_out:
                continue
            if cancelled():
                raise CancelledError
            _copy_entry(opened, entry, os.path.join(here, name), relinked, cancelled)
            done += 1
            if done % _STEP == 0:
                yield Progressed("copying", min(done, total), total)
        if not opened.path:
            opened.below[:] = [name for name in opened.below if os.fsencode(name) not in left_out]
    for path, found in reversed(directories):  # the inner first: they change the outer
        os.chmod(path, stat.S_IMODE(found.st_mode))
        os.utime(path, ns=(found.st_atime_ns, found.st_mtime_ns))
    yield Progressed("copying", total, total)


def _copy_entry(
    opened: Opened,
    entry: "os.DirEntry[str] | os.DirEntry[bytes]",
    target: bytes,
    relinked: Callable[[bytes, bytes], bytes],
    cancelled: Cancelled,
) -> None:
    where = opened.where if isinstance(opened.where, int) else None
    name = os.fsdecode(entry.name if where is not None else entry.path)
    if entry.is_symlink():
        below = os.path.join(opened.path or b"", os.fsencode(entry.name))
        text = os.fsencode(os.readlink(name, dir_fd=where))
        os.symlink(relinked(below, text), target)
        found = entry.stat(follow_symlinks=False)
        if os.utime in os.supports_follow_symlinks:
            times = (found.st_atime_ns, found.st_mtime_ns)
            os.utime(target, ns=times, follow_symlinks=False)
        return
    if not entry.is_file(follow_symlinks=False):
        raise OSError(errno.EINVAL, "neither a file nor a link", os.fsdecode(entry.name))
    data = open_quietly(name, dir_fd=where)
    try:
        _copy_file(data, target, cancelled)
    except OSError as error:
        raise OSError(error.errno, error.strerror, os.fsdecode(entry.name)) from error
    finally:
        os.close(data)


def _copy_file(source: int, target: bytes, cancelled: Cancelled) -> None:
    found = os.fstat(source)
    if not stat.S_ISREG(found.st_mode):
        raise OSError(errno.EINVAL, "no regular file any more")
    file = os.open(target, NEW, 0o600)
    try:
        _copy_data(source, file, cancelled)
        if os.chmod in os.supports_fd:
            os.chmod(file, stat.S_IMODE(found.st_mode))
            os.utime(file, ns=(found.st_atime_ns, found.st_mtime_ns))
    finally:
        os.close(file)
    if os.chmod not in os.supports_fd:
        os.chmod(target, stat.S_IMODE(found.st_mode))
        os.utime(target, ns=(found.st_atime_ns, found.st_mtime_ns))


def _copy_data(source: int, target: int, cancelled: Cancelled) -> None:
    copy = getattr(os, "copy_file_range", None)  # Linux; clones where the file system can
    while copy is not None:
        try:
            if not copy(source, target, _CHUNK):
                break
        except OSError as error:
            if error.errno not in _BY_HAND:
                raise
            break
        if cancelled():
            raise CancelledError
    # What is left: as a rule nothing. Some file systems say so though there is something.
    while data := os.read(source, _CHUNK):
        view = memoryview(data)
        while view:
            view = view[os.write(target, view) :]
        if cancelled():
            raise CancelledError


def _raise(error: OSError) -> None:
    raise error
