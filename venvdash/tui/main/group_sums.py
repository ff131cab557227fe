"""What the environments of each group take together, computed in the background."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from time import thread_time

from textual.screen import Screen

from venvdash.system.foreground import give_way
from venvdash.text import visible
from venvdash.tui.background import LatestCall
from venvdash.tui.grouping import Group, Union
from venvdash.tui.main.listing import Listing
from venvdash.tui.notices import say
from venvdash.tui.session_access import SessionAccess

_MOST = 500  # environments of a group: more would keep the size of what is marked waiting
_SECONDS = 2.0  # of computing, for all groups

Unions = dict[frozenset[Path], Union]


class GroupSums:
    """Computes the unions of groups from what the last scan measured; the disk is not read.

    ``scanning`` returns whether a scan runs: shared files are unknown then. Groups that are too
    large, or come after the time is used up, keep bounds.
    """

    def __init__(
        self,
        screen: Screen[None],
        access: SessionAccess,
        listing: Listing,
        scanning: Callable[[], bool],
    ) -> None:
        self._screen, self._deletions = screen, access.session.deletions
        self._listing, self._scanning = listing, scanning
        self._call: LatestCall[Unions] = LatestCall(screen, self._show, self._failed)

    def rearranged(self) -> None:
        """Compute what is not known of the groups that there are now."""
        self._compute([group for group in self._listing.grouping.groups if group.union is None])

    def measured(self) -> None:
        """Compute everything again: a scan or a job has ended."""
        self._listing.grouping.unions = {}
        self._compute(self._listing.grouping.groups)

    def _compute(self, groups: Iterable[Group]) -> None:
        chosen = [group.paths for group in groups if _countable(group)]
        if chosen and not self._scanning():
            self._call.request(lambda: self._unions(sorted(chosen, key=len)))

    def _unions(self, chosen: Sequence[frozenset[Path]]) -> Unions:
        """Return the unions of groups with these environments, the smallest first."""
        end, found = thread_time() + _SECONDS, Unions()
        for paths in chosen:
            give_way()
            union = self._deletions.union(paths)
            on_disk = self._deletions.on_disk(paths)
            found[paths] = Union(on_disk, union.reclaimable, union.cache_held, union.at_most)
            if thread_time() > end:
                break
        return found

    def _show(self, unions: Unions) -> None:
        grouping = self._listing.grouping
        grouping.take_unions(unions)
        for group in grouping.groups:
            if group.paths in unions:
                self._listing.environments.redraw(group.key)
        if self._listing.group is not None:
            self._listing.tell_cursor()

    def _failed(self, error: Exception) -> None:
        say(self._screen, f"Cannot add up the groups: {visible(str(error))}", severe=True)


def _countable(group: Group) -> bool:
    return 1 < len(group.rows) <= _MOST and group.measured
