"""Whether a stream takes colour, how wide it is, and the colours of roles on a terminal.

``NO_COLOR`` and ``FORCE_COLOR`` (both not empty) are as https://no-color.org and
https://force-color.org say; ``--color`` overrules both.
"""

import os
from typing import TextIO

from venvdash.presentation.roles import Role

_CODES = {  # of ANSI (SGR), as terminals show them in the colours of their theme
    Role.STRONG: "1",
    Role.MUTED: "2",
    Role.SUCCESS: "32",
    Role.WARNING: "33",
    Role.ERROR: "31",
    Role.ACCENT: "36",
    Role.ADDED: "32",
    Role.REMOVED: "1;31",
    Role.CHANGED: "33",
    Role.REINSTALLED: "2;3",
}
_choice = "auto"


def choose(when: str) -> None:
    """Colour ``always``, ``never``, or (``auto``) as terminal and variables say."""
    global _choice
    _choice = when


def coloured(stream: TextIO) -> bool:
    """Return whether what goes to ``stream`` is coloured."""
    if _choice != "auto":
        return _choice == "always"
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def columns_of(stream: TextIO) -> int | None:
    """Return how many cells a line of the terminal has; None where there is no terminal."""
    if not stream.isatty():
        return None
    try:
        return os.get_terminal_size(stream.fileno()).columns or 80
    except OSError:
        return 80


def paint(text: str, role: Role, on: bool = True) -> str:
    """Return ``text``, which is fit to show, in the colour of its role if colours are ``on``."""
    code = _CODES.get(role)
    return f"\x1b[{code}m{text}\x1b[0m" if on and code and text else text
