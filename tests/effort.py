"""How many random inputs tests try: a quarter, or all with VENVDASH_TEST_EFFORT=full."""

import os


def examples(most: int) -> int:
    """Return how many random inputs to try, out of ``most``."""
    return most if os.environ.get("VENVDASH_TEST_EFFORT") == "full" else max(most // 4, 15)
