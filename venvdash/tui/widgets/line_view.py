"""A scrolled area of lines whose number changes cheaply; base of lists and texts."""

from textual.geometry import Region, Size
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.widget import Widget


class LineView(ScrollView):
    """A ScrollView that draws lines; its scrollbar always has its place.

    Textual lays out the whole screen again whenever ``virtual_size`` is set, and again where a
    scrollbar comes or goes. Neither is needed when only the number of lines changes.
    """

    DEFAULT_CSS = """
    LineView {
        overflow-x: hidden;
        overflow-y: scroll;
        scrollbar-size-vertical: 1;
        scrollbar-background: $background;
        scrollbar-background-hover: $background;
        scrollbar-background-active: $background;
        scrollbar-color: $foreground 25%;
    }
    """

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._drawn_for = Size(-1, -1)
        self._painted: dict[int, Strip] = {}  # what each line of the screen shows

    @property
    def line_width(self) -> int:
        """How many cells a line has beside the scrollbar, which ``size`` includes."""
        return self.scrollable_size.width

    @property
    def drawn_width(self) -> int:
        """``line_width`` as it was when the lines were adapted to it; it is known at once."""
        return self._drawn_for.width

    def on_resize(self) -> None:
        """Adapt to the new size."""
        self._adapt()

    def forget_size(self) -> None:
        """Adapt again when there is a size, even if it is the same as before."""
        self._drawn_for = Size(-1, -1)

    def _adapt(self) -> None:
        size = Size(self.line_width, self.size.height)
        if size != self._drawn_for:
            self._drawn_for = size
            self.resized()

    def resized(self) -> None:
        """Adapt to a new width or height; subclasses override it."""

    def render_lines(self, crop: Region) -> list[Strip]:
        """Draw, but first adapt to a width that changed without a Resize event.

        A scrollbar that appears takes from the width and sends none.
        """
        self._adapt()
        return super().render_lines(crop)

    def line_at(self, y: int) -> Strip:
        """Return what a line of the screen should show; subclasses override it."""
        raise NotImplementedError

    def render_line(self, y: int) -> Strip:
        """Draw one line of the screen."""
        strip = self._painted[y] = self.line_at(y)
        return strip

    def repaint(self) -> None:
        """Refresh the lines of the screen that would now show something else."""
        for y in range(self.size.height):
            self.repaint_line(y)

    def repaint_line(self, y: int) -> None:
        """Refresh a line of the screen if it would now show something else."""
        if self._painted.get(y) != self.line_at(y):
            self.refresh(Region(0, y, self.size.width, 1))

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Scroll: a line that shows the same as before is not painted again."""
        if self.show_vertical_scrollbar:
            self.vertical_scrollbar.position = new_value
        if round(old_value) != round(new_value):
            self.repaint()

    def set_line_count(self, lines: int) -> None:
        """Make the area so many lines high; refreshing is left to the caller."""
        size = Size(self.line_width, lines)
        if size == self.virtual_size:
            return
        if size.width != self.virtual_size.width:
            self.virtual_size = size
        else:
            self.set_reactive(Widget.virtual_size, size)
            self.vertical_scrollbar.window_virtual_size = lines
        if self.scroll_offset.y > self.max_scroll_y:
            self.scroll_to(y=self.max_scroll_y, animate=False, force=True)

    def action_scroll(self, by: int) -> None:
        """Scroll by so many lines."""
        self.scroll_relative(y=by, animate=False)

    def action_page(self, by: int) -> None:
        """Scroll by so many screens; a line of the last one stays."""
        self.action_scroll(by * max(1, self.size.height - 1))

    def action_edge(self, end: bool) -> None:
        """Scroll to the first or the last line."""
        (self.scroll_end if end else self.scroll_home)(animate=False)
