"""What deleting several environments frees together: shared blocks count once.

A file that environments share is freed with its last link, so the total of a selection is neither
the sum of its parts nor bounded by it. A ``UsageIndex`` keeps what a scan
measured, packed as it came, and answers for any selection: what is added to the one before costs
about a microsecond for each shared file.

``reclaimable``: blocks of the inodes all of whose links lie in the selection. ``cache_held``: those
of the inodes with links in the selection and otherwise only outside all known environments.

Where inodes share blocks (see ``extents``) their number is unknown. What several environments of
the selection share, and neither another one nor uv's cache as far as is known, counts as freed, and
the sum is a bound then.
"""

from array import array
from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from venvdash.model import Usage
from venvdash.scanner.usage.disk_union import on_disk
from venvdash.scanner.usage.extents import HELD_BY_CACHE, HELD_BY_NOBODY, Extents
from venvdash.scanner.usage.footprint import BLOCK, Footprint
from venvdash.scanner.usage.selection_sum import (
    Deleted,
    Entry,
    Several,
    Sum,
    Totals,
    count_extents,
    counted,
    shared_in,
    times_in,
)


@dataclass(slots=True)
class _Shared:
    """The inodes of one device that several environments have links to, ascending.

    ``times``: how many environments have. Of the selection: ``inside`` links, ``owners``, and the
    number of all ``links``, as the first of its environments knew it.
    """

    inodes: "array[int]"
    times: "array[int]"
    inside: "array[int]"
    owners: "array[int]"
    links: "array[int]"

    def contribution(self, at: int) -> int:
        """Return 2 if the selection frees an inode, 1 if only caches keep it, else 0."""
        if not self.owners[at]:
            return 0
        if self.inside[at] >= self.links[at]:
            return 2
        return 1 if self.owners[at] >= self.times[at] else 0


@dataclass(slots=True)
class _Keys:
    """The keys of shared blocks that several environments have on one file system, ascending.

    ``times``: how many environments have. Of the selection: ``owners``, and who else holds them,
    as far as these know.
    """

    keys: "array[int]"
    times: "array[int]"
    owners: "array[int]"
    states: "array[int]"

    def contribution(self, at: int) -> int:
        """Return 2 if the selection frees the blocks, 1 if only the cache keeps them, else 0."""
        if not self.owners[at] or self.owners[at] < self.times[at]:
            return 0
        state = self.states[at]
        return 2 if state == HELD_BY_NOBODY else state == HELD_BY_CACHE


@dataclass(slots=True)
class _Selection:
    """A selection that grows and shrinks by one environment at a time.

    Of several paths to one directory the first in order counts, and nothing inside another member.
    """

    several: dict[int, _Shared]
    extents: dict[int, _Keys] = field(default_factory=dict)
    chosen: dict[Path, Entry] = field(default_factory=dict)
    members: dict[tuple[int, int], Entry] = field(default_factory=dict)
    totals: Totals = field(default_factory=Totals)
    _spellings: dict[tuple[int, int], set[Path]] = field(default_factory=dict)
    _nested: dict[Path, set[Path]] = field(default_factory=dict)  # chosen, by each path above them

    def add(self, entry: Entry) -> None:
        """Add an environment that is not chosen."""
        path = entry.path
        self.chosen[path] = entry
        if entry.nested:
            for above in path.parents:
                self._nested.setdefault(above, set()).add(path)
            if self._inside_another(path):
                return
        for inner in self._nested.get(path, ()):
            self._spell(self.chosen[inner], counts=False)
        self._spell(entry, counts=True)

    def remove(self, path: Path) -> None:
        """Remove an environment that was chosen."""
        entry = self.chosen.pop(path)
        if entry.nested:
            for above in path.parents:
                self._nested[above].discard(path)
        self._spell(entry, counts=False)
        for inner in self._nested.get(path, ()):
            if not self._inside_another(inner):
                self._spell(self.chosen[inner], counts=True)

    def _inside_another(self, path: Path) -> bool:
        return any(above in self.chosen for above in path.parents)

    def _spell(self, entry: Entry, *, counts: bool) -> None:
        """Count a path to a directory, or do not count it any more."""
        spellings = self._spellings.setdefault(entry.key, set())
        (spellings.add if counts else spellings.discard)(entry.path)
        before = self.members.pop(entry.key, None)
        after = self.chosen[min(spellings)] if spellings else None
        if after is not None:
            self.members[entry.key] = after
        if before is not after:
            if before is not None:
                self._change(before, -1)
            if after is not None:
                self._change(after, 1)

    def _change(self, entry: Entry, sign: int) -> None:
        totals, footprint = self.totals, entry.footprint()
        totals.own += sign * entry.alone
        if footprint.extents and not entry.nested and not entry.copied:
            self._change_extents(footprint.extents, sign)
        shared = self.several.get(entry.device)
        inodes = shared.inodes if shared else array("Q")
        at, end = 0, len(inodes)
        for inode, size, outside, inside in shared_in(entry, footprint):
            at = bisect_left(inodes, inode, at)
            if shared is None or at == end or inodes[at] != inode:
                totals.held += 0 if entry.nested else sign * size  # no other one has a link to it
                continue
            before = shared.contribution(at)
            if not shared.owners[at]:
                shared.links[at] = outside + inside
            shared.inside[at] += sign * inside
            shared.owners[at] += sign
            after = shared.contribution(at)
            if before != after:
                totals.reclaimable += size * ((after == 2) - (before == 2))
                totals.held += size * ((after == 1) - (before == 1))

    def _change_extents(self, extents: Extents, sign: int) -> None:
        totals, known = self.totals, self.extents.get(extents.identity)
        for index, (key, size) in enumerate(zip(extents.keys, extents.sizes, strict=True)):
            at = bisect_left(known.keys, key) if known else 0
            if known is None or at == len(known.keys) or known.keys[at] != key:
                totals.held += sign * size * (extents.state(index) == HELD_BY_CACHE)
                continue
            before = known.contribution(at)
            known.states[at] = max(known.states[at], extents.state(index))
            known.owners[at] += sign
            after = known.contribution(at)
            freed = size * ((after == 2) - (before == 2))
            totals.reclaimable += freed
            totals.inferred += freed
            totals.held += size * ((after == 1) - (before == 1))


class UsageIndex:
    """The measurements of one scan; not thread-safe."""

    def __init__(self) -> None:
        self._entries: dict[Path, Entry] = {}
        self._selection: _Selection | None = None
        self._gone: set[Path] = set()  # deleted, those in the trash as well
        self._selected: set[Path] = set()  # besides these
        self._freed: set[Path] = set()
        self._without = Totals()
        self._several: Several = {}
        self._extents: Several = {}
        self._marked: dict[Path, Extents] = {}  # those that something may have a copy of
        self.whole = False  # all environments are entered

    def __contains__(self, path: Path) -> bool:
        return path in self._entries

    def enter(
        self, path: Path, footprint: Footprint, packed: bytes, *, nested: bool, usage: Usage
    ) -> None:
        """Add a measured environment."""
        extents = footprint.extents
        metadata = extents.metadata if extents else 0
        self._entries[path] = Entry(
            path,
            footprint.device,
            footprint.inode,
            footprint.own,
            nested,
            usage,
            packed,
            metadata,
            shares=bool(footprint.inodes or extents),
        )
        if extents and extents.shared_marks:
            self._marked[path] = extents

    def apart(self, paths: Iterable[Path]) -> Iterator[Entry]:
        """Yield what was measured of those that have nothing in common with any other."""
        if not any(entry.nested for entry in self._entries.values()):
            known = (self._entries.get(path) for path in paths)
            yield from (entry for entry in known if entry and not entry.shares)

    def add(self, entry: Entry) -> None:
        """Add what another index has measured, and ``apart`` has yielded."""
        self._entries[entry.path] = entry

    def packed(self, path: Path) -> bytes:
        """Return the packed footprint of an environment, empty for one that was not entered."""
        entry = self._entries.get(path)
        return entry.packed if entry is not None else b""

    def close(self, several: Several, extents: Several) -> None:
        """Set which inodes and blocks several environments share, after all were added."""
        shared = {
            device: _Shared(inodes, times, *(array("I", bytes(4 * len(inodes))) for _ in range(3)))
            for device, (inodes, times) in several.items()
        }
        keys = {
            identity: _Keys(
                shared_keys,
                times,
                array("I", bytes(4 * len(shared_keys))),
                array("B", bytes(len(shared_keys))),
            )
            for identity, (shared_keys, times) in extents.items()
        }
        self._several, self._extents = several, extents
        self._selection, self.whole = _Selection(shared, keys), True
        self._mark_copied(())
        gone, self._gone = self._gone, set()
        self.mark_deleted(gone)

    def mark_deleted(self, paths: Iterable[Path]) -> None:
        """Count these as deleted: blocks that they share are freed with the other owners."""
        known = {path for path in paths if path in self._entries} - self._gone
        self._select(known)
        self._gone |= known
        self._selected = set()
        self._keep_totals()

    def free(self, paths: Iterable[Path]) -> None:
        """Count these as purged: their links are gone from the disk, too."""
        freed = [path for path in paths if path in self._entries]
        self._freed.update(freed)
        self.mark_deleted(freed)

    def restore(self, paths: Iterable[Path]) -> None:
        """Count these as restored."""
        returned = self._gone.intersection(paths)
        self._select(())
        self._gone -= returned
        self._selected = returned
        self._select(())
        self._keep_totals()

    def _mark_copied(self, others: Iterable[Several]) -> None:
        """Mark the environments of which something unknown holds a copy.

        ``others``: what further known environments share.
        """
        for path, extents in self._marked.items():

            def known(key: int, identity: int = extents.identity) -> bool:
                return any(times_in(one, identity, key) for one in (self._extents, *others))

            self._entries[path] = replace(self._entries[path], copied=extents.held(known))

    def _select(self, paths: Collection[Path]) -> None:
        """Select exactly these, none of which is deleted, besides what is."""
        wanted = set(paths)
        if self._selection is not None:
            for path in self._selected - wanted:
                self._selection.remove(path)
            for path in wanted - self._selected:
                self._selection.add(self._entries[path])
        self._selected = wanted

    def _keep_totals(self) -> None:
        if self._selection is not None:
            self._without = self._selection.totals - Totals()

    def sum(self, paths: Iterable[Path]) -> Sum:
        """Return what deleting these frees, besides what is deleted already.

        Paths that were not measured count as 0 and make the sum inexact.
        """
        wanted = list(paths)
        known = [self._entries[path] for path in wanted if path in self._entries]
        exact = len(known) == len(wanted) and not any(entry.nested for entry in known)
        if self._selection is None:  # not all is measured: no answer for what is shared
            return Sum(sum(entry.own for entry in known) * BLOCK, 0, exact=False)
        self._select({entry.path for entry in known} - self._gone)
        return (self._selection.totals - self._without).sum(known, exact=exact)

    def on_disk(self, paths: Iterable[Path]) -> int:
        """Return what these take on disk together, in bytes; what they share counts once."""
        return on_disk(self._outermost(paths).values())

    def fresh(self, measured: "UsageIndex", entries: Mapping[Path, Path]) -> Sum:
        """Return the sum from ``measured``, a new index of the selection.

        ``entries`` maps the paths in this index to those in ``measured``.
        """
        measured._mark_copied([self._extents])
        known = [measured._entries.get(path) for path in entries.values()]
        outermost = measured._outermost(entries.values()).values()
        return self._fresh_sum(outermost, known, self._deleted(entries.keys()))

    def fresh_each(
        self, measured: "UsageIndex", entries: Mapping[Path, Path]
    ) -> Iterator[tuple[Path, Sum]]:
        """Yield for each of ``entries`` the sum of it alone, as ``fresh`` does."""
        measured._mark_copied([self._extents])
        deleted = self._deleted(entries.keys())
        for path, place in entries.items():
            entry = measured._entries.get(place)
            yield path, self._fresh_sum([entry] if entry else [], [entry], deleted)

    def _deleted(self, without: AbstractSet[Path]) -> Deleted:
        gone = (self._entries[path] for path in self._gone - without)
        return Deleted((one, one.path not in self._freed) for one in gone)

    def _fresh_sum(
        self, entries: Iterable[Entry], known: Sequence[Entry | None], deleted: Deleted
    ) -> Sum:
        members = [(one, one.footprint()) for one in entries]
        totals = counted(members, deleted, partial(times_in, self._several))
        count_extents(totals, members, deleted, self._extents)
        exact = self.whole and all(entry is not None and not entry.nested for entry in known)
        return totals.sum(known, exact=exact)

    def _outermost(self, paths: Iterable[Path]) -> dict[tuple[int, int], Entry]:
        """Return each directory once, without those inside another one."""
        every = {path for path in paths if path in self._entries}
        nested = {path for path in every if self._entries[path].nested}
        inner = {path for path in nested if not every.isdisjoint(path.parents)}
        entries = [self._entries[path] for path in sorted(every - inner)]
        return {entry.key: entry for entry in reversed(entries)}
