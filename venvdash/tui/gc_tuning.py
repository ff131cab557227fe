"""Garbage collection while nobody types.

A full collection takes 10 ms and more, a third of what a key press may take, and Textual makes
enough cyclic garbage for CPython to run one every second or so.
"""

import gc
import time

_YOUNG = 2_000  # allocations before the young are looked at, which takes half a millisecond
_MIDDLE = 10_000  # of these before the middle ones are looked at: 20 million allocations
_OLD = 50  # of those before all are looked at even if somebody types
_QUIET = 0.4  # seconds without input after which nobody types
_WORTH = 5_000  # allocations that are worth a full collection
_SOON, _LATER = 0.25, 2.0  # seconds after which to look again: after activity, and without


class Collector:
    """Delays garbage collection until no key is pressed."""

    def __init__(self) -> None:
        self._touched = 0.0
        self._before = gc.get_threshold()

    def begin(self) -> None:
        """Let CPython collect seldom, and never look again at what is there now."""
        gc.freeze()
        gc.enable()
        gc.set_threshold(_YOUNG, _MIDDLE, _OLD)

    def end(self) -> None:
        """Turn CPython's automatic collection on."""
        gc.set_threshold(*self._before)

    def touched(self) -> None:
        """Note that the user pressed a key or moved the mouse."""
        self._touched = time.monotonic()

    def look(self, *, scanning: bool) -> float:
        """Collect, if that is worth it and no key was pressed lately.

        Not while ``scanning``: that only adds to what stays, and each collection walks all of it.
        Return after how many seconds to look again.
        """
        if scanning:
            return _LATER
        if time.monotonic() < self._touched + _QUIET:
            return _SOON
        young, middle, _ = gc.get_count()
        if middle * _YOUNG + young <= _WORTH:
            return _LATER
        gc.collect()
        return _SOON
