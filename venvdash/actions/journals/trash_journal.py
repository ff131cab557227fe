"""``trash.toml``: all that is needed to take a deletion back, in the directory that it is about.

It is written into the environment before anything else is changed, so that whatever a crash
leaves, the directory itself tells what it is and where it belongs.
"""

from dataclasses import replace

from venvdash.actions.journals import toml_file
from venvdash.actions.journals.toml_file import JournalError, TomlFile
from venvdash.model import Removal, Trashed
from venvdash.scanner.discovery.inspection import FREEING
from venvdash.system.codec import MODE, Codec, choice
from venvdash.system.directory import Directory
from venvdash.system.files import own_uid

__all__ = ["JournalError", "begin", "in_place", "leftover", "mark", "read", "remove", "write"]

NAME = "trash.toml"
PREFIX = ".venvdash-trash-"  # of the trash directory's name; random letters follow
LINK = "link"  # what an alias is called in its trash directory
BEGUN = FREEING  # the journal's name once freeing has begun: see ``purge``
_MARK = "freeing "  # a link of that name says so where there is no room: the inode follows
_TEMPORARY = ".venvdash-tmp-trash"
_REASON_LIMIT = 1000  # characters
_FILE = TomlFile(
    Codec(
        Trashed,
        without=("path", "purging", "lasts_until", "days_left"),
        how=choice(Removal),
        mode=MODE,
    ),
    "venvdash moved this to the trash. `venvdash restore` restores it.",
)


def write(directory: Directory, trashed: Trashed) -> None:
    """Write the journal into ``directory``. Raises OSError; then there is none, or the old one."""
    _FILE.write(directory, NAME, trashed, _TEMPORARY)


def begin(directory: Directory, trashed: Trashed) -> None:
    """Write into ``directory`` that it is freed where it lies. Raises OSError."""
    _FILE.write(directory, BEGUN, trashed, _TEMPORARY)


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
    return _FILE.read(directory, name, path=directory.path, purging=name == BEGUN)


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
