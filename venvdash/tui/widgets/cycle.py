"""A line that shows one of several values; the arrows go to the others."""

from collections.abc import Sequence
from typing import ClassVar, Generic, TypeVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

V = TypeVar("V")


class Cycle(Widget, Generic[V], can_focus=True):
    """``Store  ◂ ~/.virtualenvs ▸``: left and right, Space or a click take another value."""

    ALLOW_SELECT = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("right,l,space", "turn(1)", "Next", show=False),
        Binding("left,h", "turn(-1)", "Previous", show=False),
    ]
    DEFAULT_CSS = """
    Cycle { height: 1; }
    Cycle:focus { background: $primary 30%; text-style: bold; }
    """

    place: reactive[int] = reactive(0)

    class Turned(Message):
        """Another value is shown."""

    def __init__(
        self,
        label: str,
        values: Sequence[tuple[str, V]],
        *,
        id: str,
    ) -> None:
        """``values``: how each is shown, and what it is; at least one."""
        super().__init__(id=id)
        self._label, self.values = label, values

    @property
    def value(self) -> V:
        """The value that is shown."""
        return self.values[self.place][1]

    def render(self) -> Content:
        """Draw the label and the value."""
        shown = self.values[self.place][0]
        where = f"  {self.place + 1} of {len(self.values)}"
        return Content.assemble(
            (f"{self._label:<8}", "$text-muted"), f"◂ {shown} ▸", (where, "$text-muted")
        )

    def action_turn(self, by: int) -> None:
        """Show another value."""
        self.place = (self.place + by) % len(self.values)
        self.post_message(self.Turned())

    def on_click(self) -> None:
        """Show the next by mouse."""
        self.action_turn(1)
