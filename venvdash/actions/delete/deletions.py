"""Deletions of one table: plans with exact sums, carried out one by one."""

import os
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from venvdash.actions import change_log
from venvdash.actions.delete import rebuild_notes, uv_cache
from venvdash.actions.delete.project_search import Tell, quiet
from venvdash.actions.delete.recheck import recheck
from venvdash.actions.delete.restore import PurgeProgress, Trash
from venvdash.actions.delete.selection_size import SelectionSize, SelectionSizes
from venvdash.actions.delete.shared_searches import Searches, lost
from venvdash.actions.delete.user_files import why_not_by_rule
from venvdash.actions.events import ActionEvent, Finished, RowState, Tally
from venvdash.actions.table import Table
from venvdash.model import Item, Outcome, Plan, Refusal, Removal, Result, Row
from venvdash.model.plans import SEARCHING
from venvdash.model.status import State
from venvdash.scanner.usage.usage_index import UsageIndex
from venvdash.stores import uv_settings
from venvdash.system.disk_space import nearly_full

if TYPE_CHECKING:
    from venvdash.actions.delete.apply import Deleter
    from venvdash.actions.delete.prune import PruneCandidate, Rules


class Deletions:
    """Plans deletions and carries them out; one thread at a time may use it."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self.searches = Searches(table)
        self.sums = SelectionSizes(uv_settings.cache_directory(table.machine)[0])
        self.trash = Trash(table, self.sums, self.searches)
        self._held: tuple[Plan, Deleter] | None = None
        self._fresh: UsageIndex | None = None  # what the held plan was measured with

    def union(self, paths: Iterable[Path]) -> SelectionSize:
        """Return what deleting these gives back, as of the last scan; takes milliseconds."""
        return self.sums.union([row for path in paths if (row := self.table.rows.get(path))])

    def on_disk(self, paths: Iterable[Path]) -> int:
        """Return what these take on disk together, as of the last scan."""
        return self.sums.on_disk([row for path in paths if (row := self.table.rows.get(path))])

    def measured(
        self, rows: Sequence[Row], cancel: threading.Event | None = None
    ) -> Mapping[Path, Row]:
        """Measure environments again; return their rows with what was found, as the table has."""
        _, measured_rows = self.sums.measured(rows, (cancel or threading.Event()).is_set)
        self.table.rows.update(measured_rows)
        return measured_rows

    # Plans.

    def plan_delete(
        self,
        paths: Sequence[Path],
        cancel: threading.Event | None = None,
        *,
        tell: Tell = quiet,
        early: bool = False,
        by_rule: bool = False,
    ) -> Plan:
        """Return what deleting these environments would do; they are measured again for it.

        The projects of orphans and the like are searched for first. Where one is found, the name
        of its environment must be typed: it was named for what the list said of it, which was
        wrong. One whose project may lie where nobody could search goes to the trash, if anywhere.
        ``early`` makes the plan while that search runs (``Item.unsearched``): then they can go to
        the trash only, and ``Trash.restore_found`` restores those whose project it finds
        afterwards. ``by_rule``: a rule has marked some of them, so that ``delete`` searches once
        more. The plan holds on to the directories that it saw until the next one is made.
        """
        table, searches = self.table, self.searches
        rows = [table.rows[path] for path in paths if path in table.rows]
        wanted = [*lost(rows), *searches.found(rows)]
        news: dict[Path, str] = {}
        doubts: dict[Path, str] = {}
        report = None
        if wanted:
            search = searches.covering(wanted)
            if early and not search.over:
                doubts = dict.fromkeys((row.path for row in wanted), SEARCHING)
            else:
                findings = search.wait(cancel, tell)
                for _ in searches.take(search):
                    """The environments have changed; they are read again."""
                report = findings.report
                for row in wanted:
                    hit = findings.hits.get(row.path)
                    if hit is not None:
                        news[row.path] = hit.news
                    else:
                        doubts[row.path] = findings.held(row.environment)

        def completed(plan: Plan) -> Plan:
            """Say why names must be typed, and what was not searched."""
            items = tuple(
                replace(
                    item,
                    confirm=news.get(item.row.path, item.confirm),
                    unsearched=doubts.get(item.row.path, ""),
                )
                for item in plan.items
            )
            return replace(plan, items=items, by_rule=by_rule, search=report)

        return self.plan(paths, cancel, completed=completed)

    def plan_prune(
        self, rules: "Rules", cancel: threading.Event | None = None, *, tell: Tell = quiet
    ) -> Plan:
        """Return what deleting all that the rules pick would do; see ``plan_picked``."""
        from venvdash.actions.delete.prune import pruned

        return self.plan_picked(pruned(self.table, rules), cancel, tell=tell)

    def plan_picked(
        self,
        holds: Callable[[Row], bool],
        cancel: threading.Event | None = None,
        *,
        tell: Tell = quiet,
    ) -> Plan:
        """Return what deleting all that a rule holds for would do, once projects are searched.

        What is pinned, what the search found, and what may have its project where nobody could
        search, is among what the plan leaves alone. ``cancel`` ends the search; then only what is
        proven goes.
        """
        from venvdash.actions.delete.prune import spared, why_held

        offers = self.candidates(holds, cancel, tell)
        held = [Refusal(one.row.path, one.row.name, why_held(one)) for one in offers if one.held]
        held += spared(self.table, holds)
        paths = [one.row.path for one in offers if not one.held]
        report = self.searches.report(one.row.path for one in offers)
        return self.plan(
            paths, cancel, held, by_rule=True, completed=lambda plan: replace(plan, search=report)
        )

    def candidates(
        self,
        holds: Callable[[Row], bool],
        cancel: threading.Event | None = None,
        tell: Tell = quiet,
    ) -> "tuple[PruneCandidate, ...]":
        """Return what a rule holds for, once the projects of these were searched for."""
        from venvdash.actions.delete import prune

        measure = partial(self.measured, cancel=cancel)
        return prune.candidates(self.table, self.searches, measure, holds, cancel, tell)

    def plan(
        self,
        paths: Sequence[Path],
        cancel: threading.Event | None = None,
        left: Sequence[Refusal] = (),
        *,
        by_rule: bool = False,
        leaves: bool = False,
        completed: Callable[[Plan], Plan] = lambda plan: plan,
    ) -> Plan:
        """Return what deleting these would do; they are measured again for it.

        ``left`` are more that are left alone, with the reason why. ``leaves``: they have been
        copied elsewhere, so one may lie in its project. ``by_rule``: nobody has named
        them, so those with files of the user's own are left alone. ``completed`` adds to the plan
        what is known besides. The directories that the plan names are held open until the next one
        is made: what takes the place of one meanwhile is not deleted.
        """
        from venvdash.actions.delete.apply import Deleter
        from venvdash.actions.delete.plan import plan_delete
        from venvdash.actions.safety.environment_state import States

        table = self.table
        table.store_records()  # a sidecar written later would look like a change
        known = [table.rows[path] for path in dict.fromkeys(paths) if path in table.rows]
        missing = [path for path in paths if path not in table.rows]
        fresh, rows = self.sums.measured(known, (cancel or threading.Event()).is_set)
        table.rows.update(rows)
        if by_rule:
            reasons = {path: why_not_by_rule(row) for path, row in rows.items()}
            left = [*left, *(Refusal(p, rows[p].name, why) for p, why in reasons.items() if why)]
            rows = {path: row for path, row in rows.items() if not reasons[path]}
        context = table.context()
        states = States(context)
        plan = plan_delete(list(rows.values()), table.rows, context, states, leaves=leaves)
        total = self.sums.fresh(fresh, _entries(plan.items))
        going = [item.row for item in plan.items]
        packages = uv_cache.only_theirs(going, table.rows.values()) if total.cache_held else ()
        plan = replace(
            plan,
            refused=(*plan.refused, *map(_unknown, missing), *left),
            reclaimable=total.reclaimable,
            cache_held=total.cache_held,
            exact=all(row.usage.exact for row in going if row.usage),
            at_most=total.at_most,
            packages_only_in_cache=packages,
            by_rule=by_rule,
            low_space=nearly_full(
                table.machine, {item.row.environment.entry.parent for item in plan.items}
            ),
        )
        plan = completed(plan)
        measured = {entry: fresh.packed(entry) for entry in _entries(plan.items).values()}
        self._let_go()
        self._held, self._fresh = (plan, Deleter(plan, context, measured, states)), fresh
        return plan

    def delete(
        self,
        plan: Plan,
        *,
        now: bool = False,
        clean_cache: bool = False,
        cancel: threading.Event | None = None,
        recorded: bool = True,
    ) -> Iterator[ActionEvent]:
        """Carry out a plan and report how it goes; the last event is ``Finished``.

        ``now``: free at once what goes to the trash. ``clean_cache``: take the packages that no
        other environment has out of uv's cache. ``cancel`` leaves what has not begun. What is
        deleted is not in the table's ``rows`` any more. Without ``recorded`` it is a part of
        another change, which the caller writes down.
        """
        from venvdash.actions.delete.apply import Deleter

        if self._held is None or self._held[0] is not plan:
            self._let_go()
            self._held, self._fresh = (plan, Deleter(plan, self.table.context())), None
        results: list[Result] = []
        log, change = self.table.change_log, None
        if recorded:
            going = [rebuild_notes.noted(item.row) for item in plan.items]
            change = log.begin(plan.action, going)
        notes: list[str] = []
        try:
            yield from self._applied(plan, self._held[1], results, cancel, now=now)
        finally:
            self._let_go()
            if change is not None:
                ended = change_log.deleted(change, results)
                if not log.finish(change, ended) and ended and log.remembers:
                    notes.append(f"{log.problem}. `venvdash history` will not show this deletion.")
        problems: list[str] = []
        cleaned = self._clean(plan, results, now, problems) if clean_cache else ()
        freed = sum(
            one.reclaimable for one in results if one.outcome is Outcome.DONE and not one.trash
        )
        in_trash = self._again(results) if cleaned else self._exactly(plan, results)
        if now:
            gone: set[Path] = set()
            for event in self._free_now(results, freed, in_trash, (problems, notes)):
                if isinstance(event, Tally):
                    freed, in_trash = event.freed, event.in_trash
                else:
                    gone.add(event.path)
                yield event
            results = [replace(one, trash=None) if one.path in gone else one for one in results]
        yield Finished(tuple(results), freed, in_trash, cleaned, tuple(problems), tuple(notes))

    def _applied(
        self,
        plan: Plan,
        deleter: "Deleter",
        results: list[Result],
        cancel: threading.Event | None,
        *,
        now: bool,
    ) -> Iterator[ActionEvent]:
        """Delete one after the other; ``results`` grows."""
        freed = in_trash = 0
        for item in plan.items:
            yield RowState(item.row.path, State.QUEUED)
        held = yield from recheck(self.searches, plan, now=now, cancel=cancel)
        searches = self.searches
        late = searches.late(plan) if not (now or plan.by_rule) else frozenset[Path]()
        for item in plan.items:
            if cancel and cancel.is_set():
                result = _skipped(item, "Cancelled before it started.")
            elif item.row.path in held:
                result = _skipped(item, held[item.row.path])
            else:
                yield RowState(item.row.path, State.DELETING)
                owed = item.row.path in late
                going = replace(item, unsearched=SEARCHING) if owed else item
                result = deleter.apply(going, now=now)
                if owed and result.trash and result.outcome is Outcome.DONE:
                    searches.owe(item.row)
            result = self._gone(item, result)
            results.append(result)
            if result.outcome is Outcome.DONE:
                freed += 0 if result.trash else result.reclaimable
                in_trash += result.reclaimable if result.trash else 0
            yield RowState(item.row.path, _state(result), result.reason)
            yield Tally(len(results), len(plan.items), freed, in_trash)

    def _gone(self, item: Item, result: Result) -> Result:
        """Take what was deleted out of the table; tell what it frees beside the others."""
        if result.outcome is not Outcome.DONE:
            return result
        row = self.table.rows.pop(item.row.path, item.row)
        reclaimable = self.sums.mark_deleted(row.path, freed=not result.trash)
        if reclaimable is not None:
            result = replace(result, reclaimable=reclaimable)
        if result.trash:
            self.trash.remember(result.trash, row)
        return result

    def _exactly(self, plan: Plan, results: Sequence[Result]) -> int:
        """Return what those in the trash free together, as they were measured for the plan."""
        trashed = {result.path for result in results if result.trash}
        if self._fresh is None:
            return self._again(results)
        items = [item for item in plan.items if item.row.path in trashed]
        return self.sums.fresh(self._fresh, _entries(items)).reclaimable

    def _again(self, results: Sequence[Result]) -> int:
        """Return what emptying the trash of these frees now that the cache let go of some."""
        trash = {result.path: result.trash for result in results if result.trash}
        ours = sum(map(_journal_bytes, trash.values()))
        return max(self.sums.again(trash) - ours, 0)

    def remaining(self, finished: Finished) -> Finished:
        """Return how a deletion ended without what was restored since."""
        results = [one for one in finished.results if not one.trash or os.path.lexists(one.trash)]
        if len(results) == len(finished.results):
            return finished
        left = self._again(results) if any(one.trash for one in results) else 0
        return replace(finished, results=tuple(results), in_trash=left)

    def _free_now(
        self, results: Sequence[Result], freed: int, left: int, told: tuple[list[str], list[str]]
    ) -> Iterator[RowState | Tally]:
        """Free what was just moved to the trash; problems and notes are added to ``told``."""
        trash = {result.trash: result for result in results if result.trash}
        problems, notes = told
        back = PurgeProgress({path: result.reclaimable for path, result in trash.items()}, left)
        done = len(results) - len(trash)
        for event in self.trash.free(list(trash), notes):
            back.take(event)
            done += event.ended
            if event.problem:
                problems.append(event.problem)
            elif event.ended:
                yield RowState(trash[event.path].path, State.FREED)
            yield Tally(done, len(results), freed + back.freed, back.left, freeing=True)

    def _clean(
        self, plan: Plan, results: Sequence[Result], now: bool, problems: list[str]
    ) -> tuple[str, ...]:
        """Take out of uv's cache what only the deleted environments had."""
        table = self.table
        done = {result.path for result in results if result.outcome is Outcome.DONE}
        going = [item.row for item in plan.items if item.row.path in done]
        packages = uv_cache.only_theirs(going, table.rows.values())
        concerned = uv_cache.concerned(table.rows.values(), table.facts)
        freed = {result.trash for result in results if now}
        concerned.environments += [(prefix, None) for prefix in self.trash.prefixes(freed)]
        cleaned, sentences = uv_cache.clean(table.machine, packages, concerned, table.log)
        problems += sentences
        return cleaned

    def _let_go(self) -> None:
        """Close the descriptors that the last plan holds."""
        held, self._held = self._held, None
        if held is not None:
            held[1].close()


def _journal_bytes(trash: Path) -> int:
    """Return what our own file in a trash directory takes."""
    from venvdash.actions.journals.trash_journal import NAME

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
