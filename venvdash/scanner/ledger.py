"""Which environment alone holds an inode, over all environments, in little memory.

Pure: numbers in, numbers out. Only inodes with links outside their environment are entered. A
dict of a million inodes takes some 150 MB; here an inode takes 8 to 16 bytes in packed arrays, and
ranges of inodes are expanded one at a time.
"""

from array import array
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain

_PENDING = 256 * 1024  # entries that wait at most, before they are merged into the table
_PART = 32 * 1024  # inodes expanded into a dict at a time, about
_STRIDE = 64  # every so many entries one is looked at to find equal parts


@dataclass(slots=True)
class _Entry:
    """The inodes of one environment, ascending, and their sizes."""

    owner: int
    inodes: "array[int]"
    sizes: "array[int]"


@dataclass(slots=True)
class _Table:
    """One device. ``alone``: inodes of one owner so far; ``several``: of more. Ascending."""

    alone: "array[int]" = field(default_factory=lambda: array("Q"))
    owners: "array[int]" = field(default_factory=lambda: array("I"))
    sizes: "array[int]" = field(default_factory=lambda: array("Q"))
    several: "array[int]" = field(default_factory=lambda: array("Q"))


class Ledger:
    """Collects the shared inodes of environments, named by numbers below 2**32."""

    def __init__(self, pending: int = _PENDING, part: int = _PART) -> None:
        """Merge after ``pending`` entries; expand about ``part`` at a time (less for tests)."""
        self._limit = pending
        self._part = part
        self._tables: dict[int, _Table] = {}
        self._waiting: dict[int, list[_Entry]] = {}
        self._count: dict[int, int] = {}

    def add(self, owner: int, device: int, inodes: "array[int]", sizes: "array[int]") -> None:
        """Enter an environment's inodes (ascending, each once) and what each takes, in any unit.

        Add an owner once; environments that lie in another one are left out, see ``held_within``.
        """
        if not inodes:
            return
        self._waiting.setdefault(device, []).append(_Entry(owner, inodes, sizes))
        self._count[device] = self._count.get(device, 0) + len(inodes)
        # The growing limit keeps the work in proportion to what was added.
        table = self._tables.get(device)
        known = len(table.alone) + len(table.several) if table else 0
        if self._count[device] > max(self._limit, known):
            self._merge(device)

    def held(self) -> dict[int, int]:
        """Return for each owner the size of the inodes that no other owner has a link to."""
        totals: dict[int, int] = {}
        for device in list(self._waiting):
            self._merge(device)
        for table in self._tables.values():
            for owner, size in zip(table.owners, table.sizes, strict=True):
                totals[owner] = totals.get(owner, 0) + size
        return totals

    def held_within(
        self, owner: int, device: int, inodes: "array[int]", sizes: "array[int]"
    ) -> int:
        """Return the size of those of ``inodes`` that only ``owner`` has links to."""
        self._merge(device)
        table = self._tables.get(device, _Table())
        total = 0
        for inode, size in zip(inodes, sizes, strict=True):
            at = bisect_left(table.alone, inode)
            if at < len(table.alone) and table.alone[at] == inode and table.owners[at] == owner:
                total += size
        return total

    def _merge(self, device: int) -> None:
        """Bring what waits into the table, one range of inodes after the other."""
        waiting = self._waiting.pop(device, [])
        self._count.pop(device, None)
        if not waiting:
            return
        old = self._tables.get(device, _Table())
        new = _Table()
        for low, high in self._ranges(waiting, old):
            parts = [
                _Entry(entry.owner, entry.inodes[a:b], entry.sizes[a:b])
                for entry in waiting
                for a, b in [_span(entry.inodes, low, high)]
                if a < b
            ]
            _merge_part(parts, old, new, low, high)
        self._tables[device] = new

    def _ranges(self, waiting: list[_Entry], old: _Table) -> Iterator[tuple[int, int]]:
        """Yield ranges [low, high) that hold about as many inodes each."""
        every = [*(entry.inodes for entry in waiting), old.alone, old.several]
        count = sum(map(len, every)) // self._part
        samples = sorted(chain.from_iterable(inodes[::_STRIDE] for inodes in every))
        step = max(1, len(samples) // (count + 1))
        edges = sorted(set(samples[step::step])) if count else []
        yield from zip([0, *edges], [*edges, 2**64], strict=True)


def _span(inodes: "array[int]", low: int, high: int) -> tuple[int, int]:
    return bisect_left(inodes, low), bisect_left(inodes, high)


def _merge_part(parts: list[_Entry], old: _Table, new: _Table, low: int, high: int) -> None:
    first, last = _span(old.alone, low, high)
    alone = old.alone[first:last]
    start, end = _span(old.several, low, high)
    several = old.several[start:end]
    # An inode counts as often as it has owners; those of several count for two.
    owners = Counter(chain(chain.from_iterable(part.inodes for part in parts), alone))
    owners.update(dict.fromkeys(several, 2))
    single = {inode for inode, times in owners.items() if times == 1}
    new.several.extend(sorted(owners.keys() - single))
    if not single:
        return
    rows = [
        row
        for row in zip(alone, old.owners[first:last], old.sizes[first:last], strict=True)
        if row[0] in single
    ]
    for part in parts:
        rows += [
            (inode, part.owner, size)
            for inode, size in zip(part.inodes, part.sizes, strict=True)
            if inode in single
        ]
    rows.sort()
    new.alone.extend(row[0] for row in rows)
    new.owners.extend(row[1] for row in rows)
    new.sizes.extend(row[2] for row in rows)
