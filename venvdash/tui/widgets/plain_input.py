"""An input line that writes no control character to the terminal."""

from typing import ClassVar

from textual.widgets import Input

from venvdash.text import visible


class PlainInput(Input):
    """An Input whose text is made visible, also when pasted: Textual writes it raw."""

    LIMIT: ClassVar[int] = 256
    """How long a text may be."""

    def validate_value(self, value: str) -> str:
        """Keep control characters from the terminal, pasted ones as well."""
        return visible(value, self.LIMIT)
