"""Runs a session's scan beside the screen and hands over what it tells, in batches."""

import sys
import threading
from collections import deque
from dataclasses import dataclass
from pathlib import Path

from venvdash.scanner.events import Problem, StoreSeen
from venvdash.session import Session
from venvdash.session.events import SessionEvent

_FIXING_SECONDS = 1.0  # a store that does not answer must not keep the list waiting
# The default of 5 ms lets the scanning thread keep a key press waiting; see CPython's GIL.
_SWITCH_SECONDS = 0.0005


@dataclass(frozen=True, slots=True)
class Failed:
    """The scan ended by an error that nothing had foreseen."""

    message: str


@dataclass(frozen=True, slots=True)
class DiskFree:
    """Bytes free on the file system that holds a store."""

    free: int


@dataclass(frozen=True, slots=True)
class Fixed:
    """Something that a crash had left was put right; ``message`` says what."""

    message: str


FeedEvent = SessionEvent | Failed | DiskFree | Fixed


class Feed:
    """One scan in a thread of its own; with ``tidy`` what a crash left is fixed before.

    The thread is a daemon and not a worker: leaving must not wait for a directory on a network
    mount that does not answer. A deque is its only way out, so that it never waits for the
    screen, nor the screen for it.
    """

    def __init__(self, source: Session, *, tidy: bool = False) -> None:
        self._source = source
        self._tidy = tidy
        self._events: deque[FeedEvent] = deque()
        self._cancel = threading.Event()
        self._thread = threading.Thread(target=self._run, name="scan", daemon=True)
        self._interval = sys.getswitchinterval()

    @property
    def running(self) -> bool:
        """Whether more may come."""
        return self._thread.is_alive() or bool(self._events)

    def start(self) -> None:
        """Begin to scan, unless it has begun."""
        if self._thread.ident is not None:
            return
        self._interval = sys.getswitchinterval()
        sys.setswitchinterval(_SWITCH_SECONDS)
        self._thread.start()

    def stop(self, wait: float = 0.0) -> None:
        """Ask the scan to end and wait so many seconds for it at most."""
        self._cancel.set()
        if wait and self._thread.is_alive():
            self._thread.join(wait)
        sys.setswitchinterval(self._interval)

    def drain(self) -> list[FeedEvent]:
        """Return what has been told since the last call; never waits."""
        events: list[FeedEvent] = []
        while self._events:
            events.append(self._events.popleft())
        if not self.running:
            sys.setswitchinterval(self._interval)
        return events

    def _run(self) -> None:
        try:
            measured = False
            if self._tidy:
                fixing = threading.Thread(target=self._fix, name="tidy", daemon=True)
                fixing.start()
                fixing.join(_FIXING_SECONDS)
            for event in self._source.scan(cancel=self._cancel):
                self._events.append(event)
                if self._cancel.is_set():
                    break
                if not measured and isinstance(event, StoreSeen) and event.exists:
                    measured = self._measure_disk(event.real)
            if not measured:
                self._measure_disk(self._source.machine.home)
        except Exception as error:  # whatever it is, the dashboard lives on and says so
            self._events.append(Failed(f"{type(error).__name__}: {error}"))

    def _fix(self) -> None:
        try:
            self._events.extend(Fixed(words) for words in self._source.tidy())
        except Exception as error:  # the list is of more use than this
            words = f"Recovery from a crash failed: {type(error).__name__}: {error}"
            self._events.append(Problem(None, words))

    def _measure_disk(self, path: Path) -> bool:
        import shutil

        try:
            self._events.append(DiskFree(shutil.disk_usage(path).free))
        except OSError:  # the header then leaves it out
            return False
        return True
