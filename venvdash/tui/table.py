"""The rows that the list shows: filtered, sorted, counted. Knows no Textual."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from venvdash.model.sorting import BIG_FIRST, SORT_KEYS, in_order
from venvdash.model.status import Status
from venvdash.model.summary import Summary
from venvdash.records.summaries import summary_of

if TYPE_CHECKING:
    from venvdash.model import Row


class View(StrEnum):
    """What part of the machine is shown; the key is its place in this list, from 1."""

    ALL = "all"
    ORPHANS = "orphans"
    UNKNOWN = "unknown"
    REPLACED = "replaced"
    OTHER = "other"


_STATUS_OF_VIEW = {
    View.ORPHANS: Status.ORPHAN,
    View.UNKNOWN: Status.UNKNOWN,
    View.REPLACED: Status.REPLACED,
}


def haystack(row: Summary) -> str:
    """Return the text that the filter searches, in lower case, one field a line."""
    fields = (
        row.name,
        str(row.path),
        row.store,
        row.kind,
        row.status.value,
        f"python{row.python or ''}",
        row.implementation or "",
        *row.projects,
        row.location.value,
        *(flag.value for flag in row.flags),
        row.note,
    )
    return "\n".join(fields).casefold()


@dataclass
class Table:
    """All environments of a machine, and the part of them that is shown, in order.

    ``rows`` are what a scan found, ``summaries`` what is shown of them. ``shown`` is valid after
    ``arrange``; ``put`` and ``drop`` return whether that is due.
    """

    view: View = View.ALL
    words: tuple[str, ...] = ()
    sort: str = "name"
    descending: bool = False
    rows: "dict[Path, Row]" = field(default_factory=dict)
    summaries: dict[Path, Summary] = field(default_factory=dict)
    shown: list[Summary] = field(default_factory=list)
    counts: Counter[Status] = field(default_factory=Counter)
    reclaimable: int = 0
    measured: int = 0
    bounded: int = 0  # those of the measured that free at most what is counted
    _places: dict[Path, int] = field(default_factory=dict)
    _hay: dict[Path, str] = field(default_factory=dict)

    def put(self, row: "Row") -> bool:
        """Add or replace a row; return whether what is shown must be arranged again."""
        self.rows[row.path] = row
        summary = summary_of(row)
        before = self.summaries.get(row.path)
        if before == summary:
            return False
        if before is not None:
            self._count(before, -1)
        self._count(summary, 1)
        self.summaries[row.path] = summary
        self._hay.pop(row.path, None)
        place = self._places.get(row.path)
        if before is None or place is None:
            return self._belongs(summary)
        self.shown[place] = summary
        key = SORT_KEYS[self.sort]
        same = before.name == summary.name and key(before) == key(summary)
        return not (same and self._belongs(summary))

    def drop(self, path: Path) -> bool:
        """Forget a row; return whether what is shown must be arranged again."""
        self.rows.pop(path, None)
        summary = self.summaries.pop(path, None)
        if summary is None:
            return False
        self._count(summary, -1)
        self._hay.pop(path, None)
        return path in self._places

    def _count(self, row: Summary, sign: int) -> None:
        self.counts[row.status] += sign
        if row.reclaimable is not None:
            self.reclaimable += sign * row.reclaimable
            self.measured += sign
            self.bounded += sign * row.at_most

    def arrange(self) -> None:
        """Filter and sort again."""
        rows = [row for row in self.summaries.values() if self._belongs(row)]
        self.shown = in_order(rows, self.sort, descending=self.descending)
        self._places = {row.path: place for place, row in enumerate(self.shown)}

    def _belongs(self, row: Summary) -> bool:
        wanted = _STATUS_OF_VIEW.get(self.view)
        if wanted is not None and row.status is not wanted:
            return False
        return self._matches(row)

    def _matches(self, row: Summary) -> bool:
        if not self.words:
            return True
        text = self._hay.get(row.path)
        if text is None:
            text = self._hay[row.path] = haystack(row)
        return all(word in text for word in self.words)

    def matching(self) -> "list[Row]":
        """Return all rows that match the filter, in any view."""
        return [row for path, row in self.rows.items() if self._matches(self.summaries[path])]

    def search(self, text: str) -> None:
        """Show only rows that contain every word of ``text``; case is ignored."""
        self.words = tuple(text.casefold().split())

    def sort_by(self, key: str) -> None:
        """Sort by a column; by the present one in reverse order."""
        if key == self.sort:
            self.descending = not self.descending
        else:
            self.sort, self.descending = key, key in BIG_FIRST

    def count(self, view: View) -> int:
        """Return how many rows a view has, before any filter."""
        wanted = _STATUS_OF_VIEW.get(view)
        return len(self.summaries) if wanted is None else self.counts[wanted]

    def index_of(self, path: Path) -> int | None:
        """Return the place of an environment in the list, None where it is not shown."""
        return self._places.get(path)

    def find(self, paths: Iterable[Path]) -> "list[Row]":
        """Return the rows of these paths that are still there."""
        return [self.rows[path] for path in paths if path in self.rows]

    def summaries_of(self, paths: Iterable[Path]) -> list[Summary]:
        """Return the summaries of these paths that are still there."""
        return [self.summaries[path] for path in paths if path in self.summaries]
