"""Small questions: yes or no, a note, a name."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Button, Input, Static

from venvdash.records.schema import LONGEST_NOTE
from venvdash.text import visible
from venvdash.tui.dialogs.base import Dialog, framed
from venvdash.tui.widgets.plain_input import PlainInput


class _NoteInput(PlainInput):
    LIMIT = LONGEST_NOTE


class AskScreen(Dialog[bool]):
    """A question whose default is no; ``yes`` is the word on the other button."""

    KEYS = "y yes   n no   Tab buttons"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "answer(True)", "Yes"),
        Binding("n,escape,q", "answer(False)", "No"),
        Binding("left", "app.focus_previous", "Previous", show=False),
        Binding("right", "app.focus_next", "Next", show=False),
    ]

    def __init__(self, title: str, question: Content, yes: str) -> None:
        super().__init__()
        self._title, self._question, self._yes = title, question, yes

    def compose(self) -> ComposeResult:
        """Ask, with two buttons."""
        with framed("asking", self._title):
            yield Static(self._question, classes="words", markup=False)
            with Horizontal(id="buttons"):
                yield Button(Content("Cancel  n"), id="no", compact=True)
                yield Button(Content(f"{self._yes}  y"), id="yes", compact=True)

    def on_mount(self) -> None:
        """Focus the Cancel button."""
        self.query_one("#no").focus()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Return the button's answer."""
        self.dismiss(event.button.id == "yes")

    def action_answer(self, yes: bool) -> None:
        """Return the answer."""
        self.dismiss(yes)


class NoteScreen(Dialog[str | None]):
    """Asks for a note in one line; returns it, "" for none, None to change nothing."""

    KEYS = "Enter save   Esc back"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", "Back")]

    def __init__(self, name: str, known: str) -> None:
        super().__init__()
        self._of, self._known = name, known

    def compose(self) -> ComposeResult:
        """Lay out the line with the present note."""
        with framed("asking", f"Note for {visible(self._of, 64)}"):
            yield _NoteInput(self._known, compact=True, select_on_focus=False)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Take the note; an empty line removes it."""
        self.dismiss(event.value.strip())


def in_one_line(note: str) -> bool:
    """Return whether a note can be edited in one line as it is."""
    return visible(note, LONGEST_NOTE) == note


class NameScreen(Dialog[str | None]):
    """Asks for the name of a directory; returns it, or None.

    ``why`` is safe to show; ``offered`` is offered only if it can be typed.
    """

    KEYS = "Enter continue   Esc back"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", "Back")]

    def __init__(self, title: str, why: str, offered: str) -> None:
        super().__init__()
        self._title, self._why = title, why
        self._offered = offered if visible(offered, 255) == offered else ""

    def compose(self) -> ComposeResult:
        """Lay out the reason and the line."""
        with framed("asking", self._title):
            yield Static(Content(self._why), classes="words", markup=False)
            yield PlainInput(self._offered, compact=True, max_length=255, select_on_focus=False)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Return the name, unless it is invalid."""
        name = event.value.strip()
        if name in ("", ".", "..") or "/" in name or visible(name) != name:
            self.query_one(Static).update(Content("Type a name without / or control characters."))
        else:
            self.dismiss(name)
