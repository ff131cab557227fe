"""What the background search for projects finds, shown on the main screen."""

from collections.abc import Callable, Sequence
from pathlib import Path

from textual.screen import Screen
from textual.timer import Timer

from venvdash.model import Outcome, Row, Status, Trashed
from venvdash.text import visible, with_tilde
from venvdash.tui.background import run_in_thread
from venvdash.tui.main.deletion import Deletion
from venvdash.tui.main.job_runner import JobRunner
from venvdash.tui.main.listing import Listing
from venvdash.tui.main.project_search import BackgroundSearch, Found
from venvdash.tui.main.row_states import RowStates
from venvdash.tui.main.scans import ScanRunner
from venvdash.tui.main.trash import TrashSummary
from venvdash.tui.notices import say
from venvdash.tui.session_access import SessionAccess

_MOST_NAMED = 3  # notices at once
_TICK = 0.5  # seconds between two looks at how far the search is


class FoundProjects:
    """Starts the background search, shows how far it is, and shows what it has found.

    ``outdated`` is called when something was restored that no row shows yet.
    """

    def __init__(
        self,
        screen: Screen[None],
        access: SessionAccess,
        scans: ScanRunner,
        listing: Listing,
        states: RowStates,
        jobs: JobRunner,
        deletion: Deletion,
        trash: TrashSummary,
        outdated: Callable[[], None],
    ) -> None:
        self._screen, self._access, self._scans, self._listing = screen, access, scans, listing
        self._states, self._jobs, self._deletion = states, jobs, deletion
        self._trash, self._outdated = trash, outdated
        self._search = BackgroundSearch(screen, access, self._show)
        self._searched: set[Path] = set()  # orphans
        self.timer: Timer | None = None

    @property
    def owed(self) -> Sequence[Row]:
        """What was deleted by hand and whose project is still to be searched for."""
        return self._access.session.searches.owed

    def search_all(self) -> None:
        """Search for the projects of the orphans, and of what lies in the trash without one."""
        lost = self._access.session.trash.lost
        run_in_thread(self._screen, lambda: self._access.run(lost), self._begin, self._trash.failed)

    def search_new(self) -> None:
        """Search as ``search_all``, if an orphan has come that no search was for."""
        if not self._orphans() <= self._searched:
            self.search_all()

    def _orphans(self) -> set[Path]:
        rows = self._listing.table.rows.values()
        return {row.path for row in rows if row.verdict.status is Status.ORPHAN}

    def search_owed(self, rows: Sequence[Row] | None = None) -> None:
        """Search for what was deleted by hand, unless a search is under way that covers it."""
        idle = self._jobs.job is None and not (self._scans.scanning or self._search.under_way)
        if idle and (self.owed if rows is None else rows):
            self._begin(())

    def stop(self) -> None:
        """Stop the search under way, if any."""
        self._search.stop()

    def _begin(self, trash: Sequence[Trashed]) -> None:
        self._searched |= self._orphans()
        self._search.begin(list(self._listing.table.rows.values()), trash)
        if self.timer is None:
            self.timer = self._screen.set_interval(_TICK, self._show_progress)

    def _show_progress(self) -> None:
        words = self._search.words
        self._listing.totals.search = words
        if not words and self.timer is not None:
            self.timer.stop()
            self.timer = None

    def _show(self, found: Found) -> None:
        for event in found.rows:
            self._states.clear(event.row.path)
        self._scans.take(found.rows)
        self._listing.refresh(force=True)
        self._say_what_happened(found)
        if found.unlisted:
            self._outdated()
        if found.restored:
            self._deletion.recount(self._trash.failed)
        self._trash.update()
        # What was deleted since that search ended.
        self.search_owed([row for row in self.owed if row.path not in found.given_up])

    def _say_what_happened(self, found: Found) -> None:
        home = self._access.home
        for result in found.restored:
            name, why = visible(result.name, 64), with_tilde(visible(result.reason), home)
            if result.outcome is Outcome.DONE:
                say(self._screen, f"Restored {name}. {why}", severe=True)
            else:
                self._listing.report(f"{name} is in the trash but could not be restored: {why}")
        for trashed, reason in found.returned[:_MOST_NAMED]:
            name, why = visible(trashed.name, 64), with_tilde(visible(reason), home)
            say(
                self._screen,
                f"{name} is in the trash, but its project exists again: {why} "
                "Press E to restore it.",
                severe=True,
            )
