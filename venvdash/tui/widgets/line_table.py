"""A table drawn line by line: as fast with 10,000 lines as with 100.

Textual's DataTable measures every cell that is added and repaints itself whole for one changed
cell. This one keeps fixed widths, draws what is visible, keeps what it has drawn, and repaints the
lines whose cells differ.
"""

import time
from collections.abc import Callable, Container, Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import BindingType
from textual.message import Message
from textual.reactive import var
from textual.strip import Strip

from venvdash.tui.cells import left, right
from venvdash.tui.keys import MOVE
from venvdash.tui.widgets.line_view import LineView

T = TypeVar("T")

_MOST_DRAWN = 512  # rows whose strips are kept: several screens of any terminal

Parts = tuple[tuple[str, str], ...]
"""Pieces of one cell: text and the name of its style; together as wide as the column."""


@dataclass(frozen=True, slots=True)
class Column(Generic[T]):
    """One column. ``width`` is its least width in cells; with ``grow`` it takes what is left.

    It is shown in tables that are at least ``since`` and less than ``until`` cells wide, borders
    and scrollbar included. ``draw`` returns the cell's parts for an item and a width.
    """

    key: str
    title: str
    width: int
    draw: Callable[[T, int], Parts]
    grow: int = 0
    since: int = 0
    until: int = 1 << 16
    numeric: bool = False


@dataclass(frozen=True, slots=True)
class Placed(Generic[T]):
    """A column with its place on the line."""

    column: Column[T]
    x: int
    width: int


def fit(
    columns: Sequence[Column[T]], width: int, room: int, also: Iterable[str] = ()
) -> tuple[Placed[T], ...]:
    """Return the columns of a table ``width`` cells wide, one cell apart in ``room`` cells.

    Those named in ``also`` are shown in a narrower table, too, if there is room. They depend on
    nothing else: no column moves while items come and change.
    """
    kept = [column for column in columns if column.since <= width < column.until]
    for key in also:
        if key not in (column.key for column in kept):
            wider = [one for one in columns if one in kept or one.key == key]
            kept = wider if _least(wider) <= room else kept
    spare = max(0, room - _least(kept))
    shares = sum(column.grow for column in kept)
    placed, x = [], 0
    for column in kept:
        more = spare * column.grow // shares if shares else 0
        placed.append(Placed(column, x, column.width + more))
        x += column.width + more + 1
    return tuple(placed)


def _least(columns: Sequence[Column[T]]) -> int:
    """Return how many cells columns need."""
    return sum(column.width + 1 for column in columns) - 1


class Drawn(Generic[T]):
    """What was drawn of an item: its cells, and a strip for each way in which they were shown.

    ``version`` is the table's at the time; -1 where the cells are to be computed again.
    """

    __slots__ = ("cells", "item", "strips", "version")

    def __init__(self, item: T, cells: tuple[Parts, ...], version: int) -> None:
        self.item, self.cells, self.version = item, cells, version
        self.strips: dict[tuple[bool, str], Strip] = {}  # by cursor and mark


class LineTable(LineView, Generic[T], can_focus=True):
    """A list of items in columns, one of them under the cursor.

    Items are identified by ``key_of(item)``; the cursor stays on its key when the order changes.
    Subclasses add the columns and the styles that these name. ``items`` are in the order shown,
    ``columns`` those that fit. ``cursor`` is the index under the cursor, ``cursor_key`` the key
    that it was put on: its item may be left out at the time.
    """

    ALLOW_SELECT = False
    BINDINGS: ClassVar[list[BindingType]] = list(MOVE)
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "table--header",
        "table--sorted",
        "table--cursor",
        "table--bar",
        "table--hint",
        "table--marked",
    }
    GUTTER: ClassVar[int] = 1
    """Cells at the left of each line: the cursor's bar, and where it is 2, the mark."""
    current: var[Any] = var(None)
    """The item under the cursor, None where there is none."""
    hint: var[str] = var("")
    """What is said in place of items where there are none."""

    class Chosen(Message):
        """Enter or a double click on an item."""

    class HeaderClicked(Message):
        """A click on a column's title."""

        def __init__(self, key: str) -> None:
            super().__init__()
            self.key = key

    def __init__(
        self,
        columns: Sequence[Column[T]],
        key_of: Callable[[T], Hashable],
        *,
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self._all_columns = tuple(columns)
        self._key_of = key_of
        self.items: Sequence[T] = []
        self._places: dict[Hashable, int] | None = {}
        self.cursor = 0
        self.cursor_key: Hashable = None
        self.columns: tuple[Placed[T], ...] = ()
        self._styles_of: dict[tuple[str, bool], Style] = {}
        self._drawn: dict[Hashable, Drawn[T]] = {}
        self._version = 0  # counts changes of what all cells depend on beside their item
        self._minute = 0  # ages change with it
        self._sorted_by: tuple[str, bool] = ("", False)
        self._also: frozenset[str] = frozenset()
        self.chosen_by_hand = False
        self.marked: Container[Hashable] = ()

    # What is shown

    def show_items(self, items: Sequence[T], *, at_top: bool = False) -> None:
        """Show these items.

        The cursor stays on its item, and this on its line of the screen where that is possible.
        An item that is left out keeps a claim on the cursor: it has it again when it is back,
        unless the user moved on meanwhile. With ``at_top`` the cursor goes to the first item.
        """
        line = self.cursor - self.scroll_offset.y
        self._take_items(items)
        claimed = not at_top and self.cursor_key is not None
        place = self._index.get(self.cursor_key) if claimed else None
        if place is None and not at_top and self.current is not None:
            place = self._index.get(self._key_of(self.current))
        if place is None and at_top:
            place = 0
        elif place is None:
            place = min(self.cursor, max(0, len(self.items) - 1))
            place = self.rest(place) if self.items else place
        self.cursor = place
        if self.cursor_key is None or at_top:
            self.cursor_key = self._key_of(self.items[place]) if self.items else None
        self.set_line_count(len(self.items) + 1)
        self._scroll_line_to(place - line)
        self._take_current()
        self.repaint()

    @property
    def sorted_by(self) -> tuple[str, bool]:
        """The key of the column by which the items are sorted, and whether they descend."""
        return self._sorted_by

    @sorted_by.setter
    def sorted_by(self, sorted_by: tuple[str, bool]) -> None:
        key, self._sorted_by = self._sorted_by[0], sorted_by
        if key != sorted_by[0]:
            self._fit()

    @property
    def also(self) -> frozenset[str]:
        """Keys of columns that are shown in a narrow table, too, if there is room."""
        return self._also

    @also.setter
    def also(self, also: frozenset[str]) -> None:
        if also != self._also:
            self._also = also
            self._fit()
            self.repaint()

    def _fit(self) -> None:
        """Compute which columns there are, and their widths."""
        room = self.line_width - self.GUTTER
        also = (self._sorted_by[0], *self._also)
        columns = fit(self._all_columns, self.size.width, room, also)
        if columns != self.columns:
            self.columns = columns
            self._drawn.clear()

    def _take_items(self, items: Sequence[T]) -> None:
        # A list may change; of other sequences each item is made when it is drawn.
        self.items, self._places = list(items) if isinstance(items, list) else items, None

    @property
    def _index(self) -> dict[Hashable, int]:
        """The place of each item by its key."""
        if self._places is None:
            self._places = {self._key_of(item): place for place, item in enumerate(self.items)}
        return self._places

    def touch(self, items: Sequence[T]) -> None:
        """Show items that changed without changing their place."""
        for item in items:
            place = self._index.get(self._key_of(item))
            if place is not None:
                assert isinstance(self.items, list)  # others do not change
                self.items[place] = item
        self._take_current()
        self.repaint()

    def redraw(self, key: Hashable) -> None:
        """Compute an item's cells again: they depend on something else that changed."""
        if key in self._drawn:
            self._drawn[key].version = -1
        place = self._index.get(key)
        if place is not None and 0 <= place - self.scroll_offset.y < self.page:
            self.repaint_line(place - self.scroll_offset.y + 1)

    def rest(self, place: int) -> int:
        """Return where the cursor goes whose item is not there, near ``place``."""
        return place

    def lines_above(self, place: int) -> int:
        """Return how many of the lines above an item should be seen with it."""
        return 0

    def mark_of(self, item: T) -> str:
        """Return what stands before a line that is marked, "" before one that is not."""
        return "✓" if self._key_of(item) in self.marked else ""

    def place_of(self, key: Hashable) -> int | None:
        """Return the index of an item, None where it is not shown."""
        return self._index.get(key)

    def move_to(self, place: int) -> None:
        """Put the cursor on the item at ``place``, or on the nearest one."""
        self.chosen_by_hand = True
        if not self.items:
            return
        place = max(0, min(place, len(self.items) - 1))
        self.cursor_key = self._key_of(self.items[place])
        if place != self.cursor:
            self.refresh_line(self.cursor + 1)
            self.cursor = place
            self.refresh_line(place + 1)
        self._show_cursor()
        self._take_current()

    def move_to_key(self, key: Hashable) -> bool:
        """Put the cursor on an item; return False where it is not shown."""
        place = self._index.get(key)
        if place is not None:
            self.move_to(place)
        return place is not None

    def _take_current(self) -> None:
        self.current = self.items[self.cursor] if self.items else None

    @property
    def page(self) -> int:
        """How many items fit on the screen."""
        return max(1, self.size.height - 1)

    @property
    def visible_items(self) -> list[T]:
        """The items on the screen."""
        top = self.scroll_offset.y
        return list(self.items[top : top + self.page])

    def _show_cursor(self) -> None:
        top, first = self.scroll_offset.y, self.cursor - self.lines_above(self.cursor)
        if first < top:
            self._scroll_line_to(first)
        elif self.cursor >= top + self.page:
            self._scroll_line_to(self.cursor - self.page + 1)

    def _scroll_line_to(self, line: int) -> None:
        """Scroll so that ``line`` is the first, but never so that the cursor is out of sight."""
        first = self.cursor - self.lines_above(self.cursor)
        line = max(self.cursor - self.page + 1, min(line, first))
        line = max(0, min(line, len(self.items) - self.page))
        if line != self.scroll_offset.y:
            self.scroll_to(y=line, animate=False, force=True)

    # What people do

    def action_cursor(self, by: int) -> None:
        """Move the cursor by so many items."""
        self.move_to(self.cursor + by)

    def action_page(self, by: int) -> None:
        """Move the cursor by so many screens."""
        self.move_to(self.cursor + by * self.page)

    def action_first(self) -> None:
        """Move the cursor to the first item."""
        self.move_to(0)

    def action_last(self) -> None:
        """Move the cursor to the last item."""
        self.move_to(len(self.items) - 1)

    def action_choose(self) -> None:
        """Post that the item under the cursor was chosen."""
        if self.current is not None:
            self.post_message(self.Chosen())

    def on_click(self, event: events.Click) -> None:
        """Put the cursor on the clicked item, or post which title was clicked."""
        if event.y == 0:
            for placed in self.columns:
                if placed.x <= event.x - self.GUTTER <= placed.x + placed.width:
                    self.post_message(self.HeaderClicked(placed.column.key))
                    return
            return
        place = self.scroll_offset.y + event.y - 1
        if place < len(self.items):
            self.move_to(place)
            if event.chain == 2:
                self.action_choose()

    # Drawing

    def resized(self) -> None:
        """Adapt the columns."""
        self._drawn.clear()
        self._fit()
        self.set_line_count(len(self.items) + 1)
        self._show_cursor()
        self.repaint()

    def notify_style_update(self) -> None:
        """Forget the styles of the previous theme."""
        super().notify_style_update()
        self._styles_of.clear()
        self._drawn.clear()

    def watch_hint(self) -> None:
        """Show the new hint."""
        self.repaint()

    def _style(self, name: str, cursor: bool) -> Style:
        style = self._styles_of.get((name, cursor))
        if style is None:
            names = ["table--cursor"] if cursor else []
            names += [f"table--{name}"] if name else []
            style = self.get_visual_style(*names).rich_style
            self._styles_of[name, cursor] = style
        return style

    def line_at(self, y: int) -> Strip:
        """Return one line of the screen; the first is the header, which does not scroll."""
        width = self.drawn_width
        if y == 0:
            return self._header(width)
        place = self.scroll_offset.y + y - 1
        if place < len(self.items):
            return self._line(place, width)
        text = f"  {self.hint}" if y == 2 and not self.items else ""
        return Strip([Segment(left(text, width), self._style("hint", False))], width)

    def _header(self, width: int) -> Strip:
        key, descending = self._sorted_by
        segments, used = [Segment(" " * self.GUTTER, self._style("header", False))], self.GUTTER
        for placed in self.columns:
            title, name = placed.column.title, "header"
            if placed.column.key == key:
                name = "sorted"
                arrow = "▼" if descending else "▲"
                title = f"{arrow}{title}" if placed.column.numeric else f"{title}{arrow}"
            put = right if placed.column.numeric else left
            segments.append(Segment(put(title, placed.width), self._style(name, False)))
            segments.append(Segment(" ", self._style("header", False)))
            used += placed.width + 1
        segments.append(Segment(" " * max(0, width - used), self._style("header", False)))
        return Strip(segments).crop(0, width)

    def _line(self, place: int, width: int) -> Strip:
        key, cursor = self._key_of(self.items[place]), place == self.cursor
        drawn, mark = self._cells_of(key, self.items[place]), self.mark_of(self.items[place])
        strip = drawn.strips.get((cursor, mark))
        if strip is None:
            strip = self.build_strip(drawn.cells, width, cursor=cursor, mark=mark)
            drawn.strips[cursor, mark] = strip
        return strip

    def _cells_of(self, key: Hashable, item: T) -> Drawn[T]:
        """Return what is drawn of an item; its strips are kept while its cells are the same."""
        minute = int(time.time() // 60)
        if minute != self._minute:
            self._minute, self._version = minute, self._version + 1
        drawn = self._drawn.get(key)
        if drawn is not None and drawn.version == self._version and drawn.item == item:
            return drawn
        cells = tuple(placed.column.draw(item, placed.width) for placed in self.columns)
        if drawn is not None and drawn.cells == cells:
            drawn.item, drawn.version = item, self._version
            return drawn
        if len(self._drawn) >= _MOST_DRAWN and drawn is None:
            del self._drawn[next(iter(self._drawn))]
        drawn = self._drawn[key] = Drawn(item, cells, self._version)
        return drawn

    def build_strip(self, cells: Sequence[Parts], width: int, *, cursor: bool, mark: str) -> Strip:
        """Return the line of an item with these cells."""
        plain = self._style("", cursor)
        segments = [Segment("▌", self._style("bar", True)) if cursor else Segment(" ", plain)]
        used = self.GUTTER
        if self.GUTTER > 1:
            segments.append(Segment(mark or " ", self._style("marked", cursor)))
        for placed, parts in zip(self.columns, cells, strict=True):
            segments += [Segment(text, self._style(name, cursor)) for text, name in parts]
            segments.append(Segment(" ", plain))
            used += placed.width + 1
        segments.append(Segment(" " * max(0, width - used), plain))
        return Strip(segments).crop(0, width).simplify()
