"""The output of a program, wrapped line by line as it comes, however fast."""

from collections import deque
from collections.abc import Sequence
from typing import ClassVar

from rich.cells import chop_cells
from rich.segment import Segment
from textual.binding import BindingType
from textual.strip import Strip

from venvdash.text import visible
from venvdash.tui import keys
from venvdash.tui.cells import left
from venvdash.tui.widgets.line_view import LineView


class OutputPane(LineView, can_focus=True):
    """Lines of output. Its end stays in sight until the reader scrolls away from it."""

    BINDINGS: ClassVar[list[BindingType]] = list(keys.SCROLL)

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._lines: Sequence[str] = ()
        self._first = 0  # how many there were before the first of them
        self._rows: list[str] = []
        self._heights: deque[int] = deque()  # of each line, in rows
        self._wrapped_to = 0  # the number of the first line that is not wrapped yet
        self._subject: object = None

    @property
    def line_count(self) -> int:
        """How many lines there are at the present width."""
        return len(self._rows)

    def show(self, subject: object, lines: Sequence[str], dropped: int) -> None:
        """Show the last lines of the output of ``subject``; ``dropped`` lines came before."""
        if subject != self._subject:
            self._subject = subject
            self._forget(dropped)
            self.scroll_to(y=0, animate=False, force=True)
        at_end = self.scroll_offset.y >= self.max_scroll_y
        self._lines, self._first = lines, dropped
        self._wrap()
        if at_end:
            self.scroll_end(animate=False, force=True)

    def resized(self) -> None:
        """Wrap for the new width."""
        self._forget(self._first)
        self._wrap()

    def _forget(self, first: int) -> None:
        self._rows, self._heights, self._wrapped_to = [], deque(), first

    def _wrap(self) -> None:
        width = self.line_width
        if width < 1 or not self.is_attached:
            return
        if self._first > self._wrapped_to:
            self._forget(self._first)  # none of those that are wrapped is left
        while self._heights and self._wrapped_to - len(self._heights) < self._first:
            del self._rows[: self._heights.popleft()]
        for line in self._lines[self._wrapped_to - self._first :]:
            rows = self._rows_of(line, width)
            self._rows += rows
            self._heights.append(len(rows))
        self._wrapped_to = self._first + len(self._lines)
        self.set_line_count(len(self._rows))
        self.repaint()

    @staticmethod
    def _rows_of(line: str, width: int) -> list[str]:
        shown = visible(line)
        if shown.isascii():
            return [shown[at : at + width] for at in range(0, len(shown), width)] or [""]
        return chop_cells(shown, width) or [""]

    def line_at(self, y: int) -> Strip:
        """Return one line of the screen."""
        place, width = y + self.scroll_offset.y, self.drawn_width
        text = self._rows[place] if place < len(self._rows) else ""
        return Strip([Segment(left(text, width), self.rich_style)], width)
