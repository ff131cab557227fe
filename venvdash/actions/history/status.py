"""What the history says of each change as of now: what became of it, and whether it can be undone.

Reads only. What lies on the disk counts: it may have been changed by hand, or by another program.
"""

import os
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from venvdash.actions.change_log import inode_of
from venvdash.actions.journals import relink_stages
from venvdash.actions.table import Table
from venvdash.model import Action
from venvdash.records.history import (
    FREED,
    LOST,
    RESTORED,
    TRASHED,
    Change,
    ChangedEnvironment,
    Stage,
)
from venvdash.system import responsiveness
from venvdash.text import visible

UNDOABLE, UNDONE, FINAL, UNDER_WAY = "can be undone", "undone", "cannot be undone", "under way"
_BACK = "It is back at its old path."


@dataclass(frozen=True, slots=True)
class ChangeStatus:
    """A change as of now: ``state`` in a word or two, and the ``obstacle`` to undoing it.

    The obstacle is a sentence, "" where nothing is known that prevents it.
    """

    change: Change
    state: str
    obstacle: str = ""

    @property
    def number(self) -> int:
        """The number of the change."""
        return self.change.number


def statuses(table: Table) -> tuple[list[ChangeStatus], list[Path]]:
    """Return all changes as of now, the newest first, and directories that do not answer.

    Of what lies in one of these the last known state is returned.
    """
    changes = table.change_log.read()
    look = _Look(table, changes)
    return [look.status(change) for change in changes], look.silent


class _Look:
    """What is looked up once for all changes."""

    def __init__(self, table: Table, changes: Collection[Change]) -> None:
        from venvdash.actions.delete import freed_notes

        state = table.machine.state_directory
        self.silent = responsiveness.unresponsive(
            path.parent for change in changes for path in _looked_at(change)
        )
        self._freed = frozenset(freed_notes.noted(state))
        self._journals = relink_stages.kept(state)

    def status(self, change: Change) -> ChangeStatus:
        """Return what became of a change."""
        if change.stage is Stage.BEGUN:
            return ChangeStatus(change, UNDER_WAY, "It is still under way.")
        if change.action is Action.DELETE:
            return self._deletion(change)
        if change.stage is Stage.UNDONE:
            return ChangeStatus(change, UNDONE, "It has already been undone.")
        obstacle = next(iter(self._obstacles(change)), "")
        state = UNDONE if obstacle is _BACK else FINAL if obstacle else UNDOABLE
        return ChangeStatus(change, state, obstacle)

    def _deletion(self, change: Change) -> ChangeStatus:
        found = tuple(map(self._as_it_is, change.environments))
        change = replace(change, environments=found)
        states = {one.state for one in found}
        if TRASHED in states:
            return ChangeStatus(change, UNDOABLE)
        if states == {RESTORED}:
            return ChangeStatus(change, UNDONE, "It has already been restored.")
        return ChangeStatus(change, ", ".join(sorted(states)), "It is no longer in the trash.")

    def _as_it_is(self, one: ChangedEnvironment) -> ChangedEnvironment:
        """Return a deleted environment as of now.

        What is not in the trash any more, and was neither restored nor freed by venvdash, was
        deleted by something else: by ``uv cache prune``, or by hand.
        """
        trash = one.trash
        if one.state != TRASHED or trash is None or trash.parent in self.silent:
            return one
        if os.path.lexists(trash):
            return one
        if trash in self._freed:
            return replace(one, state=FREED)
        if one.inode and inode_of(one.path) == one.inode:
            return replace(one, state=RESTORED)
        # Without the directory that it lay in nobody knows: a disk may be missing.
        return replace(one, state=LOST) if os.path.isdir(trash.parent) else one

    def _obstacles(self, change: Change) -> Iterable[str]:
        if change.action is Action.SYNC:
            yield "A sync cannot be undone: it changes packages in place."
        elif change.action is Action.FORGET:
            return
        elif change.journal or change.action in (Action.RELINK, Action.UNLINK, Action.USE):
            if change.journal not in self._journals:
                yield "What is needed to undo it is no longer kept."
        else:
            for one in change.environments:
                yield from self._elsewhere(change.action, one)

    def _elsewhere(self, action: Action, one: ChangedEnvironment) -> Iterable[str]:
        """Yield that an environment is not where the change put it."""
        place = one.place or one.path
        if place.parent in self.silent:
            yield f"{visible(place.parent)} does not respond."
        elif not one.inode or inode_of(place) != one.inode:
            moved = action in (Action.RENAME, Action.MOVE)
            if moved and os.path.lexists(one.path) and not os.path.lexists(place):
                yield _BACK
            yield f"It is no longer at {visible(place)}."


def _looked_at(change: Change) -> Iterable[Path]:
    """Yield the paths that are looked at to tell what became of a change."""
    for one in change.environments:
        if change.action is Action.DELETE:
            if one.state == TRASHED and one.trash is not None:
                yield one.trash
        elif change.stage is Stage.DONE:
            yield from (path for path in (one.path, one.place) if path is not None)


def how_lost(one: ChangedEnvironment) -> str:
    """Return how it is known that an environment was lost outside venvdash, a sentence."""
    return (
        f"Removed by another program: {visible(one.trash or '')} no longer "
        "exists, and venvdash neither deleted nor restored it."
    )
