"""The trash as both faces use it: what lies there, restoring it, and freeing it."""

import os
import threading
from collections.abc import Collection, Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from venvdash.actions.delete.project_search import ProjectSearch
from venvdash.actions.delete.selection_size import SelectionSizes
from venvdash.actions.delete.shared_searches import GONE, Searches
from venvdash.actions.events import ActionEvent, Finished, RowChanged, Searching, Tally
from venvdash.actions.table import Table
from venvdash.model import Outcome, Result, Row, Trashed
from venvdash.records.history import FREED, RESTORED
from venvdash.system import responsiveness

if TYPE_CHECKING:
    from venvdash.actions.delete.purge_progress import Freed


class PurgeProgress:
    """Counts the bytes that come back as directories of the trash are freed.

    ``reclaimable``: the bytes that each was expected to free, ``together`` those of all. What comes
    back is what the file system reports, so it may be more or less than expected.
    """

    def __init__(self, reclaimable: Mapping[Path, int], together: int) -> None:
        self._reclaimable = reclaimable
        self._together = together
        self._came: dict[Path, int] = {}
        self._waiting = set(reclaimable)

    @property
    def freed(self) -> int:
        """The bytes that came back so far."""
        return sum(self._came.values())

    @property
    def left(self) -> int:
        """About how many are still to come."""
        return max(self._together - self.freed, 0) if self._waiting else 0

    def take(self, event: "Freed") -> None:
        """Hear how far one of them is."""
        freed = event.freed
        if freed is None:  # another process did it and told nobody
            freed = max(self._reclaimable.get(event.path, 0), self._came.get(event.path, 0))
        self._came[event.path] = freed
        if event.ended and not event.problem:
            self._waiting.discard(event.path)


class Trash:
    """The trash of a table: finds, restores and frees; one thread at a time may use it."""

    def __init__(self, table: Table, sums: SelectionSizes, searches: Searches) -> None:
        self._table = table
        self._searches = searches
        self._sums = sums
        self.cut_off: list[Path] = []
        self.silent: list[Path] = []
        self._rows: dict[Path, Row] = {}  # what lay in a trash directory, by that

    def find(self) -> list[Trashed]:
        """Return what lies in the trash, the newest first.

        ``cut_off`` then are the stores that were too large to be looked through whole, ``silent``
        the places that do not answer.
        """
        from venvdash.actions.delete import days_left, trash, trash_locations

        context = self._table.context()
        trashed = trash.find(context)
        self.cut_off, self.silent = (
            trash_locations.cut_off(context),
            trash_locations.silent(context),
        )
        return days_left.with_days_left(self._table, trashed)

    def prefixes(self, without: Collection[Path | None]) -> list[Path]:
        """Return where environments in the trash are, or may be; not in the ones ``without``."""
        prefixes = []
        for trashed in self.find():
            if trashed.path in without:
                continue
            row = self._rows.get(trashed.path)
            inside = row.path.relative_to(row.environment.entry) if row else Path(".venv")
            prefixes += [trashed.path, trashed.path / inside]
        return prefixes

    def returned(self) -> list[tuple[Trashed, str]]:
        """Return what in the trash has a project again where that was, each with a sentence."""
        from venvdash.actions.delete import expiry

        return expiry.has_project(self.find())

    # Its projects.

    def lost(self) -> list[Trashed]:
        """Return what lies in the trash because its project was not found, and may come back."""
        from venvdash.actions.delete.trash_search import may_return

        return [trashed for trashed in self.find() if may_return(trashed)]

    def search_projects(
        self, trash: Sequence[Trashed], cancel: threading.Event
    ) -> list[tuple[Trashed, str]]:
        """Search everywhere for the projects of these; return those found, each with a reason.

        It reads only: any thread may call it at any time. Nothing is returned where ``cancel`` ends
        it. Raises nothing.
        """
        from venvdash.actions.delete.trash_search import search_for

        table = self._table
        reasons = search_for(trash, table.machine, table.config, cancelled=cancel.is_set)
        if cancel.is_set():
            return []
        return [(one, reasons[one.path]) for one in trash if one.path in reasons]

    # Restoring.

    def remember(self, path: Path, row: Row) -> None:
        """Note what row lies in a trash directory from now on."""
        self._rows[path] = row

    def row_of(self, path: Path) -> Row | None:
        """Return the row that lies in a trash directory, where this session moved it there."""
        return self._rows.get(path)

    def restore(self, trashed: Trashed, name: str | None = None) -> Result:
        """Bring one back, under another ``name`` for its entry if that is given."""
        from venvdash.actions.delete import trash

        if refused := self._refused():
            return Result(trashed.original, trashed.name, Outcome.SKIPPED, refused)
        result = trash.restore(trashed, name)
        if result.outcome is Outcome.DONE:
            row = self._rows.pop(trashed.path, None)
            if row is not None:
                self._searches.forget(row.path)
            if row is not None and name is None:
                self._table.rows[row.path] = row
                self._sums.restore([row.path])
            self._table.change_log.mark([trashed.path], RESTORED)
        return result

    def _refused(self) -> str | None:
        """Return why nothing of the trash is touched."""
        from venvdash.actions.safety.refusals import nothing_changes

        untested = self._table.config.untested
        return next(nothing_changes(self._table.machine, untested=untested), None)

    def restore_found(self, search: ProjectSearch) -> Iterator[ActionEvent]:
        """Restore what was deleted in this session and whose project a search has found since.

        ``Finished`` is the last event; nothing else is among its results.
        """
        from venvdash.actions.delete import trash_search

        findings = search.findings
        there = {trashed.path: trashed for trashed in self.find()}
        results = []
        for path, row in list(self._rows.items()):
            hit = findings.hits.get(row.path)
            if hit is None or path not in there or row.verdict.status not in GONE:
                continue
            result = self.restore(there[path])
            if result.outcome is Outcome.DONE:
                yield RowChanged(row, settled=True)
            results.append(replace(result, reason=f"{hit.news} {result.reason}".rstrip()))
        settled = {row.path for row in self._searches.settled(search)}
        trash_search.note_searched(
            {
                path: findings.hits[row.path].reason if row.path in findings.hits else ""
                for path, row in self._rows.items()
                if row.path in settled
            }
        )
        yield Finished(tuple(results))

    def settle(
        self, trash: Sequence[Trashed], found: Sequence[tuple[Trashed, str]]
    ) -> Iterator[ActionEvent]:
        """Restore what was never searched for to the end and is found now; note the rest."""
        from venvdash.actions.delete import trash_search

        reasons = {one.path: reason for one, reason in found}
        wanted = {one.path for one in trash if one.unsearched}
        results = []
        for one in self.find() if wanted else ():
            if one.path in wanted and one.path in reasons:
                result = self.restore(one)
                why = f"Its project was found. {reasons[one.path]} {result.reason}".rstrip()
                results.append(replace(result, reason=why))
        trash_search.note_searched({path: reasons.get(path, "") for path in wanted})
        yield Finished(tuple(results))

    # Freeing.

    def empty(
        self, which: Iterable[Trashed] | None = None, cancel: threading.Event | None = None
    ) -> Iterator[ActionEvent]:
        """Free what lies in the trash, all of it or ``which``; ``Finished`` is the last event.

        What was deleted while the search for its project ran is searched for before; ``cancel``
        ends that. What is found then is kept, and says so in the trash: who frees it again has
        seen it.
        """
        if refused := self._refused():
            yield Finished((), problems=(refused,))
            return
        chosen = {trashed.path: trashed for trashed in (self.find() if which is None else which)}
        results: list[Result] = []
        problems: list[str] = []
        notes: list[str] = []
        for path, reason in (yield from self._unsearched(list(chosen.values()), cancel)).items():
            one = chosen.pop(path)
            results.append(Result(one.original, one.name, Outcome.SKIPPED, reason, path))
            problems.append(f"{one.name} stays in the trash. {reason}")
        done = len(results)
        reclaimable = {path: one.reclaimable for path, one in chosen.items()}
        back = PurgeProgress(reclaimable, sum(reclaimable.values()))
        for event in self.free(list(chosen), notes):
            back.take(event)
            if event.ended:
                results.append(_result(chosen[event.path], event))
            if event.problem:
                problems.append(event.problem)
            yield Tally(len(results) - done, len(chosen), back.freed, back.left, freeing=True)
        yield Finished(tuple(results), back.freed, 0, (), tuple(problems), tuple(notes))

    def _unsearched(
        self, chosen: Sequence[Trashed], cancel: threading.Event | None
    ) -> Generator[ActionEvent, None, dict[Path, str]]:
        """Search for the projects of what was never searched for; return why these are kept."""
        from venvdash.actions.delete import trash_search

        unsearched = [one for one in chosen if one.unsearched and not one.purging]
        if not unsearched:
            return {}
        yield Searching(unsearched[0].original, 0)
        table = self._table
        reasons = trash_search.search_for(
            unsearched,
            table.machine,
            table.config,
            limit=self._searches.limit,
            cancelled=(cancel or threading.Event()).is_set,
        )
        ended = [one.path for one in unsearched if reasons.get(one.path) != trash_search.NOT_ENDED]
        trash_search.note_searched({path: reasons.get(path, "") for path in ended})
        return reasons

    def free(self, paths: Sequence[Path], notes: list[str]) -> Iterator["Freed"]:
        """Free trash directories and tell how it goes; what is to be known of it is noted."""
        from venvdash.actions.delete import pending_messages, purge_progress

        spare = self._table.spare_cores
        for event in purge_progress.free(paths, self._table.machine, spare=spare):
            if event.ended and not event.problem:
                self._freed(event.path)
                notes += pending_messages.told(self._table.machine.state_directory, event.path)
            yield event

    def _freed(self, path: Path) -> None:
        from venvdash.actions.delete import freed_notes

        row = self._rows.pop(path, None)
        if row is not None:
            self._searches.forget(row.path)
            self._sums.free([row.path])
        if self._table.change_log.mark([path], FREED):
            freed_notes.forget(self._table.machine.state_directory, path)

    def _note_freed(self) -> None:
        """Record what the purge process has freed since. Raises nothing."""
        from venvdash.actions.delete import freed_notes, purge

        state = self._table.machine.state_directory
        noted = list(freed_notes.noted(state))
        silent = responsiveness.unresponsive(path.parent for path in noted)
        noted = [path for path in noted if path.parent not in silent]
        gone = [path for path in noted if not os.path.lexists(path)]
        if self._table.change_log.mark(gone, FREED):
            freed_notes.forget(state, *gone)
        begun = [path for path in noted if path not in gone and not purge.running(path)]
        freed_notes.forget(state, *begun)

    def expire(self) -> list[str]:
        """Count the days of what lies in the trash, and begin to free what has expired.

        Return what to tell the user: what will be freed, and what a tool still lists.
        """
        from venvdash.actions.delete import (
            days_left,
            pending_messages,
            purge,
            purge_process,
            trash,
            trash_locations,
        )

        context, state = self._table.context(), self._table.machine.state_directory
        messages = pending_messages.told(state)
        self._note_freed()
        trashed = trash.find(context)
        announced, expired = days_left.expire(self._table, trashed)
        holding = {one.path.parent for one in trashed}
        for place in holding:
            trash_locations.note(state, place)  # it may not have been possible when it came there
        unfinished = purge.unfinished({*context.roots, *holding})
        begun = [one.path for one in trashed if one.purging]
        paths = list(dict.fromkeys([*begun, *unfinished]))
        purge_process.start(paths, self._table.machine, expired)
        return [*messages, *announced]


def _result(one: Trashed, event: "Freed") -> Result:
    outcome = Outcome.FAILED if event.problem else Outcome.DONE
    reclaimable = one.reclaimable if event.freed is None else event.freed
    return Result(one.original, one.name, outcome, event.problem, None, one.on_disk, reclaimable)
