"""The searches for projects that plans share.

A list shows a good guess; before an orphan goes, its project is searched for everywhere. One search
serves every plan that is made from the same scan.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from venvdash.actions.delete.project_search import ProjectSearch
from venvdash.actions.events import RowChanged
from venvdash.actions.table import Table
from venvdash.model import Environment, Facts, Plan, Record, Row, SearchReport, Status

if TYPE_CHECKING:
    from venvdash.scanner.search import Findings

# What may belong to a project that nobody has found; a live one is found by what points from it.
SOUGHT = frozenset([Status.ORPHAN, Status.UNKNOWN, Status.REPLACED, Status.STANDALONE])
GONE = (Status.ORPHAN, Status.UNKNOWN)  # the reason of these says what was searched
FRESH = 10.0  # seconds for which nobody moves a project that a search has not found


@dataclass(frozen=True, slots=True)
class _Owed:
    """A search that is owed to what was deleted by hand: its row and when it went (boot clock).

    ``facts`` are of the scan that listed it: later ones know nothing of it.
    """

    row: Row
    since: float
    facts: Facts | None


class Searches:
    """Searches for projects before anything is deleted.

    ``limit``: seconds after which a search ends unfinished, None for no limit.
    """

    def __init__(self, table: Table) -> None:
        self._table = table
        self._last: ProjectSearch | None = None
        self._last_facts: Facts | None = None  # of the scan that it was started for
        self._taken: ProjectSearch | None = None
        self._owed: dict[Path, _Owed] = {}
        self.limit: float | None = None

    def covering(self, rows: Iterable[Row]) -> ProjectSearch:
        """Return a search for the projects of these, under way or over; start one if need be.

        What an earlier one of the same scan searched for is searched for again beside them, so
        that there is only ever one that counts; also what is ``owed``. A search that was stopped
        does not serve.
        """
        wanted = self._environments(rows)
        last = self._last
        if last is not None and self._serves(last):
            if wanted.keys() <= last.environments.keys():
                return last
            wanted = {**last.environments, **wanted}
        return self._begin(wanted)

    def of_rule(self, holds: Callable[[Row], bool]) -> ProjectSearch:
        """Return a search for the projects of what a rule holds for, as ``covering``."""
        return self.covering(sought(filter(holds, self._table.rows.values())))

    def found(self, rows: Iterable[Row]) -> list[Row]:
        """Return those that a list called orphans until the last search found their projects."""
        last = self._last
        if last is None or not last.over or not self._serves(last):
            return []
        hits = last.findings.hits
        return [row for row in rows if row.verdict.status is Status.MOVED and row.path in hits]

    def again(self, rows: Iterable[Row]) -> ProjectSearch:
        """Start another search even if one has ended; it reads only what has changed."""
        return self._begin(self._environments(rows))

    def _environments(self, rows: Iterable[Row]) -> dict[Path, Environment]:
        return {row.path: row.environment for row in (*rows, *self.owed)}

    def _begin(self, wanted: Mapping[Path, Environment]) -> ProjectSearch:
        table = self._table
        if self._last is not None:
            self._last.stop()
        facts = _remembering(table.facts, self._owed.values())
        self._last_facts = table.facts
        self._last = ProjectSearch(table.machine, table.config, wanted, facts, self.limit)
        self._last.start()
        return self._last

    def report(self, paths: Iterable[Path]) -> SearchReport | None:
        """Return what was read for the projects of these; None if no search has ended."""
        last = self._last
        if last is None or not last.over or last.environments.keys().isdisjoint(paths):
            return None
        return last.findings.report

    def _serves(self, search: ProjectSearch) -> bool:
        if self._last_facts is not self._table.facts:  # of an earlier scan
            return False
        if not search.over:
            return True
        try:
            if not search.findings.ended:
                return False
        except Exception:
            return False
        return all(_after(search, one) for one in self._owed.values())

    # What was deleted by hand before a search for its project had just ended.

    @property
    def owed(self) -> list[Row]:
        """What was deleted by hand to the trash and whose project is still to be searched for.

        It was confirmed while the search ran, or more than ``FRESH`` seconds after its end.
        """
        return [one.row for one in list(self._owed.values())]

    def owe(self, row: Row) -> None:
        """Note that something has to be searched for that is in the trash from now on."""
        now = self._table.machine.clock().boot
        self._owed[row.path] = _Owed(row, now, self._table.facts)

    def late(self, plan: Plan) -> frozenset[Path]:
        """Return what of a plan is to be searched for after it has come into the trash.

        The search for its project still runs, or has ended some time before.
        """
        searched = self._just_searched()
        return frozenset(
            item.row.path
            for item in plan.items
            if item.row.verdict.status in GONE and (item.searching or item.row.path not in searched)
        )

    def _just_searched(self) -> Collection[Path]:
        """Return what the last search was for, where it has just ended."""
        last, now = self._last, self._table.machine.clock().boot
        if last is None or last.ended is None or now - last.ended > FRESH:
            return ()
        return last.environments.keys() if self._serves(last) else ()

    def settled(self, search: ProjectSearch) -> list[Row]:
        """Return what is owed no search any more, since this one has ended."""
        if not search.findings.ended:
            return []
        done = [
            one
            for path, one in self._owed.items()
            if path in search.environments and _after(search, one)
        ]
        for one in done:
            self.forget(one.row.path)
        return [one.row for one in done]

    def forget(self, path: Path) -> None:
        """Owe nothing to an environment: it was restored, or freed."""
        self._owed.pop(path, None)

    def taken(self, search: ProjectSearch) -> Iterator[RowChanged]:
        """Take in what a search found; yield all its rows, also those taken in before.

        Raises what broke the search.
        """
        for _ in self.take(search):
            """A plan may have taken it in before: all rows are reported below."""
        for path in search.environments:
            if (row := self._table.rows.get(path)) is not None:
                yield RowChanged(row, settled=True)

    def take(self, search: ProjectSearch) -> Iterator[RowChanged]:
        """Show in the table what a search found, and remember it. Raises what broke the search.

        A row whose project was found is no orphan any more; of the others the reason says what
        was searched.
        """
        if self._taken is search:
            return
        findings = search.findings
        if findings.ended:
            self._taken = search
        rows = self._table.rows
        for path in search.environments:
            row = rows.get(path)
            if row is None or row.verdict.status not in SOUGHT:
                continue
            hit = findings.hits.get(path)
            if hit is not None:
                rows[path] = _found(row, hit.project, hit.reason)
                if hit.place is not None:
                    self._remember(rows[path], hit.place)
            elif findings.ended and row.verdict.status in GONE:
                rows[path] = _with_search(row, findings.described)
            if rows[path] is not row:
                yield RowChanged(rows[path], settled=True)

    def _remember(self, row: Row, project: Path) -> None:
        """Keep the place where something was found: every later scan looks there."""
        from venvdash.actions.record_update import update_record
        from venvdash.scanner.projects import presence

        mounts = self._table.context().mounts
        place = presence.look(project, mounts)

        def noted(record: Record) -> Record:
            seen = presence.found_at(place, mounts, now=record.last_seen)
            known = [one for one in record.projects if one.path != project]
            return (
                record
                if len(known) < len(record.projects)
                else replace(record, projects=(*known, seen))
            )

        update_record(self._table, row.environment, row.record, noted)

    def recheck(self, rows: Iterable[Row]) -> dict[Path, str]:
        """Look again where a project is or may have come since the last search; cheap.

        Returns for each environment that must not go why, a sentence. What was known when the plan
        was made is not repeated: it was shown and confirmed.
        """
        from venvdash.scanner.search import recheck

        search = self._last
        if search is None or not search.over or not self._serves(search):
            return {}
        wanted = {row.path: row for row in rows if row.path in search.environments}
        if not wanted:
            return {}
        table, known = self._table, search.findings
        environments = [row.environment for row in wanted.values()]
        findings = recheck(table.machine, table.config, environments, search.facts, known)
        return {
            path: hit.reason
            for path, hit in findings.hits.items()
            if path in wanted and (path not in known.hits or wanted[path].verdict.status in GONE)
        }


def _after(search: ProjectSearch, owed: _Owed) -> bool:
    """Return whether a search still ran when something was deleted, or began later."""
    return search.ended is None or search.ended >= owed.since


def _remembering(facts: Facts | None, owed: Iterable[_Owed]) -> Facts | None:
    """Return the facts with what was remembered of environments that no scan lists any more."""
    for one in owed:
        if facts is not None and one.facts is not None and one.facts is not facts:
            path, old = one.row.path, one.facts
            memories = {key: old.memories[key] for key in (path,) if key in old.memories}
            claimed = {key: old.claimed[key] for key in (path,) if key in old.claimed}
            facts = replace(
                facts,
                memories={**memories, **facts.memories},
                claimed={**claimed, **facts.claimed},
            )
    return facts


def sought(rows: Iterable[Row]) -> list[Row]:
    """Return those rows whose projects are searched for before a rule takes them."""
    return [row for row in rows if row.verdict.status in SOUGHT]


def lost(rows: Iterable[Row]) -> list[Row]:
    """Return those rows whose projects are searched for, however they were chosen."""
    return [row for row in rows if row.verdict.status in GONE]


def held_by(findings: "Findings", row: Row) -> str:
    """Return why no rule takes a row, a sentence; "" where one may.

    Where something was found, that; where its project is gone, also what was not searched.
    """
    hit = findings.hits.get(row.path)
    if hit is not None:
        return hit.reason
    return findings.held(row.environment) if row.verdict.status in GONE else ""


def _found(row: Row, project: Path | None, reason: str) -> Row:
    """Return a row whose project was found, as the list shows it from now on.

    One that its project does not use, or that was made by hand, keeps its status.
    """
    status = Status.MOVED if row.verdict.status in GONE else row.verdict.status
    verdict = replace(row.verdict, status=status, reason=reason, place=project)
    return replace(row, verdict=verdict)


def _with_search(row: Row, described: str) -> Row:
    """Return the row with what was searched in its reason, in the place of an earlier search."""
    reason = row.verdict.reason.partition("; not found in ")[0].rstrip(".")
    return replace(row, verdict=replace(row.verdict, reason=f"{reason}; not found in {described}"))
