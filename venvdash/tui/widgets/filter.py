"""The line in which the filter is typed."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Static

from venvdash.tui.widgets.plain_input import PlainInput


class FilterLine(PlainInput):
    """Filters while typing. Enter keeps the filter, Esc clears it; arrows move in the list."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "drop", "Clear"),
        Binding("enter", "keep", "Keep", key_display="⏎"),
        Binding("up", "move(-1)", "Up", show=False),
        Binding("down", "move(1)", "Down", show=False),
    ]

    class Closed(Message):
        """The user is done; ``keep`` says whether the filter stays."""

        def __init__(self, keep: bool) -> None:
            super().__init__()
            self.keep = keep

    class Moved(Message):
        """An arrow key asks to move the cursor of the list."""

        def __init__(self, by: int) -> None:
            super().__init__()
            self.by = by

    def __init__(self) -> None:
        super().__init__(
            placeholder="name, path, status, kind, Python, flag, note …",
            compact=True,
            select_on_focus=False,
            id="filter",
        )

    def action_drop(self) -> None:
        """Clear the filter and leave."""
        self.post_message(self.Closed(keep=False))

    def action_keep(self) -> None:
        """Leave, the filter stays."""
        self.post_message(self.Closed(keep=True))

    def action_move(self, by: int) -> None:
        """Move in the list without leaving."""
        self.post_message(self.Moved(by))


class FilterBar(Horizontal):
    """The filter's line behind the slash that opened it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.line = FilterLine()
        self.line.value = text

    def compose(self) -> ComposeResult:
        """Put the slash before the line."""
        yield Static("/", markup=False)
        yield self.line
