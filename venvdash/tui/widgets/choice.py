"""A line that is on or off, shown by its sign as well as its colour."""

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget


class Choice(Widget, can_focus=True):
    """``[ ] f  Free now``: Space, Enter or a click turns it; so does its key, bound elsewhere."""

    ALLOW_SELECT = False
    BINDINGS: ClassVar[list[BindingType]] = [Binding("space,enter", "turn", "Change", show=False)]
    DEFAULT_CSS = """
    Choice { height: 1; padding: 0 1; }
    Choice:focus { background: $primary 30%; text-style: bold; }
    """

    on: reactive[bool] = reactive(False)

    class Turned(Message):
        """It was turned on or off."""

    def __init__(self, key: str, label: str, *, id: str) -> None:
        super().__init__(id=id)
        self._key = key
        self._label = label

    def render(self) -> Content:
        """Draw the box, the key and the words."""
        box = "[✓] " if self.on else "[ ] "
        return Content.assemble(box, (f"{self._key}  ", "$text-primary"), self._label)

    def relabel(self, label: str) -> None:
        """Change the words."""
        self._label = label
        self.refresh()

    def action_turn(self) -> None:
        """Turn it on or off."""
        self.on = not self.on
        self.post_message(self.Turned())

    def on_click(self) -> None:
        """Turn it on or off by mouse."""
        self.action_turn()
