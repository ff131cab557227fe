"""Bytes that deleting a selection frees, from the last scan or measured again."""

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from venvdash.model import Row
from venvdash.records.flags import flagged
from venvdash.scanner.usage.selection_sum import Entry, Sum
from venvdash.scanner.usage.usage_index import UsageIndex
from venvdash.system.extents import settle
from venvdash.system.mounts import Mounts

_JUST = 60.0  # seconds that a figure is new for; a file that is written to in place shows nothing


@dataclass(frozen=True, slots=True)
class SelectionSize:
    """What deleting a selection gives back, in bytes.

    ``cache_held`` is what uv's cache, as a rule, then still holds. ``exact`` is False where a
    figure may have aged or is an estimate, ``at_most`` True where ``reclaimable`` is an upper
    bound.
    """

    count: int
    reclaimable: int
    cache_held: int
    exact: bool = True
    at_most: bool = False


class SelectionSizes:
    """Adds up what environments share with each other; threads take turns at it.

    ``usage_index`` is what the last scan measured, ``cache`` where uv's is.
    """

    def __init__(self, cache: Path) -> None:
        self.usage_index = UsageIndex()
        self.cache = cache
        self._lock = threading.Lock()

    def union(self, rows: Sequence[Row]) -> SelectionSize:
        """Return what deleting these gives back, as of the last scan; takes milliseconds."""
        trees = [row for row in rows if row.environment.target is None]
        with self._lock:
            known = [row.path for row in trees if row.path in self.usage_index]
            total = self.usage_index.sum(known)
        # What came back since the scan, or was found by one without sizes, is counted by itself.
        others = [row.usage for row in trees if row.path not in self.usage_index]
        reclaimable = total.reclaimable + sum(usage.reclaimable for usage in others if usage)
        held = total.cache_held + sum(usage.cache_held or 0 for usage in others if usage)
        at_most = total.at_most or any(usage.at_most for usage in others if usage)
        return SelectionSize(len(rows), reclaimable, held, total.exact and not others, at_most)

    def on_disk(self, rows: Sequence[Row]) -> int:
        """Return what these take on disk together, as of the last scan; shared files count once."""
        trees = [row for row in rows if row.environment.target is None]
        with self._lock:
            total = self.usage_index.on_disk(row.path for row in trees)
        others = [row.usage for row in trees if row.path not in self.usage_index]
        return total + sum(usage.on_disk for usage in others if usage)

    def measured(
        self, rows: Sequence[Row], cancelled: Callable[[], bool]
    ) -> tuple[UsageIndex, dict[Path, Row]]:
        """Return the rows with what their entries take now.

        They are measured again, but for those that the last scan has just measured, and in which
        nothing has changed since.
        """
        from venvdash.scanner.usage.measurement import measure

        fresh, usages = UsageIndex(), {}
        known = {one.path: one for one in self._just_measured(rows)}
        trees = (row.environment.entry for row in rows if row.environment.target is None)
        paths = [path for path in trees if path not in known]
        for sized in measure(paths, {}, cancelled, usage_index=fresh, cache=self.cache):
            usages[sized.path] = sized.usage
        for path, entry in known.items():
            fresh.add(entry)
            usages[path] = entry.usage
        entries = {
            row.path: row.environment.entry for row in rows if row.environment.entry in usages
        }
        with self._lock:
            sums = dict(self.usage_index.fresh_each(fresh, entries))
        measured_rows = {}
        for row in rows:
            usage = usages.get(row.environment.entry)
            if usage is not None:
                usage = replace(usage, cache_held=sums[row.path].cache_held)
                environment = flagged(row.environment, row.record, usage)
                row = replace(row, environment=environment, usage=usage)
            measured_rows[row.path] = row
        return fresh, measured_rows

    def _just_measured(self, rows: Sequence[Row]) -> Iterator[Entry]:
        """Yield what was measured by the last scan and is the same now.

        Not of those that share files or blocks: no time in them tells who has them by now.
        """
        from venvdash.actions.delete.new_files import MeasuredContents

        now = time.time()
        paths = [row.path for row in rows if row.path == row.environment.entry]
        with self._lock:
            known = list(self.usage_index.apart(paths))
        for entry in known:
            usage = entry.usage
            if usage.user_files is None or not 0 <= now - usage.measured <= _JUST:
                continue
            if MeasuredContents.of(entry.path, usage.user_files, entry.packed).unchanged(
                entry.path
            ):
                yield entry

    def fresh(self, fresh: UsageIndex, entries: Mapping[Path, Path]) -> Sum:
        """Return the sum of environments, by where each was just measured into ``fresh``."""
        with self._lock:
            return self.usage_index.fresh(fresh, entries)

    def again(self, places: Mapping[Path, Path]) -> int:
        """Return the bytes that environments free which lie at these places by now.

        Just now other files were removed that may have shared blocks with them.
        """
        from venvdash.scanner.usage.measurement import measure

        fresh = UsageIndex()
        paths, mounts = list(places.values()), Mounts.read()
        for mount in filter(None, {mounts.of(path) for path in paths}):
            settle(mount.point, mount.fstype)
        for _ in measure(paths, {}, lambda: False, usage_index=fresh, cache=self.cache):
            pass
        return self.fresh(fresh, places).reclaimable

    def mark_deleted(self, path: Path, *, freed: bool) -> int | None:
        """Take one out that is deleted; return what it frees beside the others, None if unknown.

        Unless it is ``freed`` its files are still there.
        """
        with self._lock:
            reclaimable = (
                self.usage_index.sum([path]).reclaimable if path in self.usage_index else None
            )
            gone = self.usage_index.free if freed else self.usage_index.mark_deleted
            gone([path])
        return reclaimable

    def free(self, paths: Iterable[Path]) -> None:
        """Hear that the files of these are not there any more."""
        with self._lock:
            self.usage_index.free(list(paths))

    def restore(self, paths: Iterable[Path]) -> None:
        """Hear that these were brought back."""
        with self._lock:
            self.usage_index.restore(list(paths))
