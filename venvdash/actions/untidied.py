"""What could not be tidied after an environment was freed, kept until the user is told.

Freeing goes on when nobody looks, and leaves nothing behind in which that could be written down.
"""

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from venvdash.system.atomic import write_atomically
from venvdash.system.files import UnreadableError, own_uid, read_regular
from venvdash.text import visible

_NOTES = "untidied"  # in the state directory: one small file for each trash directory
_LIMIT = 16 * 1024  # bytes


def note(state: Path, trash: Path, sentences: Iterable[str]) -> None:
    """Keep what is to be said of a trash directory; in silence where nothing can be written."""
    with suppress(OSError):
        folder = state / _NOTES
        folder.mkdir(parents=True, exist_ok=True)
        data = "\n".join(map(visible, sentences)).encode("utf-8", "replace")[:_LIMIT]
        write_atomically(folder, _name(trash), data)


def told(state: Path, trash: Path | None = None) -> tuple[str, ...]:
    """Return the sentences about one trash directory, or about all, and forget them."""
    folder = state / _NOTES
    sentences: list[str] = []
    for name in _names(folder) if trash is None else [_name(trash)]:
        with suppress(OSError, UnreadableError):
            text = read_regular(folder / name, _LIMIT, owner=own_uid()).decode("utf-8", "replace")
            (folder / name).unlink()
            sentences += map(visible, text.splitlines())
    return tuple(sentences)


def anything(state: Path) -> bool:
    """Return whether there is something to tell, without reading it."""
    return bool(_names(state / _NOTES))


def _names(folder: Path) -> list[str]:
    try:
        return sorted(name for name in os.listdir(folder) if not name.startswith("."))
    except OSError:
        return []


def _name(trash: Path) -> str:
    import hashlib

    return hashlib.blake2b(os.fsencode(trash), digest_size=16).hexdigest()
