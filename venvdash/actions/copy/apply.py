"""Carries out a copy that was shown."""

import os
import threading
from collections.abc import Generator, Iterator
from contextlib import suppress

from venvdash.actions.context import Context
from venvdash.actions.copy import copy_environment
from venvdash.actions.copy.copy_environment import CopyRequest, CopyResult, Placing
from venvdash.actions.events import ActionEvent
from venvdash.actions.outcome import explained, result_of
from venvdash.actions.record_update import remember_at
from venvdash.actions.table import Table
from venvdash.model import (
    Outcome,
    Proposal,
)


def _copy(table: Table, proposal: Proposal, cancel: threading.Event) -> Iterator[ActionEvent]:
    row, place, context = proposal.row, proposal.place, table.context()
    if place is None:
        yield result_of(row, Outcome.SKIPPED, "No destination was given.")
        return
    packages = copy_environment.packages_of(row.environment, context)
    wanted = CopyRequest(row, place, None if packages.obstacles else packages, proposal.python)
    yield from copied(wanted, context, cancel)
    remember_at(table, place, place, None, copied_from=row.path)
    yield result_of(proposal.row, Outcome.DONE, "", place)


def copied(
    wanted: CopyRequest,
    context: Context,
    cancel: threading.Event,
    placing: Placing = copy_environment.ignore,
) -> Generator[ActionEvent, None, CopyResult]:
    """Copy into a directory that is made if need be, and removed again if nothing comes of it."""
    parent = wanted.target.parent
    made = not os.path.isdir(parent)
    if made:
        parent.mkdir(parents=True)
    try:
        return (yield from copy_environment.copy(wanted, context, cancel, placing))
    finally:
        if made:
            with suppress(OSError):
                parent.rmdir()


def apply(table: Table, proposal: Proposal, cancel: threading.Event) -> Iterator[ActionEvent]:
    """Carry it out and report how it goes; the last event is a ``Result``."""
    return explained(proposal.row, _copy(table, proposal, cancel))
