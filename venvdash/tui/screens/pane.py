"""Screens that show one text over the list: the details, the keys, an error."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content

from venvdash.tui.screens.dialog import Dialog
from venvdash.tui.widgets.text_pane import TextPane


class PaneScreen(Dialog[None]):
    """A text to read and leave."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,enter", "leave", "Back"),
        Binding("j,down", "scroll(1)", "Down", show=False),
        Binding("k,up", "scroll(-1)", "Up", show=False),
        Binding("g,home", "edge(False)", "Top", show=False),
        Binding("G,end", "edge(True)", "End", show=False),
    ]

    def __init__(self, title: str, text: Content) -> None:
        super().__init__()
        self._title = title
        self._text = text

    def compose(self) -> ComposeResult:
        """Put the text into a frame."""
        pane = TextPane(self._text, id="pane")
        pane.border_title = Content(self._title)
        pane.border_subtitle = Content("Esc back")
        yield pane

    def show(self, text: Content) -> None:
        """Show what became of the text meanwhile, from where the reader is."""
        self.query_one(TextPane).show(text, top=False)

    def action_leave(self) -> None:
        """Go back."""
        self.dismiss(None)

    def action_scroll(self, by: int) -> None:
        """Scroll by lines."""
        self.query_one(TextPane).scroll_relative(y=by, animate=False)

    def action_edge(self, end: bool) -> None:
        """Scroll to the first or the last line."""
        pane = self.query_one(TextPane)
        (pane.scroll_end if end else pane.scroll_home)(animate=False)
