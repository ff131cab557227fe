"""How far moves to another file system are."""

from enum import StrEnum
from pathlib import Path

from venvdash.actions.journals import stages

FOLDER = "moves"  # in the state directory


class Stage(StrEnum):
    """How far a move is; the middle of the file's name."""

    COPIED = "copied"  # the copy is whole, the original is still the one that counts
    MOVED = "moved"  # the original is in the trash, and was as it had been copied


def due(state: Path) -> bool:
    """Return whether a move may have been interrupted. Raises nothing."""
    return bool(stages.stages_in(state, FOLDER, Stage))
