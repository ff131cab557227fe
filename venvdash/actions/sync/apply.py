"""Carries out a sync that was shown, and remembers it."""

import threading
import time
from collections.abc import Generator, Sequence
from dataclasses import replace
from pathlib import Path

from venvdash.actions.events import ActionEvent
from venvdash.actions.process import uv_lock
from venvdash.actions.record_update import amend
from venvdash.actions.sync import preserve
from venvdash.actions.table import Table
from venvdash.model import Action, Environment, Outcome, Proposal, Record, Row
from venvdash.records.flags import contents, flagged


def propose(
    table: Table,
    row: Row,
    extra: Sequence[str] = (),
    *,
    project: Path | None = None,
    cancel: threading.Event | None = None,
) -> Proposal:
    """Return what a sync would do; ``extra`` are further arguments for uv.

    ``project`` is the one of several that is meant: else the current directory's, or the first.
    """
    from venvdash.actions.process.running import CancelledError
    from venvdash.actions.sync import plan

    context = table.context()
    try:
        return plan.propose(
            row,
            context,
            table.rows,
            context.notes,
            project=project,
            extra=extra,
            cancel=cancel,
        )
    except CancelledError:
        return Proposal(Action.SYNC, row, refusal="Cancelled while the plan was being made.")


def apply(
    table: Table, proposal: Proposal, cancel: threading.Event
) -> Generator[ActionEvent, None, None]:
    """Carry it out and tell how it goes; the last word is a ``Result``."""
    from venvdash.actions.sync import plan

    context = table.context()
    synced = yield from plan.apply(proposal, context, table.rows, context.notes, cancel)
    if synced.environment is not None:
        done = synced.result.outcome is Outcome.DONE
        _remember(table, proposal.row, synced.environment, done)
    yield synced.result


def recover(table: Table) -> list[str]:
    """Put back what a sync that was killed had saved; return a sentence for each environment."""
    uv_lock.recover(table.machine.state_directory)
    return preserve.recover(table.machine.state_directory)


def _remember(table: Table, row: Row, environment: Environment, done: bool) -> None:
    """Store when it was synced, under the identity that it had; heal a sidecar that uv deleted."""
    known = row.record
    if known is not None and known.path != row.path:
        return  # a copy, which carries another's record: the user decides which of them goes on

    def synced(record: Record) -> Record:
        if done:
            return replace(record, last_sync=time.time(), unfinished=None)
        return replace(record, unfinished=contents(environment))

    record = amend(table, environment, known, synced).record
    table.rows[row.path] = replace(
        row, environment=flagged(environment, record, row.usage), record=record
    )
