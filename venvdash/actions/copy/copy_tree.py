"""Copying a tree file by file, with all that its files have; the first error ends it.

Several names of one file in the tree (hard links) are names of one file in the copy as well. The
copy shares no inode with the original, whose access times stay. Links that led into the tree lead
into the copy.
"""

import errno
import os
import stat
from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from venvdash.actions.events import Progressed
from venvdash.actions.process.child_process import CancelledError
from venvdash.actions.safety.manifest import Manifest
from venvdash.system.file_copy import (
    Attributes,
    StoppedError,
    attributes,
    copy_file,
    set_attributes,
)
from venvdash.system.files import open_quietly
from venvdash.system.removal import allocated
from venvdash.system.walk import FLAGS, Opened, walk

_STEP = 200  # files between two words on how far it is
_MARGIN = 1.1  # what must be free, as a multiple of what is needed

Cancelled = Callable[[], bool]


@dataclass(frozen=True, slots=True)
class Extent:
    """What a tree takes up: ``entries`` in all, ``size`` in allocated bytes, each inode once.

    ``own_entries`` and ``own_size`` leave out files that have other names, as those have that uv
    links from its cache.
    """

    entries: int
    size: int
    own_entries: int
    own_size: int


def extent(root: Path) -> Extent:
    """Measure a tree. Raises OSError for anything unreadable."""
    entries = size = own_entries = own_size = 0
    seen: set[int] = set()
    for opened in walk(os.fsencode(root), report=_raise):
        directory = allocated(opened.stat)
        entries, size = entries + 1, size + directory
        own_entries, own_size = own_entries + 1, own_size + directory
        for entry in opened.files():
            status = entry.stat(follow_symlinks=False)
            entries += 1
            if status.st_nlink == 1 or status.st_ino not in seen:
                size += allocated(status)
            if status.st_nlink > 1:
                seen.add(status.st_ino)
            else:
                own_entries, own_size = own_entries + 1, own_size + allocated(status)
    return Extent(entries, size, own_entries, own_size)


def lacking(directory: Path, entries: int, size: int) -> str:
    """Return what there is too little of in the file system of ``directory``, "" for nothing.

    A tenth more than needed must be free. Raises OSError.
    """
    if not hasattr(os, "statvfs"):
        import shutil

        free = shutil.disk_usage(directory).free
        return "" if free >= size * _MARGIN else _too_little(size, free)
    status = os.statvfs(directory)
    free = status.f_bavail * status.f_frsize
    if free < size * _MARGIN:
        return _too_little(size, free)
    if status.f_files and status.f_favail < entries * _MARGIN:  # 0: made as they are needed
        return f"Not enough space: {entries:,} files are needed, {status.f_favail:,} are possible."
    return ""


def _too_little(size: int, free: int) -> str:
    mebibyte = 1024 * 1024
    return (
        f"Not enough space: {size // mebibyte + 1:,} MiB are needed, {free // mebibyte:,} "
        "MiB are free."
    )


class TreeCopy:
    """One copy of the tree at ``source`` to ``target``, which must not be there.

    ``without`` names what is left out directly below the root. ``relinked`` is given a link's path
    below the root and its text, and returns the text of its copy.

    ``manifest`` is what the source held when each entry was read. ``lossy`` counts the files and
    directories whose owner or extended attributes cannot be kept at the target, ``sockets`` those
    that are left out: only the program that made one can use it, and makes its own again.
    """

    def __init__(
        self,
        source: Path,
        target: Path,
        *,
        without: Collection[str],
        relinked: Callable[[bytes, bytes], bytes],
        cancelled: Cancelled,
    ) -> None:
        self._source, self._root = os.fsencode(source), os.fsencode(target)
        self._relinked, self._cancelled = relinked, cancelled
        self._without = {os.fsencode(name) for name in without}
        self._names: dict[int, bytes] = {}  # the first copy of each file with several names
        self.manifest = Manifest(without)
        self.lossy = self.sockets = 0

    def run(self, total: int) -> Iterator[Progressed]:
        """Copy it and tell how far it is; ``total`` is the number of entries.

        Raises CancelledError and OSError: the first error ends it, and what is there by then stays.
        Nothing on another file system is copied; a device is an error.
        """
        done = 0
        directories: list[tuple[bytes, os.stat_result, Attributes]] = []
        for opened in walk(self._source, report=_raise):
            if opened.path is None:
                number = errno.ENAMETOOLONG
                raise OSError(number, os.strerror(number), os.fsdecode(self._source))
            here = os.path.join(self._root, opened.path) if opened.path else self._root
            os.mkdir(here, 0o700)
            self.manifest.note(opened.path, opened.stat)
            extended = attributes(opened.descriptor) if opened.descriptor >= 0 else ()
            directories.append((here, opened.stat, extended))
            done += 1
            for entry in opened.files():
                name = os.fsencode(entry.name)
                if not opened.path and name in self._without:
                    continue
                if self._cancelled():
                    raise CancelledError
                self._copy_entry(opened, entry, os.path.join(here, name))
                done += 1
                if done % _STEP == 0:
                    yield Progressed("copying", min(done, total), total)
            if not opened.path:
                kept = [name for name in opened.below if os.fsencode(name) not in self._without]
                opened.below[:] = kept
        for path, status, extended in reversed(
            directories
        ):  # the inner first: they change the outer
            self.lossy += not _dress(path, status, extended)
        yield Progressed("copying", total, total)

    def _copy_entry(
        self, opened: Opened, entry: "os.DirEntry[str] | os.DirEntry[bytes]", target: bytes
    ) -> None:
        where = opened.where if isinstance(opened.where, int) else None
        name = os.fsdecode(entry.name if where is not None else entry.path)
        below = os.path.join(opened.path or b"", os.fsencode(entry.name))
        if entry.is_symlink():
            status = os.stat(name, dir_fd=where, follow_symlinks=False)
            self.manifest.note(below, status)
            text = os.fsencode(os.readlink(name, dir_fd=where))
            os.symlink(self._relinked(below, text), target)
            _dress_link(target, status)
            return
        if not entry.is_file(follow_symlinks=False):
            status = os.stat(name, dir_fd=where, follow_symlinks=False)
            self.manifest.note(below, status)
            self._copy_special(status, entry.name, target)
            return
        data = open_quietly(name, dir_fd=where)
        try:
            status = os.fstat(data)
            self.manifest.note(below, status)
            first = self._names.setdefault(status.st_ino, target) if status.st_nlink > 1 else target
            if first != target:
                os.link(first, target, follow_symlinks=False)
            else:
                self.lossy += not copy_file(data, target, self._cancelled)
        except StoppedError:
            raise CancelledError from None
        except OSError as error:
            raise OSError(error.errno, error.strerror, os.fsdecode(entry.name)) from error
        finally:
            os.close(data)

    def _copy_special(self, status: os.stat_result, name: str | bytes, target: bytes) -> None:
        """Create a FIFO again, and leave a socket out. Raises OSError for anything else."""
        if stat.S_ISSOCK(status.st_mode):
            self.sockets += 1
        elif stat.S_ISFIFO(status.st_mode):
            first = self._names.setdefault(status.st_ino, target) if status.st_nlink > 1 else target
            if first != target:
                os.link(first, target, follow_symlinks=False)
                return
            os.mkfifo(target, 0o600)
            self.lossy += not _dress_fifo(target, status)
        else:
            raise OSError(errno.EINVAL, "neither a file nor a link", os.fsdecode(name))


def _dress_fifo(path: bytes, status: os.stat_result) -> bool:
    """Give a new FIFO owner, mode and times; False where the owner cannot be kept."""
    kept = True
    try:
        os.lchown(path, status.st_uid, status.st_gid)
    except PermissionError:
        kept = False
    os.chmod(path, stat.S_IMODE(status.st_mode))
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    return kept


def _dress(path: bytes, status: os.stat_result, extended: Attributes) -> bool:
    """Give a directory the attributes of the original; False if some cannot be kept."""
    if os.chmod not in os.supports_fd:
        os.chmod(path, status.st_mode & 0o7777)
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
        return True
    descriptor = os.open(path, FLAGS)
    try:
        return set_attributes(descriptor, status, extended)
    finally:
        os.close(descriptor)


def _dress_link(path: bytes, status: os.stat_result) -> None:
    if os.utime in os.supports_follow_symlinks:
        times = (status.st_atime_ns, status.st_mtime_ns)
        os.utime(path, ns=times, follow_symlinks=False)
    if hasattr(os, "lchown"):
        with suppress(PermissionError):  # whose a link is matters to nobody
            os.lchown(path, status.st_uid, status.st_gid)


def _raise(error: OSError) -> None:
    raise error
