"""Queries with the kinds and stores of this program, and what they could not decide, in words."""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from venvdash.model import query_parser
from venvdash.model.query import Known, Query
from venvdash.records.summaries import summary_of
from venvdash.text import counted, visible

if TYPE_CHECKING:
    from collections.abc import Collection

    from venvdash.model import Package, Row


def _kinds() -> "Collection[str]":
    from venvdash.stores import kinds

    return kinds()


def _stores() -> "Collection[str]":
    from venvdash.stores import registry

    return [store.name for store in registry()]


_VALUES: query_parser.Values = {"kind": _kinds, "store": _stores}


def parse(text: str) -> Query:
    """Return the query that a text is. Raises QueryError."""
    return query_parser.parse(text, _VALUES)


def completions(text: str) -> list[str]:
    """Return what the last word of a query may become; see ``query_parser.completions``."""
    return query_parser.completions(text, _VALUES)


def whole_completions(text: str) -> list[str]:
    """Return ``text`` with its last word completed; a single key comes with its values."""
    start = max(text.rfind(blank) for blank in " \t") + 1
    completed = completions(text)
    if len(completed) == 1 and completed[0].endswith(":"):
        completed = completions(completed[0]) or completed
    return [text[:start] + one for one in completed]


class Filter:
    """Decides which rows match a query, and keeps those that it cannot decide.

    ``now`` is the time to which ages are compared, in seconds since the epoch. ``undecided`` holds
    what is not known of each such row, by its path.
    """

    def __init__(self, query: Query, now: float) -> None:
        self.query, self._now = query, now
        self.undecided: dict[Path, str] = {}

    def matches(self, row: "Row") -> bool:
        """Return whether a row matches; False where that cannot be known."""
        installed = row.environment.packages if row.environment.packages_known else None
        summary, known = summary_of(row), Known(self._now, lambda _: installed)
        answer = self.query.decide(summary, known)
        self.undecided.pop(row.path, None)
        if answer is None:
            self.undecided[row.path] = self.query.lacking(summary, known)
        return bool(answer)

    def packages_in_words(self, row: "Row") -> str:
        """Return the packages for which a row matches, with their versions; "-" for none."""
        packages = self._packages(row)
        return ", ".join(visible(f"{one.name} {one.version}", 64) for one in packages) or "-"

    def row_json(self, row: "Row") -> dict[str, object]:
        """Return what JSON says of a row that matches, besides what it says of any."""
        from venvdash.presentation.json_values import package_json

        return {"matched_packages": [package_json(one) for one in self._packages(row)]}

    def json(self) -> dict[str, object]:
        """Return what JSON says of the query's answer, besides the rows."""
        undecided = self.undecided.items()
        return {"undecided": [{"path": str(path), "reason": why} for path, why in undecided]}

    def _packages(self, row: "Row") -> "tuple[Package, ...]":
        return self.query.packages(row.environment.packages)

    @property
    def words(self) -> str:
        """A sentence that says how many were not decided, and why; "" for none."""
        return undecided_in_words(self.undecided.values())


def undecided_in_words(lacking: Iterable[str]) -> str:
    """Return how many environments a query could not decide, and what they lack; "" for none."""
    counts = Counter(lacking)
    if not counts:
        return ""
    reasons = ", ".join(f"{lacks} ({count})" for lacks, count in counts.items())
    return f"{counted(counts.total(), 'environment')} not decided: {reasons}."
