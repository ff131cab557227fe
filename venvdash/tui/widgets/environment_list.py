"""The list of environments: its columns, and how each cell is drawn."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

from rich.cells import cell_len

from venvdash import formats
from venvdash.model.python_releases import unsupported_since
from venvdash.model.status import Flag, State, Status
from venvdash.model.summary import Summary
from venvdash.presentation.meanings import place_in_words
from venvdash.records.snapshot import RememberedRows
from venvdash.text import short_path, visible
from venvdash.tui.cells import STATUS_MARKS, flag_words, left, left_cut, right, size_bar
from venvdash.tui.widgets.line_table import Column, LineTable, Parts

SIZE_BAR = 8  # cells
_STYLES = ("name", "plain", "muted", "big", "bad", "old", "size", "unconfirmed", "gone")
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


def _size(row: Summary, width: int) -> Parts:
    return _bytes(row.on_disk, width)


def _reclaimable(row: Summary, width: int) -> Parts:
    count = row.reclaimable
    return _bytes(count, width, "" if count is None else formats.bounded(count, row.at_most))


def _cache(row: Summary, width: int) -> Parts:
    return _bytes(row.cache_held, width)


def _used(row: Summary, width: int) -> Parts:
    return ((right(formats.age(row.used, time.time()), width), "muted"),)


def _kind(row: Summary, width: int) -> Parts:
    return ((left(visible(row.kind, 64), width), "muted"),)


def _files(row: Summary, width: int) -> Parts:
    return ((right(formats.number(row.files), width), "plain" if row.files else "muted"),)


def _packages(row: Summary, width: int) -> Parts:
    return ((right(str(row.packages), width), "muted"),)


def columns(
    home: Path | None, states: Mapping[Path, State], largest: Callable[[], int]
) -> tuple[Column[Summary], ...]:
    """Return the columns of the list; ``home`` is written as ``~``.

    ``states``: the state of each environment that a job works on, shown instead of its status.
    ``largest`` returns the bytes on disk of the largest environment listed: a full bar.
    """

    def status(row: Summary, width: int) -> Parts:
        state = states.get(row.path)
        if state is not None:
            return ((left(state.value, width), _style_of(state)),)
        return ((left(row.status.value, width), row.status.value),)

    def bar(row: Summary, width: int) -> Parts:
        if row.on_disk is None:
            return (("·" * width, "muted"),)
        return ((size_bar(row.on_disk, largest(), width), "size"),)

    def size_and_bar(row: Summary, width: int) -> Parts:
        return (*_size(row, width - SIZE_BAR - 1), (" ", "plain"), *bar(row, SIZE_BAR))

    def where(row: Summary, width: int) -> Parts:
        shown = place_in_words(row, lambda path: short_path(path, home)) or "–"
        return ((left_cut(shown, width), "muted"),)

    cells = (
        Column("name", "  Project", 24, _name, grow=3),
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
    )
    return tuple(replace(column, draw=_dim_if_gone(column.draw)) for column in cells)


def _dim_if_gone(draw: Callable[[Summary, int], Parts]) -> Callable[[Summary, int], Parts]:
    def drawn(row: Summary, width: int) -> Parts:
        parts = draw(row, width)
        return tuple((text, "gone") for text, _ in parts) if row.gone else parts

    return drawn


def largest_of(rows: Iterable[Summary]) -> int:
    """Return the bytes on disk of the largest of these rows, 0 where none is measured."""
    return max((row.on_disk for row in rows if row.on_disk is not None), default=0)


def _style_of(state: State) -> str:
    return f"state-{state.value.replace(' ', '-')}"


class EnvironmentList(LineTable[Summary]):
    """The environments, one a line, keyed by their path; they can be marked.

    ``states``: the state of each that a job works on; the caller redraws what it changes.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        *(f"table--{name}" for name in _STYLES),
        *(f"table--{status.value}" for status in Status),
        *(f"table--{_style_of(state)}" for state in State),
    }
    GUTTER = 2

    def __init__(self, home: Path | None, *, id: str) -> None:
        self.states: dict[Path, State] = {}
        self._largest = 0
        cells = columns(home, self.states, lambda: self._largest)
        super().__init__(cells, lambda row: row.path, id=id)

    def show_items(self, items: Sequence[Summary], *, at_top: bool = False) -> None:
        """Show these rows; the largest of them has a full bar."""
        remembered = items.largest if isinstance(items, RememberedRows) else None
        self._set_largest(largest_of(items) if remembered is None else remembered)
        super().show_items(items, at_top=at_top)

    def touch(self, items: Sequence[Summary]) -> None:
        """Show rows that changed; a new largest one changes every bar."""
        self._set_largest(max(self._largest, largest_of(items)))
        super().touch(items)

    def _set_largest(self, largest: int) -> None:
        if largest != self._largest:
            self._largest = largest
            self._version += 1  # the bars of all rows may differ
