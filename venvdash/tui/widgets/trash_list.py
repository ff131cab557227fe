"""The list of the trash."""

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, ClassVar

from venvdash import formats
from venvdash.model import Trashed
from venvdash.presentation.labels import when_freed
from venvdash.text import short_path, visible
from venvdash.tui.cells import left, left_cut, right
from venvdash.tui.widgets.line_table import Column, LineTable, Parts


def _name(item: Trashed, width: int) -> Parts:
    return ((left(visible(item.name, 256), width), "plain"),)


def _status(item: Trashed, width: int) -> Parts:
    words = "deleting" if item.purging else visible(item.status, 32)
    return ((left(words, width), "bad" if item.purging else "muted"),)


def _since(item: Trashed, width: int) -> Parts:
    return ((right(formats.age(item.since, time.time()), width), "muted"),)


def _freed_in(item: Trashed, width: int) -> Parts:
    return ((right(when_freed(item), width), "muted"),)


def _size(item: Trashed, width: int) -> Parts:
    return ((right(formats.size(item.on_disk), width), "plain"),)


def _reclaimable(item: Trashed, width: int) -> Parts:
    return ((right(formats.bounded(item.reclaimable, item.at_most), width), "plain"),)


SORT_KEYS: Mapping[str, Callable[[Trashed], Any]] = {
    "name": lambda item: item.name.casefold(),
    "status": lambda item: item.status,
    "since": lambda item: -item.since,
    "freed": lambda item: (item.days_left is None, item.days_left or 0.0),
    "size": lambda item: item.on_disk,
    "reclaimable": lambda item: item.reclaimable,
    "where": lambda item: str(item.original),
}
"""What the columns are sorted by."""


class TrashList(LineTable[Trashed]):
    """Deleted environments, one a line, keyed by their path in the trash."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"table--plain", "table--muted", "table--bad"}
    GUTTER = 2

    def __init__(self, home: Path | None, *, id: str) -> None:
        def where(item: Trashed, width: int) -> Parts:
            return ((left_cut(short_path(item.original, home), width), "muted"),)

        columns = (
            Column("name", "Deleted", 16, _name, grow=2),
            Column("status", "Was", 11, _status, since=70),
            Column("since", "Since", 6, _since, numeric=True, since=60),
            Column("freed", "Expires in", 10, _freed_in, numeric=True),
            Column("size", "Size", 9, _size, numeric=True, since=50),
            Column("reclaimable", "Reclaimable", 11, _reclaimable, numeric=True),
            Column("where", "From", 16, where, grow=3, since=90),
        )
        super().__init__(columns, lambda item: item.path, id=id)
        self.marked: set[Path] = set()
