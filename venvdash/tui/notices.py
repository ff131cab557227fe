"""What the dashboard reports: shown in one line (``MessageLine``), kept for the log."""

import time
from collections import deque
from dataclasses import dataclass
from typing import Any

from textual.notifications import SeverityLevel
from textual.screen import Screen

from venvdash.text import visible

_KEPT = 500


@dataclass(frozen=True, slots=True)
class Notice:
    """One message: ``text`` is safe to show, ``at`` the time, ``severe`` a failure."""

    number: int
    at: float
    text: str
    severe: bool = False


class Notices:
    """The last messages, the oldest first; ``count`` is how many there were."""

    def __init__(self) -> None:
        self.kept: deque[Notice] = deque(maxlen=_KEPT)
        self.count = 0

    def add(self, text: str, *, severe: bool = False) -> Notice:
        """Keep a message; ``text`` is safe to show."""
        self.count += 1
        notice = Notice(self.count, time.time(), text, severe)
        self.kept.append(notice)
        return notice


def say(screen: Screen[Any], text: str, *, severe: bool = False) -> None:
    """Report something; ``text`` is already safe to show."""
    severity: SeverityLevel = "error" if severe else "information"
    screen.app.notify(text, severity=severity, markup=False)


def copy_text(screen: Screen[Any], text: str) -> None:
    """Put a text into the terminal's clipboard."""
    screen.app.copy_to_clipboard(text)
    say(screen, f"Copied: {visible(text)}")
