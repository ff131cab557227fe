"""Waiting for what other processes do."""

import time
from collections.abc import Callable


def waited(until: Callable[[], bool], seconds: float = 60.0) -> None:
    """Wait for something that another process does; that it never does fails the test."""
    end = time.monotonic() + seconds
    while not until():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.005)
