"""The total that deleting several measured environments frees; see ``usage_index``."""

from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from venvdash.model import Usage
from venvdash.scanner.usage.extents import HELD_BY_CACHE, HELD_BY_NOBODY
from venvdash.scanner.usage.footprint import BLOCK, Footprint, unpack

# By device the inodes, or by file system the keys, that several environments have, and how many do.
Several = Mapping[int, "tuple[array[int], array[int]]"]
_NONE = array("Q")


@dataclass(frozen=True, slots=True)
class Sum:
    """Bytes of a selection.

    ``exact`` is False where a figure may have aged, where the file system shares blocks between
    files, or where not all could be measured. ``at_most``: ``reclaimable`` is an upper bound.
    """

    reclaimable: int = 0
    cache_held: int = 0
    exact: bool = True
    at_most: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """One environment.

    ``shares``: it may have inodes or blocks in common with something else. ``copied``: something
    unknown, such as a snapshot, holds a copy of it.
    """

    path: Path
    device: int
    inode: int
    own: int
    nested: bool
    usage: Usage
    packed: bytes
    metadata: int = 0
    shares: bool = True
    copied: bool = False

    @property
    def alone(self) -> int:
        """Blocks that nothing else holds."""
        return self.own + (0 if self.copied else self.metadata)

    @property
    def key(self) -> tuple[int, int]:
        """The identity of the directory: equal for two paths to one (a bind mount)."""
        return self.device, self.inode

    def footprint(self) -> Footprint:
        """Return what it shares, without the directories' names."""
        footprint = unpack(self.packed, listing=False) if self.shares else None
        return footprint or Footprint(self.device, self.inode, 0.0)


@dataclass(slots=True)
class Totals:
    """Blocks; ``inferred``: those of ``reclaimable`` that are not known to be unshared."""

    own: int = 0
    reclaimable: int = 0
    held: int = 0
    inferred: int = 0

    def __sub__(self, other: "Totals") -> "Totals":
        return Totals(
            self.own - other.own,
            self.reclaimable - other.reclaimable,
            self.held - other.held,
            self.inferred - other.inferred,
        )

    def sum(self, entries: Iterable[Entry | None], *, exact: bool) -> Sum:
        """Return the bytes; ``entries`` are those that count."""
        present = [entry for entry in entries if entry]
        usages = [entry.usage for entry in present]
        return Sum(
            (self.own + self.reclaimable) * BLOCK,
            self.held * BLOCK,
            exact and all(usage.exact for usage in usages),
            self.inferred > 0 or any(one.copied or one.usage.at_most for one in present),
        )


class Deleted:
    """What was deleted already and shares something: added up once for several sums.

    Each entry comes with whether its links are still there: in the trash. ``inodes``: of each its
    links there and its owners. ``keys``: of each its owners, and those of them that are there.
    """

    def __init__(self, entries: Iterable[tuple[Entry, bool]]) -> None:
        self.inodes: dict[tuple[int, int], tuple[int, int]] = {}
        self.keys: dict[tuple[int, int], tuple[int, int]] = {}
        for entry, there in entries:
            footprint = entry.footprint()
            for inode, _, _, inside in shared_in(entry, footprint):
                links, owners = self.inodes.get((entry.device, inode), (0, 0))
                links += inside if there else 0
                self.inodes[entry.device, inode] = links, owners + 1
            for key, _, _ in _held(entry, footprint):
                owners, present = self.keys.get(key, (0, 0))
                self.keys[key] = owners + 1, present + there


def counted(
    members: Iterable[tuple[Entry, Footprint]],
    deleted: Deleted,
    times: Callable[[int, int], int],
) -> Totals:
    """Return what ``members`` add to ``deleted``, with the link counts that the members know."""
    totals = Totals()
    facts: dict[tuple[int, int], list[int]] = {}  # links, size, inside, owners
    for entry, footprint in members:
        totals.own += entry.alone
        for inode, size, outside, inside in shared_in(entry, footprint):
            fact = facts.setdefault((entry.device, inode), [outside + inside, size, 0, 0])
            fact[2] += inside
            fact[3] += not entry.nested
    for place, (links, size, inside, owners) in facts.items():
        before, others = deleted.inodes.get(place, (0, 0))
        if before >= links:
            continue  # came back already, as far as one may say
        if inside + before >= links:
            totals.reclaimable += size
        elif owners and owners + others >= times(*place):
            totals.held += size
    return totals


def count_extents(
    totals: Totals,
    members: Iterable[tuple[Entry, Footprint]],
    deleted: Deleted,
    several: Several,
) -> None:
    """Add to ``totals`` what ``members`` share with each other and with ``deleted``.

    ``several`` tells how many environments shared something when all were measured.
    """
    facts: dict[tuple[int, int], list[int]] = {}  # size, state, owners
    for entry, footprint in members:
        for key, size, state in _held(entry, footprint):
            fact = facts.setdefault(key, [size, state, 0])
            fact[1] = max(fact[1], state)
            fact[2] += 1
    for place, (size, state, owners) in facts.items():
        others, there = deleted.keys.get(place, (0, 0))
        if owners + others < times_in(several, *place):
            continue
        if state == HELD_BY_CACHE:
            totals.held += size
        elif state == HELD_BY_NOBODY and owners + there > 1:  # else somebody unknown has it
            totals.reclaimable += size
            totals.inferred += size


def _held(entry: Entry, footprint: Footprint) -> Iterator[tuple[tuple[int, int], int, int]]:
    """Yield file system and key, blocks, and who else holds them, of what is shared."""
    extents = footprint.extents
    if extents is None or entry.nested or entry.copied:
        return
    for index, (key, size) in enumerate(zip(extents.keys, extents.sizes, strict=True)):
        yield (extents.identity, key), size, extents.state(index)


def times_in(several: Several, device: int, inode: int) -> int:
    """Return how many environments have an inode or a key, 0 where fewer than two have."""
    inodes, times = several.get(device, (_NONE, _NONE))
    at = bisect_left(inodes, inode)
    return times[at] if at < len(inodes) and inodes[at] == inode else 0


def shared_in(entry: Entry, footprint: Footprint) -> Iterable[tuple[int, int, int, int]]:
    """Return inode, blocks, links outside and inside of what an environment shares by links.

    Nothing of one that something unknown has a copy of: that holds the blocks of all.
    """
    if entry.copied:
        return ()
    return zip(footprint.inodes, footprint.sizes, footprint.outside, footprint.inside, strict=True)
