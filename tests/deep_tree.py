"""A tree so deep that no path to its bottom is short enough for the system."""

import os
from pathlib import Path

LEVELS = 1500
_NAME = "d" * 50


def make_deep(folder: Path, *, files: bool = False) -> None:
    """Create nested directories in an existing folder, with ``files`` one file in each."""
    here = os.open(folder, os.O_RDONLY)
    for _ in range(LEVELS):
        os.mkdir(_NAME, dir_fd=here)
        below = os.open(_NAME, os.O_RDONLY, dir_fd=here)
        if files:
            os.close(os.open("file", os.O_CREAT | os.O_WRONLY, dir_fd=below))
        os.close(here)
        here = below
    os.close(here)
