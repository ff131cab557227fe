"""Short notices over the screen."""

from typing import Any

from textual.notifications import SeverityLevel
from textual.screen import Screen

from venvdash.text import visible

_SECONDS, _SEVERE_SECONDS = 3.0, 8.0  # for which a notice is shown


def say(screen: Screen[Any], text: str, *, severe: bool = False) -> None:
    """Show a notice; ``text`` is already safe to show."""
    severity: SeverityLevel = "error" if severe else "information"
    seconds = _SEVERE_SECONDS if severe else _SECONDS
    screen.app.notify(text, severity=severity, timeout=seconds, markup=False)


def copy_text(screen: Screen[Any], text: str) -> None:
    """Put a text into the terminal's clipboard."""
    screen.app.copy_to_clipboard(text)
    say(screen, f"Copied: {visible(text)}")
