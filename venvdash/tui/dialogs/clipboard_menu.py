"""A small menu: what to copy of the environment under the cursor."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from venvdash.text import visible
from venvdash.tui.dialogs.base import Dialog
from venvdash.tui.widgets.menu import Menu


class ClipboardMenu(Dialog[int | None]):
    """Choose one of several texts; returns its index, None for none."""

    KEYS = "Enter copy   Esc back"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q", "leave", "Back")]

    def __init__(self, choices: list[tuple[str, str]]) -> None:
        super().__init__()
        self._choices = choices

    def compose(self) -> ComposeResult:
        """List the choices, each with its text."""
        options = [
            Option(Content.assemble((f"{label:<14}", "bold"), (visible(text), "$text-muted")))
            for label, text in self._choices
        ]
        yield Menu("Copy", options)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Return the choice."""
        self.dismiss(event.option_index)
