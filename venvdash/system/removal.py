"""Removing a tree by descriptors: no link followed, no mount entered, no depth or name too long.

Kept free of imports that cost time: the child process that frees the trash loads it.
"""

import errno
import os
import stat
from collections.abc import Callable, Collection
from dataclasses import dataclass, field

from venvdash.system.openat2 import Open, opener

_FLAGS = (
    os.O_RDONLY
    | getattr(os, "O_DIRECTORY", 0)
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_CLOEXEC", 0)
)
_PATH_ONLY = getattr(os, "O_PATH", 0)  # Linux: opens what may not be read
BY_DESCRIPTOR = {os.open, os.unlink, os.rmdir} <= os.supports_dir_fd and (
    os.scandir in os.supports_fd
)
# Directories held open at once, far below the usual limit of 256 to 1024 descriptors.
_HELD = 48
_BATCH = 50_000  # entries read before they are removed
_AGAIN = 3  # times that a directory is emptied which is filled meanwhile
_TOLD = 100  # problems kept in words; the others are counted
_GONE = (errno.ENOENT, errno.ESTALE)
_SWAPPED = (errno.ENOTDIR, errno.ELOOP, errno.EISDIR)

Tell = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Problem:
    """What could not be removed: its path below the root, raw, and why."""

    path: str
    reason: str


@dataclass(slots=True)
class Removed:
    """What a removal came to.

    ``freed``: allocated bytes of inodes whose last link was removed; ``entries``: names removed.
    ``failures`` counts what is left because of an error, ``problems`` has the first of them.
    """

    freed: int = 0
    entries: int = 0
    failures: int = 0
    problems: list[Problem] = field(default_factory=list)

    def fail(self, path: str, error: OSError | str) -> None:
        """Note that something stays."""
        self.failures += 1
        if len(self.problems) < _TOLD:
            said = error if isinstance(error, str) else (error.strerror or str(error)).lower()
            self.problems.append(Problem(path, said))


class MountedError(OSError):
    """Something is mounted on a directory that would have been entered."""

    def __init__(self) -> None:
        super().__init__(errno.EXDEV, "something is mounted there")


class _Frame:
    """A directory that is being emptied; ``descriptor`` is -1 while it is not held open."""

    __slots__ = ("again", "below", "descriptor", "found", "name", "read", "stuck")

    def __init__(self, name: str, descriptor: int, found: os.stat_result) -> None:
        self.name = name
        self.descriptor = descriptor
        self.found = found
        self.below: list[str] = []
        self.stuck: set[str] = set()
        self.again: dict[str, int] = {}
        self.read = False

    def close(self) -> None:
        descriptor, self.descriptor = self.descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)


def _open(name: str, dir_fd: int) -> int:
    return os.open(name, _FLAGS, dir_fd=dir_fd)


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
    descriptor = os.open(name, _FLAGS | _PATH_ONLY, dir_fd=dir_fd)
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
    if found.st_uid == os.geteuid() and found.st_mode & stat.S_IRWXU != stat.S_IRWXU:
        os.fchmod(descriptor, _all_rights(found))


def allocated(found: os.stat_result) -> int:
    """Return the bytes that a file takes up; its length where the system tells no blocks."""
    blocks: int | None = getattr(found, "st_blocks", None)
    return found.st_size if blocks is None else blocks * 512


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


def empty_directory(
    root: int, *, keep: Collection[str] = (), tell: Tell = lambda freed: None
) -> Removed:
    """Remove all that is in the open directory ``root``, but files directly in it named ``keep``.

    Nothing on another mount or device is entered, links are removed, not followed. What cannot be
    removed stays with the directories above it, and all else goes. ``tell`` hears of the bytes
    freed so far after each directory. Never raises OSError; the descriptor stays open.
    """
    return _Removal(root, frozenset(keep), tell).run()


class _Removal:
    def __init__(self, root: int, keep: frozenset[str], tell: Tell) -> None:
        self.keep = keep
        self.tell = tell
        self.open = opener(_FLAGS)
        self.mount = None if self.open else mount_id(root)
        self.result = Removed()
        # A descriptor of its own, which may be closed and opened again.
        self.frames = [_Frame("", os.dup(root), os.fstat(root))]
        self.device = self.frames[0].found.st_dev

    def run(self) -> Removed:
        lost = 0
        try:
            while self.frames:
                try:
                    self.step(self.frames[-1])
                except OSError as error:
                    lost += 1
                    self.begin_again(None if lost <= _AGAIN else error)
        finally:
            for frame in self.frames:
                frame.close()
        return self.result

    def begin_again(self, error: OSError | None) -> None:
        """Go back to the root: somebody else moved or removed where we are."""
        path = self.path()
        root, *others = self.frames
        for frame in others:
            frame.close()
        if error is not None:
            self.result.fail(path, error)
            root.close()
            self.frames = []
            return
        self.frames = [_Frame("", root.descriptor, root.found)]
        self.result.failures = 0  # what stays is met again
        self.result.problems.clear()

    def step(self, frame: _Frame) -> None:
        if not frame.read:
            self.empty(frame)
        elif frame.below:
            self.enter(frame, frame.below.pop())
        else:
            self.leave(frame)

    def path(self, name: str = "") -> str:
        names = [frame.name for frame in self.frames[1:]]
        return "/".join([*names, name] if name else names)

    def stay(self, frame: _Frame, name: str, error: OSError | str) -> None:
        frame.stuck.add(name)
        self.result.fail(self.path(name), error)

    def empty(self, frame: _Frame) -> None:
        """Read the directory, unlink what is no directory, note the others."""
        frame.read = True
        keep = self.keep if len(self.frames) == 1 else ()
        files: list[os.DirEntry[str]] = []
        try:
            with os.scandir(frame.descriptor) as entries:
                for entry in entries:
                    if entry.name in frame.stuck:
                        continue
                    if entry.is_dir(follow_symlinks=False):
                        frame.below.append(entry.name)
                    elif entry.name not in keep:
                        files.append(entry)
                    if len(files) >= _BATCH:
                        frame.read = False
                        break
        except OSError as error:
            if error.errno not in _GONE:
                self.stay(frame, ".", error)
        for entry in files:
            self.unlink(frame, entry)
        if not frame.read:
            frame.below.clear()  # they are met again

    def unlink(self, frame: _Frame, entry: "os.DirEntry[str]") -> None:
        try:
            found = entry.stat(follow_symlinks=False)
            os.unlink(entry.name, dir_fd=frame.descriptor)
        except OSError as error:
            if error.errno in _GONE:
                return
            self.stay(frame, entry.name, error)
            return
        self.result.entries += 1
        if found.st_nlink == 1:
            self.result.freed += allocated(found)

    def enter(self, frame: _Frame, name: str) -> None:
        descriptor = -1
        try:
            descriptor = open_directory(name, frame.descriptor, self.open or _open)
            found = os.fstat(descriptor)
            if found.st_dev != self.device or self.other_mount(descriptor):
                raise MountedError
            open_up(descriptor, found)
        except OSError as error:
            if descriptor >= 0:
                os.close(descriptor)
            if error.errno == errno.EXDEV:
                self.stay(frame, name, MountedError())
            elif error.errno in _SWAPPED and self.once_more(frame, name):
                frame.read = False  # it is no directory any more
            elif error.errno not in _GONE:
                self.stay(frame, name, error)
            return
        self.frames.append(_Frame(name, descriptor, found))
        if len(self.frames) > _HELD:
            self.frames[-_HELD].close()  # the root never: from there one can begin again

    def other_mount(self, descriptor: int) -> bool:
        return self.open is None and mount_id(descriptor) != self.mount

    def once_more(self, frame: _Frame, name: str) -> bool:
        frame.again[name] = frame.again.get(name, 0) + 1
        return frame.again[name] <= _AGAIN

    def leave(self, frame: _Frame) -> None:
        """Go back to the parent, and remove the directory unless something in it has to stay."""
        if len(self.frames) == 1:
            self.frames.pop().close()
            return
        parent = self.frames[-2]
        if parent.descriptor < 0:
            self.reopen(parent, frame)
        self.frames.pop().close()
        if frame.stuck:
            parent.stuck.add(frame.name)
            return
        try:
            os.rmdir(frame.name, dir_fd=parent.descriptor)
        except OSError as error:
            self.not_empty(parent, frame.name, error)
            return
        self.result.entries += 1
        self.result.freed += allocated(frame.found)
        self.tell(self.result.freed)

    def not_empty(self, parent: _Frame, name: str, error: OSError) -> None:
        if error.errno in (errno.ENOTEMPTY, errno.EEXIST) and self.once_more(parent, name):
            parent.below.append(name)  # somebody wrote into it meanwhile
        elif error.errno in _SWAPPED and self.once_more(parent, name):
            parent.read = False
        elif error.errno not in _GONE:
            self.stay(parent, name, error)

    def reopen(self, parent: _Frame, child: _Frame) -> None:
        """Open the parent again through its child. Raises OSError if that leads elsewhere."""
        parent.descriptor = os.open("..", _FLAGS, dir_fd=child.descriptor)
        if not os.path.samestat(os.fstat(parent.descriptor), parent.found):
            parent.close()
            raise OSError(errno.EXDEV, "it was moved while it was being removed")


def empty_by_path(root: str, *, keep: Collection[str] = (), tell: Tell = lambda f: None) -> Removed:
    """Do as ``empty_directory`` where there are no directory descriptors (Windows)."""
    result = Removed()
    device = os.lstat(root).st_dev
    todo = [("", False)]
    while todo:
        path, emptied = todo.pop()
        where = os.path.join(root, path) if path else root
        try:
            if emptied:
                if path:
                    os.rmdir(where)
                    result.entries += 1
                    tell(result.freed)
                continue
            if os.lstat(where).st_dev != device:
                raise MountedError
            todo.append((path, True))
            with os.scandir(where) as entries:
                for entry in entries:
                    name = os.path.join(path, entry.name)
                    if not _leads_elsewhere(entry) and entry.is_dir(follow_symlinks=False):
                        todo.append((name, False))
                    elif path or entry.name not in keep:
                        _unlink_by_path(entry, name, result)
        except OSError as error:
            # A parent is not empty because of what was told already.
            if error.errno not in _GONE and not (emptied and result.failures):
                result.fail(path, error)
    return result


def _leads_elsewhere(entry: "os.DirEntry[str]") -> bool:
    # A junction is a directory to scandir, but leads elsewhere as a link does.
    return bool(getattr(entry.stat(follow_symlinks=False), "st_reparse_tag", 0))


def _unlink_by_path(entry: "os.DirEntry[str]", name: str, result: Removed) -> None:
    try:
        found = os.lstat(entry.path)  # Windows tells an entry's links only when asked like this
        if stat.S_ISDIR(found.st_mode):  # a junction: what it leads to stays
            os.rmdir(entry.path)
        else:
            if os.name == "nt":
                os.chmod(entry.path, stat.S_IWRITE)  # it keeps what is read-only
            os.unlink(entry.path)
    except OSError as error:
        if error.errno not in _GONE:
            result.fail(name, error)
        return
    result.entries += 1
    if found.st_nlink == 1:
        result.freed += allocated(found)
