"""A scrolling text that is wrapped once for a width and drawn line by line."""

from collections.abc import Iterator

from textual.content import Content
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
        self._strips: list[Strip] = []
        self.subject: object = None  # what the text is about, for who shows it

    @property
    def text(self) -> Content:
        """What is shown."""
        return self._text

    def show(self, text: Content, *, top: bool = True) -> None:
        """Show another text, from its beginning or (``top`` off) where this one stands."""
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
        self._wrap()

    def _wrap(self) -> None:
        width = self.line_width
        if not width or not self.is_attached:
            return
        self._strips = Visual.to_strips(
            self,
            Content("\n").join(_lines(self._text, width)),
            width,
            None,
            self.visual_style,
            apply_selection=False,
        )
        self.set_line_count(len(self._strips))
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """Draw one line of the screen."""
        line = y + self.scroll_offset.y
        width = self.line_width
        if line < len(self._strips):
            return self._strips[line].adjust_cell_length(width, self.rich_style)
        return Strip.blank(width, self.rich_style)


def _lines(text: Content, width: int) -> Iterator[Content]:
    """Yield the lines of a text; of one that is too wide all parts begin where the first does."""
    for line in text.split("\n", allow_blank=True):
        indent = len(line.plain) - len(line.plain.lstrip(" "))
        if not 0 < indent < width // 2 or line.cell_length <= width:
            yield line
            continue
        for part in line[indent:].wrap(width - indent):
            yield part.pad_left(indent)
