"""Use of the session by one thread at a time, and never during a scan."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from venvdash.session import Session

T = TypeVar("T")

_PAUSE = 0.02  # seconds between two checks whether the session is free


class SessionAccess:
    """The session of the dashboard with its lock; ``scanning`` returns whether a scan runs."""

    def __init__(self, session: Session, scanning: Callable[[], bool]) -> None:
        self.session = session
        self.home = session.machine.home
        self._scanning = scanning
        self._lock = threading.Lock()

    @property
    def busy(self) -> bool:
        """Whether a call would have to wait."""
        return self._scanning() or self._lock.locked()

    def free_within(self, seconds: float) -> bool:
        """Return whether no scan runs, and no call any more after so many seconds at most."""
        if self._scanning() or not self._lock.acquire(timeout=seconds):
            return False
        self._lock.release()
        return True

    @contextmanager
    def turn(self, stop: threading.Event | None = None) -> Iterator[bool]:
        """Wait until the session is free, and hold it; for background threads.

        Yields False, without waiting any longer, where ``stop`` was set meanwhile.
        """
        while not self._lock.acquire(timeout=_PAUSE):
            if stop and stop.is_set():
                yield False
                return
        try:
            while self._scanning() and not (stop and stop.is_set()):
                time.sleep(_PAUSE)
            yield not (stop and stop.is_set())
        finally:
            self._lock.release()

    def run(self, call: Callable[[], T]) -> T:
        """Run a call that cannot be stopped once the session is free."""
        with self.turn():
            return call()
