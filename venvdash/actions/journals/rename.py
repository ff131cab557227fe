"""``rename.toml``: all that is needed to end a renaming, in the directory that is renamed.

It is written before anything else is changed. Where the directory then lies tells whether it is
to have its old name or its new one; whatever else names it is made to agree with that.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from venvdash.actions.journals import toml_file
from venvdash.actions.journals.toml_file import (
    JournalError,
    Table,
    below,
    count,
    path,
    several,
    text,
)
from venvdash.model import Edit
from venvdash.system.atomic import PREFIX
from venvdash.system.directory import Directory
from venvdash.system.spelling import spell

NAME = "rename.toml"
_TEMPORARY = PREFIX + "rename"
_SCHEMA = 1
_COMMENT = (
    "# venvdash is renaming this environment. An interrupted rename is resolved at the "
    "next start.\n"
)


@dataclass(frozen=True, slots=True)
class Renaming:
    """From the entry ``old`` to ``new``; ``below`` is the prefix within it, "" for itself.

    ``inode`` and ``mode`` are the entry's own. ``names`` are the places that its files name as its
    own. ``links`` are its project's links, with their texts before and after, ``edits`` the path
    files.
    """

    old: Path
    new: Path
    inode: int
    mode: int
    below: str = ""
    names: tuple[Path, ...] = ()
    links: tuple[Edit, ...] = ()
    edits: tuple[Edit, ...] = ()

    def prefix(self, entry: Path) -> Path:
        """Return the environment's prefix where the entry lies at ``entry``."""
        return entry / self.below


def write(directory: Directory, renaming: Renaming) -> None:
    """Write the journal into ``directory``. Raises OSError; then there is none."""
    table: dict[str, Any] = {
        "schema": _SCHEMA,
        "old": spell(str(renaming.old)),
        "new": spell(str(renaming.new)),
        "below": spell(renaming.below),
        "inode": str(renaming.inode),
        "mode": renaming.mode,
        "names": [spell(str(name)) for name in renaming.names],
        "links": [toml_file.spelt(one, "path", "before", "after") for one in renaming.links],
        "edits": [toml_file.spelt(one, "path", "before", "after") for one in renaming.edits],
    }
    toml_file.write(
        directory, NAME, table, _COMMENT, _TEMPORARY, lambda again: _renaming(again) == renaming
    )


def read(directory: Directory) -> Renaming | None:
    """Return what the journal in ``directory`` says of that very directory, None for nothing.

    Of a copy of what was being renamed it says nothing. Raises JournalError and OSError.
    """
    found = toml_file.read(directory, NAME, _renaming)
    return found if found and found.inode == directory.status().st_ino else None


def remove(directory: Directory) -> None:
    """Remove the journal, and what a crash left of writing it. Raises OSError."""
    toml_file.remove(directory, _TEMPORARY, NAME)


def left(directory: Directory) -> bool:
    """Return whether something in a directory looks like a journal. Raises OSError."""
    return directory.has(NAME) or directory.has(_TEMPORARY)


def _renaming(table: Table) -> Renaming:
    """Return the table as a value. Raises ValueError, KeyError or TypeError for what is none."""
    if table["schema"] != _SCHEMA:
        raise JournalError("was written by another version of venvdash")
    return Renaming(
        old=path(table["old"]),
        new=path(table["new"]),
        inode=count(int(text(table["inode"]))),
        mode=count(table["mode"]) & 0o7777,
        below=below(table["below"]),
        names=tuple(map(path, several(table, "names"))),
        links=toml_file.edits(table, "links"),
        edits=toml_file.edits(table, "edits"),
    )
