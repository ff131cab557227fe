"""The rows that the list shows: filtered, sorted, counted. Knows no Textual."""

import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import compress
from pathlib import Path
from typing import TYPE_CHECKING

from venvdash.model.sorting import BIG_FIRST, SORT_KEYS, in_order
from venvdash.model.status import Status
from venvdash.model.summary import Summary, Sums
from venvdash.records.snapshot import Snapshot
from venvdash.records.snapshot_rows import DamagedError
from venvdash.records.summaries import summary_of

if TYPE_CHECKING:
    from venvdash.model import Package, Row
    from venvdash.model.query import Known, Query


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


@dataclass
class Table:
    """All environments of a machine, and the part of them that is shown, in order.

    ``rows`` are what a scan found, ``summaries`` what is shown of them. ``shown`` is valid after
    ``arrange``; ``put`` and ``drop`` return whether that is due.

    It may begin with what the last scan found (``remember``). Until a scan has ended (``settle``)
    such a list is ``held``: no row changes its place, and one that is new comes last.
    """

    view: View = View.ALL
    sort: str = "name"
    descending: bool = False
    query: "Query | None" = None
    rows: "dict[Path, Row]" = field(default_factory=dict)
    summaries: dict[Path, Summary] = field(default_factory=dict)
    shown: Sequence[Summary] = ()
    sums: dict[Status, Sums] = field(default_factory=dict)  # over all rows of each status
    held: bool = False
    remembered: int = 0  # rows, until a scan has judged all of them
    _remembered: Snapshot | None = None  # until it is decoded
    _lines: list[Summary] = field(default_factory=list)  # what is shown, once it is decoded
    _places: dict[Path, int] = field(default_factory=dict)
    _order: list[Path] = field(default_factory=list)  # of all; empty where it is not known
    _order_of: tuple[str, bool] = ("", False)  # the sort that it is of
    _incomplete: set[Path] = field(default_factory=set)  # shown with sizes that are remembered
    _texts: dict[Path, str] = field(default_factory=dict)  # in which words are searched
    _undecided: dict[Path, str] = field(default_factory=dict)  # by the query, and what is not known

    def begin(self, view: str, sort: str) -> None:
        """Begin with a view and an order."""
        self.view, self.sort, self.descending = View(view), sort, sort in BIG_FIRST

    def remember(self, snapshot: Snapshot) -> None:
        """Begin with a remembered list, as it was shown; its rows are decoded when needed."""
        view, self.sort, self.descending = snapshot.settings
        self.view = View(view) if view in _STATUS_OF_VIEW else View.ALL
        self.sums = snapshot.sums
        self.shown = snapshot.rows(_STATUS_OF_VIEW.get(self.view))
        self.held, self._remembered = True, snapshot
        self.remembered = self.total

    def decode(self) -> None:
        """Take the rows of a remembered list; a damaged one is forgotten."""
        snapshot, self._remembered = self._remembered, None
        if snapshot is None:
            return
        with suppress(DamagedError):
            self.summaries = {row.path: row for row in snapshot.decode()}
        self.sums = {}
        for row in self.summaries.values():
            self._count(row, 1)
        self._show(self._chosen(self.summaries.values()))

    @property
    def total(self) -> int:
        """How many environments there are, shown or not."""
        return sum(sums.rows for sums in self.sums.values())

    @property
    def missing(self) -> int:
        """How many projects there are without environment."""
        sums = self.sums.get(Status.MISSING)
        return sums.rows if sums else 0

    def put(self, row: "Row", *, settled: bool = True) -> bool:
        """Add or replace a row; return whether what is shown must be arranged again.

        A remembered row stays as it is until the new one is ``settled``.
        """
        self.decode()
        self.rows[row.path] = row
        before = self.summaries.get(row.path)
        if before is not None and not (before.confirmed or settled):
            return False
        summary = summary_of(row)
        self._incomplete.discard(row.path)
        if self.held and before is not None:
            complete = _with_sizes(summary, before)
            if complete is not summary:
                self._incomplete.add(row.path)
                summary = complete
        return self._replace(summary, before)

    def _replace(self, summary: Summary, before: Summary | None) -> bool:
        path = summary.path
        if before == summary:
            return False
        if before is not None:
            self._count(before, -1)
        self._count(summary, 1)
        self.summaries[path] = summary
        self._texts.pop(path, None)
        key = SORT_KEYS[self.sort]
        moved = before is None or before.name != summary.name or key(before) != key(summary)
        if moved:
            self._order = []
        place = self._places.get(path)
        if before is None or place is None:
            if self.held and self._belongs(summary):
                self._places[path] = len(self._lines)
                self._lines.append(summary)
            return path in self._undecided or self._belongs(summary)
        self._lines[place] = summary
        return moved or not self._belongs(summary)

    def unsettled(self) -> list[Summary]:
        """Return what is remembered and not yet confirmed."""
        self.decode()
        return [row for row in self.summaries.values() if not row.confirmed]

    def mark_gone(self) -> set[Path]:
        """Mark what is remembered and was not found, once all is judged; return the paths."""
        self.remembered = 0
        gone = [row for row in self.unsettled() if row.path not in self.rows and not row.gone]
        for row in gone:
            self._replace(row._replace(gone=True), row)
        return {row.path for row in gone}

    def settle(self) -> set[Path]:
        """Show what a complete scan found, and nothing else; return the paths that changed."""
        self.decode()
        self.held, self.remembered = False, 0
        changed = self.summaries.keys() - self.rows.keys()
        for path in changed:
            self.drop(path)
        incomplete = self._incomplete | {row.path for row in self.unsettled()}
        for path in incomplete & self.rows.keys():
            self._replace(summary_of(self.rows[path]), self.summaries.get(path))
        self._incomplete = set()
        return changed | incomplete

    def put_missing(self, rows: "Sequence[Row]") -> bool:
        """Show these projects without environment, and no others; return as ``put``."""
        paths = {row.path for row in rows}
        due = [
            self.drop(path)
            for path, row in list(self.rows.items())
            if row.verdict.status is Status.MISSING and path not in paths
        ]
        due += [self.put(row) for row in rows]
        return any(due)

    def drop(self, path: Path) -> bool:
        """Forget a row; return whether what is shown must be arranged again."""
        self.decode()
        self.rows.pop(path, None)
        summary = self.summaries.pop(path, None)
        if summary is None:
            return False
        self._count(summary, -1)
        self._texts.pop(path, None)
        self._order = []
        return path in self._places or path in self._undecided

    def _count(self, row: Summary, sign: int) -> None:
        self.sums.setdefault(row.status, Sums()).count(row, sign)

    def arrange(self) -> None:
        """Filter again, and sort again if that is due."""
        self.decode()
        order = self.sort, self.descending
        if not self._order or order != self._order_of:
            rows = in_order(self.summaries.values(), self.sort, descending=self.descending)
            self._order, self._order_of = [row.path for row in rows], order
        self._show(self._chosen(map(self.summaries.__getitem__, self._order)))

    def _chosen(self, rows: Iterable[Summary]) -> list[Summary]:
        """Return the rows of the view that match the query, and note what it cannot decide."""
        wanted = _STATUS_OF_VIEW.get(self.view)
        chosen = [row for row in rows if wanted is None or row.status is wanted]
        self._undecided = {}
        if self.query is None:
            return chosen
        unsure: list[tuple[Summary, str]] = []
        known = self._known()
        for term in self.query.terms:
            decide = term.decide
            unsure = [(row, why) for row, why in unsure if decide(row, known) is not False]
            answers = [decide(row, known) for row in chosen]
            if None in answers:
                pairs = zip(chosen, answers, strict=True)
                unsure += [(row, term.lacks) for row, answer in pairs if answer is None]
            chosen = list(compress(chosen, answers))
        self._undecided = {row.path: why for row, why in unsure}
        return chosen

    def _show(self, rows: list[Summary]) -> None:
        self.shown = self._lines = rows
        self._places = {row.path: place for place, row in enumerate(rows)}

    def _belongs(self, row: Summary) -> bool:
        wanted = _STATUS_OF_VIEW.get(self.view)
        if wanted is not None and row.status is not wanted:
            return False
        return self._matches(row)

    def _matches(self, row: Summary) -> bool:
        return self.query is None or bool(self.query.decide(row, self._known()))

    def _known(self) -> "Known":
        from venvdash.model.query import Known

        return Known(time.time(), self._packages, self._text)

    def _packages(self, path: Path) -> "Sequence[Package] | None":
        """Return what is installed in an environment; None where only its summary is known."""
        row = self.rows.get(path)
        known = row is not None and row.environment.packages_known
        return row.environment.packages if row is not None and known else None

    def _text(self, row: Summary) -> str:
        text = self._texts.get(row.path)
        if text is None:
            from venvdash.model.query import searched_text

            text = self._texts[row.path] = searched_text(row)
        return text

    @property
    def undecided(self) -> str:
        """How many rows of the view the query cannot decide, and why, a sentence; "" for none."""
        if not self._undecided:
            return ""
        from venvdash.presentation.queries import undecided_in_words

        return undecided_in_words(self._undecided.values())

    def prepare_search(self) -> None:
        """Make the texts that the filter searches before the first letter is typed."""
        import venvdash.presentation.queries  # noqa: F401 - it is imported now, not then

        self.decode()
        for row in self.summaries.values():
            self._text(row)

    def matching(self) -> "list[Row]":
        """Return all environments that match the filter, in any view."""
        self.decode()
        return [
            row
            for path, row in self.rows.items()
            if row.verdict.status is not Status.MISSING and self._matches(self.summaries[path])
        ]

    def search(self, text: str) -> None:
        """Show only rows that match a query. Raises QueryError; then the last one stays."""
        from venvdash.presentation.queries import parse

        query = parse(text)
        self.query = query if query.terms else None

    def sort_by(self, key: str) -> None:
        """Sort by a column; by the present one in reverse order."""
        if key == self.sort:
            self.descending = not self.descending
        else:
            self.sort, self.descending = key, key in BIG_FIRST

    def count(self, view: View) -> int:
        """Return how many rows a view has, before any filter."""
        return self.sums_of(view).rows

    def sums_of(self, view: View) -> Sums:
        """Return the sums over the rows of a view, before any filter."""
        wanted = _STATUS_OF_VIEW.get(view)
        if wanted is None:
            return Sums.total(self.sums.values())
        return self.sums.get(wanted) or Sums()

    @property
    def sums_shown(self) -> Sums:
        """The sums over what is shown."""
        sums = self.sums_of(self.view)
        return sums if len(self.shown) == sums.rows else Sums.of(self.shown)

    def index_of(self, path: Path) -> int | None:
        """Return the place of an environment in the list, None where it is not shown."""
        self.decode()
        return self._places.get(path)

    def find(self, paths: Iterable[Path]) -> "list[Row]":
        """Return the rows of these paths that are still there."""
        return [self.rows[path] for path in paths if path in self.rows]

    def summaries_of(self, paths: Iterable[Path]) -> list[Summary]:
        """Return the summaries of these paths that are still there."""
        self.decode()
        return [self.summaries[path] for path in paths if path in self.summaries]


def _with_sizes(summary: Summary, before: Summary) -> Summary:
    """Return a summary with the sizes that are remembered, as long as they are not known again."""
    if summary.on_disk is None:
        return summary._replace(
            on_disk=before.on_disk,
            reclaimable=before.reclaimable,
            at_most=before.at_most,
            cache_held=before.cache_held,
            files=before.files,
        )
    if summary.cache_held is None:
        return summary._replace(cache_held=before.cache_held)
    return summary
