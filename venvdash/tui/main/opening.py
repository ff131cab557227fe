"""Opening the session while the dashboard already shows what it remembers."""

import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from venvdash.records.snapshot import Snapshot
from venvdash.records.snapshot_rows import DamagedError
from venvdash.system.foreground import importing

if TYPE_CHECKING:
    from venvdash.session import Session
    from venvdash.tui.background_scan import BackgroundScan

_SPARE_CORES = 1  # for the screen, while sizes are measured
# The default of 5 ms lets a thread that imports keep a frame waiting; see CPython's GIL.
_SWITCH_SECONDS = 0.0005


class Opened(NamedTuple):
    """A session and its first scan, which runs."""

    session: "Session"
    scan: "BackgroundScan"


class Opening:
    """Imports and opens the session in a thread, and begins the first scan.

    ``snapshot``: what is remembered of the last scan; its rows are decoded on the way.
    """

    def __init__(
        self, open_session: "Callable[[], Session]", snapshot: Snapshot | None = None
    ) -> None:
        self._open, self.snapshot = open_session, snapshot
        self._opened: Opened | None = None
        self._error: Exception | None = None
        self._begun = False
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="opening", daemon=True)

    def begin(self) -> None:
        """Start the thread, unless it was started before."""
        if not self._begun:
            self._begun = True
            self._thread.start()

    def wait(self) -> Opened:
        """Wait until the session is open; raise what opening it raised. For other threads."""
        self._thread.join()
        # Not in that thread: Textual may be imported at the same time, which it does not bear.
        import venvdash.tui.main.workbench  # noqa: F401 - the screen needs it next

        if self._opened is None:
            raise self._error or RuntimeError("stopped")
        return self._opened

    def stop(self, seconds: float = 0.0) -> None:
        """Let no scan begin, or stop it and wait so many seconds for it at most."""
        self._stopped.set()
        if self._opened is not None:
            self._opened.scan.stop(seconds)

    def _run(self) -> None:
        try:
            self._opened = self._prepare()
        except Exception as error:  # the screen says so
            self._error = error

    def _prepare(self) -> Opened:
        interval = sys.getswitchinterval()
        sys.setswitchinterval(_SWITCH_SECONDS)
        try:
            with importing():
                session = self._open()
                from venvdash.tui.background_scan import BackgroundScan
            session.spare_cores = _SPARE_CORES
        finally:
            sys.setswitchinterval(interval)  # the scan sets its own
        scan = BackgroundScan(session, tidy=True)
        if not self._stopped.is_set():
            scan.start()
        snapshot, self.snapshot = self.snapshot, None  # the table has it, and frees it
        if snapshot is not None:
            with suppress(DamagedError):  # the table finds it out and forgets it
                snapshot.decode()
        return Opened(session, scan)
