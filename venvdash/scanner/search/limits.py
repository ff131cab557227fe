"""When a search stops: at its time limit, when cancelled, or if a disk does not respond."""

import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from venvdash.scanner.search.findings import AGAIN
from venvdash.scanner.search.walk import Walk
from venvdash.system.io_priority import read_when_idle

_PART = 200  # directories between two checks whether to stop


@dataclass
class SearchLimit:
    """The time limit and cancellation; ``why`` says what stopped the search, "" if nothing."""

    end: float | None
    cancelled: Callable[[], bool]
    why: str = ""
    release: str = ""

    def over(self) -> bool:
        """Return whether the search has to stop now."""
        if self.cancelled():
            self.why, self.release = "the search was stopped", AGAIN
        elif self.end is not None and time.monotonic() > self.end:
            self.why = "the search ran out of time"
            self.release = "`--search-limit` with more minutes"
        return bool(self.why)


class WalkThread:
    """A thread that makes one walk after the other, and can be abandoned.

    A dead disk never responds. ``ended`` and ``error`` are of the last walk.
    """

    def __init__(self) -> None:
        self.ended = False
        self.error: Exception | None = None
        self._walks: queue.SimpleQueue[Walk | None] = queue.SimpleQueue()
        self._stopped, self._idle = False, threading.Event()
        threading.Thread(target=self._work, name="venvdash-search", daemon=True).start()

    def begin(self, walk: Walk) -> None:
        """Begin a walk; the one before has ended."""
        self.ended, self.error, self._stopped = False, None, False
        self._idle.clear()
        self._walks.put(walk)

    def wait(self, seconds: float) -> bool:
        """Wait for the walk; return whether it has ended."""
        return self._idle.wait(seconds)

    def stop(self, seconds: float) -> bool:
        """Stop the walk, and wait for it; return whether it has ended."""
        self._stopped = True
        return self._idle.wait(seconds)

    def close(self) -> None:
        """Stop the walk after its current call, and end the thread, without waiting."""
        self._stopped = True
        self._walks.put(None)

    def _work(self) -> None:
        read_when_idle()
        while (walk := self._walks.get()) is not None:
            try:
                while not self._stopped and not walk.found_all:
                    if not walk.step(_PART):
                        self.ended = True
                        break
            except Exception as error:  # one odd directory must not end the program
                self.error = error
            self._idle.set()
