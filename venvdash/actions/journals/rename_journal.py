"""``rename.toml``: all that is needed to end a renaming, in the directory that is renamed.

It is written before anything else is changed. Where the directory then lies tells whether it is
to have its old name or its new one; whatever else names it is made to agree with that.
"""

from dataclasses import dataclass
from pathlib import Path

from venvdash.actions.journals import toml_file
from venvdash.actions.journals.toml_file import TomlFile
from venvdash.model import Edit
from venvdash.system.atomic import PREFIX
from venvdash.system.codec import INSIDE, MODE, Codec
from venvdash.system.directory import Directory

NAME = "rename.toml"
_TEMPORARY = PREFIX + "rename"


@dataclass(frozen=True, slots=True)
class RenameJournal:
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


_FILE = TomlFile(
    Codec(RenameJournal, below=INSIDE, mode=MODE),
    "venvdash is renaming this environment. An interrupted rename is resolved at the next start.",
)


def write(directory: Directory, renaming: RenameJournal) -> None:
    """Write the journal into ``directory``. Raises OSError; then there is none."""
    _FILE.write(directory, NAME, renaming, _TEMPORARY)


def read(directory: Directory) -> RenameJournal | None:
    """Return what the journal in ``directory`` says of that very directory, None for nothing.

    Of a copy of what was being renamed it says nothing. Raises JournalError and OSError.
    """
    found = _FILE.read(directory, NAME)
    return found if found and found.inode == directory.status().st_ino else None


def remove(directory: Directory) -> None:
    """Remove the journal, and what a crash left of writing it. Raises OSError."""
    toml_file.remove(directory, _TEMPORARY, NAME)


def left(directory: Directory) -> bool:
    """Return whether something in a directory looks like a journal. Raises OSError."""
    return directory.has(NAME) or directory.has(_TEMPORARY)
