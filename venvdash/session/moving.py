"""Moving environments to another file system, and ending what a crash has left of that."""

import os
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from venvdash.actions import links, move_stages, moving, steps, trash
from venvdash.actions.context import Context
from venvdash.actions.copy import Copied, Copying
from venvdash.actions.events import Told
from venvdash.actions.links import ChangedError
from venvdash.actions.manifest import Manifest, in_words
from venvdash.actions.move_journal import Moves, Moving
from venvdash.actions.move_stages import Stage
from venvdash.actions.moving import End
from venvdash.actions.rollback import FailedError, words
from venvdash.model import Outcome, Proposal, Result, Row
from venvdash.records.sidecar import NAME as SIDECAR
from venvdash.session import copying, linked
from venvdash.session.events import Finished
from venvdash.session.words import counted
from venvdash.system.directory import Directory
from venvdash.system.owner import Owner

if TYPE_CHECKING:
    from venvdash.session.core import Session


def move(
    session: "Session", proposal: Proposal, place: Path, context: Context, cancel: threading.Event
) -> Iterator[Told]:
    """Copy to ``place`` on another file system, then move the original to the trash.

    Raises what ``copy.copy`` does, and FailedError; the original is as it was then.
    """
    row = proposal.row
    led, files = links.following(row, place)
    with Moves(session.machine.state_directory) as moves:
        work = _Work(session, row, place, context, moves)

        def placing(made: Path) -> None:
            work.begin(
                Moving(
                    name=row.name[:500],
                    old=row.environment.entry,
                    new=place,
                    old_inode=os.lstat(row.environment.entry).st_ino,
                    new_inode=os.lstat(made).st_ino,
                    content=moving.content(made),
                    owner=Owner.current(),
                    links=led,
                    edits=files,
                )
            )

        try:
            copied = yield from copying.copied(
                Copying(row, place, whole=True), context, cancel, placing
            )
            result = work.replace_original(copied)
        except BaseException:
            work.end()
            raise
        yield result


class _Work:
    """One move, from when its copy is whole."""

    def __init__(
        self, session: "Session", row: Row, place: Path, context: Context, moves: Moves
    ) -> None:
        self._session, self._row, self._place = session, row, place
        self._context, self._moves = context, moves
        self._moving: Moving | None = None
        self._key = ""
        self._trash: Path | None = None
        self._unfinished = False

    def begin(self, moving: Moving) -> None:
        """Write down what is about to be done. Raises OSError."""
        self._key = self._moves.begin(moving)
        self._moving = moving
        steps.step("move journalled")

    def end(self) -> None:
        """Drop the journal of a move that came to nothing; one half undone keeps it."""
        if self._moving is not None and not self._unfinished:
            with suppress(OSError):  # then the next start does
                self._moves.drop(self._key)

    def replace_original(self, copied: Copied) -> Result:
        """Let the project use the copy, and move the original to the trash.

        Raises FailedError; the original is in its place again then, or the text says where.
        """
        assert self._moving is not None  # noqa: S101 - ``begin`` comes before a copy's name
        self._unfinished = True
        try:
            moving.lead(self._moving)
            self._to_trash()
            self._compare(copied)
            self._moves.turn(self._key)
            steps.step("moved")
        except (ChangedError, FailedError, OSError) as error:
            self._take_back(self._moving, words(error))
        if copying.remember(self._session, self._place, self._place, self._row.record):
            self._forget_identity()
            self._moves.drop(self._key)
        said = "The original is in the trash."
        if copied.lossy:
            files = counted(copied.lossy, "file")
            said += f" Owner or extended attributes of {files} could not be kept there."
        if copied.sockets:
            sockets = counted(copied.sockets, "socket")
            were, them = ("was", "it") if copied.sockets == 1 else ("were", "them")
            said += f" {sockets} {were} left out: the program that made {them} makes {them} again."
        row = self._row
        return Result(row.path, row.name, Outcome.DONE, said, trash=self._trash, place=self._place)

    def _forget_identity(self) -> None:
        """Remove the sidecar of the original: its identity is the copy's now.

        Restored from the trash it would be taken for a copy of the copy.
        """
        if self._trash is not None:
            with suppress(OSError), Directory(self._trash) as trash_directory:
                trash_directory.unlink(SIDECAR)

    def _take_back(self, known: Moving, why: str) -> NoReturn:
        """Restore the original, remove the copy, and raise FailedError."""
        trashed = trash.read(self._trash) if self._trash else None
        if trashed is not None:
            self._session.restore(trashed)
        problems = moving.take_back(known, self._key, self._context)
        if problems:
            said = " ".join(problems)
            raise FailedError(f"{why}. {said} The next start of venvdash tries again.")
        self._unfinished = False
        raise FailedError(f"{why}. The original is as it was, and there is no copy.")

    def _to_trash(self) -> None:
        """Delete the original. Raises FailedError."""
        session, row = self._session, self._row
        session.rows.setdefault(row.path, row)
        plan = session.plan_delete([row.path])
        result = None
        for event in session.delete(plan):
            if isinstance(event, Finished) and event.results:
                result = event.results[0]
        if result is None:
            refused = next(iter(plan.refused), None)
            raise FailedError(refused.reason if refused else "It must not be deleted.")
        self._trash = result.trash
        session.searches.forget(row.path)  # its copy is there
        if result.outcome is not Outcome.DONE or result.trash is None:
            raise FailedError(result.reason)

    def _compare(self, copied: Copied) -> None:
        """Raise FailedError where the original, in the trash now, is not what was copied."""
        if copied.manifest is None or self._trash is None:
            return
        left_out = copied.left_out | moving.UNCOUNTED
        changed = copied.manifest.differences(Manifest.of(self._trash, left_out))
        if changed:
            raise FailedError(f"Files were changed while it was moved: {in_words(changed)}")


def recover(session: "Session") -> list[str]:
    """End the moves that a crash has left; return a sentence on each. Raises nothing."""
    state = session.machine.state_directory
    if not move_stages.due(state):
        return []
    context = session.context()
    said = list(trash.recover(context))
    try:
        with Moves(state) as moves:
            for key, stage, known in moves.interrupted():
                said += _ended(session, context, moves, key, stage, known)
    except (ChangedError, OSError):  # the next start tries again
        pass
    return said


def _ended(
    session: "Session", context: Context, moves: Moves, key: str, stage: Stage, known: Moving
) -> Iterator[str]:
    settled = moving.settle(known, key, stage, context)
    if settled.said:
        yield settled.said
    if settled.end is End.LATER:
        return
    stored = settled.end is not End.NEW or _remembered(session, context, known)
    if stored:
        moves.drop(key)


def _remembered(session: "Session", context: Context, known: Moving) -> bool:
    """Let what was remembered of the original go on with the copy; whether that is done."""
    if not moving.lies_at(known.new, known.new_inode):
        return True
    environment = copying.environment_at(context, known.new, known.new)
    if environment is None:
        return True
    before = linked.known(session, environment, [known.old])
    return copying.remember(session, known.new, known.new, before)
