"""Scans again by itself when environments, stores or projects change on the disk."""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from textual.screen import Screen
from textual.timer import Timer

from venvdash.tui.background import CallReturned
from venvdash.tui.main.job_runner import JobRunner
from venvdash.tui.main.listing import Listing
from venvdash.tui.main.scans import ScanRunner

if TYPE_CHECKING:
    from venvdash.tui.disk_watch import DiskWatch

_SETTLE = 0.5  # seconds after which what came into view is watched
_SHARE = 4  # while something changes all the time, such scans take a fifth of it at most


class DiskChanges:
    """Watches what is listed, and scans again when it has changed.

    That waits while a job runs, and while a dialog is open.
    """

    def __init__(
        self, screen: Screen[None], scans: ScanRunner, listing: Listing, jobs: JobRunner
    ) -> None:
        self._screen, self._scans, self._listing, self._jobs = screen, scans, listing, jobs
        self._changed_at = self._not_before = 0.0  # by the monotonic clock
        self._automatic = False
        self._timer: Timer | None = None
        self._watch: DiskWatch | None = None

    def scan_ended(self) -> bool:
        """Watch what was found; return whether the scan was started here."""
        took = time.monotonic() - self._scans.begun
        automatic, self._automatic = self._automatic, False
        self._not_before = time.monotonic() + _SHARE * took if automatic else 0.0
        self._watch_all(time.time() - took)
        self.catch_up()
        return automatic

    def visible_changed(self) -> None:
        """Watch what is visible now, soon: while the list scrolls, not at each line."""
        if self._timer is None:
            self._timer = self._screen.set_timer(_SETTLE, self._watch_visible)

    def _watch_visible(self) -> None:
        self._timer = None
        if self._watch is not None:
            self._watch.watch(self._visible())

    def _watch_all(self, since: float) -> None:
        """Watch what is listed; ``since``: the wall clock when it was read, in seconds."""
        from venvdash.tui.disk_watch import DiskWatch  # not before the first frame
        from venvdash.tui.watched_paths import of_all

        self._watch = self._watch or DiskWatch(self._post)
        rows, state = list(self._listing.table.rows.values()), self._listing.state
        odd = [str(oddity.path) for oddity in state.oddities]
        roots = [str(store.real) for store in state.stores]
        self._watch.watch(self._visible(), lambda: of_all(rows, roots, odd, since))

    def _visible(self) -> Callable[[], frozenset[str]]:
        from venvdash.tui.watched_paths import of_visible

        rows = self._listing.visible_rows
        return lambda: of_visible(rows)

    def _post(self) -> None:
        self._screen.post_message(CallReturned(self._changed))

    def _changed(self) -> None:
        self._changed_at = time.monotonic()
        self.catch_up()

    @property
    def _busy(self) -> bool:
        attending = self._jobs.job is not None or self._screen.app.screen is not self._screen
        return attending or self._scans.scanning

    def catch_up(self) -> None:
        """Scan if something has changed since the last scan began and nothing else is done."""
        if self._changed_at <= self._scans.begun or self._busy:
            return
        wait = self._not_before - time.monotonic()
        if wait > 0:
            self._screen.set_timer(wait, self.catch_up)
        else:
            self._automatic = True
            self._scans.again()

    def stop(self) -> None:
        """End the watch."""
        if self._watch is not None:
            self._watch.stop()
