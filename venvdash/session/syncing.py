"""Syncing through uv, as both faces do it."""

import threading
import time
from collections.abc import Generator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from venvdash.actions import keeping, planning
from venvdash.actions.events import Told
from venvdash.model import Action, Environment, Outcome, Proposal, Record, Row
from venvdash.session.amending import amend
from venvdash.session.memory import contents, flagged

if TYPE_CHECKING:
    from venvdash.actions.context import Context
    from venvdash.session.core import Session


def propose(
    session: "Session",
    row: Row,
    extra: Sequence[str] = (),
    *,
    project: Path | None = None,
    cancel: threading.Event | None = None,
) -> Proposal:
    """Return what a sync would do; ``extra`` are further arguments for uv.

    ``project`` is the one of several that is meant: else the current directory's, or the first.
    """
    from venvdash.actions import sync
    from venvdash.actions.programs import CancelledError

    try:
        return sync.propose(
            row,
            _context(session),
            session.rows,
            _state(session),
            project=project,
            extra=extra,
            cancel=cancel,
        )
    except CancelledError:
        return Proposal(Action.SYNC, row, refusal="Cancelled while it was looked at.")


def apply(
    session: "Session", proposal: Proposal, cancel: threading.Event
) -> Generator[Told, None, None]:
    """Carry it out and tell how it goes; the last word is a ``Result``."""
    from venvdash.actions import sync

    context, state = _context(session), _state(session)
    synced = yield from sync.apply(proposal, context, session.rows, state, cancel)
    if synced.environment is not None:
        done = synced.result.outcome is Outcome.DONE
        _remember(session, proposal.row, synced.environment, done)
    yield synced.result


def recover(session: "Session") -> list[str]:
    """Put back what a sync that was killed had saved; return a sentence for each environment."""
    planning.recover(session.machine.state_directory)
    return keeping.recover(session.machine.state_directory)


def _state(session: "Session") -> Path | None:
    return session.machine.state_directory if session.remembers else None


def _remember(session: "Session", row: Row, environment: Environment, done: bool) -> None:
    """Store when it was synced, under the identity that it had; heal a sidecar that uv deleted."""
    known = row.record
    if known is not None and known.path != row.path:
        return  # a copy, which carries another's record: the user decides which of them goes on

    def synced(record: Record) -> Record:
        if done:
            return replace(record, last_sync=time.time(), unfinished=None)
        return replace(record, unfinished=contents(environment))

    record = amend(session, environment, known, synced).record
    session.rows[row.path] = replace(
        row, environment=flagged(environment, record, row.usage), record=record
    )


def _context(session: "Session") -> "Context":
    from venvdash.actions.context import Context

    context = Context.current(session.machine, session.config, session.log)
    return replace(context, trusted=frozenset(session.trusted))
