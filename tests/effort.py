"""How much tests try of what could go wrong: a quarter, or all with VENVDASH_TEST_EFFORT=full."""

import os
from collections.abc import Iterator

_FULL = os.environ.get("VENVDASH_TEST_EFFORT") == "full"


def examples(most: int, least: int = 15) -> int:
    """Return how many random inputs to try, out of ``most``; not fewer than ``least``."""
    return most if _FULL else max(most // 4, least)


def calls(most: int, least: int = 1) -> Iterator[int]:
    """Yield the numbers of the calls that are made to fail, one after the other, up to ``most``.

    They are ``least`` apart, or four times that.
    """
    return iter(range(1, most, least if _FULL else least * 4))
