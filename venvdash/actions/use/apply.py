"""Lets a project use an environment from now on."""

import threading
from collections.abc import Iterator

from venvdash.actions.events import ActionEvent, Progressed
from venvdash.actions.outcome import result_of
from venvdash.actions.relink import apply as relink_apply
from venvdash.actions.relink.relink_changes import RelinkContext
from venvdash.actions.table import Table
from venvdash.actions.use import plan
from venvdash.model import Outcome, Proposal


def apply(table: Table, proposal: Proposal, cancel: threading.Event) -> Iterator[ActionEvent]:
    """Carry it out and report how it goes; the last event is a ``Result``.

    It is planned once more: what would be done now must be what was shown.
    """
    row, project = proposal.row, proposal.project
    yield Progressed("linking")
    if project is None:
        yield result_of(row, Outcome.SKIPPED, "No project was given.")
        return
    wanted = relink_apply.still_wanted(plan.plan(table, row, project), proposal)
    yield from relink_apply.carried_out(table, wanted, RelinkContext.of(table), cancel)
