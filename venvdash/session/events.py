"""The events of a session as it scans or deletes: whole rows, ready to show."""

from dataclasses import dataclass

from venvdash.actions.events import RowChanged, RowGone
from venvdash.model import Row
from venvdash.scanner.events import Ended, Problem, Progress, SkippedEntry, StoreSeen


@dataclass(frozen=True, slots=True)
class EnvironmentsMissing:
    """All projects that lack their environment, as rows with the status "missing"."""

    rows: tuple[Row, ...]


SessionEvent = (
    RowChanged
    | RowGone
    | EnvironmentsMissing
    | StoreSeen
    | SkippedEntry
    | Progress
    | Problem
    | Ended
)
