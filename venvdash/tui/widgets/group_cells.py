"""How the line above a group of environments is drawn: their sums, under the columns' titles."""

import time
from collections.abc import Callable, Mapping

from rich.cells import cell_len

from venvdash import formats
from venvdash.model.python_releases import unsupported_since
from venvdash.model.status import Status
from venvdash.text import counted, visible
from venvdash.tui.cells import STATUS_MARKS, left, left_cut, right, size_bar
from venvdash.tui.grouping import Group
from venvdash.tui.widgets.line_table import Parts

_SIGNS = {True: "▸ ", False: "▾ "}
SIZE_BAR = 8  # cells
_WIDE = 48  # cells of a name for which there is a word after the count


def figures(group: Group) -> tuple[str, str, str]:
    """Return what a group takes, frees and leaves in the cache; ``≤``, ``≥`` or ``~`` for bounds.

    As long as its union is not known, the sums of what each takes and frees are bounds of it, if
    all of them are measured.
    """
    sums, union = group.sums, group.union
    if union is not None:
        free = formats.bounded(union.reclaimable, union.at_most)
        return formats.size(union.on_disk), free, formats.size(union.cache_held)
    if not sums.measured:
        return formats.size(None), formats.size(None), formats.size(None)
    if len(group.rows) == 1:
        (row,) = group.rows
        free = formats.bounded(sums.reclaimable, row.at_most)
        return formats.size(row.on_disk), free, formats.size(row.cache_held)
    free = ("~" if sums.bounded else "≥") + formats.size(sums.reclaimable)
    taken = formats.signed("≤" if group.measured else "~", group.on_disk)
    return taken, free, formats.size(None)


def _name(group: Group, width: int) -> Parts:
    mark = f"{STATUS_MARKS[Status(group.value)]} " if group.by == "status" else ""
    title = mark + visible(group.title, 256)
    old = group.by == "python" and unsupported_since(group.value, time.time())
    title += "!" if old else ""
    room = width - cell_len(_SIGNS[group.folded])
    count = str(len(group.rows))
    if width >= _WIDE:
        count = counted(len(group.rows), "environment")
    fitted = left_cut if group.by == "project" else left
    style = group.value if group.by == "status" else "old" if old else "group"
    return (
        (_SIGNS[group.folded], "group"),
        (fitted(title, room - len(count) - 1) + " ", style),
        (count, "muted"),
    )


def _status(group: Group, width: int) -> Parts:
    count = group.orphans if group.by != "status" else 0
    words = counted(count, "orphan")
    if not count:
        return _blank(group, width)
    return ((left(words if len(words) <= width else f"{count} orph.", width), "orphan"),)


def _bytes(count: int) -> Callable[[Group, int], Parts]:
    return lambda group, width: ((right(figures(group)[count], width), "group"),)


def _used(group: Group, width: int) -> Parts:
    return ((right(formats.age(group.used, time.time()), width), "muted"),)


def _files(group: Group, width: int) -> Parts:
    files = group.files if group.sums.measured else None
    return ((right(formats.number(files), width), "group"),)


def _blank(_: Group, width: int) -> Parts:
    return ((" " * width, "plain"),)


def cells(largest: Callable[[], int]) -> Mapping[str, Callable[[Group, int], Parts]]:
    """Return how the cell of each column is drawn; ``largest`` is as for environments."""

    def size(group: Group, width: int) -> Parts:
        taken = group.union.on_disk if group.union is not None else group.on_disk
        text = "" if width <= SIZE_BAR else right(figures(group)[0], width - SIZE_BAR - 1) + " "
        return ((text, "group"), (size_bar(taken, largest(), SIZE_BAR), "size"))

    drawn = {
        "name": _name,
        "status": _status,
        "size": size,
        "reclaimable": _bytes(1),
        "cache": _bytes(2),
        "used": _used,
        "files": _files,
    }
    return {
        key: drawn.get(key, _blank)
        for key in (*drawn, "python", "packages", "kind", "where", "note")
    }
