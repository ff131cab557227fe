"""Tables that fit the terminal: the least important columns are left out, paths are cut."""

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TextIO

from venvdash.presentation.colours import coloured, columns_of, paint
from venvdash.presentation.roles import Role
from venvdash.text import cut, cut_start, width

_GAP = 2  # cells


@dataclass(frozen=True, slots=True)
class Column:
    """One column. Where there is no room, those with the highest ``drop`` are left out first.

    With 0 it is always shown. ``least``: the cells to which it may be cut, None for never; with
    ``last`` only where no more columns can be left out. Of a ``path`` the beginning is cut.
    ``right``: aligned to the right.
    """

    title: str = ""
    right: bool = False
    drop: int = 0
    least: int | None = None
    last: bool = False
    path: bool = False


def table(
    columns: Sequence[Column],
    rows: Sequence[Sequence[str]],
    roles: Callable[[int], Mapping[str, Role]] | None = None,
    *,
    indent: str = "",
    stream: TextIO | None = None,
) -> list[str]:
    """Return a table for ``stream`` (stdout) as lines: its titles, if it has any, then the rows.

    All text is already visible. ``roles`` returns for the index of a row the roles of its cells by
    the title of their columns.
    """
    stream = stream or sys.stdout
    head = any(column.title for column in columns)
    cells = [tuple(column.title for column in columns), *rows] if head else rows
    if not cells:
        return []
    natural = [max(map(width, column)) for column in zip(*cells, strict=True)]
    limit = columns_of(stream)
    fitted = natural if limit is None else fit(columns, natural, limit - len(indent))
    shown = [at for at, room in enumerate(fitted) if room is not None]
    paints = coloured(stream)
    lines = []
    for number, row in enumerate(cells, -1 if head else 0):
        styles = roles(number) if roles and paints and number >= 0 else {}
        parts = [_cell(row[at], columns[at], fitted[at] or 0) for at in shown]
        parts[-1] = parts[-1].rstrip()
        if paints and number < 0:
            parts = [paint(part, Role.STRONG) for part in parts]
        for place, at in enumerate(shown):
            if role := styles.get(columns[at].title):
                parts[place] = paint(parts[place], role)
        lines.append(indent + (" " * _GAP).join(parts).rstrip())
    return lines


def _cell(text: str, column: Column, room: int) -> str:
    text = cut_start(text, room) if column.path else cut(text, room)
    gap = " " * (room - width(text))
    return gap + text if column.right else text + gap


def fit(columns: Sequence[Column], natural: Sequence[int], limit: int) -> list[int | None]:
    """Return the width of each column in a line of ``limit`` cells, None for one left out."""
    widths: list[int | None] = list(natural)
    while (excess := _total(widths) - limit) > 0:
        spare = _spare(columns, widths, last=False)
        droppable = [at for at, room in enumerate(widths) if room is not None and columns[at].drop]
        if sum(spare.values()) >= excess or not droppable:
            excess = _shrink(widths, spare, excess)
            _shrink(widths, _spare(columns, widths, last=True), excess)
            break
        widths[max(droppable, key=lambda at: columns[at].drop)] = None
    return widths


def _total(widths: Sequence[int | None]) -> int:
    shown = [room for room in widths if room is not None]
    return sum(shown) + _GAP * (len(shown) - 1)


def _spare(
    columns: Sequence[Column], widths: Sequence[int | None], *, last: bool
) -> dict[int, int]:
    """Return by how many cells columns may be cut: those that are cut ``last``, or the others."""
    return {
        at: room - least
        for at, room in enumerate(widths)
        if room is not None
        and columns[at].last == last
        and (least := columns[at].least) is not None
        and room > least
    }


def _shrink(widths: list[int | None], spare: dict[int, int], excess: int) -> int:
    """Take cells from those columns that can spare most; return how many are still too many."""
    while excess > 0 and any(spare.values()):
        most = max(spare, key=lambda at: spare[at])
        spare[most] -= 1
        widths[most] = (widths[most] or 0) - 1
        excess -= 1
    return excess
