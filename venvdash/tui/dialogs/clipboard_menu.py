"""A small menu: what to copy of the environment under the cursor."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from venvdash.text import visible
from venvdash.tui.dialogs.base import Dialog


class ClipboardMenu(Dialog[int | None]):
    """Choose one of several texts; returns its index, None for none."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "leave", "Back"),
        Binding("j", "down", "Down", show=False),
        Binding("k", "up", "Up", show=False),
    ]

    def __init__(self, choices: list[tuple[str, str]]) -> None:
        super().__init__()
        self._choices = choices

    def compose(self) -> ComposeResult:
        """List the choices, each with its text."""
        options = [
            Option(Content.assemble((f"{label:<14}", "bold"), (visible(text), "$text-muted")))
            for label, text in self._choices
        ]
        menu = OptionList(*options, id="menu", markup=False)
        menu.border_title = "Copy"
        yield menu

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Take the choice."""
        self.dismiss(event.option_index)

    def action_leave(self) -> None:
        """Copy nothing."""
        self.dismiss(None)

    def action_down(self) -> None:
        """Go to the next choice."""
        self.query_one(OptionList).action_cursor_down()

    def action_up(self) -> None:
        """Go to the choice before."""
        self.query_one(OptionList).action_cursor_up()
