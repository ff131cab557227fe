"""What a session tells its face while it scans: whole rows, ready to show."""

from dataclasses import dataclass
from pathlib import Path

from venvdash.model import Row
from venvdash.scanner.events import Ended, Oddity, Problem, Progress, StoreSeen


@dataclass(frozen=True, slots=True)
class RowChanged:
    """A row is new or knows more than before; ``settled`` when its status will not change."""

    row: Row
    settled: bool = False


@dataclass(frozen=True, slots=True)
class RowGone:
    """An environment that an earlier scan showed is not there any more."""

    path: Path


SessionEvent = RowChanged | RowGone | StoreSeen | Oddity | Progress | Problem | Ended
