"""Queries with the kinds and stores of this program, and what they could not decide, in words."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from venvdash.model import query_parser
from venvdash.model.query import Known, Query
from venvdash.text import counted

if TYPE_CHECKING:
    from collections.abc import Collection

    from venvdash.model import Row


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
    found = completions(text)
    if len(found) == 1 and found[0].endswith(":"):
        found = completions(found[0]) or found
    return [text[:start] + one for one in found]


@dataclass(frozen=True, slots=True)
class Decision:
    """The rows that match a query, and those that it could not decide, each with what it lacks."""

    matching: "Sequence[Row]"
    undecided: "Sequence[tuple[Row, str]]" = ()

    @property
    def words(self) -> str:
        """A sentence that says how many were not decided, and why; "" for none."""
        return undecided_in_words(lacks for _, lacks in self.undecided)


def undecided_in_words(lacking: Iterable[str]) -> str:
    """Return how many environments a query could not decide, and what they lack; "" for none."""
    counts = Counter(lacking)
    if not counts:
        return ""
    reasons = ", ".join(f"{lacks} ({count})" for lacks, count in counts.items())
    return f"{counted(counts.total(), 'environment')} not decided: {reasons}."


def decided(query: Query, rows: "Iterable[Row]", now: float) -> Decision:
    """Return which rows match; ``now`` is the time to which ages are compared."""
    from venvdash.records.summaries import summary_of

    matching, undecided = [], []
    for row in rows:
        environment = row.environment
        installed = environment.packages if environment.packages_known else None
        known = Known(now, packages=lambda _, installed=installed: installed)  # type: ignore[misc]
        summary = summary_of(row)
        answer = query.decide(summary, known)
        if answer:
            matching.append(row)
        elif answer is None:
            undecided.append((row, query.lacking(summary, known)))
    return Decision(matching, undecided)
