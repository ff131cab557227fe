"""Moving to another file system: what follows when the copy is whole, and what a crash leaves.

The order: a journal is written; the copy gets its name; the project's links lead to the copy; the
original goes to the trash; what lies there is compared with what was copied; the journal is turned.
What fails before that is taken back, so that the original is the one that counts again.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from venvdash.actions.context import Context
from venvdash.actions.copy import staging
from venvdash.actions.copy.copy_environment import KEPT_OUT
from venvdash.actions.delete import trash
from venvdash.actions.errors import ChangedError, words
from venvdash.actions.journals import trash_journal
from venvdash.actions.journals.move_journal import MoveJournal
from venvdash.actions.journals.move_stages import Stage
from venvdash.actions.journals.swap import Swap
from venvdash.actions.relocate import rename
from venvdash.actions.safety import file_swap, reachable, steps
from venvdash.actions.safety.manifest import Manifest
from venvdash.model import Outcome, Removal, Trashed
from venvdash.system import responsiveness
from venvdash.system.atomic import PREFIX
from venvdash.text import visible

# What does not count when two states of an environment are compared: our own files.
UNCOUNTED = frozenset({*KEPT_OUT, trash_journal.NAME, trash_journal.BEGUN})


class RecoveredPlace(StrEnum):
    """Where an environment is after a move that was interrupted."""

    OLD = "old"  # where it was
    NEW = "new"  # where it was moved to
    BOTH = "both"  # both are whole, and both may hold what the other lacks
    LATER = "later"  # cannot be told, or not be ended, now


@dataclass(frozen=True, slots=True)
class RecoveredMove:
    """What became of a move that was interrupted; ``said`` is a sentence, made visible."""

    end: RecoveredPlace
    said: str = ""


def content(prefix: Path) -> str:
    """Return a digest of what an environment holds. Raises OSError."""
    return Manifest.of(prefix, UNCOUNTED).digest()


def is_at(path: Path, inode: int) -> bool:
    """Return whether the directory with this inode number lies at ``path``."""
    try:
        return os.lstat(path).st_ino == inode
    except OSError:
        return False


def redirect_links(moving: MoveJournal) -> None:
    """Make the project's links lead to the copy. Raises ChangedError and OSError."""
    for do, change in rename.changes(moving.links, moving.edits):
        do(change)
        steps.step("led")


def take_back(moving: MoveJournal, key: str, context: Context) -> list[str]:
    """Make the original the one that counts again, and remove the copy.

    Returns sentences on what cannot be done now; calling it again ends it. Where the original is
    in the trash and its place is taken, all stays as it is.
    """
    if problems := return_to(moving.leaves):
        return problems
    if not is_at(moving.old, moving.old_inode):
        trashed = _in_trash(moving, context)
        if trashed is None:
            return [f"It is no longer at {visible(moving.old)}."]
        result = trash.restore(trashed)
        if result.outcome is not Outcome.DONE:
            return [f"Cannot restore it: {result.reason}"]
    steps.step("original back")
    problems = []
    for do, change in rename.changes(moving.links, moving.edits):
        try:
            rename.revert_change(do, change)
        except OSError as error:
            problems.append(f"{words(error)}.")
    if waits := reachable.out_of_reach([moving.new], context.mounts):
        return [*problems, waits]
    try:
        staging.discard(moving.new, moving.new_inode, PREFIX + key)
    except FileNotFoundError:  # its disk is not mounted
        problems.append(f"{visible(moving.new.parent)} does not exist.")
    except (ChangedError, OSError) as error:
        problems.append(f"{words(error)}: its copy {visible(moving.new)} was not removed.")
    return problems or return_to(moving.gives_way)


def return_to(swaps: Sequence[Swap]) -> list[str]:
    """Take changes of links and files back, as far as they were made; return what prevents it.

    What somebody else has changed since stays as it is.
    """
    problems = []
    for swap in reversed(swaps):
        file_swap.tidy(swap)
        try:
            file_swap.put(swap.back())
        except (ChangedError, FileNotFoundError):
            continue
        except OSError as error:
            problems.append(f"{words(error)}.")
    return problems


def silent(moving: MoveJournal) -> list[Path]:
    """Return which of the directories that a move is about do not answer."""
    changed = [change.path.parent for change in (*moving.links, *moving.edits)]
    changed += [swap.path.parent for swap in (*moving.gives_way, *moving.leaves)]
    return responsiveness.unresponsive([moving.old.parent, moving.new.parent, *changed])


def finish_move(moving: MoveJournal, key: str, stage: Stage, context: Context) -> RecoveredMove:
    """End a move that was interrupted, so that one whole environment is left. Raises nothing."""
    name, old, new = visible(moving.name, 64), visible(moving.old), visible(moving.new)
    here = is_at(moving.old, moving.old_inode)
    copied = is_at(moving.new, moving.new_inode)
    gone = not here and _in_trash(moving, context) is None
    if stage is Stage.COPIED and not copied and gone:
        return RecoveredMove(RecoveredPlace.OLD)  # both are gone: somebody else has seen to that
    try:
        used = copied and content(moving.new) != moving.content
    except OSError as error:
        return RecoveredMove(
            RecoveredPlace.LATER,
            f"{name}: an interrupted move cannot be completed now: {words(error)}.",
        )
    if here and used:
        sentence = (
            f"{name}: its move was interrupted, and both {old} and {new} have been used since then."
        )
        return RecoveredMove(
            RecoveredPlace.BOTH, f"{sentence} Delete the one that you do not need."
        )
    if copied and (stage is Stage.MOVED or used or gone):
        notes = [
            rename.make_change(do, change, moving.new, moving.old)
            for do, change in rename.changes(moving.links, moving.edits)
        ]
        notes += map(_left, moving.leaves)
        sentence = (
            f"{name}: its move was interrupted and has been completed. The environment is at {new}."
        )
        return RecoveredMove(
            RecoveredPlace.NEW,
            " ".join([sentence, *(f"{visible(note)}." for note in notes if note)]),
        )
    if stage is Stage.MOVED:  # the disk that it was moved to is not mounted, or it was removed
        waits = reachable.out_of_reach([moving.new], context.mounts)
        there = os.path.isdir(moving.new.parent) and not waits
        return RecoveredMove(RecoveredPlace.NEW if there else RecoveredPlace.LATER)
    problems = take_back(moving, key, context)
    if problems:
        return RecoveredMove(
            RecoveredPlace.LATER,
            f"{name}: an interrupted move cannot be undone now. {' '.join(problems)}",
        )
    return RecoveredMove(
        RecoveredPlace.OLD,
        f"{name}: its move was interrupted and has been undone. The environment is at {old}.",
    )


def _left(swap: Swap) -> str:
    """Make what is left at the old place; return why it is not made, "" if it is."""
    file_swap.tidy(swap)
    try:
        file_swap.put(swap)
    except (ChangedError, OSError) as error:
        return words(error)
    return ""


def _in_trash(moving: MoveJournal, context: Context) -> Trashed | None:
    """Return the original if it lies in the trash and can be restored."""
    return next(_restorable(moving, context), None)


def _restorable(moving: MoveJournal, context: Context) -> Iterator[Trashed]:
    for trashed in trash.find(context):
        right = trashed.original == moving.old and trashed.inode == moving.old_inode
        if right and trashed.how == Removal.TRASH and not trashed.purging:
            with suppress(OSError):
                if os.lstat(trashed.path).st_ino == moving.old_inode:
                    yield trashed
