"""When a search stops: at its time limit, when cancelled, or if a disk does not respond."""

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
    """A walk in its own thread, which can be abandoned: a dead disk never responds."""

    def __init__(self, walk: Walk) -> None:
        self.ended = False
        self.error: Exception | None = None
        self._walk, self._stopped = walk, False
        self._thread = threading.Thread(target=self._work, name="venvdash-search", daemon=True)
        self._thread.start()

    def wait(self, seconds: float) -> bool:
        """Wait for the walk; return whether it has ended."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def stop(self, seconds: float) -> None:
        """Stop the walk, and wait for it."""
        self.abandon()
        self._thread.join(seconds)

    def abandon(self) -> None:
        """Stop the walk after its current call, without waiting."""
        self._stopped = True

    def _work(self) -> None:
        read_when_idle()
        try:
            while not self._stopped and not self._walk.found_all:
                if not self._walk.step(_PART):
                    self.ended = True
                    return
        except Exception as error:  # one odd directory must not end the program
            self.error = error
