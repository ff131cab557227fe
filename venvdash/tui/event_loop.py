"""The event loop of the dashboard, which goes before all other threads (``system.foreground``)."""

import asyncio
import os
import selectors
import threading
import time
from collections.abc import Coroutine
from typing import Any

from venvdash.system import foreground

_TURN = 0.001  # seconds that another thread works until it gives way even if nobody waits
_BREAK = 0.00005  # seconds for which it does
_PAUSE = 0.02  # seconds until another thread goes on even if the loop is still busy
_LONGEST = 0.25  # seconds after which a busy loop counts as stuck, or as suspended


def run(work: Coroutine[Any, Any, object]) -> None:
    """Run ``work`` in an event loop that goes before all other threads."""
    with asyncio.Runner(loop_factory=_new_loop) as runner:
        runner.run(work)


def _new_loop() -> asyncio.AbstractEventLoop:
    if os.name != "posix":  # Windows has a loop of another kind
        return asyncio.new_event_loop()
    return asyncio.SelectorEventLoop(ForegroundSelector())


class ForegroundSelector(selectors.DefaultSelector):
    """The selector of the loop that goes first: the loop is busy except while it waits here."""

    def __init__(self) -> None:
        super().__init__()
        self._thread = threading.get_ident()
        self._idle = threading.Event()
        self._busy_since = time.monotonic()
        self._turn = threading.local()  # of other threads; its end, by the same clock
        foreground.goes_first(self._give_way)

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, Any]]:
        """Wait for events, and let other threads run meanwhile."""
        if timeout is not None and timeout <= 0:
            return super().select(timeout)
        self._idle.set()
        try:
            return super().select(timeout)
        finally:
            self._busy_since = time.monotonic()
            self._idle.clear()

    def close(self) -> None:
        """Close it; the loop has ended, and nothing goes first."""
        foreground.goes_first(None)
        self._idle.set()
        super().close()

    def _give_way(self) -> None:
        now = time.monotonic()
        if threading.get_ident() == self._thread:
            return
        if not self._idle.is_set() and now - self._busy_since < _LONGEST:
            self._idle.wait(_PAUSE)
        elif now >= getattr(self._turn, "end", 0.0):
            # A thread that calls the system often is back at CPython's lock before others wake up.
            time.sleep(_BREAK)
        else:
            return
        self._turn.end = time.monotonic() + _TURN
