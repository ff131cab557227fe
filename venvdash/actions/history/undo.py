"""Undoing a change: planned with the checks of the change itself, shown, then carried out.

Undoing a deletion restores it; undoing a restore, a copy or a creation moves it to the trash; a
relink is undone from its journal; what was renamed or moved is renamed or moved back.
"""

import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from venvdash.actions import auto_activation
from venvdash.actions.change_log import inode_of
from venvdash.actions.delete.deletions import Deletions
from venvdash.actions.events import ActionEvent, Finished, RowChanged
from venvdash.actions.history.settle import content, recover
from venvdash.actions.history.status import ChangeStatus, statuses
from venvdash.actions.outcome import result_of
from venvdash.actions.table import Table
from venvdash.model import Action, Location, Outcome, Plan, Proposal, Result, Row
from venvdash.records.history import LOST, TRASHED, Change, ChangedEnvironment
from venvdash.text import short_path, visible

_OF_ROWS = frozenset({Action.RESTORE, Action.COPY, Action.NEW, Action.RENAME, Action.MOVE})
_UNLISTED = "venvdash does not list it, so it cannot check what would be changed."
_CHANGED = "It has changed since then."


@dataclass(frozen=True, slots=True)
class UndoPlan:
    """What undoing a change would do; ``says`` and ``warns`` are sentences, made visible.

    With ``warns`` the user is asked first. ``refusal`` is why it cannot be undone, "" where it
    can. ``earlier``: an earlier session made the change.
    """

    change: Change
    says: tuple[str, ...] = ()
    warns: tuple[str, ...] = ()
    refusal: str = ""
    earlier: bool = False
    deletion: Plan | None = field(default=None, compare=False)
    proposal: Proposal | None = field(default=None, compare=False)


def chosen(table: Table, number: int | None = None) -> ChangeStatus | str:
    """Return the change with that number, or the newest that can be undone; or why there is none.

    Without records only the changes of this session can be undone.
    """
    recover(table)
    found, _ = statuses(table)
    if not table.remembers:
        found = [one for one in found if one.number < 0]
    if number is not None:
        wanted = [one for one in found if one.number == number]
    else:
        wanted = [one for one in found if not one.obstacle]
    if wanted:
        return wanted[0]
    if not table.remembers:
        return "Nothing to undo. Without records, changes of earlier sessions are not known."
    if number is not None:
        return f"No change {number} is recorded. `venvdash history` shows them."
    problem = table.change_log.problem
    return f"Nothing to undo. {problem[0].upper()}{problem[1:]}." if problem else "Nothing to undo."


def needs_scan(table: Table, status: ChangeStatus) -> bool:
    """Return whether the table must be scanned before the undoing of a change is planned."""
    (one, *_) = status.change.environments
    by_row = status.change.action in _OF_ROWS and not status.change.journal
    return by_row and not status.obstacle and _row(table, one) is None


def plan(table: Table, deletions: Deletions, status: ChangeStatus) -> UndoPlan:
    """Return what undoing a change would do. Changes nothing."""
    change = status.change
    made = UndoPlan(change, earlier=change.number not in table.change_log.made)
    if status.obstacle:
        return replace(made, refusal=status.obstacle)
    if change.action is Action.DELETE:
        return replace(made, says=_restoring(table, change))
    (one,) = change.environments
    if change.action is Action.FORGET:
        return replace(made, says=(f"Lists {visible(one.name)} again: it has no environment.",))
    if change.journal or change.action in (Action.RELINK, Action.UNLINK, Action.USE):
        from venvdash.actions.relink import apply as relink_apply

        says = (f"Restores the links of {visible(one.name)} as they were before.",)
        if change.action is Action.MOVE:
            place = short_path(one.path, table.machine.home)
            says = (f"Moves {visible(one.name)} back to {place}, and restores its links.",)
        return replace(made, says=says, refusal=relink_apply.obstacle(table, change.journal))
    row = _row(table, one) or _in_project(table, one)
    if row is None:
        return replace(made, refusal=_unlisted(one, table.machine.home))
    if change.action in (Action.RENAME, Action.MOVE):
        return _back(table, made, row, one)
    return _to_trash(deletions, made, row)


def apply(
    table: Table, deletions: Deletions, plan: UndoPlan, cancel: threading.Event | None = None
) -> Iterator[ActionEvent]:
    """Undo a change that was planned, and report how it goes; ``Finished`` comes last."""
    change = plan.change
    if plan.refusal:
        yield Finished((_skipped(change, plan.refusal),))
    elif change.action is Action.DELETE:
        yield from _restored(deletions, change)
    elif change.action is Action.FORGET:
        (one,) = change.environments
        table.change_log.undone(change)
        yield Finished((Result(one.path, one.name, Outcome.DONE),))
    elif plan.deletion is not None:
        yield from _trashed(table, deletions, plan.deletion, change)
    elif plan.proposal is not None:
        yield from _moved_back(table, deletions, plan.proposal, change, cancel)
    else:
        from venvdash.actions.relink import apply as relink_apply

        yield from relink_apply.undo(table, change.journal)
        for one in change.environments:
            if one.target is not None:
                with suppress(OSError):
                    auto_activation.withdraw(table.machine, one.target)


# Planning.


def _restoring(table: Table, change: Change) -> tuple[str, ...]:
    home = table.machine.home
    return tuple(
        f"Restores {visible(one.name)} to {short_path(one.path, home)}."
        for one in change.environments
        if one.state == TRASHED
    )


def _back(table: Table, made: UndoPlan, row: Row, one: ChangedEnvironment) -> UndoPlan:
    from venvdash.actions.adopt import plan as adopt_plan
    from venvdash.actions.relocate.plan import propose_back

    if one.target is not None and row.environment.location is Location.IN_PROJECT:
        proposal = adopt_plan.leave(table, row, one.path.parent, one.path).proposal
    elif one.target is not None:
        proposal = adopt_plan.enter(table, row).proposal
    else:
        proposal = propose_back(table, row, made.change.action, one.path)
    verb = "Renames" if made.change.action is Action.RENAME else "Moves"
    said = f"{verb} {visible(one.name)} back to {short_path(one.path, table.machine.home)}."
    return replace(
        made,
        says=(said, *map(visible, proposal.says)),
        warns=tuple(map(visible, proposal.warns)),
        refusal=proposal.refusal,
        proposal=proposal,
    )


def _to_trash(deletions: Deletions, made: UndoPlan, row: Row) -> UndoPlan:
    """Return the plan to move to the trash what a change created or restored."""
    from venvdash.actions.delete.plan import OWN_FILES, UNKNOWN_FILES

    deletion, change = deletions.plan([row.path]), made.change
    refused = next((one.reason for one in deletion.refused), "")
    asked = [item.confirm for item in deletion.items if item.confirm]
    warns = [f"{reason[0].upper()}{visible(reason[1:])}." for reason in asked]
    if not change.content or content(row.environment.entry) != change.content:
        warns.insert(0, _CHANGED)
    elif not {OWN_FILES, UNKNOWN_FILES}.isdisjoint(asked):
        warns.clear()  # they came with the change that is undone
    what = "the copy " if change.action is Action.COPY else ""
    said = f"Moves {what}{visible(row.name)} to the trash, from where it can be restored."
    return replace(made, says=(said,), warns=tuple(warns), refusal=refused, deletion=deletion)


def _row(table: Table, one: ChangedEnvironment) -> Row | None:
    """Return the row of an environment that lies where a change put it."""
    place = one.place or one.path
    if inode_of(place) != one.inode:
        return None
    return next((row for row in table.rows.values() if row.environment.entry == place), None)


def _unlisted(one: ChangedEnvironment, home: Path) -> str:
    """Return why nothing is undone that no scan lists, and what to do if it is still there."""
    if one.place is None or inode_of(one.place) != one.inode:
        return _UNLISTED
    folder = short_path(one.place.parent, home)
    return f"It is in {folder}, which is no store: run `venvdash stores --add {folder}` first."


def _in_project(table: Table, one: ChangedEnvironment) -> Row | None:
    """Return the row of an environment that a change has put into its project: no scan lists it."""
    from venvdash.actions.adopt import project_environments

    place = one.place
    if place is None or one.target is None or inode_of(place) != one.inode:
        return None
    rows = project_environments.rows_of(table, [one.target])
    return next((row for row in rows if row.environment.entry == place), None)


# Doing.


def _restored(deletions: Deletions, change: Change) -> Iterator[ActionEvent]:
    """Restore what a deletion moved to the trash, all that is still there."""
    trash = deletions.trash
    there = {trashed.path: trashed for trashed in trash.find()}
    results = []
    for one in change.environments:
        if one.state not in (TRASHED, LOST) or one.trash is None:
            continue
        row = trash.row_of(one.trash)
        if one.trash in there:
            result = trash.restore(there[one.trash])
        else:
            result = Result(one.path, one.name, Outcome.FAILED, "It is no longer in the trash.")
        results.append(result)
        if result.outcome is Outcome.DONE and row is not None:
            yield RowChanged(row, settled=True)
    yield Finished(tuple(results))


def _trashed(
    table: Table, deletions: Deletions, deletion: Plan, change: Change
) -> Iterator[ActionEvent]:
    for event in deletions.delete(deletion, recorded=False):
        if isinstance(event, Finished):
            for result in event.results:
                if result.outcome is Outcome.DONE and result.trash is not None:
                    (one,) = change.environments
                    table.change_log.trashed_again(change, one, result.trash)
        yield event


def _moved_back(
    table: Table,
    deletions: Deletions,
    proposal: Proposal,
    change: Change,
    cancel: threading.Event | None,
) -> Iterator[ActionEvent]:
    from venvdash.actions.adopt import apply as adopt_apply
    from venvdash.actions.relocate import apply as relocate_apply

    (one,) = change.environments
    place = one.place or one.path
    if inode_of(place) != one.inode:
        yield Finished((_skipped(change, f"It is no longer at {visible(place)}."),))
        return
    result = result_of(proposal.row, Outcome.FAILED, "It ended unexpectedly.")
    carry_out = adopt_apply.apply if one.target is not None else relocate_apply.apply
    for event in carry_out(table, deletions, proposal, cancel or threading.Event()):
        if isinstance(event, Result):
            result = event
        else:
            yield event
    if result.outcome is Outcome.DONE:
        table.change_log.undone(change)
    auto_activation.follow(table, proposal, result)
    yield Finished((result,))


def _skipped(change: Change, reason: str) -> Result:
    (one, *_) = change.environments
    return Result(one.path, one.name, Outcome.SKIPPED, reason, place=one.place)
