"""A small menu: what to group the list by."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from venvdash.tui.dialogs.base import Dialog
from venvdash.tui.widgets.menu import Menu

_WORDS = {
    "project": "Project",
    "store": "Store",
    "status": "Status",
    "python": "Python",
    "": "Nothing",
}
_KEYS = {"p": "project", "s": "store", "t": "status", "y": "python", "n": ""}


class GroupMenu(Dialog[str | None]):
    """Chooses what to group by, "" for nothing; returns None where nothing was chosen."""

    KEYS = "Enter choose   Esc back"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,b", "leave", "Back"),
        *(Binding(key, f"choose({by!r})", _WORDS[by], show=False) for key, by in _KEYS.items()),
    ]

    def __init__(self, by: str) -> None:
        super().__init__()
        self._by = by

    def compose(self) -> ComposeResult:
        """List the choices, each with its key; that in effect is under the cursor."""
        options = [
            Option(
                Content.assemble(
                    (f"{key}  ", "bold $text-primary"),
                    f"{_WORDS[by]:<12}",
                    ("in effect" if by == self._by else "", "$text-muted"),
                )
            )
            for key, by in _KEYS.items()
        ]
        yield Menu("Group by", options)

    def on_mount(self) -> None:
        """Put the cursor on what is in effect."""
        super().on_mount()
        self.query_one(Menu).highlighted = list(_KEYS.values()).index(self._by)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Return the choice."""
        self.dismiss(list(_KEYS.values())[event.option_index])

    def action_choose(self, by: str) -> None:
        """Return the choice of a key."""
        self.dismiss(by)
