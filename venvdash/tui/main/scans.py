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
            self._changed(self.state.take(events))
            while self.state.fixed:
                say(self._screen, self.state.fixed.pop(0))

    def take_rows(self, rows: Iterable[Row]) -> None:
        """Show rows of which more is known than before."""
        self.take([RowChanged(row, settled=True, measured=True) for row in rows])

    def _tick_every(self, seconds: float) -> None:
        if self._timer is not None:
            self._timer.stop()
        self._timer = self._screen.set_interval(seconds, self._tick)

    def _tick(self) -> None:
        running = self.scan.running
        had_rows = bool(self.state.table.rows)
        events = self.scan.drain()
        self.take(events)
        if not running and not events:
            self._end()
        elif self.state.table.rows and not had_rows:
            self._tick_every(_TICK)

    def _end(self) -> None:
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
        self.scanning = False
        self.state.end(self._session.problems)
        # The rows stay: a collection that walks all 10,000 of them would hold up a key press.
        gc.freeze()
        self._on_end()
