"""What the dashboard remembers of its look, in the state directory: theme and pane.

View, order and direction are in the snapshot, whose rows lie in that order.
"""

import json
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from venvdash.system import codec
from venvdash.system.files import UnreadableError
from venvdash.system.state_files import StateFolder

_FOLDER, _NAME = "dashboard", "look.json"
_LIMIT = 4096  # bytes


@dataclass(frozen=True, slots=True)
class Look:
    """``theme``: a name of Textual's. ``pane``: whether the details are shown.

    None: nobody chose.
    """

    theme: str | None = None
    pane: bool | None = None


_CODEC = codec.Codec(Look, theme=codec.plain(100))


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
