"""Moving environments to another file system, and ending what a crash has left of that."""

import os
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

from venvdash.actions.context import Context
from venvdash.actions.copy.apply import copied
from venvdash.actions.copy.copy_environment import CopyRequest, CopyResult
from venvdash.actions.delete import trash
from venvdash.actions.delete.deletions import Deletions
from venvdash.actions.errors import ChangedError, FailedError, words
from venvdash.actions.events import ActionEvent, Finished
from venvdash.actions.journals import move_stages
from venvdash.actions.journals.move_journal import MoveJournal, MoveJournals
from venvdash.actions.journals.move_stages import Stage
from venvdash.actions.journals.swap import Swap
from venvdash.actions.record_update import environment_at, own_record, record_at, remember_at
from venvdash.actions.relocate import move_recovery
from venvdash.actions.relocate.move_recovery import RecoveredPlace
from venvdash.actions.safety import file_swap, project_links, steps
from venvdash.actions.safety.manifest import Manifest, in_words
from venvdash.actions.table import Table
from venvdash.model import Outcome, Proposal, Result, Row
from venvdash.records.sidecar import NAME as SIDECAR
from venvdash.system.directory import Directory
from venvdash.system.process_identity import ProcessIdentity
from venvdash.text import counted, visible


def move(
    table: Table,
    deletions: Deletions,
    proposal: Proposal,
    place: Path,
    context: Context,
    cancel: threading.Event,
    *,
    gives_way: tuple[Swap, ...] = (),
    leaves: tuple[Swap, ...] = (),
) -> Iterator[ActionEvent]:
    """Copy to ``place`` on another file system, then move the original to the trash.

    ``gives_way`` and ``leaves`` are those of ``MoveJournal``. Raises what ``copy.copy`` does, and
    FailedError; the original is as it was then.
    """
    row = proposal.row
    there = {swap.path for swap in (*gives_way, *leaves)}
    led, files = (
        tuple(change for change in changes if change.path not in there)
        for changes in project_links.changed_for(row, place)
    )
    with MoveJournals(table.machine.state_directory) as moves:
        work = _Work(table, deletions, row, place, context, moves)

        def placing(made: Path) -> None:
            work.begin(
                MoveJournal(
                    name=row.name[:500],
                    old=row.environment.entry,
                    new=place,
                    old_inode=os.lstat(row.environment.entry).st_ino,
                    new_inode=os.lstat(made).st_ino,
                    content=move_recovery.content(made),
                    owner=ProcessIdentity.current(),
                    links=led,
                    edits=files,
                    gives_way=gives_way,
                    leaves=leaves,
                )
            )
            for swap in gives_way:
                file_swap.put(swap)
                steps.step("gave way")

        try:
            outcome = yield from copied(
                CopyRequest(row, place, whole=True), context, cancel, placing
            )
            result = work.replace_original(outcome)
        except BaseException:
            work.give_up()
            raise
        yield result


class _Work:
    """One move, from when its copy is whole."""

    def __init__(
        self,
        table: Table,
        deletions: Deletions,
        row: Row,
        place: Path,
        context: Context,
        moves: MoveJournals,
    ) -> None:
        self._table, self._row, self._place = table, row, place
        self._deletions = deletions
        self._context, self._moves = context, moves
        self._moving: MoveJournal | None = None
        self._key = ""
        self._trash: Path | None = None
        self._unfinished = False

    def begin(self, moving: MoveJournal) -> None:
        """Write down what is about to be done. Raises OSError."""
        self._key = self._moves.begin(moving)
        self._moving = moving
        steps.step("move journalled")

    def give_up(self) -> None:
        """Drop the journal of a move that came to nothing; one half undone keeps it."""
        if self._moving is not None and not self._unfinished:
            with suppress(OSError):  # then the next start does
                if not move_recovery.return_to(self._moving.gives_way):
                    self._moves.drop(self._key)

    def replace_original(self, copied: CopyResult) -> Result:
        """Let the project use the copy, and move the original to the trash.

        Raises FailedError; the original is in its place again then, or the text says where.
        """
        assert self._moving is not None
        self._unfinished = True
        try:
            move_recovery.redirect_links(self._moving)
            self._to_trash()
            self._compare(copied)
            for swap in self._moving.leaves:
                file_swap.put(swap)
                steps.step("left")
            self._moves.turn(self._key)
            steps.step("moved")
        except (ChangedError, FailedError, OSError) as error:
            self._take_back(self._moving, words(error))
        known = own_record(self._table, self._row)
        # What lies in its project is not remembered.
        if self._moving.gives_way or remember_at(self._table, self._place, self._place, known):
            self._forget_identity()
            self._moves.drop(self._key)
        sentences = "The original is in the trash."
        if copied.lossy:
            files = counted(copied.lossy, "file")
            sentences += f" The owner or extended attributes of {files} could not be preserved."
        if copied.sockets:
            sockets = counted(copied.sockets, "socket")
            were, them = ("was", "it") if copied.sockets == 1 else ("were", "them")
            sentences += (
                f" {sockets} {were} not copied: the program that created {them} will "
                f"recreate {them}."
            )
        row = self._row
        return Result(
            row.path, row.name, Outcome.DONE, sentences, trash=self._trash, place=self._place
        )

    def _forget_identity(self) -> None:
        """Remove the sidecar of the original: its identity is the copy's now.

        Restored from the trash it would be taken for a copy of the copy.
        """
        if self._trash is not None:
            with suppress(OSError), Directory(self._trash) as trash_directory:
                trash_directory.unlink(SIDECAR)

    def _take_back(self, known: MoveJournal, why: str) -> NoReturn:
        """Restore the original, remove the copy, and raise FailedError."""
        trashed = trash.read(self._trash) if self._trash else None
        if trashed is not None:
            self._deletions.trash.restore(trashed)
        problems = move_recovery.take_back(known, self._key, self._context)
        if problems:
            sentences = " ".join(problems)
            raise FailedError(f"{why}. {sentences} venvdash will try again at its next start.")
        self._unfinished = False
        raise FailedError(f"{why}. The original is unchanged, and the copy was removed.")

    def _to_trash(self) -> None:
        """Delete the original. Raises FailedError."""
        table, row = self._table, self._row
        table.rows.setdefault(row.path, row)
        plan = self._deletions.plan([row.path], leaves=True)
        result = None
        for event in self._deletions.delete(plan, recorded=False):
            if isinstance(event, Finished) and event.results:
                result = event.results[0]
        if result is None:
            refused = next(iter(plan.refused), None)
            raise FailedError(refused.reason if refused else "It cannot be deleted.")
        self._trash = result.trash
        self._deletions.searches.forget(row.path)  # its copy is there
        if result.outcome is not Outcome.DONE or result.trash is None:
            raise FailedError(result.reason)

    def _compare(self, copied: CopyResult) -> None:
        """Raise FailedError where the original, in the trash now, is not what was copied."""
        if copied.manifest is None or self._trash is None:
            return
        left_out = copied.left_out | move_recovery.UNCOUNTED
        changed = copied.manifest.differences(Manifest.of(self._trash, left_out))
        if changed:
            raise FailedError(f"Files changed during the move: {in_words(changed)}")


def recover(table: Table) -> list[str]:
    """End the moves that a crash has left; return a sentence on each. Raises nothing."""
    state = table.machine.state_directory
    if not move_stages.due(state):
        return []
    context = table.context()
    sentences: list[str] = []
    try:
        with MoveJournals(state) as moves:
            for key, stage, known in moves.interrupted():
                sentences += _ended(table, context, moves, key, stage, known)
    except (ChangedError, OSError):  # the next start tries again
        pass
    return sentences


def _ended(
    table: Table, context: Context, moves: MoveJournals, key: str, stage: Stage, known: MoveJournal
) -> Iterator[str]:
    for silent in move_recovery.silent(known):
        sentence = f"{visible(known.name, 64)}: an interrupted move cannot be completed now: "
        yield f"{sentence}{visible(silent)} does not respond."
        return
    settled = move_recovery.finish_move(known, key, stage, context)
    if settled.said:
        yield settled.said
    if settled.end is RecoveredPlace.LATER:
        return
    stored = settled.end is not RecoveredPlace.NEW or _remembered(table, context, known)
    if stored:
        moves.drop(key)


def _remembered(table: Table, context: Context, known: MoveJournal) -> bool:
    """Let what was remembered of the original go on with the copy; whether that is done."""
    if known.gives_way or not move_recovery.is_at(known.new, known.new_inode):
        return True  # what lies in its project is not remembered
    environment = environment_at(context, known.new, known.new)
    if environment is None:
        return True
    before = record_at(table, environment, [known.old])
    return remember_at(table, known.new, known.new, before)
