"""The events of a session as it scans or deletes: whole rows, ready to show."""

from venvdash.actions.events import RowChanged, RowGone
from venvdash.scanner.events import Ended, Problem, Progress, SkippedEntry, StoreSeen

SessionEvent = RowChanged | RowGone | StoreSeen | SkippedEntry | Progress | Problem | Ended
