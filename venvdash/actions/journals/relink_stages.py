"""How far relinkings are."""

from enum import StrEnum
from pathlib import Path

from venvdash.actions.journals import stages

FOLDER = "relinks"  # in the state directory


class Stage(StrEnum):
    """How far it is; the middle of the file's name."""

    BEGUN = "begun"  # is reverted at the next start
    DONE = "done"  # all but what venvdash itself remembers
    KEPT = "kept"
    UNDOING = "undoing"  # as ``BEGUN``, and what was remembered comes back


def due(state: Path) -> bool:
    """Return whether a relinking was interrupted. Raises nothing."""
    return any(stage is not Stage.KEPT for stage in stages.stages_in(state, FOLDER, Stage))


def kept(state: Path) -> frozenset[str]:
    """Return the keys of the relinkings that can be undone. Raises nothing."""
    found = stages.names(state, FOLDER, Stage)
    return frozenset(key for key, stage in found if stage is not Stage.BEGUN)
