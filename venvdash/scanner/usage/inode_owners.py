"""Which environment alone has links to an inode, over all environments, in little memory.

Only inodes with links outside their environment are added. A
dict of a million inodes takes some 150 MB; here an inode takes 8 to 16 bytes in packed arrays, and
ranges of inodes are expanded one at a time.
"""

from array import array
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import chain

_PENDING = 256 * 1024  # entries that may wait to be merged into the table
_PART = 32 * 1024  # inodes expanded into a dict at a time, about
_STRIDE = 64  # entries between two samples that divide a range into equal parts


@dataclass(slots=True)
class _Entry:
    """The inodes of one environment, ascending, and their sizes."""

    owner: int
    inodes: "array[int]"
    sizes: "array[int]"


@dataclass(slots=True)
class _Chunk:
    """The inodes from ``low`` to below ``high`` on one device, ascending.

    ``alone``: those of one owner so far, with ``owners`` and ``sizes``; ``several``: those of more,
    with the number of owners in ``times``.
    """

    low: int
    high: int
    alone: "array[int]" = field(default_factory=lambda: array("Q"))
    owners: "array[int]" = field(default_factory=lambda: array("I"))
    sizes: "array[int]" = field(default_factory=lambda: array("I"))
    several: "array[int]" = field(default_factory=lambda: array("Q"))
    times: "array[int]" = field(default_factory=lambda: array("I"))

    def __len__(self) -> int:
        return len(self.alone) + len(self.several)


class InodeOwners:
    """Collects the shared inodes of environments, named by numbers below 2**32."""

    def __init__(
        self,
        tick: Callable[[], None] = lambda: None,
        *,
        pending: int = _PENDING,
        part: int = _PART,
    ) -> None:
        """Call ``tick`` every some 10 ms of work; what it raises leaves this object unusable.

        Merges after ``pending`` entries and expands about ``part`` at a time.
        """
        self._tick = tick
        self._limit = pending
        self._part = part
        self._tables: dict[int, list[_Chunk]] = {}
        self._waiting: dict[int, list[_Entry]] = {}
        self._count: dict[int, int] = {}

    def add(self, owner: int, device: int, inodes: "array[int]", sizes: "array[int]") -> None:
        """Add an environment's inodes (ascending, each once) and their sizes, in any unit.

        Add an owner once, and no environment inside another one; see ``held_within``.
        """
        if not inodes:
            return
        self._waiting.setdefault(device, []).append(_Entry(owner, inodes, sizes))
        self._count[device] = self._count.get(device, 0) + len(inodes)
        # The growing limit keeps the work in proportion to what was added.
        known = sum(map(len, self._tables.get(device, ())))
        if self._count[device] > max(self._limit, known // 2):
            self._merge(device)

    def held(self) -> dict[int, int]:
        """Return for each owner the size of the inodes that no other owner has a link to."""
        totals: dict[int, int] = {}
        for device in list(self._waiting):
            self._merge(device)
        for chunk in chain.from_iterable(self._tables.values()):
            self._tick()
            for owner, size in zip(chunk.owners, chunk.sizes, strict=True):
                totals[owner] = totals.get(owner, 0) + size
        return totals

    def several(self) -> "dict[int, tuple[array[int], array[int]]]":
        """Return by device the inodes that several owners have links to, and how many have."""
        for device in list(self._waiting):
            self._merge(device)
        by_device = {}
        for device, chunks in self._tables.items():
            inodes, times = array("Q"), array("I")
            for chunk in chunks:
                inodes += chunk.several
                times += chunk.times
            by_device[device] = inodes, times
        return by_device

    def held_within(
        self, owner: int, device: int, inodes: "array[int]", sizes: "array[int]"
    ) -> int:
        """Return the size of those of ``inodes`` that only ``owner`` has links to."""
        self._merge(device)
        total = 0
        for chunk in self._tables.get(device, ()):
            low, high = _span(inodes, chunk.low, chunk.high)
            for inode, size in zip(inodes[low:high], sizes[low:high], strict=True):
                at = bisect_left(chunk.alone, inode)
                if at < len(chunk.alone) and chunk.alone[at] == inode:
                    total += size if chunk.owners[at] == owner else 0
        return total

    def _merge(self, device: int) -> None:
        """Merge the waiting entries into the table, one range of inodes after the other."""
        waiting = self._waiting.pop(device, [])
        self._count.pop(device, None)
        if not waiting:
            return
        old = self._tables.pop(device, [_Chunk(0, 2**64)])
        new = self._tables[device] = []
        old.reverse()
        while old:  # frees each old chunk before the next one grows
            chunk = old.pop()
            parts = _between(waiting, chunk.low, chunk.high)
            if not parts:
                new.append(chunk)
                continue
            for low, high in self._ranges(parts, chunk):
                self._tick()
                new.append(_merged(_between(parts, low, high), chunk, low, high))

    def _ranges(self, parts: list[_Entry], chunk: _Chunk) -> Iterator[tuple[int, int]]:
        """Divide a chunk's range so that each holds not too many inodes, about equally many."""
        every = [*(part.inodes for part in parts), chunk.alone, chunk.several]
        count = sum(map(len, every)) // self._part
        samples = sorted(chain.from_iterable(inodes[::_STRIDE] for inodes in every))
        step = max(1, len(samples) // (count + 1))
        edges = sorted(set(samples[step::step]) - {chunk.low}) if count else []
        yield from zip([chunk.low, *edges], [*edges, chunk.high], strict=True)


def _span(inodes: "array[int]", low: int, high: int) -> tuple[int, int]:
    return bisect_left(inodes, low), bisect_left(inodes, high)


def _between(entries: list[_Entry], low: int, high: int) -> list[_Entry]:
    """Return the entries cut to the range, without empty ones."""
    cut = []
    for entry in entries:
        start, end = _span(entry.inodes, low, high)
        if start < end:
            cut.append(_Entry(entry.owner, entry.inodes[start:end], entry.sizes[start:end]))
    return cut


def _merged(parts: list[_Entry], old: _Chunk, low: int, high: int) -> _Chunk:
    """Return a chunk for a range, with the content of the old one and of the parts."""
    first, last = _span(old.alone, low, high)
    start, end = _span(old.several, low, high)
    # An inode counts as often as it has owners; those of several count for two.
    owners = Counter(chain.from_iterable([*(part.inodes for part in parts), old.alone[first:last]]))
    for inode, times in zip(old.several[start:end], old.times[start:end], strict=True):
        owners[inode] += times
    single = {inode for inode, times in owners.items() if times == 1}
    new = _Chunk(low, high, several=array("Q", sorted(owners.keys() - single)))
    new.times = array("I", map(owners.__getitem__, new.several))
    if not single:
        return new
    before = zip(old.alone[first:last], old.owners[first:last], old.sizes[first:last], strict=True)
    rows = [row for row in before if row[0] in single]
    for part in parts:
        rows += [
            (inode, part.owner, size)
            for inode, size in zip(part.inodes, part.sizes, strict=True)
            if inode in single
        ]
    rows.sort()
    new.alone = array("Q", [row[0] for row in rows])
    new.owners = array("I", [row[1] for row in rows])
    sizes = [row[2] for row in rows]
    new.sizes = array("Q" if max(sizes) >= 2**32 else "I", sizes)
    return new
