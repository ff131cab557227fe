"""The line in which the filter is typed."""

import os
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widgets import Static

from venvdash.tui.widgets.plain_input import PlainInput

_QUERIES = "words, status:orphan  size:1GB..  used:90d..  pkg:numpy<2  not:…  (Tab)"


class FilterLine(PlainInput):
    """Filters while typing. Enter keeps the filter, Esc clears it; arrows move in the list."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "drop", "Clear"),
        Binding("enter", "keep", "Keep", key_display="⏎"),
        Binding("up", "move(-1)", "Up", show=False),
        Binding("down", "move(1)", "Down", show=False),
        Binding("tab", "complete", "Complete", key_display="⇥"),
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

    class Completed(Message):
        """Tab found several endings of the last word."""

        def __init__(self, found: list[str]) -> None:
            super().__init__()
            self.found = found

    def __init__(self, placeholder: str = _QUERIES, *, id: str = "filter") -> None:
        super().__init__(placeholder=placeholder, compact=True, select_on_focus=False, id=id)

    def action_drop(self) -> None:
        """Clear the filter and leave."""
        self.post_message(self.Closed(keep=False))

    def action_keep(self) -> None:
        """Leave, the filter stays."""
        self.post_message(self.Closed(keep=True))

    def action_complete(self) -> None:
        """Complete the last word as far as all its endings agree, and show them if several."""
        from venvdash.presentation.queries import completions

        found = completions(self.value)
        start = max(self.value.rfind(blank) for blank in " \t") + 1
        common = os.path.commonprefix(found)  # noqa: RUF071 - letter by letter is what is meant
        if len(common) > len(self.value) - start:
            self.value = self.value[:start] + common
        self.cursor_position = len(self.value)
        if len(found) > 1:
            self.post_message(self.Completed(found))

    def action_move(self, by: int) -> None:
        """Move in the list without leaving."""
        self.post_message(self.Moved(by))


class FilterBar(Vertical):
    """The filter's line behind the slash that opened it, and below it what there is to say."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.line = FilterLine()
        self.line.value = text
        self._note = Static(markup=False)
        self._note.display = False

    def compose(self) -> ComposeResult:
        """Put the slash before the line, and the note below both."""
        with Horizontal(classes="typed"):
            yield Static("/", markup=False)
            yield self.line
        yield self._note

    def say(self, words: str, *, wrong: bool = False) -> None:
        """Show one line of text that is safe to show, nothing for ""; ``wrong``: it is an error."""
        self._note.update(words)
        self._note.display = bool(words)
        self._note.set_class(wrong, "wrong")
