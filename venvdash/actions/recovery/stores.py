"""Ends what was interrupted in stores: renames, deletions, and the making of environments."""

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from venvdash.actions.context import Context
from venvdash.actions.copy import staging
from venvdash.actions.delete import trash_locations
from venvdash.actions.delete.trash import (
    TRANSIENT,
    end_journal,
    has_content,
    opened_children,
    read_open,
    remove_container,
)
from venvdash.actions.errors import ChangedError, words
from venvdash.actions.journals import rename_journal, trash_journal
from venvdash.actions.journals.trash_journal import JournalError
from venvdash.actions.prefix.repair import RepairError
from venvdash.actions.relocate import rename
from venvdash.actions.safety.rollback import locked
from venvdash.actions.table import Table
from venvdash.model import Removal
from venvdash.system.atomic import PREFIX
from venvdash.system.directory import Directory
from venvdash.text import visible


def recover_stores(context: Context, *, relinked: bool = False) -> list[str]:
    """Tidy up after a crash, and return what was done, a sentence each.

    ``relinked``: interrupted relinks have been ended. Only then is decided what becomes of an
    environment that was to be linked to its project.

    What is under its own name stays there, and its project's link is made again; what is in the
    trash stays in the trash. A store in which another venvdash is at work is left to that. Raises
    nothing.
    """
    sentences: list[str] = []
    for place in trash_locations.with_stores(context):
        try:
            sentences += _recover(place, relinked)
        except (ChangedError, OSError):
            continue
    return sentences


def recover_unlinked(table: Table) -> list[str]:
    """Take back what was created for projects that were not linked to it; as ``recover_stores``.

    Interrupted relinks must have been ended before.
    """
    if not any(map(_holds_unfinished, trash_locations.noted(table.machine.state_directory))):
        return []
    return recover_stores(table.context(), relinked=True)


def _holds_unfinished(place: Path) -> bool:
    with suppress(OSError), os.scandir(place) as listing:
        return any(entry.name.startswith(PREFIX) for entry in listing)
    return False


def _recover(path: Path, relinked: bool) -> Iterator[str]:
    suspects = [
        directory.path.name
        for directory in _closing(opened_children(path, trash=False))
        if _left(directory)
    ]
    boxes = [
        directory.path.name
        for directory in _closing(opened_children(path, trash=True))
        if not _whole(directory)
    ]
    if not suspects and not boxes:
        return
    with Directory(path) as place, locked(place):
        for name in suspects:
            if name.startswith(PREFIX):
                with suppress(OSError):
                    yield from staging.trash_unfinished(place, name, relinked=relinked)
                continue
            with suppress(OSError), place.open(name) as directory:
                yield from _renamed(directory, path / name)
                yield from _back_in_place(directory, path / name)
        for name in boxes:
            with suppress(OSError), place.open(name) as directory:
                yield from _unfinished(place, directory)


def _renamed(directory: Directory, path: Path) -> Iterator[str]:
    """End a renaming that was interrupted, if there was one."""
    if not rename_journal.left(directory):
        return
    try:
        yield from rename.finish_rename(directory, path)
    except (JournalError, RepairError) as error:
        yield (
            f"{visible(path)}: an interrupted rename cannot be completed: its rename.toml {error}."
        )
    except OSError as error:
        yield f"{visible(path)}: an interrupted rename cannot be completed: {words(error)}."


def _back_in_place(directory: Directory, path: Path) -> Iterator[str]:
    """End the journal of an environment that was not renamed, or is back already."""
    if trash_journal.leftover(directory):
        trash_journal.remove(directory)
        return
    try:
        trashed = trash_journal.read(directory)
    except JournalError:
        return  # none of ours, or not to be trusted: left alone
    if trashed is None or trashed.inode != directory.status().st_ino or trashed.purging:
        return  # a copy of what was in the trash
    shown = visible(path)
    if os.path.realpath(trashed.original) != os.path.realpath(path):
        trash_journal.remove(directory)
        return
    notes = [f"{note}." for note in end_journal(directory, trashed, path, TRANSIENT)]
    yield " ".join([f"{shown}: its deletion was interrupted. The environment is complete.", *notes])


def _unfinished(place: Directory, box: Directory) -> Iterator[str]:
    """Take away a trash directory into which nothing came; tell of one that says nothing."""
    names = set(box.names())
    if trash_journal.leftover(box):
        trash_journal.remove(box)
        names = set(box.names())
    if not names:
        place.remove(box.path.name)
        return
    try:
        trashed = trash_journal.read(box)
    except JournalError as error:
        yield f"{visible(box.path)}: its trash.toml {error}. It was left alone."
        return
    if trashed is None:
        yield f"{visible(box.path)} does not record what it was. It was left alone."
    elif trashed.how == Removal.UNLINK and names <= {trash_journal.NAME}:
        remove_container(place, box)


def _left(directory: Directory) -> bool:
    """Return whether something was left: in an environment, or of the making of one."""
    return (
        directory.path.name.startswith(PREFIX)
        or directory.has(trash_journal.NAME)
        or trash_journal.leftover(directory)
        or rename_journal.left(directory)
    )


def _whole(box: Directory) -> bool:
    """Return whether nothing is to be done about a trash directory."""
    trashed = read_open(box)
    return trashed is not None and has_content(box, trashed)


def _closing(directories: Iterator[Directory]) -> Iterator[Directory]:
    for directory in directories:
        with directory:
            yield directory
