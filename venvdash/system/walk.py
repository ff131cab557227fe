"""Walking a tree by descriptor: no link is followed, no mount crossed, of any depth.

Imports only ``os``: the child processes that measure load it first.
"""

import os
import stat
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager

FLAGS = (
    os.O_RDONLY
    | getattr(os, "O_DIRECTORY", 0)
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_CLOEXEC", 0)
)
_NOATIME = getattr(os, "O_NOATIME", 0)
_BY_DESCRIPTOR = os.open in os.supports_dir_fd and os.scandir in os.supports_fd
# Directories held open at once, far below the usual limit of 256 to 1024 descriptors.
_HELD = 48
_PATH_MAX = 4096

Report = Callable[[OSError], None]


class Opened:
    """One directory, open while the walk is in it.

    ``where`` is the argument for ``os.scandir``: a descriptor, or a path on systems without
    directory descriptors. ``path`` is relative to the root (empty for the root itself) and None
    if it is longer than the system allows. ``stat`` was taken of the open directory.
    """

    __slots__ = ("_report", "below", "descriptor", "path", "stat", "where")

    def __init__(
        self,
        descriptor: int,
        where: int | bytes,
        path: bytes | None,
        status: os.stat_result,
        report: Report,
    ) -> None:
        self.descriptor = descriptor
        self.where = where
        self.path = path
        self.stat = status
        self.below: list[str | bytes] = []
        self._report = report

    def files(self) -> "Sequence[os.DirEntry[str] | os.DirEntry[bytes]]":
        """Return every entry that is no directory; the walk enters the directories afterwards.

        It enters none unless this was called.
        """
        entries: list[os.DirEntry[str]] = []
        try:
            with os.scandir(self.where) as listing:
                entries.extend(listing)  # type: ignore[arg-type]  # bytes on Windows only
        except OSError as error:
            self._report(error)
        self.below = [entry.name for entry in entries if entry.is_dir(follow_symlinks=False)]
        if not self.below:
            return entries
        return [entry for entry in entries if not entry.is_dir(follow_symlinks=False)]

    def close(self) -> None:
        """Close the descriptor; the walk opens the directory again when it returns to it."""
        if self.descriptor >= 0:
            os.close(self.descriptor)
            self.descriptor = -1


def walk(
    root: bytes, *, mounted: Collection[bytes] = (), report: Report = lambda error: None
) -> Iterator[Opened]:
    """Yield every directory of the tree, the root first, each parent before what is in it.

    A directory on another device than the root, or whose relative path is in ``mounted`` (bind
    mounts have the same device), is skipped with all below it. A directory that cannot be opened or
    has vanished is reported to ``report`` and skipped. Raises OSError if the root cannot be
    opened; ``root`` itself must not be a link.
    """
    if not _BY_DESCRIPTOR:
        yield from _walk_by_path(root, mounted, report)
        return
    frames: list[Opened] = []
    top = open_directory(root)
    try:
        frame = Opened(top, top, b"", os.fstat(top), report)
        frames.append(frame)
        device = frame.stat.st_dev
        yield frame
        while frames:
            frame = frames[-1]
            if not frame.below:
                if not _leave(frames, report):
                    return
                continue
            entered = _enter(frame, device, mounted, report)
            if entered is not None:
                frames.append(entered)
                if len(frames) > _HELD:
                    frames[-_HELD].close()
                yield entered
    finally:
        for frame in frames:
            frame.close()


def symlinks(root: bytes) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield every symbolic link of the tree: its directory, as the names below the root, its name.

    What cannot be read is skipped. Raises OSError if the root cannot be opened.
    """
    for opened in walk(root):
        for entry in opened.files():
            if opened.path is not None and entry.is_symlink():
                folder = os.fsdecode(opened.path)
                yield tuple(folder.split(os.sep)) if folder else (), os.fsdecode(entry.name)


def open_directory(path: str | bytes, dir_fd: int | None = None) -> int:
    """Return a descriptor of a directory, keeping its access time if allowed. Raises OSError."""
    if _NOATIME:
        try:
            return os.open(path, FLAGS | _NOATIME, dir_fd=dir_fd)
        except PermissionError:  # only the owner may ask for O_NOATIME
            pass
    return os.open(path, FLAGS, dir_fd=dir_fd)


@contextmanager
def opened_directory(path: str | bytes, dir_fd: int | None = None) -> Iterator[int]:
    """Open a directory as ``open_directory`` does, and close it at the end."""
    descriptor = open_directory(path, dir_fd)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _enter(frame: Opened, device: int, mounted: Collection[bytes], report: Report) -> Opened | None:
    """Open the next directory in ``frame``; None if it is skipped."""
    name = frame.below.pop()
    path = frame.path
    if path is not None:
        path = path + b"/" + os.fsencode(name) if path else os.fsencode(name)
        if mounted and path in mounted:
            return None
        if len(path) >= _PATH_MAX:
            path = None
    try:
        descriptor = open_directory(name, frame.descriptor)
    except OSError as error:
        report(error)
        return None
    status = os.fstat(descriptor)
    if status.st_dev != device:
        os.close(descriptor)
        return None
    return Opened(descriptor, descriptor, path, status, report)


def _leave(frames: list[Opened], report: Report) -> bool:
    """Return to the parent, opened again if it was closed; False if it has moved."""
    left = frames.pop()
    try:
        if frames and frames[-1].descriptor < 0:
            parent = frames[-1]
            parent.descriptor = open_directory("..", left.descriptor)
            status = os.fstat(parent.descriptor)
            if not os.path.samestat(status, parent.stat):
                raise OSError(0, "moved while it was being read")
    except OSError as error:
        report(error)
        return False
    finally:
        left.close()
    return True


def _walk_by_path(root: bytes, mounted: Collection[bytes], report: Report) -> Iterator[Opened]:
    """Walk without directory descriptors (Windows)."""
    status = os.lstat(root)
    if not stat.S_ISDIR(status.st_mode):
        raise NotADirectoryError(20, "not a directory", os.fsdecode(root))
    device = status.st_dev
    todo = [b""]
    while todo:
        path = todo.pop()
        where = os.path.join(root, path) if path else root
        try:
            status = os.lstat(where)
        except OSError as error:
            report(error)
            continue
        # scandir takes a junction for a directory, but it is a link.
        reparse = getattr(status, "st_reparse_tag", 0)
        if status.st_dev != device or reparse or path in mounted:
            continue
        opened = Opened(-1, where, path, status, report)
        yield opened
        todo += [os.path.join(path, os.fsencode(name)) for name in opened.below]
