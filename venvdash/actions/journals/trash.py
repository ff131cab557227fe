"""``trash.toml``: all that is needed to take a deletion back, in the directory that it is about.

It is written into the environment before anything else is changed, so that whatever a crash
leaves, the directory itself tells what it is and where it belongs.
"""

from dataclasses import replace
from typing import Any

from venvdash.actions.journals import toml_file
from venvdash.actions.journals.toml_file import (
    JournalError,
    Table,
    count,
    path,
    several,
    text,
    time,
)
from venvdash.model import Link, Removal, Trashed
from venvdash.scanner.discovery.inspection import FREEING
from venvdash.system.directory import Directory
from venvdash.system.files import own_uid
from venvdash.system.spelling import spell

__all__ = ["JournalError", "begin", "in_place", "leftover", "mark", "read", "remove", "write"]

NAME = "trash.toml"
PREFIX = ".venvdash-trash-"  # of the trash directory's name; random letters follow
LINK = "link"  # what an alias is called in its trash directory
BEGUN = FREEING  # the journal's name once freeing has begun: see ``purge``
_MARK = "freeing "  # a link of that name says so where there is no room: the inode follows
_TEMPORARY = ".venvdash-tmp-trash"
_SCHEMA = 1
_REASON_LIMIT = 1000  # characters
_COMMENT = "# venvdash moved this to the trash. `venvdash trash restore` restores it.\n"


def write(directory: Directory, trashed: Trashed) -> None:
    """Write the journal into ``directory``. Raises OSError; then there is none, or the old one."""

    def same(table: Table) -> bool:
        again = _trashed(table, directory, False)
        return again == replace(trashed, path=again.path)

    toml_file.write(directory, NAME, _table(trashed), _COMMENT, _TEMPORARY, same)


def begin(directory: Directory, trashed: Trashed) -> None:
    """Write into ``directory`` that it is freed where it lies. Raises OSError."""

    def same(table: Table) -> bool:
        again = _trashed(table, directory, True)
        return again == replace(trashed, path=again.path, purging=True)

    toml_file.write(directory, BEGUN, _table(trashed), _COMMENT, _TEMPORARY, same)


def mark(directory: Directory) -> None:
    """Say the same without any room: by a link, whose text lies in its inode. Raises OSError."""
    directory.make_link(BEGUN, f"{_MARK}{directory.status().st_ino}")
    directory.sync()


def in_place(directory: Directory) -> Trashed | None:
    """Return what is freed where it lies, if this very directory is; None for anything else."""
    try:
        found = _marked(directory) or _read(directory, BEGUN)
    except (JournalError, OSError):
        return None
    if found is None or found.how != Removal.IN_PLACE:
        return None
    return found if found.inode == directory.status().st_ino else None


def _marked(directory: Directory) -> Trashed | None:
    """Return what a link in the place of a journal says. Raises OSError."""
    try:
        text, owner = directory.link_text(BEGUN), directory.look(BEGUN).st_uid
    except OSError:
        return None
    inode = directory.status().st_ino
    if text != f"{_MARK}{inode}" or own_uid() not in (None, owner):
        return None
    path = directory.path
    return Trashed(path, path, path.name, how=Removal.IN_PLACE, inode=inode, purging=True)


def read(directory: Directory) -> Trashed | None:
    """Return what the journal in ``directory`` says, None where there is none.

    Raises JournalError.
    """
    return _read(directory, NAME) or _marked(directory) or _read(directory, BEGUN)


def _read(directory: Directory, name: str) -> Trashed | None:
    return toml_file.read(directory, name, lambda table: _trashed(table, directory, name == BEGUN))


def note_kept(directory: Directory, trashed: Trashed, reason: str) -> None:
    """Note in the journal why it is kept though its days have passed. Raises OSError."""
    write(directory, replace(trashed, kept=reason[:_REASON_LIMIT]))


def note_searched(directory: Directory, trashed: Trashed, found: str) -> None:
    """Note in the journal that the search for its project has ended, and what it found, if so.

    Raises OSError.
    """
    kept = found[:_REASON_LIMIT] or trashed.kept
    write(directory, replace(trashed, unsearched=False, kept=kept))


def remove(directory: Directory) -> None:
    """Remove the journal, and what a crash left of writing it. Raises OSError."""
    toml_file.remove(directory, _TEMPORARY, NAME)


def leftover(directory: Directory) -> bool:
    """Return whether a crash left the beginnings of a journal and no journal."""
    return directory.has(_TEMPORARY) and not directory.has(NAME)


def _table(trashed: Trashed) -> dict[str, Any]:
    return {
        "schema": _SCHEMA,
        "how": str(trashed.how),
        "original": spell(str(trashed.original)),
        "name": spell(trashed.name),
        "project": spell(str(trashed.project)) if trashed.project else None,
        "kind": spell(trashed.kind),
        "status": str(trashed.status),
        "reason": spell(trashed.reason),
        "since": float(trashed.since),
        "on_disk": trashed.on_disk,
        "reclaimable": trashed.reclaimable,
        "at_most": trashed.at_most or None,
        "inode": str(trashed.inode),
        "mode": trashed.mode,
        "kept": spell(trashed.kept) if trashed.kept else None,
        "unsearched": trashed.unsearched or None,
        "links": [toml_file.spelt(link, "path", "target") for link in trashed.links],
        "edits": [toml_file.spelt(edit, "path", "before", "after") for edit in trashed.edits],
    }


def _trashed(table: Table, directory: Directory, purging: bool) -> Trashed:
    """Return the table as a value. Raises ValueError, KeyError or TypeError for what is none."""
    if table["schema"] != _SCHEMA:
        raise JournalError("was written by another version of venvdash")
    return Trashed(
        path=directory.path,
        original=path(table["original"]),
        name=text(table["name"]),
        project=path(table["project"]) if "project" in table else None,
        since=time(table["since"]),
        on_disk=count(table["on_disk"]),
        reclaimable=count(table["reclaimable"]),
        at_most=bool(table.get("at_most", False)),
        links=tuple(
            Link(path(one["path"]), text(one["target"])) for one in several(table, "links")
        ),
        edits=toml_file.edits(table, "edits"),
        status=text(table["status"]),
        reason=text(table["reason"]),
        kind=text(table["kind"]),
        how=Removal(table["how"]),
        inode=count(int(text(table["inode"]))),
        mode=count(table["mode"]) & 0o7777,
        purging=purging,
        kept=text(table.get("kept", "")),
        unsearched=bool(table.get("unsearched", False)),
    )
