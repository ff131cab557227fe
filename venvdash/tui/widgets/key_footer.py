"""The line of keys at the bottom: the most useful ones, more where there is room."""

from textual.app import ComposeResult
from textual.widgets import Footer
from textual.widgets._footer import FooterKey

from venvdash.tui.keys import WIDE_ONLY


class KeyFooter(Footer):
    """Textual's footer; keys that are for wide screens only have the class ``-more``."""

    def compose(self) -> ComposeResult:
        """Mark the keys that a narrow screen hides."""
        for widget in super().compose():
            if isinstance(widget, FooterKey):
                widget.set_class(widget.action in WIDE_ONLY, "-more")
            yield widget
