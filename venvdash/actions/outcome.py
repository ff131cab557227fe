"""What became of one environment: how an action ends, also where it fails."""

from collections.abc import Iterator
from pathlib import Path

from venvdash.actions.errors import ChangedError, FailedError, words
from venvdash.actions.events import ActionEvent
from venvdash.actions.process.child_process import CancelledError
from venvdash.model import Outcome, Result, Row

UP_TO_DATE = "Already up to date."
"""The reason of a result that is done because nothing was to be changed."""


def result_of(row: Row, outcome: Outcome, reason: str, place: Path | None = None) -> Result:
    """Return the result for a row; ``place`` is where its entry lies by now, if elsewhere."""
    return Result(row.path, row.name, outcome, reason, place=place or row.environment.entry)


def explained(row: Row, steps: Iterator[ActionEvent]) -> Iterator[ActionEvent]:
    """Pass on what an action that leaves the original alone reports; its errors become a result."""
    try:
        yield from steps
    except CancelledError:
        yield result_of(row, Outcome.SKIPPED, "Cancelled. Nothing was changed.")
    except ChangedError as error:
        yield result_of(row, Outcome.SKIPPED, str(error))
    except FailedError as error:
        yield result_of(row, Outcome.FAILED, str(error))
    except (OSError, ValueError) as error:
        yield result_of(row, Outcome.FAILED, f"{words(error)}. The original is unchanged.")
