"""Lets the thread that answers keys run before all others.

CPython runs one thread at a time and shares the time equally among all that have work. So threads
with long work call ``give_way`` about once a millisecond; reads of the disk through ``reads`` and
jobs of ``timeouts`` do so. Where no event loop goes first, ``give_way`` never waits.
"""

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

T = TypeVar("T")

_wait: Callable[[], None] | None = None


def goes_first(wait: Callable[[], None] | None) -> None:
    """Let ``give_way`` call ``wait``, which waits while an event loop is busy; None ends that."""
    global _wait
    _wait = wait


def give_way() -> None:
    """Wait while the event loop that goes first is busy; never long, and never in its thread."""
    if _wait is not None:
        _wait()


def in_turns(items: Iterable[T]) -> Iterator[T]:
    """Yield the items, and give way before each."""
    for item in items:
        give_way()
        yield item


class _BetweenModules:
    def find_spec(self, *_: object) -> None:
        """Find nothing, and give way before others look for a module."""
        give_way()


@contextmanager
def importing() -> Iterator[None]:
    """Give way before each module that is imported meanwhile."""
    finder = _BetweenModules()
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)
