"""The rows that the list shows: filtered, sorted, counted. Knows no Textual."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from venvdash.model import Row, Status


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

# What needs a decision comes first.
_STATUS_RANK = {
    status: rank
    for rank, status in enumerate(
        (
            Status.ORPHAN,
            Status.MOVED,
            Status.DUPLICATE,
            Status.UNREACHABLE,
            Status.UNKNOWN,
            Status.REPLACED,
            Status.STANDALONE,
            Status.LINKED,
            Status.TOOL,
            Status.CHECKING,
        )
    )
}


def _python_key(row: Row) -> Any:
    version = row.environment.python
    if version is None:
        return None
    return [int(part) if part.isdigit() else -1 for part in version.split(".")]


def _where_key(row: Row) -> Any:
    project = row.verdict.project
    return str(project).casefold() if project else None


# The value a column sorts by; None (not known yet) comes last, whichever way it is sorted.
SORT_KEYS: dict[str, Callable[[Row], Any]] = {
    "name": lambda row: row.name.casefold(),
    "python": _python_key,
    "size": lambda row: row.usage.on_disk if row.usage else None,
    "reclaimable": lambda row: row.usage.reclaimable if row.usage else None,
    "cache": lambda row: row.usage.cache_held if row.usage else None,
    "used": lambda row: -row.used if row.used is not None else None,  # youngest first
    "status": lambda row: _STATUS_RANK[row.verdict.status],
    "kind": lambda row: row.environment.traits.kind,
    "packages": lambda row: len(row.environment.packages),
    "where": _where_key,
}

# Columns whose first sorting is the biggest first: that is what people look for.
BIG_FIRST = frozenset({"python", "size", "reclaimable", "cache", "packages"})


def haystack(row: Row) -> str:
    """Return the text that the filter searches, in lower case, one field a line."""
    environment, record = row.environment, row.record
    fields = [
        row.name,
        str(row.path),
        environment.store,
        environment.traits.kind,
        row.verdict.status.value,
        f"python{environment.python or ''}",
        environment.implementation or "",
        *(str(project) for project in row.verdict.projects),
        environment.location.value,
        *(flag.value for flag in environment.flags),
    ]
    if record is not None:
        fields.append(record.note)
    return "\n".join(fields).casefold()


@dataclass
class Table:
    """All rows of a machine, and the part of them that is shown, in order.

    ``shown`` is valid after ``arrange``; ``put`` and ``drop`` say whether that is due.
    """

    view: View = View.ALL
    words: tuple[str, ...] = ()
    sort: str = "name"
    descending: bool = False
    rows: dict[Path, Row] = field(default_factory=dict)
    shown: list[Row] = field(default_factory=list)
    counts: Counter[Status] = field(default_factory=Counter)
    reclaimable: int = 0
    measured: int = 0
    bounded: int = 0  # those of the measured that free at most what is counted
    _places: dict[Path, int] = field(default_factory=dict)
    _hay: dict[Path, str] = field(default_factory=dict)

    def put(self, row: Row) -> bool:
        """Add or replace a row; return whether what is shown must be arranged again."""
        before = self.rows.get(row.path)
        if before is not None:
            self._count(before, -1)
        self._count(row, 1)
        self.rows[row.path] = row
        self._hay.pop(row.path, None)
        place = self._places.get(row.path)
        if before is None or place is None:
            return self._belongs(row)
        self.shown[place] = row
        key = SORT_KEYS[self.sort]
        same = before.name == row.name and key(before) == key(row)
        return not (same and self._belongs(row))

    def drop(self, path: Path) -> bool:
        """Forget a row; return whether what is shown must be arranged again."""
        row = self.rows.pop(path, None)
        if row is None:
            return False
        self._count(row, -1)
        self._hay.pop(path, None)
        return path in self._places

    def _count(self, row: Row, sign: int) -> None:
        self.counts[row.verdict.status] += sign
        if row.usage is not None:
            self.reclaimable += sign * row.usage.reclaimable
            self.measured += sign
            self.bounded += sign * row.usage.at_most

    def arrange(self) -> None:
        """Filter and sort again."""
        rows = [row for row in self.rows.values() if self._belongs(row)]
        rows.sort(key=lambda row: (row.name.casefold(), row.path))
        key = SORT_KEYS[self.sort]
        known = [(value, row) for row in rows if (value := key(row)) is not None]
        known.sort(key=lambda pair: pair[0], reverse=self.descending)
        self.shown = [row for _, row in known]
        if len(known) < len(rows):
            self.shown += [row for row in rows if key(row) is None]
        self._places = {row.path: place for place, row in enumerate(self.shown)}

    def _belongs(self, row: Row) -> bool:
        wanted = _STATUS_OF_VIEW.get(self.view)
        if wanted is not None and row.verdict.status is not wanted:
            return False
        return self._matches(row)

    def _matches(self, row: Row) -> bool:
        if not self.words:
            return True
        text = self._hay.get(row.path)
        if text is None:
            text = self._hay[row.path] = haystack(row)
        return all(word in text for word in self.words)

    def matching(self) -> list[Row]:
        """Return all rows that match the filter, in any view."""
        return [row for row in self.rows.values() if self._matches(row)]

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
        return len(self.rows) if wanted is None else self.counts[wanted]

    def index_of(self, path: Path) -> int | None:
        """Return the place of an environment in the list, None where it is not shown."""
        return self._places.get(path)

    def find(self, paths: Iterable[Path]) -> list[Row]:
        """Return the rows of these paths that are still there."""
        return [self.rows[path] for path in paths if path in self.rows]
