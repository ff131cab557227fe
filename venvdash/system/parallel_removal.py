"""Emptying a tree with several processes: one alone spends most of its time waiting for the disk.

The tree is cut into parts: directories near its root. Each process takes the next part until none
is left. What that leaves, because something was in the way or a process died, is met by the
ordinary removal afterwards, which alone decides and tells what stays.
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
_READ = 10_000  # entries of a directory looked at for parts
_TOKEN = 2  # bytes that stand for a part in the queue

_Part = tuple[int, str]  # the open directory in which it lies, and its name


def empty_together(
    root: int, processes: int, *, keep: Collection[str] = (), tell: Tell = lambda freed: None
) -> Removed:
    """Do as ``empty_directory`` with so many processes at once, where the system can fork.

    One that has other threads does it alone. If this process is killed the others end soon.
    """
    # In a copy of a process the locks that other threads held would be held for ever.
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
    """Return the parts, after the descriptors that were opened for them."""
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
    """Removes one directory and nothing beside it; ``linked`` notes files that have other links.

    Three numbers each: the inode, its links before this one was removed, its blocks.
    """

    def __init__(self, part: _Part, opener: TreeOpener, tell: Tell, linked: "array[int]") -> None:
        super().__init__(part[0], opener, frozenset(), tell)
        self.note = linked.extend
        self.top = self.frames[0]
        self.top.read = True
        self.top.below = [part[1]]

    def begin_again(self, error: OSError | None) -> None:
        """Leave it: others work on what lies beside it."""
        del error
        for frame in self.frames:
            frame.close()
        self.frames = []

    def once_more(self, frame: Frame, name: str) -> bool:
        """Leave the part itself after the first attempt; what is in it gets its chances."""
        return frame is not self.top and super().once_more(frame, name)


class _Crew:
    """Some processes, this one first, and what each has freed so far: bytes and entries."""

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
        """The bytes that all of them have freed."""
        return sum(self.counts[0::2])

    def run(self) -> tuple[int, int]:
        """Return the bytes and the entries that went."""
        queue, filled = os.pipe()
        os.write(filled, b"".join(n.to_bytes(_TOKEN, "little") for n in range(len(self.parts))))
        os.close(filled)  # at the end of the queue everybody ends
        children = []
        try:
            for place in range(1, self.processes):
                with suppress(OSError):  # no more processes to be had: those that there are do it
                    children.append(self.start(place, queue))
            linked = [self.work(0, queue)]
        finally:
            os.close(queue)
            told = [_heard(*child) for child in children]
        return self.freed + _between([*linked, *told]), sum(self.counts[1::2])

    def start(self, place: int, queue: int) -> tuple[int, int]:
        """Start another process; return its id, and where it will tell of links."""
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
            os._exit(0)  # whatever went wrong: what it left is met afterwards

    def work(self, place: int, queue: int) -> "array[int]":
        """Take parts from the queue until it is empty; return the links that were noted."""
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
    """Return what a child noted of links, once it has ended."""
    linked = array("Q")
    with open(reader, "rb") as pipe:
        data = pipe.read()
    os.waitpid(child, 0)
    linked.frombytes(data[: len(data) // linked.itemsize * linked.itemsize])
    return linked


def _between(linked: Sequence["array[int]"]) -> int:
    """Return the bytes of files that nobody counted.

    Two processes may remove the last two links of a file in the same moment, and neither sees that
    its own is the last one.
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
