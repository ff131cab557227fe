"""What the dashboard remembers of its look, in the state directory.

View, order and direction are in the snapshot, whose rows lie in that order.
"""

import json
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from venvdash.model.sorting import GROUP_KEYS
from venvdash.system import codec
from venvdash.system.files import UnreadableError
from venvdash.system.state_files import StateFolder

_FOLDER, _NAME = "dashboard", "look.json"
_LIMIT = 64 * 1024  # bytes
MOST_EXCEPTIONS, _LONGEST = 100, 512  # groups, and characters of what one is of


class DetailTab(StrEnum):
    """A part of the details, in the order of their tabs."""

    OVERVIEW = "overview"
    PACKAGES = "packages"
    FILES = "user files"


@dataclass(frozen=True, slots=True)
class Look:
    """``theme``: a name of Textual's. ``pane``: whether the details are shown. ``tab``: which.

    None: nobody chose. ``group_by``: what the list is grouped by, "" for nothing. ``folded``:
    whether its groups are, but for the ``exceptions``, which are such values as "orphan".
    """

    theme: str | None = None
    pane: bool | None = None
    group_by: str = ""
    folded: bool = False
    exceptions: tuple[str, ...] = ()
    tab: DetailTab | None = None


_CODEC = codec.Codec(
    Look,
    theme=codec.plain(100),
    sparse=True,
    group_by=codec.choice(("", *GROUP_KEYS)),
    exceptions=codec.several(codec.plain(_LONGEST), MOST_EXCEPTIONS),
)


def read(state: Path) -> Look:
    """Return what is remembered in a state directory; what cannot be read or trusted is not."""
    try:
        return _CODEC.read(json.loads(StateFolder(state, _FOLDER).read(_NAME, _LIMIT)))
    except (OSError, UnreadableError, ValueError, RecursionError):
        return Look()


def write(state: Path, look: Look) -> None:
    """Remember it; where that is not possible, nothing is."""
    with suppress(OSError):
        StateFolder(state, _FOLDER).write(_NAME, json.dumps(_CODEC.write(look)).encode())
