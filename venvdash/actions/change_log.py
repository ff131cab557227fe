"""The history of changes as actions write it: in the index, else for as long as the session lasts.

A change is written down before it begins and again when it has ended. What a crash leaves in
between follows from what is on the disk: see ``history.settle``.
"""

import json
import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import astuple, replace
from pathlib import Path
from typing import TYPE_CHECKING

from venvdash.actions.safety import steps
from venvdash.model import Action, Outcome, Result, Row
from venvdash.records import history
from venvdash.records.history import Change, ChangedEnvironment, Stage
from venvdash.records.index import Index, index_path
from venvdash.system.host import host_id
from venvdash.system.machine import Machine
from venvdash.system.process_identity import ProcessIdentity

if TYPE_CHECKING:
    from sqlite3 import Connection


class ChangeLog:
    """The changes that are known, each with a number; one thread at a time may use it.

    What cannot be stored has a negative number and is known to this session only. ``made`` are
    the numbers of its own changes. ``problem`` says why the index could not be used when it was
    last needed, "" where it could.
    """

    def __init__(self, machine: Machine, *, remembers: bool) -> None:
        self.remembers = remembers
        self.problem = ""
        self.made: set[int] = set()
        self._machine = machine
        self._memory: Index | None = None
        self._running: set[int] = set()

    # A change of this session.

    def begin(self, action: Action, environments: Sequence[ChangedEnvironment]) -> Change:
        """Write down what is about to be changed."""
        change = Change(
            action,
            time.time(),
            tuple(environments),
            stage=Stage.BEGUN,
            owner=json.dumps(astuple(ProcessIdentity.current())),
        )
        change = self._add(change)
        self._running.add(change.number)
        steps.step("change begun")
        return change

    def finish(self, change: Change, result: Change | None) -> bool:
        """Write down how a change ended, None for one that came to nothing; whether it is stored.

        ``change`` itself is passed for one whose end is not known yet.
        """
        self._running.discard(change.number)
        if result is change:
            return True
        steps.step("change ended")
        ended = replace(result, stage=Stage.DONE, owner="") if result else None
        stored = self._put(ended or replace(change, environments=()))
        if not stored and ended is not None:
            self._add(ended, memory=True)
        return stored and change.number > 0

    def undone(self, change: Change) -> None:
        """Note that a change was undone."""
        steps.step("change undone")
        self._alter(change.number, lambda data, number: history.end(data, number, time.time()))

    def journal_undone(self, key: str) -> None:
        """Note that the relink with this journal was undone."""
        steps.step("change undone")
        self._alter_all(lambda data: history.end_journal(data, key, time.time()))

    def trashed_again(self, change: Change, one: ChangedEnvironment, trash: Path) -> None:
        """Note that an environment was moved to ``trash`` to undo the change that put it there."""
        steps.step("change undone")
        self._alter(
            change.number,
            lambda data, number: history.trash_again(data, number, one, trash, time.time()),
        )

    # What became of what lies in the trash.

    def mark(self, trash: Iterable[Path], state: str) -> bool:
        """Note what became of what lay in these trash directories; return whether it is stored."""
        paths = list(trash)
        if not paths:
            return True
        return self._alter_all(lambda data: history.mark(data, paths, state, time.time()))

    def add_deletions(self, changes: Sequence[Change]) -> None:
        """Store deletions of what lies in the trash, where no change is known to have done it."""
        if changes and self.remembers:
            with self._opened() as index:
                index.alter(lambda data: history.add_unknown(data, changes))

    # What is known.

    def read(self, stage: Stage | None = None) -> list[Change]:
        """Return all changes, or those at a stage, the newest first."""
        with self._opened(read_only=True) as index:
            changes = index.changes(stage)
        if self._memory is None:
            return changes
        changes += [replace(one, number=-one.number) for one in self._memory.changes(stage)]
        return sorted(changes, key=lambda one: -one.since)

    def interrupted(self) -> list[Change]:
        """Return the changes that were begun, and whose process ended before they had."""
        return [change for change in self.read(Stage.BEGUN) if not self._under_way(change)]

    def _under_way(self, change: Change) -> bool:
        try:
            owner = ProcessIdentity(*json.loads(change.owner))
        except (TypeError, ValueError):
            return False
        if owner == ProcessIdentity.current():
            return change.number in self._running
        return owner.alive()

    # Storing.

    def _add(self, change: Change, *, memory: bool = False) -> Change:
        number = 0
        if self.remembers and not memory:
            with self._opened() as index:
                number = index.add_change(change)
        if not number:
            number = -self._in_memory().add_change(change)
        self.made.add(number)
        return replace(change, number=number)

    def _put(self, change: Change) -> bool:
        return self._alter(
            change.number,
            lambda data, number: history.put(data, replace(change, number=number)),
        )

    def _alter(self, number: int, change: "Callable[[Connection, int], None]") -> bool:
        if number <= 0:
            return self._in_memory().alter(lambda data: change(data, -number))
        with self._opened() as index:
            return index.alter(lambda data: change(data, number))

    def _alter_all(self, change: "Callable[[Connection], None]") -> bool:
        if self._memory is not None:
            self._memory.alter(change)
        if not self.remembers:
            return False
        with self._opened() as index:
            return index.alter(change)

    @contextmanager
    def _opened(self, *, read_only: bool = False) -> Iterator[Index]:
        index = Index.open(index_path(self._machine, host_id()), read_only=read_only)
        try:
            yield index
        finally:
            self.problem = index.problem
            index.close()

    def _in_memory(self) -> Index:
        if self._memory is None:
            self._memory = Index.in_memory()
        return self._memory


def environment_of(row: Row, place: Path | None = None) -> ChangedEnvironment:
    """Return what the history keeps of an environment; ``place`` is where a change puts it."""
    usage = row.usage
    return ChangedEnvironment(
        path=row.environment.entry,
        name=row.name,
        place=place,
        inode=inode_of(row.environment.entry),
        kind=row.environment.traits.kind,
        status=row.verdict.status.value,
        reason=row.verdict.reason,
        project=row.verdict.project,
        python=row.environment.python or "",
        packages=row.environment.packages,
        on_disk=usage.on_disk if usage else 0,
        reclaimable=usage.reclaimable if usage else 0,
    )


def inode_of(entry: Path) -> int:
    """Return the inode number of a path, 0 if it cannot be read."""
    try:
        return os.lstat(entry).st_ino
    except OSError:
        return 0


def deleted(change: Change, results: Sequence[Result]) -> Change | None:
    """Return a deletion as it ended, None where nothing was deleted.

    ``results`` are those of its environments, in their order, as far as it came.
    """
    environments = [
        replace(
            one,
            on_disk=result.on_disk,
            reclaimable=result.reclaimable,
            trash=result.trash,
            state=history.TRASHED if result.trash else history.FREED,
        )
        for one, result in zip(change.environments, results, strict=False)
        if result.outcome is Outcome.DONE or result.trash
    ]
    return replace(change, environments=tuple(environments)) if environments else None
