"""What could not be tidied after an environment was freed, kept until the user is told.

Freeing goes on when nobody looks, and leaves nothing behind in which that could be written down.
"""

from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from venvdash.system.files import UnreadableError
from venvdash.system.state_files import StateFolder, name_about
from venvdash.text import visible

_NOTES = "untidied"  # in the state directory: one small file for each trash directory
_LIMIT = 16 * 1024  # bytes


def note(state: Path, trash: Path, sentences: Iterable[str]) -> None:
    """Keep what is to be said of a trash directory; in silence where nothing can be written."""
    data = "\n".join(map(visible, sentences)).encode("utf-8", "replace")[:_LIMIT]
    with suppress(OSError):
        StateFolder(state, _NOTES).write(name_about(trash), data)


def told(state: Path, trash: Path | None = None) -> tuple[str, ...]:
    """Return the sentences about one trash directory, or about all, and forget them."""
    notes = StateFolder(state, _NOTES)
    sentences: list[str] = []
    for name in _names(notes) if trash is None else [name_about(trash)]:
        with suppress(OSError, UnreadableError):
            text = notes.read(name, _LIMIT).decode("utf-8", "replace")
            notes.remove(name)
            sentences += map(visible, text.splitlines())
    return tuple(sentences)


def anything(state: Path) -> bool:
    """Return whether there is something to tell, without reading it."""
    return bool(_names(StateFolder(state, _NOTES)))


def _names(notes: StateFolder) -> list[str]:
    try:
        return notes.names()
    except OSError:
        return []
