"""One scan of the session in a background thread."""

import shutil
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from venvdash.scanner.events import Problem, StoreSeen
from venvdash.session import Session
from venvdash.session.events import SessionEvent
from venvdash.tui.jobs import Job, JobFailed

_TIDY_SECONDS = 1.0  # a store that does not answer must not keep the list waiting
# The default of 5 ms lets the scanning thread keep a key press waiting; see CPython's GIL.
_SWITCH_SECONDS = 0.0005


@dataclass(frozen=True, slots=True)
class DiskFree:
    """Bytes free on the file system that holds a store."""

    free: int


@dataclass(frozen=True, slots=True)
class Fixed:
    """Something left by a crash was fixed; ``message`` says what."""

    message: str


ScanEvent = SessionEvent | DiskFree | Fixed


class BackgroundScan(Job[ScanEvent]):
    """A job that scans; with ``tidy`` it first fixes what a crash left."""

    def __init__(self, session: Session, *, tidy: bool = False) -> None:
        super().__init__(self._scan, name="scan")
        self._session = session
        self._tidy = tidy
        self._interval = sys.getswitchinterval()

    def start(self) -> None:
        """Start the scan, unless it was started before."""
        if not self.started:
            self._interval = sys.getswitchinterval()
            sys.setswitchinterval(_SWITCH_SECONDS)
            super().start()

    def stop(self, wait: float = 0.0) -> None:
        """Ask the scan to end and wait so many seconds for it at most."""
        super().stop(wait)
        sys.setswitchinterval(self._interval)

    def drain(self, most: int = sys.maxsize) -> list[ScanEvent | JobFailed]:
        """Return up to so many events that were not returned yet; never waits."""
        events = super().drain(most)
        if not self.running:
            sys.setswitchinterval(self._interval)
        return events

    def _scan(self, stop: threading.Event) -> Iterator[ScanEvent]:
        if self._tidy:
            fixing = threading.Thread(target=self._fix, name="tidy", daemon=True)
            fixing.start()
            fixing.join(_TIDY_SECONDS)
        disk = None
        for event in self._session.scan(cancel=stop):
            yield event
            if stop.is_set():
                return
            if disk is None and isinstance(event, StoreSeen) and event.exists:
                disk = _disk_free(event.real)
                if disk is not None:
                    yield disk
        if disk is None and (disk := _disk_free(self._session.machine.home)) is not None:
            yield disk

    def _fix(self) -> None:
        try:
            for words in self._session.tidy():
                self.tell(Fixed(words))
        except Exception as error:  # the list is of more use than this
            words = f"Recovery from a crash failed: {type(error).__name__}: {error}"
            self.tell(Problem(None, words))


def _disk_free(path: Path) -> DiskFree | None:
    """Return the free bytes, None where they are unknown: the header then leaves them out."""
    try:
        return DiskFree(shutil.disk_usage(path).free)
    except OSError:
        return None
