"""Removing a tree by descriptors: no link followed, no mount entered, no depth or name too long.

Has no slow imports: the child process that purges the trash loads it.
"""

import errno
import os
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field

from venvdash.system.tree_opener import TreeOpener
from venvdash.system.walk import FLAGS
from venvdash.text import because

# Directories held open at once, far below the usual limit of 256 to 1024 descriptors.
_HELD = 48
_BATCH = 50_000  # entries read before they are removed
_OFTEN = 1000  # files of one directory between two reports of progress
_AGAIN = 3  # attempts at a directory that other processes fill
_TOLD = 100  # problems that are kept; the others are counted
GONE = (errno.ENOENT, errno.ESTALE)
_SWAPPED = (errno.ENOTDIR, errno.ELOOP, errno.EISDIR)
BLOCK = 512  # bytes that ``st_blocks`` counts in

Tell = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Problem:
    """What could not be removed: its raw path below the root, and why."""

    path: str
    reason: str


@dataclass(slots=True)
class Removed:
    """The result of a removal.

    ``freed``: allocated bytes of inodes whose last link was removed; ``entries``: names removed.
    ``failures`` counts what is left because of an error, ``problems`` has the first of them.
    """

    freed: int = 0
    entries: int = 0
    failures: int = 0
    problems: list[Problem] = field(default_factory=list)

    def fail(self, path: str, error: OSError | str) -> None:
        """Record what could not be removed."""
        self.failures += 1
        if len(self.problems) < _TOLD:
            reason = error if isinstance(error, str) else because(error)
            self.problems.append(Problem(path, reason))


class Frame:
    """A directory that is being emptied; ``descriptor`` is -1 while it is not held open."""

    __slots__ = ("again", "below", "descriptor", "found", "name", "read", "stuck")

    def __init__(self, name: str, descriptor: int, status: os.stat_result) -> None:
        self.name = name
        self.descriptor = descriptor
        self.found = status
        self.below: list[str] = []
        self.stuck: set[str] = set()
        self.again: dict[str, int] = {}
        self.read = False

    def close(self) -> None:
        """Close its descriptor."""
        descriptor, self.descriptor = self.descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)


def allocated(status: os.stat_result) -> int:
    """Return the bytes allocated to a file; its length if the system does not report blocks."""
    blocks: int | None = getattr(status, "st_blocks", None)
    return status.st_size if blocks is None else blocks * BLOCK


def empty_directory(
    root: int, *, keep: Collection[str] = (), tell: Tell = lambda freed: None
) -> Removed:
    """Remove everything in the open directory ``root``, except files directly in it named ``keep``.

    Other mounts and devices are not entered, links are removed and not followed. What cannot be
    removed stays with the directories above it. ``tell`` is called with the bytes freed so far.
    Never raises OSError; the descriptor stays open.
    """
    return Removal(root, TreeOpener(root), frozenset(keep), tell).run()


class Removal:
    """The removal of everything in one directory; ``frames`` are the directories it is in.

    ``note``, if given, is called for each file that had other links when this one was removed, with
    its inode, the number of links, and its blocks.
    """

    note: Callable[[tuple[int, int, int]], None] | None = None

    def __init__(self, root: int, opener: TreeOpener, keep: frozenset[str], tell: Tell) -> None:
        self.keep = keep
        self.tell = tell
        self.opener = opener
        self.result = Removed()
        # A duplicate, which may be closed and opened again.
        self.frames = [Frame("", os.dup(root), os.fstat(root))]

    def run(self) -> Removed:
        """Remove everything and return the result."""
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
        """Return to the root: another process moved or removed the present directory."""
        path = self.path()
        root, *others = self.frames
        for frame in others:
            frame.close()
        if error is not None:
            self.result.fail(path, error)
            root.close()
            self.frames = []
            return
        self.frames = [Frame("", root.descriptor, root.found)]
        self.result.failures = 0  # what cannot be removed is counted again
        self.result.problems.clear()

    def step(self, frame: Frame) -> None:
        """Continue with the present directory."""
        if not frame.read:
            self.empty(frame)
        elif frame.below:
            self.enter(frame, frame.below.pop())
        else:
            self.leave(frame)

    def path(self, name: str = "") -> str:
        """Return the present path below the root."""
        names = [frame.name for frame in self.frames[1:]]
        return "/".join([*names, name] if name else names)

    def stay(self, frame: Frame, name: str, error: OSError | str) -> None:
        """Record what cannot be removed; its directory cannot be removed either."""
        frame.stuck.add(name)
        self.result.fail(self.path(name), error)

    def empty(self, frame: Frame) -> None:
        """Read the directory and unlink everything but directories."""
        frame.read = True
        files: list[str] = []
        try:
            with os.scandir(frame.descriptor) as entries:
                self.sort(frame, entries, files)
        except OSError as error:
            if error.errno not in GONE:
                self.stay(frame, ".", error)
        for start in range(0, len(files), _OFTEN):
            self.unlink(frame, files[start : start + _OFTEN])
            self.tell(self.result.freed)
        if not frame.read:
            frame.below.clear()  # they are read again

    def sort(self, frame: Frame, entries: "Iterable[os.DirEntry[str]]", files: list[str]) -> None:
        """Add directories to ``frame.below`` and other names to ``files``, a batch of them at most.

        Skips what cannot be removed. After a full batch the directory is read again.
        """
        stuck = frame.stuck
        passed = stuck | self.keep if self.keep and len(self.frames) == 1 else stuck
        for entry in entries:
            name = entry.name
            if entry.is_dir(follow_symlinks=False):
                if name not in stuck:
                    frame.below.append(name)
            elif name not in passed:
                files.append(name)
                if len(files) >= _BATCH:
                    frame.read = False
                    return

    def unlink(self, frame: Frame, names: Iterable[str]) -> None:
        """Remove files from a directory. This loop determines the speed of a removal."""
        look, unlink, descriptor = os.stat, os.unlink, frame.descriptor
        result, note = self.result, self.note
        for name in names:
            try:
                status = look(name, dir_fd=descriptor, follow_symlinks=False)
                unlink(name, dir_fd=descriptor)
            except OSError as error:
                if error.errno not in GONE:
                    self.stay(frame, name, error)
                continue
            result.entries += 1
            if status.st_nlink == 1:
                result.freed += status.st_blocks * BLOCK
            elif note is not None:
                note((status.st_ino, status.st_nlink, status.st_blocks))

    def enter(self, frame: Frame, name: str) -> None:
        """Enter a directory."""
        try:
            descriptor, found = self.opener.enter(name, frame.descriptor)
        except OSError as error:
            if error.errno in _SWAPPED and self.once_more(frame, name):
                frame.read = False  # it is no directory any more
            elif error.errno not in GONE:
                self.stay(frame, name, error)
            return
        self.frames.append(Frame(name, descriptor, found))
        if len(self.frames) > _HELD:
            self.frames[-_HELD].close()  # never the root: removal can start again there

    def once_more(self, frame: Frame, name: str) -> bool:
        """Return whether to retry something that another process changes."""
        frame.again[name] = frame.again.get(name, 0) + 1
        return frame.again[name] <= _AGAIN

    def leave(self, frame: Frame) -> None:
        """Return to the parent and remove the directory unless something in it remains."""
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

    def not_empty(self, parent: Frame, name: str, error: OSError) -> None:
        """Enter a directory again that another process filled, or keep it."""
        if error.errno in (errno.ENOTEMPTY, errno.EEXIST) and self.once_more(parent, name):
            parent.below.append(name)  # another process wrote into it
        elif error.errno in _SWAPPED and self.once_more(parent, name):
            parent.read = False
        elif error.errno not in GONE:
            self.stay(parent, name, error)

    def reopen(self, parent: Frame, child: Frame) -> None:
        """Open the parent again through its child. Raises OSError if that has moved."""
        parent.descriptor = os.open("..", FLAGS, dir_fd=child.descriptor)
        if not os.path.samestat(os.fstat(parent.descriptor), parent.found):
            parent.close()
            raise OSError(errno.EXDEV, "it was moved while it was being removed")
