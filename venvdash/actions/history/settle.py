"""Writing down what became of a change: of one that ended, and of one that a crash interrupted.

What counts is what lies on the disk. So it comes after everything else that ends interrupted work.
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from venvdash.actions.change_log import environment_of, inode_of
from venvdash.actions.delete import trash
from venvdash.actions.delete.restore import Trash
from venvdash.actions.errors import ChangedError
from venvdash.actions.events import ActionEvent
from venvdash.actions.journals.relink_journal import RelinkJournals
from venvdash.actions.journals.relink_stages import Stage
from venvdash.actions.relocate import move_recovery
from venvdash.actions.safety.environment_reader import read_again
from venvdash.actions.table import Table
from venvdash.model import Action, Environment, Outcome, Package, Proposal, Removal, Result, Trashed
from venvdash.records.history import FREED, TRASHED, Change, ChangedEnvironment
from venvdash.scanner.discovery.site_packages import origins, site_directory
from venvdash.system import responsiveness
from venvdash.system.host import host_id

_IN_TRASH = frozenset({Action.RESTORE, Action.COPY, Action.NEW})  # undone by moving to the trash


def recorded(
    table: Table, proposal: Proposal, steps: Iterator[ActionEvent]
) -> Iterator[ActionEvent]:
    """Pass on what a change reports, and write down that change."""
    recover(table)
    one = replace(environment_of(proposal.row, proposal.place), target=proposal.project)
    before: Environment | None = None
    if proposal.action is Action.SYNC:
        before = read_again(proposal.row.environment, table.context())
        one = replace(one, packages=before.packages if before else one.packages)
    change = table.change_log.begin(proposal.action, [one])
    result: Result | None = None
    try:
        for event in steps:
            if isinstance(event, Result):
                result = event
            yield event
    finally:
        if before is not None and _same(before, table):
            table.change_log.finish(change, None)
        else:
            table.change_log.finish(change, _ended(table, change, result))


def restore(table: Table, held: Trash, trashed: Trashed, name: str | None = None) -> Result:
    """Restore one from the trash, under another ``name`` if that is given, and write that down."""
    recover(table)
    place = trashed.original.with_name(name) if name else trashed.original
    one = replace(_of_trashed(trashed), place=place, trash=None, state="")
    change = table.change_log.begin(Action.RESTORE, [one])
    result: Result | None = None
    try:
        result = held.restore(trashed, name)
    finally:
        table.change_log.finish(change, _ended(table, change, result))
    return result


def recover(table: Table) -> None:
    """Write down what became of the changes that a crash interrupted. Raises nothing."""
    for change in table.change_log.interrupted():
        table.change_log.finish(change, _ended(table, change, None))


def add_trashed(table: Table) -> None:
    """Write down what lies in the trash and no change is known to have put there."""
    if not table.remembers:
        return
    found = [one for one in trash.find(table.context()) if one.how != Removal.UNFINISHED]
    if not found:
        return
    changes = table.change_log.read()
    known = {one.trash for change in changes for one in change.environments}
    begun = {
        (one.path, one.inode) for change in changes for one in change.environments if change.owner
    }
    placed = {
        (one.place, one.inode): (change, one)
        for change in reversed(changes)
        for one in change.environments
        if change.action in _IN_TRASH | {Action.MOVE}
    }
    added = []
    for trashed in reversed(found):
        here = (trashed.original, trashed.inode)
        if trashed.path in known or here in begun:
            continue
        if here in placed:
            change, one = placed[here]
            if change.action in _IN_TRASH:  # else it was moved back to another disk
                table.change_log.trashed_again(change, one, trashed.path)
        else:
            added.append(Change(Action.DELETE, trashed.since, (_of_trashed(trashed),)))
    table.change_log.add_deletions(added)


def content(entry: Path) -> str:
    """Return a digest of what an environment holds, "" where it cannot be read."""
    try:
        return move_recovery.content(entry)
    except OSError:
        return ""


def _ended(table: Table, change: Change, result: Result | None) -> Change | None:
    """Return a change with its outcome, itself if that is not known yet, None for nothing done.

    ``result`` is None where it was interrupted.
    """
    places = [
        place.parent for one in change.environments for place in (one.path, one.place) if place
    ]
    if responsiveness.unresponsive(places):
        return change
    one = change.environments[0]
    if change.action is Action.FORGET:
        return replace(change)
    if change.action is Action.DELETE:
        return _deleted(table, change)
    if change.action in (Action.RELINK, Action.UNLINK, Action.USE) or (
        change.action is Action.MOVE and one.target is not None
    ):
        ended = _relinked(table, change, one)
        if ended is not None or change.action is not Action.MOVE:
            return ended  # else it may have been moved to another file system
    if change.action in (Action.RENAME, Action.MOVE):
        return _moved(table, change, one, result)
    if change.action in _IN_TRASH:
        return _created(change, one, result)
    skipped = result is not None and result.outcome is Outcome.SKIPPED
    return None if skipped else replace(change)


def _deleted(table: Table, change: Change) -> Change | None:
    in_trash, found = _trash(table), []
    for one in change.environments:
        trashed = in_trash.get((one.path, one.inode))
        if trashed is not None:
            found.append(replace(one, trash=trashed.path, state=TRASHED))
        elif not os.path.lexists(one.path) and os.path.isdir(one.path.parent):
            found.append(replace(one, state=FREED))
    return replace(change, environments=tuple(found)) if found else None


def _relinked(table: Table, change: Change, one: ChangedEnvironment) -> Change | None:
    """Return what has a relink's journal with its key: where none is kept it was nothing."""
    try:
        with RelinkJournals(table.machine.state_directory) as journals:
            for key, stage, journal in journals.found(host_id()):
                if journal.since < change.since:
                    break
                if (journal.old, journal.inode) == (one.path, one.inode):
                    if stage not in (Stage.KEPT, Stage.DONE):
                        return change
                    ended = replace(one, place=journal.new)
                    return replace(change, environments=(ended,), journal=key)
    except (ChangedError, OSError):
        return change
    return None


def _moved(
    table: Table, change: Change, one: ChangedEnvironment, result: Result | None
) -> Change | None:
    place = one.place
    if place is None or (one.inode and inode_of(one.path) == one.inode):
        return None
    there = inode_of(place)
    if not there:
        return None if os.path.isdir(place.parent) and result is None else change
    if there != one.inode:  # a copy on another file system
        if result is not None and result.outcome is not Outcome.DONE:
            return change  # the next start ends it
        original = _trash(table).get((one.path, one.inode))
        one = replace(one, inode=there, trash=original.path if original else None)
    return replace(change, environments=(one,))


def _created(change: Change, one: ChangedEnvironment, result: Result | None) -> Change | None:
    """Return what put an environment at a place, with what it holds to tell later changes."""
    place = one.place
    there = inode_of(place) if place else 0
    if place is None or not there:
        return None
    if change.action is Action.RESTORE:
        if there != one.inode:
            return None
    elif result is not None and result.outcome is not Outcome.DONE:
        return None
    known = content(place) if result is not None else ""
    return replace(change, environments=(replace(one, inode=there),), content=known)


def _same(before: Environment, table: Table) -> bool:
    """Return whether a sync changed nothing."""
    now = read_again(before, table.context())
    return now is not None and (now.fingerprint, now.packages, now.changed) == (
        before.fingerprint,
        before.packages,
        before.changed,
    )


def _trash(table: Table) -> Mapping[tuple[Path, int], Trashed]:
    return {(one.original, one.inode): one for one in trash.find(table.context())}


def _of_trashed(trashed: Trashed) -> ChangedEnvironment:
    """Return what the history keeps of something that lies in the trash."""
    return ChangedEnvironment(
        path=trashed.original,
        name=trashed.name,
        inode=trashed.inode,
        kind=trashed.kind,
        status=trashed.status,
        reason=trashed.reason,
        project=trashed.project,
        packages=tuple(_packages(trashed.path)),
        on_disk=trashed.on_disk,
        reclaimable=trashed.reclaimable,
        trash=trashed.path,
        state=TRASHED,
    )


def _packages(trash_directory: Path) -> Iterator[Package]:
    """Yield the packages of an environment in the trash; it may lie one directory deeper."""
    for prefix in (trash_directory, trash_directory / ".venv"):
        with suppress(OSError):
            site = site_directory(str(prefix), None, frozenset(os.listdir(prefix)))
            yield from origins(site) if site else ()
