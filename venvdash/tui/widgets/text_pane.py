"""A scrolling text, drawn line by line: only what is seen is drawn, whatever its length."""

from bisect import bisect_right
from collections.abc import Iterator
from itertools import accumulate

from rich.cells import cell_len
from textual.content import Content, Span
from textual.strip import Strip
from textual.visual import Visual

from venvdash.tui.widgets.line_view import LineView


class TextPane(LineView, can_focus=True):
    """Shows a Content. Changing it costs no layout of the screen, unlike a Static's."""

    def __init__(
        self,
        text: Content | None = None,
        *,
        id: str | None = None,
    ) -> None:
        super().__init__(id=id)
        self._text = text or Content("")
        self._lines: list[tuple[str, list[Span]]] = []  # as wide as the pane at most
        self._strips: dict[int, Strip] = {}  # of the lines that were drawn
        self.subject: object = None  # what the text is about, for who shows it

    @property
    def text(self) -> Content:
        """What is shown."""
        return self._text

    @property
    def line_count(self) -> int:
        """How many lines the text has at the present width."""
        return len(self._lines)

    def show(self, text: Content, *, top: bool = True) -> None:
        """Show another text, from its beginning or (``top`` off) where this one stands.

        The same text again costs nothing.
        """
        if not text.is_same(self._text):
            self._text = text
            self._wrap()
        if top:
            self.scroll_to(y=0, animate=False, force=True)

    def resized(self) -> None:
        """Wrap for the new width."""
        self._wrap()

    def notify_style_update(self) -> None:
        """Draw with the colours of another theme."""
        super().notify_style_update()
        self._strips.clear()
        self.refresh()

    def _wrap(self) -> None:
        width = self.line_width
        if not width or not self.is_attached:
            self.forget_size()  # it is wrapped when it has one again
            return
        self._lines = [part for line in lines_of(self._text) for part in _wrapped(*line, width)]
        self._strips.clear()
        self.set_line_count(len(self._lines))
        self.repaint()

    def line_at(self, y: int) -> Strip:
        """Return one line of the screen."""
        line = y + self.scroll_offset.y
        if line < len(self._lines) and line not in self._strips:
            self._draw(line)
        return self._strips.get(line) or Strip.blank(self.drawn_width, self.rich_style)

    def _draw(self, first: int) -> None:
        """Draw a screen of lines at once: each on its own takes ten times as long."""
        width, rich_style = self.drawn_width, self.rich_style
        lines = self._lines[first : first + max(1, self.size.height)]
        content = Content("\n").join(Content(text, spans) for text, spans in lines)
        strips = Visual.to_strips(
            self, content, width, None, self.visual_style, apply_selection=False
        )
        for line, strip in enumerate(strips[: len(lines)], start=first):
            self._strips[line] = strip.adjust_cell_length(width, rich_style)


def lines_of(text: Content) -> list[tuple[str, list[Span]]]:
    """Return the lines of a text, each with its spans; Content's split is quadratic in these."""
    lines = text.plain.split("\n")
    starts = list(accumulate((len(line) + 1 for line in lines), initial=0))
    spans: list[list[Span]] = [[] for _ in lines]
    for start, end, style in text.spans:
        place = bisect_right(starts, start) - 1
        while place < len(lines) and starts[place] < end:
            first, last = max(start - starts[place], 0), min(end - starts[place], len(lines[place]))
            if first < last:
                spans[place].append(Span(first, last, style))
            place += 1
    return list(zip(lines, spans, strict=True))


def _wrapped(text: str, spans: list[Span], width: int) -> Iterator[tuple[str, list[Span]]]:
    """Yield a line in parts that fit; all of them begin where the first does."""
    if cell_len(text) <= width:
        yield text, spans
        return
    indent = len(text) - len(text.lstrip(" "))
    if indent >= width // 2:
        indent = 0
    for part in Content(text, spans)[indent:].wrap(width - indent):
        shown = part.pad_left(indent)
        yield shown.plain, list(shown.spans)
