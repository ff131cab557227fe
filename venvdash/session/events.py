"""What a session tells its face while it scans: whole rows, ready to show."""

from dataclasses import dataclass
from pathlib import Path

from venvdash.model import Row
from venvdash.scanner.events import Ended, Oddity, Problem, Progress, StoreSeen


@dataclass(frozen=True, slots=True)
class RowChanged:
    """A row is new or knows more than before.

    ``settled``: its status will not change. ``measured``: its size is of this scan; before that
    it is the one remembered from the last, if any.
    """

    row: Row
    settled: bool = False
    measured: bool = False


@dataclass(frozen=True, slots=True)
class RowGone:
    """An environment that an earlier scan showed is not there any more."""

    path: Path


SessionEvent = RowChanged | RowGone | StoreSeen | Oddity | Progress | Problem | Ended
