"""A line to type a directory in, and the list of its completions."""

from pathlib import Path
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message

from venvdash.text import short_path
from venvdash.tui.cells import left_cut
from venvdash.tui.widgets.line_table import Column, LineTable, Parts
from venvdash.tui.widgets.plain_input import PlainInput


class PathLine(PlainInput):
    """Tab completes, the arrows move to the list, Esc leaves the line."""

    LIMIT = 4096
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "rest", "Complete"),
        Binding("down", "leave(False)", "Go to the list"),
        Binding("escape", "leave(True)", "Back"),
    ]

    class Rest(Message):
        """The user asks to complete the text."""

    class Left(Message):
        """The user moves to the list; with ``back`` what was typed is discarded."""

        def __init__(self, back: bool) -> None:
            super().__init__()
            self.back = back

    def action_rest(self) -> None:
        """Ask for the rest of the text."""
        self.post_message(self.Rest())

    def action_leave(self, back: bool) -> None:
        """Leave the line."""
        self.post_message(self.Left(back))


class DirectoryList(LineTable[Path]):
    """Directories to choose from, one a line."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"table--plain"}

    def __init__(self, home: Path | None, *, id: str) -> None:
        def where(path: Path, width: int) -> Parts:
            return ((left_cut(short_path(path, home), width), "plain"),)

        columns = (Column("where", "Directory", 20, where, grow=1),)
        super().__init__(columns, lambda path: path, id=id)
