"""The line of keys at the bottom while a dialog is open: those of the dialog."""

import re

from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

_KEY = re.compile(r"(?:[A-Z][a-z]+|\S)(?: \S(?= ))*")  # "Esc", "y", "j k"


class DialogKeys(Widget):
    """Keys and what they do: ``keys`` has them as "j k scroll   Esc back"."""

    ALLOW_SELECT = False

    keys: reactive[str] = reactive("")

    def __init__(self, keys: str) -> None:
        super().__init__()
        self.set_reactive(DialogKeys.keys, keys)

    def render(self) -> Content:
        """Draw each key in colour, before its meaning."""
        pieces: list[Content | tuple[str, str]] = []
        for part in self.keys.split("   "):
            match = _KEY.match(part)
            end = match.end() if match else 0
            pieces += [(part[:end], "bold $text-primary"), Content(f"{part[end:]}   ")]
        return Content.assemble(*pieces)
