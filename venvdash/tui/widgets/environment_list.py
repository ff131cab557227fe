"""The list of environments: its columns, and how each cell is drawn."""

import time
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar, cast

from rich.cells import cell_len

from venvdash import formats
from venvdash.model.python_releases import unsupported_since
from venvdash.model.status import Flag, State, Status
from venvdash.model.summary import Summary
from venvdash.presentation.meanings import place_in_words
from venvdash.records.snapshot import RememberedRows
from venvdash.text import short_path, visible
from venvdash.tui.cells import STATUS_MARKS, flag_words, left, left_cut, right, size_bar
from venvdash.tui.grouping import Group, Line
from venvdash.tui.keys import ON_ONE
from venvdash.tui.widgets import group_cells
from venvdash.tui.widgets.group_cells import SIZE_BAR
from venvdash.tui.widgets.line_table import Column, LineTable, Parts

_STYLES = ("name", "plain", "muted", "big", "bad", "old", "size", "unconfirmed", "gone", "group")
_INDENT = 2  # cells of a row below the line of its group
_BIG = 1024**3
_BAD = {flag.value for flag in (Flag.BROKEN, Flag.DAMAGED, Flag.DEBRIS)}


def _name(row: Summary, width: int) -> Parts:
    """Draw mark and name, at the right the flags: all words, one, or a sign, as they fit."""
    mark = STATUS_MARKS[row.status]
    certain = row.status.value if row.confirmed else "unconfirmed"
    name = visible(row.name, 256)
    words = flag_words(row)
    room = width - 2
    spare = room - cell_len(name) - 1
    aside = ""
    for text in (" ".join(words), f"{words[0]}+" if len(words) > 1 else "", "!"):
        if words and text and len(text) <= max(spare, 1):
            aside = text
            break
    style = "bad" if _BAD & set(words) else "muted"
    body = left(name, room - len(aside) - 1) + " " if aside else left(name, room)
    return ((f"{mark} ", certain), (body, "name"), (aside, style))


def _python(row: Summary, width: int) -> Parts:
    version = visible(row.python or "–", 32)
    if unsupported_since(row.python, time.time()):
        return ((left(f"{version}!", width), "old"),)
    return ((left(version, width), "plain"),)


def _bytes(count: int | None, width: int, text: str = "") -> Parts:
    style = "muted" if count is None or count < 1024 else "big" if count >= _BIG else "plain"
    return ((right(text or formats.size(count), width), style),)


def _never(row: Summary, count: int | None) -> str:
    """Return what stands for a figure that no measuring brings, "" for one that may come."""
    return "–" if count is None and row.status is Status.MISSING else ""


def _size(row: Summary, width: int) -> Parts:
    return _bytes(row.on_disk, width, _never(row, row.on_disk))


def _reclaimable(row: Summary, width: int) -> Parts:
    count = row.reclaimable
    text = _never(row, None) if count is None else formats.bounded(count, row.at_most)
    return _bytes(count, width, text)


def _cache(row: Summary, width: int) -> Parts:
    return _bytes(row.cache_held, width, _never(row, row.cache_held))


def _used(row: Summary, width: int) -> Parts:
    return ((right(formats.age(row.used, time.time()), width), "muted"),)


def _kind(row: Summary, width: int) -> Parts:
    return ((left(visible(row.kind, 64), width), "muted"),)


def _files(row: Summary, width: int) -> Parts:
    text = _never(row, row.files) or formats.number(row.files)
    return ((right(text, width), "plain" if row.files else "muted"),)


def _packages(row: Summary, width: int) -> Parts:
    return ((right(str(row.packages), width), "muted"),)


def _note(row: Summary, width: int) -> Parts:
    """Draw the note, or without one what the project says it is."""
    text = visible(row.note or row.description, 256) or "–"
    return ((left(text, width), "plain" if row.note else "muted"),)


def columns(
    home: Path | None,
    states: Mapping[Path, State],
    largest: Callable[[], int],
    indent: Callable[[], int] = lambda: 0,
) -> tuple[Column[Summary], ...]:
    """Return the columns of the list; ``home`` is written as ``~``.

    ``states``: the state of each environment that a job works on, shown instead of its status.
    ``largest`` returns the bytes on disk of the largest environment listed: a full bar. ``indent``
    returns by how many cells names are indented.
    """

    def name(row: Summary, width: int) -> Parts:
        cells = indent()
        return ((" " * cells, "plain"), *_name(row, width - cells)) if cells else _name(row, width)

    def status(row: Summary, width: int) -> Parts:
        state = states.get(row.path)
        if state is not None:
            return ((left(state.value, width), _style_of(state)),)
        return ((left(row.status.value, width), row.status.value),)

    def bar(row: Summary, width: int) -> Parts:
        if row.on_disk is None:
            return (((" " if _never(row, None) else "·") * width, "muted"),)
        return ((size_bar(row.on_disk, largest(), width), "size"),)

    def size_and_bar(row: Summary, width: int) -> Parts:
        return (*_size(row, width - SIZE_BAR - 1), (" ", "plain"), *bar(row, SIZE_BAR))

    def where(row: Summary, width: int) -> Parts:
        shown = place_in_words(row, lambda path: short_path(path, home)) or "–"
        return ((left_cut(shown, width), "muted"),)

    cells = (
        Column("name", "  Project", 24, name, grow=3),
        Column("status", "Status", 11, status),
        Column("python", "Python", 8, _python, since=100),
        Column("reclaimable", "Reclaimable", 12, _reclaimable, numeric=True),
        Column("cache", "+Cache", 9, _cache, numeric=True, since=160),
        Column("size", "Size", SIZE_BAR, bar, since=70, until=100),
        Column("size", "     Size", 9 + 1 + SIZE_BAR, size_and_bar, since=100),
        Column("used", "Used", 6, _used, numeric=True, since=60),
        Column("files", "Files", 6, _files, numeric=True, since=180),
        Column("packages", "Pkgs", 5, _packages, numeric=True, since=170),
        Column("kind", "Kind", 17, _kind, since=160),
        Column("where", "Where", 24, where, grow=2, since=120),
        Column("note", "Note", 24, _note, grow=1, since=200),
    )
    return tuple(replace(column, draw=_dim_if_gone(column.draw)) for column in cells)


def _dim_if_gone(draw: Callable[[Summary, int], Parts]) -> Callable[[Summary, int], Parts]:
    def drawn(row: Summary, width: int) -> Parts:
        parts = draw(row, width)
        return tuple((text, "gone") for text, _ in parts) if row.gone else parts

    return drawn


def _with_groups(
    column: Column[Summary], draw_group: Callable[[Group, int], Parts]
) -> Column[Line]:
    draw = column.draw

    def drawn(line: Line, width: int) -> Parts:
        return draw_group(line, width) if isinstance(line, Group) else draw(line, width)

    return cast("Column[Line]", replace(column, draw=cast("Any", drawn)))


def largest_of(rows: Iterable[Summary]) -> int:
    """Return the bytes on disk of the largest of these rows, 0 where none is measured."""
    return max((row.on_disk for row in rows if row.on_disk is not None), default=0)


def _style_of(state: State) -> str:
    return f"state-{state.value.replace(' ', '-')}"


class EnvironmentList(LineTable[Line]):
    """The environments, one a line, keyed by their path; they can be marked.

    Above each group of them is a line, too. ``states``: the state of each environment that a job
    works on; the caller redraws what it changes.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        *(f"table--{name}" for name in _STYLES),
        *(f"table--{status.value}" for status in Status),
        *(f"table--{_style_of(state)}" for state in State),
    }
    GUTTER = 2

    def __init__(self, home: Path | None, *, id: str) -> None:
        self.states: dict[Path, State] = {}
        self._largest = self._largest_group = 0
        self._grouped = False
        self.count_marked: Callable[[Group], int] = lambda group: 0
        of_groups = group_cells.cells(lambda: self._largest_group)
        cells = columns(
            home, self.states, lambda: self._largest, lambda: _INDENT if self._grouped else 0
        )
        super().__init__(
            [_with_groups(column, of_groups[column.key]) for column in cells], _key, id=id
        )

    @property
    def group(self) -> Group | None:
        """The group whose line is under the cursor."""
        return self.current if isinstance(self.current, Group) else None

    @property
    def unused_actions(self) -> frozenset[str]:
        """Actions of the footer that do nothing for what is under the cursor."""
        return ON_ONE if self.group is not None else frozenset()

    @property
    def meanings(self) -> Mapping[str, str]:
        """What the footer says of actions that differ for what is under the cursor."""
        if self.group is None:
            return {}
        return {"choose": "Unfold" if self.group.folded else "Fold"}

    def show_items(self, items: Sequence[Line], *, at_top: bool = False) -> None:
        """Show these lines; the largest environment has a full bar, and so has a group."""
        groups = [line for line in items if isinstance(line, Group)] if _has_groups(items) else []
        rows = [row for group in groups for row in group.rows] if groups else items
        remembered = rows.largest if isinstance(rows, RememberedRows) else None
        largest = largest_of(cast("Sequence[Summary]", rows)) if remembered is None else remembered
        self._set_largest(largest, max((group.on_disk for group in groups), default=0))
        if self._grouped != bool(groups):
            self._grouped = bool(groups)
            self._version += 1
        super().show_items(items, at_top=at_top)

    def touch(self, items: Sequence[Line]) -> None:
        """Show rows that changed; a new largest one changes every bar."""
        rows = [line for line in items if isinstance(line, Summary)]
        self._set_largest(max(self._largest, largest_of(rows)), self._largest_group)
        super().touch(items)

    def _set_largest(self, largest: int, group: int) -> None:
        if (largest, group) != (self._largest, self._largest_group):
            self._largest, self._largest_group = largest, group
            self._version += 1  # the bars of all rows may differ

    def rest(self, place: int) -> int:
        """Return where the cursor goes whose item is not there: to an environment if possible."""
        after = self.items[place + 1 : place + 2]
        group = bool(after) and isinstance(self.items[place], Group)
        return place + 1 if group and isinstance(after[0], Summary) else place

    def lines_above(self, place: int) -> int:
        """Return 1 for the first row of a group, else 0."""
        above = self.items[place - 1] if self._grouped and 0 < place < len(self.items) else None
        return isinstance(above, Group)

    def mark_of(self, item: Line) -> str:
        """Return the mark of a line; that of a group tells whether all or some are marked."""
        if not isinstance(item, Group):
            return super().mark_of(item)
        count = self.count_marked(item)
        return "✓" if count == len(item.rows) else "–" if count else ""


def _key(line: Line) -> Hashable:
    return line.key if isinstance(line, Group) else line.path


def _has_groups(items: Sequence[Line]) -> bool:
    return isinstance(items, list) and bool(items) and isinstance(items[0], Group)
