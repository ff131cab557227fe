"""Carries out a sync that was shown, and remembers it."""

import threading
import time
from collections.abc import Generator
from dataclasses import replace

from venvdash.actions.events import ActionEvent
from venvdash.actions.record_update import update_record
from venvdash.actions.table import Table
from venvdash.model import Environment, Outcome, Proposal, Record, Row, Status
from venvdash.records.flags import contents, flagged


def apply(
    table: Table, proposal: Proposal, cancel: threading.Event
) -> Generator[ActionEvent, None, None]:
    """Carry it out and tell how it goes; the last word is a ``Result``."""
    if proposal.row.verdict.status is Status.MISSING:
        from venvdash.actions.sync import recreate

        yield from recreate.apply(table, proposal, cancel)
        return
    from venvdash.actions.sync import plan

    synced = yield from plan.apply(table, proposal, cancel)
    if synced.environment is not None:
        done = synced.result.outcome is Outcome.DONE
        _remember(table, proposal.row, synced.environment, done)
    yield synced.result


def _remember(table: Table, row: Row, environment: Environment, done: bool) -> None:
    """Store when it was synced, under the identity that it had; heal a sidecar that uv deleted."""
    known = row.record
    if known is not None and known.path != row.path:
        return  # a copy, which carries another's record: the user decides which of them goes on

    def synced(record: Record) -> Record:
        if done:
            return replace(record, last_sync=time.time(), unfinished=None)
        return replace(record, unfinished=contents(environment))

    record = update_record(table, environment, known, synced).record
    table.rows[row.path] = replace(
        row, environment=flagged(environment, record, row.usage), record=record
    )
