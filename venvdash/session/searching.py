"""The search for the projects of what would be deleted: run beside the table, shared by plans.

A list shows a good guess; before an orphan goes, its project is searched for everywhere. One search
serves every plan that is made from the same scan.
"""

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from venvdash.config import Config
from venvdash.model import Environment, Facts, Plan, Record, Row, SearchReport, Status
from venvdash.session.events import RowChanged
from venvdash.system.machine import Machine

if TYPE_CHECKING:
    from venvdash.scanner.search import Findings, Progress
    from venvdash.session.core import Session

# What may belong to a project that nobody has found; a live one is found by what points from it.
SOUGHT = frozenset([Status.ORPHAN, Status.UNKNOWN, Status.INACTIVE, Status.NAMED])
GONE = (Status.ORPHAN, Status.UNKNOWN)  # the reason of these says what was searched
_TICK = 0.1  # seconds between two looks at how far the search is

Tell = Callable[["Progress"], None]


def quiet(progress: "Progress") -> None:
    """Tell nobody how far a search is."""


class ProjectSearch:
    """One search for the projects of some environments, in a thread of its own.

    It reads only. Any thread may wait for it, ask how far it is, or stop it.
    """

    def __init__(
        self,
        machine: Machine,
        config: Config,
        environments: Mapping[Path, Environment],
        facts: Facts | None,
        limit: float | None,
    ) -> None:
        self.environments = environments
        self.facts = facts
        self.progress: Progress | None = None
        self._machine, self._config, self._limit = machine, config, limit
        self._findings: Findings | None = None
        self._failure: Exception | None = None
        self._stop = threading.Event()
        self._over = threading.Event()

    def start(self) -> None:
        """Begin; the process does not wait for the thread when it ends."""
        threading.Thread(target=self._run, name="search", daemon=True).start()

    def stop(self) -> None:
        """Ask the search to end; what it has found by then counts."""
        self._stop.set()

    @property
    def stopped(self) -> bool:
        """Whether it was asked to end, as by a search for more environments that replaces it."""
        return self._stop.is_set()

    @property
    def over(self) -> bool:
        """Whether there is no more to come."""
        return self._over.is_set()

    @property
    def findings(self) -> "Findings":
        """What was found. Raises what broke the search, and RuntimeError before it is over."""
        if self._failure is not None:
            raise self._failure
        if self._findings is None:
            raise RuntimeError("the search is not over")
        return self._findings

    def wait(self, cancel: threading.Event | None = None, tell: Tell = quiet) -> "Findings":
        """Wait until the search is over and return what it found.

        ``cancel`` stops the search; ``tell`` is called with how far it is. Raises what broke it.
        """
        told: Progress | None = None
        while not self._over.wait(_TICK):
            if cancel is not None and cancel.is_set():
                self.stop()
            if self.progress is not None and self.progress is not told:
                told = self.progress
                tell(told)
        return self.findings

    def _run(self) -> None:
        from venvdash.scanner.search import search

        def note(progress: "Progress") -> None:
            self.progress = progress

        try:
            self._findings = search(
                self._machine,
                self._config,
                list(self.environments.values()),
                self.facts,
                limit=self._limit,
                cancelled=self._stop.is_set,
                progress=note,
            )
        except Exception as error:  # whoever waits raises it: nothing is deleted then
            self._failure = error
        finally:
            self._over.set()


class Searches:
    """The part of a session that searches for projects before anything is deleted.

    ``limit``: seconds after which a search ends unfinished, None for no limit.
    """

    def __init__(self, session: "Session") -> None:
        self._session = session
        self._last: ProjectSearch | None = None
        self._taken: ProjectSearch | None = None
        self.limit: float | None = None

    def covering(self, rows: Iterable[Row]) -> ProjectSearch:
        """Return a search for the projects of these, under way or over; start one if need be.

        What an earlier one of the same scan searched for is searched for again beside them, so
        that there is only ever one that counts. A search that was stopped does not serve.
        """
        wanted = {row.path: row.environment for row in rows}
        last, session = self._last, self._session
        if last is not None:
            serves = self._serves(last)
            if serves and wanted.keys() <= last.environments.keys():
                return last
            wanted = {**last.environments, **wanted} if serves else wanted
            last.stop()
        self._last = ProjectSearch(
            session.machine, session.config, wanted, session.facts, self.limit
        )
        self._last.start()
        return self._last

    def report(self, paths: Iterable[Path]) -> SearchReport | None:
        """Return what was read for the projects of these; None while nobody searched for them."""
        last = self._last
        if last is None or not last.over or last.environments.keys().isdisjoint(paths):
            return None
        return last.findings.report

    def _serves(self, search: ProjectSearch) -> bool:
        if search.facts is not self._session.facts:  # of an earlier scan
            return False
        if not search.over:
            return True
        try:
            return search.findings.ended
        except Exception:
            return False

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
        rows = self._session.rows
        for path in search.environments:
            row = rows.get(path)
            if row is None or row.verdict.status not in SOUGHT:
                continue
            hit = findings.hits.get(path)
            if hit is not None:
                rows[path] = _found(row, hit.project, hit.reason)
                if hit.project is not None:
                    self._remember(rows[path], hit.project)
            elif findings.ended and row.verdict.status in GONE:
                rows[path] = _with_search(row, findings.described)
            if rows[path] is not row:
                yield RowChanged(rows[path], settled=True)

    def _remember(self, row: Row, project: Path) -> None:
        """Keep the place where something was found: every later scan looks there."""
        from venvdash.scanner import places
        from venvdash.session.amending import amend

        mounts = self._session.context().mounts
        place = places.look(project, mounts)

        def noted(record: Record) -> Record:
            now = record.last_seen
            seen = places.found_at(place, mounts, now=now)
            known = [one for one in record.projects if one.path != project]
            return (
                record
                if len(known) < len(record.projects)
                else replace(record, projects=(*known, seen))
            )

        amend(self._session, row.environment, row.record, noted)

    def recheck(self, plan: Plan) -> dict[Path, str]:
        """Look again where a project is or may have come since the plan was made; cheap.

        Returns for each environment that must not go why, a sentence. What was known when the plan
        was made is not repeated: it was shown and confirmed.
        """
        from venvdash.scanner.search import recheck

        search = self._last
        if search is None or not search.over or not self._serves(search):
            return {}
        rows = {item.row.path: item.row for item in plan.items if not item.confirm}
        wanted = {path: row for path, row in rows.items() if path in search.environments}
        if not wanted:
            return {}
        session, known = self._session, search.findings
        environments = [row.environment for row in wanted.values()]
        found = recheck(session.machine, session.config, environments, search.facts, known)
        return {
            path: hit.reason
            for path, hit in found.hits.items()
            if path in wanted and (path not in known.hits or wanted[path].verdict.status in GONE)
        }


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
