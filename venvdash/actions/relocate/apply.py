"""Carries out a rename or a move that was shown."""

import threading
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

from venvdash.actions.context import Context
from venvdash.actions.delete.deletions import Deletions
from venvdash.actions.errors import ChangedError
from venvdash.actions.events import ActionEvent
from venvdash.actions.journals.relink_journal import RelinkJournals
from venvdash.actions.outcome import explained, result_of
from venvdash.actions.record_update import is_copy, remember_at
from venvdash.actions.relocate import across_disks, rename
from venvdash.actions.relocate.plan import same_file_system
from venvdash.actions.safety import refusals
from venvdash.actions.table import Table
from venvdash.model import (
    Action,
    Outcome,
    Proposal,
    Result,
    Row,
)


def _renamed(table: Table, row: Row, place: Path, context: Context) -> Result:
    """Rename in its file system, and let what is remembered follow. Raises ChangedError."""
    with ExitStack() as stack:
        with suppress(OSError):  # where no state can be kept nobody relinks either
            stack.enter_context(RelinkJournals(table.machine.state_directory))
        for reason in refusals.relinked(row, context):
            raise ChangedError(reason)
        note = rename.rename(row, place, table.rows, context)
        prefix = place / row.environment.path.relative_to(row.environment.entry)
        if not is_copy(table, row):  # or the original would be taken for the copy
            remember_at(table, prefix, place, row.record)
    return result_of(row, Outcome.DONE, note, place)


def apply(
    table: Table, deletions: Deletions, proposal: Proposal, cancel: threading.Event
) -> Iterator[ActionEvent]:
    """Carry it out and report how it goes; the last event is a ``Result``."""
    return explained(proposal.row, _relocated(table, deletions, proposal, cancel))


def _relocated(
    table: Table, deletions: Deletions, proposal: Proposal, cancel: threading.Event
) -> Iterator[ActionEvent]:
    row, place, context = proposal.row, proposal.place, table.context()
    if place is None:
        yield result_of(row, Outcome.SKIPPED, "No destination was given.")
    elif proposal.action is Action.RENAME or same_file_system(row, place.parent, context):
        yield _renamed(table, row, place, context)
    else:
        yield from across_disks.move(table, deletions, proposal, place, context, cancel)
