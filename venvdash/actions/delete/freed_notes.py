"""Which trash directories venvdash itself has freed, or begun to: told from those that were lost.

Freeing goes on when nobody looks, and leaves nothing behind. So it is noted before it begins, and
what is missing without a note was deleted by somebody else.
"""

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from venvdash.system.files import UnreadableError
from venvdash.system.state_files import StateFolder, name_about

_NOTES = "freed"  # in the state directory: one small file for each trash directory
_LONGEST = 16 * 1024  # bytes of a path


def note(state: Path, trash: Path) -> None:
    """Note that a trash directory is about to be freed; in silence where that is impossible."""
    with suppress(OSError):
        StateFolder(state, _NOTES).write(name_about(trash), os.fsencode(trash))


def forget(state: Path, *trash: Path) -> None:
    """Remove the notes on these trash directories, if there are any."""
    notes = StateFolder(state, _NOTES)
    for path in trash:
        with suppress(OSError):
            notes.remove(name_about(path))


def noted(state: Path) -> Iterator[Path]:
    """Yield the trash directories that were noted."""
    notes = StateFolder(state, _NOTES)
    with suppress(OSError):
        for name in notes.names():
            with suppress(OSError, UnreadableError):
                yield Path(os.fsdecode(notes.read(name, _LONGEST)))
