"""How actions fail, and the words for errors of the system."""

import os
from pathlib import Path

from venvdash.text import visible


class ChangedError(Exception):
    """Something is not as the plan showed it; the text says what."""


class GoneError(ChangedError):
    """It is not there any more: another program, or another venvdash, was faster."""


class FailedError(Exception):
    """Something failed half-way; the text says what, and in what state it is left.

    ``trash`` is where it lies if it could not be put back in its place.
    """

    def __init__(self, text: str, trash: Path | None = None) -> None:
        super().__init__(text)
        self.trash = trash


def words(error: BaseException) -> str:
    """Return what an error says, as the beginning of a sentence without its full stop."""
    if isinstance(error, OSError) and error.strerror:
        name = error.filename
        shown = os.fsdecode(name) if isinstance(name, bytes) else str(name or "")
        return f"{error.strerror}: {visible(shown)}" if shown else error.strerror
    return (str(error) or type(error).__name__).rstrip(".")
