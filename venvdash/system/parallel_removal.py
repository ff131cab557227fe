"""Removing a tree with several processes: one alone spends most of its time waiting for the disk.

The tree is split into parts: directories near its root. Each process takes the next part until none
is left. What remains, because of an error or because a process died, is left to the ordinary
removal afterwards, which alone reports what cannot be removed.
"""

import mmap
import os
import threading
from array import array
from collections import Counter, deque
from collections.abc import Collection, Sequence
from contextlib import suppress
from itertools import islice

from venvdash.system.removal import BLOCK, Frame, Removal, Removed, Tell, empty_directory
from venvdash.system.tree_opener import TreeOpener

_FEWEST, _ENOUGH, _MOST = 16, 64, 4096  # parts
_OPENED = 32  # directories held open, in which the parts lie
_READ = 10_000  # entries of a directory that are read for parts
_TOKEN = 2  # bytes of a part's number in the queue

_Part = tuple[int, str]  # the open directory in which it lies, and its name


def empty_together(
    root: int, processes: int, *, keep: Collection[str] = (), tell: Tell = lambda freed: None
) -> Removed:
    """Remove everything in ``root`` as ``empty_directory`` does, with ``processes`` at once.

    This process alone does it if it has other threads or cannot fork. If it is killed, the others
    end soon.
    """
    # In a forked process the locks of other threads would be held for ever.
    may = processes > 1 and hasattr(os, "fork") and threading.active_count() == 1
    opener = TreeOpener(root)
    opened, parts = _cut(root, opener) if may else ([], [])
    try:
        if len(parts) < _FEWEST:
            return empty_directory(root, keep=keep, tell=tell)
        freed, entries = _Crew(parts, opener, processes, tell).run()
    finally:
        for descriptor in opened:
            os.close(descriptor)
    result = empty_directory(root, keep=keep, tell=lambda more: tell(freed + more))
    result.freed += freed
    result.entries += entries
    return result


def _cut(root: int, opener: TreeOpener) -> tuple[list[int], list[_Part]]:
    """Return the descriptors that were opened for the parts, and the parts."""
    opened: list[int] = []
    flat: list[_Part] = []
    parts = deque(_inside(root))
    while parts and len(parts) + len(flat) < _ENOUGH and len(opened) < _OPENED:
        part = parts.popleft()
        try:
            descriptor, _ = opener.enter(part[1], part[0])
        except OSError:  # left for the removal that comes last
            continue
        opened.append(descriptor)
        inside = _inside(descriptor)
        parts.extend(inside)
        if not inside:
            flat.append(part)
    return opened, [*flat, *parts][:_MOST]


def _inside(directory: int) -> list[_Part]:
    try:
        with os.scandir(directory) as entries:
            return [
                (directory, entry.name)
                for entry in islice(entries, _READ)
                if entry.is_dir(follow_symlinks=False)
            ]
    except OSError:
        return []


class _PartRemoval(Removal):
    """Removes one directory; ``linked`` records files that have other links.

    Three numbers for each: the inode, its links before this one was removed, its blocks.
    """

    def __init__(self, part: _Part, opener: TreeOpener, tell: Tell, linked: "array[int]") -> None:
        super().__init__(part[0], opener, frozenset(), tell)
        self.note = linked.extend
        self.top = self.frames[0]
        self.top.read = True
        self.top.below = [part[1]]

    def begin_again(self, error: OSError | None) -> None:
        """Stop: other processes remove what lies beside it."""
        for frame in self.frames:
            frame.close()
        self.frames = []

    def once_more(self, frame: Frame, name: str) -> bool:
        """Try the part itself once; what is in it is retried."""
        return frame is not self.top and super().once_more(frame, name)


class _Crew:
    """Some processes, this one first, and the bytes and entries that each has removed."""

    def __init__(
        self, parts: Sequence[_Part], opener: TreeOpener, processes: int, tell: Tell
    ) -> None:
        self.parts = parts
        self.opener = opener
        self.processes = processes
        self.tell = tell
        self.parent = os.getpid()
        self.counts = memoryview(mmap.mmap(-1, 16 * processes)).cast("Q")  # shared with children

    @property
    def freed(self) -> int:
        """The bytes that all processes have freed."""
        return sum(self.counts[0::2])

    def run(self) -> tuple[int, int]:
        """Remove the parts and return the bytes and entries removed."""
        queue, filled = os.pipe()
        os.write(filled, b"".join(n.to_bytes(_TOKEN, "little") for n in range(len(self.parts))))
        os.close(filled)  # every process ends at the end of the queue
        children = []
        try:
            for place in range(1, self.processes):
                with suppress(OSError):  # no more processes can be started
                    children.append(self.start(place, queue))
            linked = [self.work(0, queue)]
        finally:
            os.close(queue)
            sizes = [_heard(*child) for child in children]
        return self.freed + _between([*linked, *sizes]), sum(self.counts[1::2])

    def start(self, place: int, queue: int) -> tuple[int, int]:
        """Start another process; return its id, and the pipe for its ``linked``."""
        reader, writer = os.pipe()
        try:
            child = os.fork()
        except OSError:
            os.close(reader)
            os.close(writer)
            raise
        if child:
            os.close(writer)
            return child, reader
        try:
            linked = self.work(place, queue)
            with open(writer, "wb") as pipe:
                linked.tofile(pipe)
        finally:
            os._exit(0)  # what it left is removed afterwards

    def work(self, place: int, queue: int) -> "array[int]":
        """Take parts from the queue until it is empty; return the files with other links."""
        linked = array("Q")
        while token := os.read(queue, _TOKEN):
            before, entries = self.counts[2 * place], self.counts[2 * place + 1]

            def told(freed: int, before: int = before) -> None:
                self.counts[2 * place] = before + freed
                if place == 0:
                    self.tell(self.freed)
                elif os.getppid() != self.parent:
                    os._exit(1)

            part = self.parts[int.from_bytes(token, "little")]
            removed = _PartRemoval(part, self.opener, told, linked).run()
            self.counts[2 * place] = before + removed.freed
            self.counts[2 * place + 1] = entries + removed.entries
        return linked


def _heard(child: int, reader: int) -> "array[int]":
    """Return the ``linked`` of a child once it has ended."""
    linked = array("Q")
    with open(reader, "rb") as pipe:
        data = pipe.read()
    os.waitpid(child, 0)
    linked.frombytes(data[: len(data) // linked.itemsize * linked.itemsize])
    return linked


def _between(linked: Sequence["array[int]"]) -> int:
    """Return the bytes of files that no process counted.

    Two processes may remove the last two links of a file at the same moment, and neither sees that
    its link is the last one.
    """
    seen: set[int] = set()
    several: set[int] = set()
    for notes in linked:
        inodes = set(notes[0::3])
        several |= seen & inodes
        seen |= inodes
    if not several:
        return 0
    removed: Counter[int] = Counter()
    links: dict[int, tuple[int, int]] = {}
    for notes in linked:
        for inode, count, blocks in zip(notes[0::3], notes[1::3], notes[2::3], strict=False):
            if inode in several:
                removed[inode] += 1
                links[inode] = max(links.get(inode, (0, 0)), (count, blocks))
    return sum(
        blocks * BLOCK for inode, (count, blocks) in links.items() if removed[inode] == count
    )
