"""Deleting as both faces do it: plans with exact sums, the trash, undo, and receipts."""

import os
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from venvdash.model import Item, Outcome, Plan, Refusal, Removal, Result, Row, Trashed
from venvdash.scanner.union import Book
from venvdash.session import cleaning, receipts
from venvdash.session.events import (
    DeleteEvent,
    Finished,
    RowChanged,
    RowState,
    State,
    Tally,
)
from venvdash.text import visible

if TYPE_CHECKING:
    from venvdash.actions.context import Context
    from venvdash.actions.delete import Deleter
    from venvdash.session.core import Session

_DAY = 86400.0
_LOOK = 0.05  # seconds between two looks at a purge
_QUIET = 3.0  # seconds without a sign of a purge that is to have begun


@dataclass(frozen=True, slots=True)
class Together:
    """What deleting a selection gives back, in bytes.

    ``cache_held`` is what uv's cache, as a rule, then still holds. ``exact`` is False where a
    figure may have aged.
    """

    count: int
    frees: int
    cache_held: int
    exact: bool = True


class Deletions:
    """The part of a session that deletes; one thread at a time may use it."""

    def __init__(self, session: "Session") -> None:
        self._session = session
        self.book = Book()
        self._held: tuple[Plan, Deleter] | None = None
        self._fresh: Book | None = None  # what the held plan was measured with
        self._undoable: list[Path] = []  # the trash directories of the last deletion
        self.deleted = 0.0  # when that was, by the monotonic clock
        self._rows: dict[Path, Row] = {}  # what lay in a trash directory, by that
        self._lock = threading.Lock()

    # What a selection gives back.

    def union(self, paths: Iterable[Path]) -> Together:
        """Return what deleting these gives back, as of the last scan; takes milliseconds."""
        rows = [row for path in paths if (row := self._session.rows.get(path))]
        trees = [row for row in rows if row.environment.target is None]
        with self._lock:
            known = [row.path for row in trees if row.path in self.book]
            total = self.book.sum(known)
        # What came back since the scan, or was found by one without sizes, is counted by itself.
        others = [row.usage for row in trees if row.path not in self.book]
        frees = total.frees + sum(usage.frees for usage in others if usage)
        held = total.cache_held + sum(usage.cache_held or 0 for usage in others if usage)
        return Together(len(rows), frees, held, total.exact and not others)

    def _measured(
        self, rows: Sequence[Row], cancel: threading.Event | None
    ) -> tuple[Book, dict[Path, Row]]:
        """Measure the rows' entries again, and return them with what they take now."""
        from venvdash.scanner.usage import measure

        fresh, usages = Book(), {}
        paths = [row.environment.entry for row in rows if row.environment.target is None]
        for sized in measure(paths, {}, cancel.is_set if cancel else _never, book=fresh):
            if sized.usage.cache_held is None:
                usages[sized.path] = sized.usage
        found = {}
        for row in rows:
            usage = usages.get(row.environment.entry)
            if usage is not None:
                held = self.book.fresh(fresh, {row.path: row.environment.entry}).cache_held
                row = replace(row, usage=replace(usage, cache_held=held))
            found[row.path] = row
        return fresh, found

    # Plans.

    def plan(
        self,
        paths: Sequence[Path],
        cancel: threading.Event | None = None,
        left: Sequence[Refusal] = (),
    ) -> Plan:
        """Return what deleting these would do; they are measured again for it.

        ``left`` are more that are left alone, with the reason why.
        """
        from venvdash.actions.delete import Deleter
        from venvdash.actions.plan import plan_delete

        session = self._session
        known = [session.rows[path] for path in dict.fromkeys(paths) if path in session.rows]
        missing = [path for path in paths if path not in session.rows]
        with self._lock:
            fresh, rows = self._measured(known, cancel)
            session.rows.update(rows)
            context = self._context()
            plan = plan_delete(list(rows.values()), session.rows, context)
            total = self.book.fresh(fresh, _entries(plan.items))
        going = [item.row for item in plan.items]
        packages = cleaning.only_theirs(going, session.rows.values()) if total.cache_held else ()
        plan = replace(
            plan,
            refused=(*plan.refused, *map(_unknown, missing), *left),
            frees=total.frees,
            cache_held=total.cache_held,
            packages_only_in_cache=packages,
        )
        self._let_go()
        self._held, self._fresh = (plan, Deleter(plan, context)), fresh
        return plan

    def delete(
        self,
        plan: Plan,
        *,
        now: bool = False,
        clean_cache: bool = False,
        cancel: threading.Event | None = None,
    ) -> Iterator[DeleteEvent]:
        """Carry out a plan and tell how it goes; ``Finished`` is the last event."""
        from venvdash.actions.delete import Deleter

        if self._held is None or self._held[0] is not plan:
            self._let_go()
            self._held, self._fresh = (plan, Deleter(plan, self._context())), None
        results: list[Result] = []
        try:
            yield from self._applied(plan, self._held[1], results, cancel)
        finally:
            if any(result.trash for result in results):
                self._undoable = [result.trash for result in results if result.trash]
                self.deleted = time.monotonic()
            self._let_go()
            receipts.write(self._session, plan, results)
        problems: list[str] = []
        notes: list[str] = []
        cleaned = self._clean(plan, results, problems) if clean_cache else ()
        freed = sum(one.frees for one in results if one.outcome is Outcome.DONE and not one.trash)
        in_trash = self._again(results) if cleaned else self._exactly(plan, results)
        if now:
            for event in self._free_now(results, freed, in_trash, (problems, notes)):
                if isinstance(event, Tally):
                    freed, in_trash = event.freed, event.in_trash
                yield event
        yield Finished(tuple(results), freed, in_trash, cleaned, tuple(problems), tuple(notes))

    def _applied(
        self,
        plan: Plan,
        deleter: "Deleter",
        results: list[Result],
        cancel: threading.Event | None,
    ) -> Iterator[RowState | Tally]:
        """Delete one after the other; ``results`` grows."""
        freed = in_trash = 0
        for item in plan.items:
            yield RowState(item.row.path, State.QUEUED)
        for item in plan.items:
            if cancel and cancel.is_set():
                result = _skipped(item, "Cancelled before it began.")
            else:
                yield RowState(item.row.path, State.DELETING)
                result = deleter.apply(item)
            result = self._gone(item, result)
            results.append(result)
            if result.outcome is Outcome.DONE:
                freed += 0 if result.trash else result.frees
                in_trash += result.frees if result.trash else 0
            yield RowState(item.row.path, _state(result), result.reason)
            yield Tally(len(results), len(plan.items), freed, in_trash)

    def _gone(self, item: Item, result: Result) -> Result:
        """Take what was deleted out of the table; tell what it frees beside the others."""
        if result.outcome is not Outcome.DONE:
            return result
        row = self._session.rows.pop(item.row.path, item.row)
        with self._lock:
            if row.path in self.book:
                result = replace(result, frees=self.book.sum([row.path]).frees)
            gone = self.book.leave if result.trash else self.book.free
            gone([row.path])
        if result.trash:
            self._rows[result.trash] = row
        return result

    def _exactly(self, plan: Plan, results: Sequence[Result]) -> int:
        """Return what those in the trash free together, as they were measured for the plan."""
        trashed = {result.path for result in results if result.trash}
        if self._fresh is None:
            return self._again(results)
        with self._lock:
            items = [item for item in plan.items if item.row.path in trashed]
            return self.book.fresh(self._fresh, _entries(items)).frees

    def _again(self, results: Sequence[Result]) -> int:
        """Return what emptying the trash of these frees now that the cache let go of some."""
        from venvdash.scanner.usage import measure

        trash = {result.path: result.trash for result in results if result.trash}
        fresh = Book()
        for _ in measure(list(trash.values()), {}, _never, book=fresh):
            pass
        ours = sum(map(_journal_bytes, trash.values()))
        with self._lock:
            return max(self.book.fresh(fresh, trash).frees - ours, 0)

    def _free_now(
        self, results: Sequence[Result], freed: int, left: int, told: tuple[list[str], list[str]]
    ) -> Iterator[RowState | Tally]:
        """Free at once what has just come into the trash; ``told`` gets problems and notes."""
        trash = {result.trash: result for result in results if result.trash}
        problems, notes = told
        for path, problem in self._purged(list(trash), notes):
            result = trash.pop(path)
            if problem:
                problems.append(problem)
                continue
            # Of the last one comes back whatever they shared.
            freed, left = freed + (result.frees if trash else left), left - result.frees
            yield RowState(result.path, State.FREED)
            yield Tally(len(results), len(results), freed, max(left, 0) if trash else 0)

    def _clean(self, plan: Plan, results: Sequence[Result], problems: list[str]) -> tuple[str, ...]:
        """Take out of uv's cache what only the deleted environments had."""
        done = {result.path for result in results if result.outcome is Outcome.DONE}
        going = [item.row for item in plan.items if item.row.path in done]
        packages = cleaning.only_theirs(going, self._session.rows.values())
        cleaned, told = cleaning.clean(self._session.machine, packages, self._session.log)
        problems += told
        return cleaned

    # The trash.

    def trash(self) -> list[Trashed]:
        """Return what lies in the trash, the newest first."""
        from venvdash.actions import trash

        return trash.find(self._context().roots, self._session.machine.state_directory)

    @property
    def undoable(self) -> int:
        """How many environments the last deletion moved to the trash."""
        return len(self._undoable)

    def undo(self) -> Iterator[DeleteEvent]:
        """Bring back the last deletion, all of it; ``Finished`` is the last event."""
        wanted, self._undoable = self._undoable, []
        there = {trashed.path: trashed for trashed in self.trash()}
        results = []
        for path in wanted:
            row = self._rows.get(path)
            if path in there:
                result = self.restore(there[path])
            else:
                at, name = (row.environment.entry, row.name) if row else (path, path.name)
                result = Result(at, name, Outcome.FAILED, "It is not in the trash any more.")
            results.append(result)
            if result.outcome is Outcome.DONE and row:
                yield RowChanged(row, settled=True)
        yield Finished(tuple(results))

    def restore(self, trashed: Trashed, name: str | None = None) -> Result:
        """Bring one back, under another ``name`` for its entry if that is given."""
        from venvdash.actions import trash

        result = trash.restore(trashed, name)
        if result.outcome is Outcome.DONE:
            self._undoable = [path for path in self._undoable if path != trashed.path]
            row = self._rows.pop(trashed.path, None)
            if row is not None and name is None:
                self._session.rows[row.path] = row
                with self._lock:
                    self.book.come_back([row.path])
            receipts.mark(self._session, [trashed.path], receipts.RESTORED)
        return result

    def empty(self, which: Iterable[Trashed] | None = None) -> Iterator[DeleteEvent]:
        """Free what lies in the trash, all of it or ``which``; ``Finished`` is the last event."""
        chosen = {trashed.path: trashed for trashed in (self.trash() if which is None else which)}
        results, problems, freed = [], [], 0
        notes: list[str] = []
        for path, problem in self._purged(list(chosen), notes):
            one = chosen[path]
            outcome = Outcome.FAILED if problem else Outcome.DONE
            results.append(
                Result(one.original, one.name, outcome, problem, None, one.on_disk, one.frees)
            )
            if problem:
                problems.append(problem)
            else:
                freed += one.frees
            yield Tally(len(results), len(chosen), freed, 0)
        yield Finished(tuple(results), freed, 0, (), tuple(problems), tuple(notes))

    def _purged(self, paths: Sequence[Path], notes: list[str]) -> Iterator[tuple[Path, str]]:
        """Free trash directories in a child; yield each as it ends, with what hinders it.

        ``notes`` gets what is to be said of those that are gone.
        """
        from venvdash.actions import purge, untidied

        if not paths:
            return
        started = purge.start(paths, self._session.machine)
        waiting, quiet = list(dict.fromkeys(paths)), 0.0
        while waiting and (started or quiet == 0):
            gone = [path for path in waiting if not os.path.lexists(path)]
            for path in gone:
                self._freed(path)
                notes += untidied.told(self._session.machine.state_directory, path)
                yield path, ""
            waiting = [path for path in waiting if path not in gone]
            # The child takes one after the other: only when it has none is there no more to come.
            quiet = 0.0 if gone or any(map(purge.running, waiting)) else quiet + _LOOK
            if quiet > _QUIET:
                break
            time.sleep(_LOOK)
        for path in waiting:
            why = "; ".join(purge.problems(path)) or "freeing it did not come to its end"
            yield path, f"{visible(path)} is still there: {why}"

    def _freed(self, path: Path) -> None:
        row = self._rows.pop(path, None)
        self._undoable = [other for other in self._undoable if other != path]
        if row is not None:
            with self._lock:
                self.book.free([row.path])
        receipts.mark(self._session, [path], receipts.FREED)

    def tidy_if_due(self) -> list[str]:
        """Tidy up if the places where something was deleted show that there is reason to."""
        from venvdash.session.due import due

        keep = self._session.config.trash_keep * _DAY
        return self.tidy() if due(self._session.machine.state_directory, keep) else []

    def tidy(self) -> list[str]:
        """Mend what a crash left and begin to free what lay in the trash long enough."""
        from venvdash.actions import purge, trash, untidied

        roots, state = self._context().roots, self._session.machine.state_directory
        told = [*trash.recover(roots, state), *untidied.told(state)]
        limit = time.time() - self._session.config.trash_keep * _DAY
        found = trash.find(roots, state)
        old = [one.path for one in found if one.since < limit or one.purging]
        places = {*roots, *(one.path.parent for one in found)}
        purge.start(list(dict.fromkeys([*old, *purge.unfinished(places)])), self._session.machine)
        return told

    def _context(self) -> "Context":
        from venvdash.actions.context import Context

        session = self._session
        return Context.current(session.machine, session.config, session.log)

    def _let_go(self) -> None:
        """Close the descriptors that the last plan holds."""
        held, self._held = self._held, None
        if held is not None:
            held[1].close()


def _journal_bytes(trash: Path) -> int:
    """Return what our own file in a trash directory takes."""
    from venvdash.actions.journal import NAME

    try:
        return getattr(os.lstat(trash / NAME), "st_blocks", 0) * 512
    except OSError:
        return 0


def _entries(items: Iterable[Item]) -> dict[Path, Path]:
    """Return what was measured of each environment that goes, without aliases."""
    return {
        item.row.path: item.row.environment.entry for item in items if item.how != Removal.UNLINK
    }


def _unknown(path: Path) -> Refusal:
    return Refusal(path, path.name, "not among the environments that the last scan found")


def _skipped(item: Item, reason: str) -> Result:
    return Result(item.row.path, item.row.name, Outcome.SKIPPED, reason)


def _state(result: Result) -> State:
    if result.outcome is Outcome.DONE:
        return State.IN_TRASH if result.trash else State.FREED
    return State.SKIPPED if result.outcome is Outcome.SKIPPED else State.FAILED


def _never() -> bool:
    return False
