"""Carries out the move of an environment out of its project, or into it."""

import threading
from collections.abc import Iterator
from dataclasses import replace

from venvdash.actions.adopt import plan
from venvdash.actions.delete.deletions import Deletions
from venvdash.actions.events import ActionEvent, Progressed
from venvdash.actions.outcome import explained
from venvdash.actions.relink import apply as relink_apply
from venvdash.actions.relink.relink_changes import RelinkChanges, RelinkContext
from venvdash.actions.relocate import across_disks
from venvdash.actions.table import Table
from venvdash.model import Location, Proposal


def apply(
    table: Table, deletions: Deletions, proposal: Proposal, cancel: threading.Event
) -> Iterator[ActionEvent]:
    """Carry it out and report how it goes; the last event is a ``Result``.

    It is planned once more: what would be done now must be what was shown.
    """
    row, place = proposal.row, proposal.place
    yield Progressed("moving")
    if row.environment.location is Location.IN_PROJECT:
        wanted = plan.leave(table, row, place.parent if place else None, place)
    else:
        wanted = plan.enter(table, row)
    known = RelinkContext.of(table)
    wanted = relink_apply.still_wanted(wanted, proposal)
    if wanted.far and not wanted.refusal:
        yield from explained(row, _copied(table, deletions, wanted, known, cancel))
    else:
        yield from relink_apply.carried_out(table, wanted, known, cancel)


def _copied(
    table: Table,
    deletions: Deletions,
    wanted: RelinkChanges,
    known: RelinkContext,
    cancel: threading.Event,
) -> Iterator[ActionEvent]:
    """Move it to another file system: a copy, and the original in the trash."""
    yield from across_disks.move(
        table,
        deletions,
        replace(wanted.proposal, row=wanted.row),
        wanted.entry,
        known.context,
        cancel,
        gives_way=wanted.gives_way,
        leaves=wanted.swaps,
    )
