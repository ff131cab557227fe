"""The dialog that shows one text: the details, the keys."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content

from venvdash.tui.dialogs.base import ReadingDialog
from venvdash.tui.widgets.text_pane import TextPane


class TextDialog(ReadingDialog[None]):
    """A text to read."""

    KEYS = "j k scroll   Esc back"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q,enter", "leave", "Back")]

    def __init__(self, title: str, text: Content) -> None:
        super().__init__()
        self._title = title
        self._text = text

    def compose(self) -> ComposeResult:
        """Lay out the text in a frame."""
        pane = TextPane(self._text, id="pane")
        pane.border_title = Content(self._title)
        yield pane
