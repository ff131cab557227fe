"""What the list and the texts share: a scrolled area of lines whose number changes cheaply."""

from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.widget import Widget


class LineView(ScrollView):
    """A ScrollView that draws lines; its scrollbar always has its place.

    Textual lays the whole screen out anew whenever ``virtual_size`` is set, and again where a
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

    def set_line_count(self, lines: int) -> None:
        """Make the area so many lines high; refreshing is left to the caller."""
        size = Size(self.size.width, lines)
        if size == self.virtual_size:
            return
        if size.width != self.virtual_size.width:
            self.virtual_size = size
        else:
            self.set_reactive(Widget.virtual_size, size)
            self.vertical_scrollbar.window_virtual_size = lines
        if self.scroll_offset.y > self.max_scroll_y:
            self.scroll_to(y=self.max_scroll_y, animate=False, force=True)
