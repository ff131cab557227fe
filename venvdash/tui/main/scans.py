"""The scans of the main screen, one at a time."""

import gc
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from textual.screen import Screen
from textual.timer import Timer

from venvdash.actions.events import RowChanged
from venvdash.model import Row
from venvdash.session import Session
from venvdash.session.events import SessionEvent
from venvdash.tui.background_scan import BackgroundScan, ScanEvent
from venvdash.tui.jobs import JobFailed
from venvdash.tui.notices import say
from venvdash.tui.scan_state import ScanState
from venvdash.tui.table import Table

_FIRST_TICK = 0.02  # seconds, until there are rows to show
_TICK = 0.1
# Textual draws nothing for up to two frames after each frame: a key that comes then has to wait.
_SHOW = 0.3  # seconds between two frames that a scan causes
_BEHIND_TICK = 0.015  # while more events wait than could be taken at once
_SHARE = 0.002  # seconds of a tick, so that a key never waits for more
_PART = 10  # events that are taken between two looks at the clock


class ScanRunner:
    """Runs scans in the background and takes their events into ``state``.

    ``changed`` is called with the paths whose rows changed, ``ended`` after each scan.
    """

    def __init__(
        self,
        screen: Screen[None],
        session: Session,
        scan: BackgroundScan,
        table: Table,
        changed: Callable[[set[Path]], None],
        ended: Callable[[], None],
    ) -> None:
        self._screen, self._session = screen, session
        self._changed, self._on_end = changed, ended
        self.state = ScanState(table)
        self.scan = scan
        self.begun = 0.0  # by the monotonic clock
        self.scanning = True  # or about to
        self.due = False  # another scan starts once this one has ended
        self._timer: Timer | None = None
        self._seconds = 0.0  # between two of its ticks
        self._touched = set[Path]()  # paths of rows that were taken in, and are not shown yet
        self._taken = False  # events since the last time that something was shown
        self._next_show = 0.0

    def begin(self) -> None:
        """Start the scan."""
        self.scanning = True
        self.begun = time.monotonic()
        self.state.begin()
        self.scan.start()
        self._tick_every(_TICK if self.state.table.rows else _FIRST_TICK)

    def again(self) -> None:
        """Scan again, once no other scan runs."""
        self.due = self.scanning
        if not self.scanning:
            self.scan = BackgroundScan(self._session)
            self.begin()

    def take(self, events: Sequence[ScanEvent | SessionEvent | JobFailed]) -> None:
        """Take events in and show what they changed."""
        if events:
            self._show(self.state.take(events))

    def _show(self, touched: set[Path]) -> None:
        self._changed(touched)
        while self.state.fixed:
            say(self._screen, self.state.fixed.pop(0))

    def take_rows(self, rows: Iterable[Row]) -> None:
        """Show rows of which more is known than before."""
        self.take([RowChanged(row, settled=True, measured=True) for row in rows])

    def _tick_every(self, seconds: float) -> None:
        if self._timer is not None:
            if seconds == self._seconds:
                return
            self._timer.stop()
        self._timer, self._seconds = self._screen.set_interval(seconds, self._tick), seconds

    def _tick(self) -> None:
        running = self.scan.running
        behind = self._take_waiting()
        if not running or time.monotonic() >= self._next_show:
            self._next_show = time.monotonic() + _SHOW
            touched, self._touched = self._touched, set()
            if self._taken:
                self._taken = False
                self._show(touched)
        if not running:
            self._end()
        elif behind:
            self._tick_every(_BEHIND_TICK)
        else:
            self._tick_every(_TICK if self.state.table.rows else _FIRST_TICK)

    def _take_waiting(self) -> bool:
        """Take what the scan has found, as far as there is time; return whether more may wait."""
        end = time.monotonic() + _SHARE
        while events := self.scan.drain(_PART):
            self._touched |= self.state.take(events)
            self._taken = True
            if time.monotonic() >= end:
                return True
        return False

    def _end(self) -> None:
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
        self.scanning = False
        self.state.end(self._session.problems)
        # The rows stay: a collection that walks all 10,000 of them would hold up a key press.
        gc.freeze()
        self._on_end()
