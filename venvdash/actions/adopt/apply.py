"""Carries out the move of an environment out of its project, or into it."""

import threading
from collections.abc import Iterator

from venvdash.actions.adopt import plan
from venvdash.actions.events import ActionEvent, Progressed
from venvdash.actions.relink import apply as relink_apply
from venvdash.actions.relink.relink_changes import RelinkContext
from venvdash.actions.table import Table
from venvdash.model import Location, Proposal


def apply(table: Table, proposal: Proposal, cancel: threading.Event) -> Iterator[ActionEvent]:
    """Carry it out and report how it goes; the last event is a ``Result``.

    It is planned once more: what would be done now must be what was shown.
    """
    row, place = proposal.row, proposal.place
    yield Progressed("moving")
    if row.environment.location is Location.IN_PROJECT:
        wanted = plan.leave(table, row, place.parent if place else None, place)
    else:
        wanted = plan.enter(table, row)
    yield from relink_apply.carried_out(table, proposal, wanted, RelinkContext.of(table), cancel)
