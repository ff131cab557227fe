"""The session: the one table that both faces draw."""

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from venvdash.actions.changes import Changes
from venvdash.actions.delete.deletions import Deletions
from venvdash.actions.delete.project_search import ProjectSearch, Tell, quiet, sought
from venvdash.actions.delete.selection_size import Together
from venvdash.actions.events import ActionEvent, Finished, RowChanged
from venvdash.actions.recovery import recover
from venvdash.config import Config, load
from venvdash.model import Outcome, Plan, Result, Row, Trashed
from venvdash.scanner import service
from venvdash.scanner.events import Ended, Problem
from venvdash.scanner.survey import Past
from venvdash.scanner.union import Book
from venvdash.session.events import SessionEvent
from venvdash.session.memory import Keeper
from venvdash.session.named import Named
from venvdash.system.machine import Machine
from venvdash.system.timeouts import Failed, Job, NotAnswering, Patient

if TYPE_CHECKING:
    from venvdash.actions.delete.prune import Offer, Rules
    from venvdash.records.receipt import Receipt
    from venvdash.scanner.folders import EnvironmentFolder
    from venvdash.session.examine import Examination
    from venvdash.session.own_stores import Added


class Session(Named):
    """A user's environments: scanned on demand, kept by path, the same for every face.

    ``rows`` are replaced, never changed in place; one thread at a time may scan. With ``records``
    False (or so configured) nothing is written anywhere.
    """

    def __init__(self, machine: Machine, config: Config, *, records: bool = True) -> None:
        remembers = records and config.records and machine.foreign_home is None
        super().__init__(machine, config, Keeper(machine, writes=remembers), remembers=remembers)
        self.patience = service.PATIENCE  # seconds that one directory may take to answer
        self._deletions = Deletions(self)
        self._trash = self._deletions.trash
        self.searches = self._deletions.searches
        self.changes = Changes(self, self._deletions)
        self._tidied = False
        self.history_silent: list[Path] = []

    def scan(
        self,
        *,
        usage: bool = True,
        search: bool = True,
        early: bool = True,
        cancel: threading.Event | None = None,
    ) -> Iterator[SessionEvent]:
        """Scan in this thread and yield what changes, as it does; the last event is ``Ended``.

        ``usage``: measure sizes. ``search``: look for projects (without it statuses stay
        ``checking`` where nothing proves them). ``early``: give rows before that search has ended.
        ``cancel`` ends it within a tenth of a second.
        """
        self.stores, self.oddities, self.problems = [], [], []
        seen: set[Path] = set()
        cancelled = cancel.is_set if cancel else _never
        self._tidy(cancelled)

        def recall() -> Past:
            past = self._keeper.open(sizes=usage)
            self._report(self._keeper.problems())
            return past

        try:
            for event in service.scan(
                self.machine,
                self.config,
                recall,
                usage=usage,
                search=search,
                early=early,
                cancelled=cancelled,
                patience=self.patience,
            ):
                if isinstance(event, Ended) and not event.cancelled:
                    yield from self._gone(seen)
                yield from self._take(event, seen)
        finally:
            self._keeper.close()

    def _booked(self, book: Book) -> None:
        self._deletions.sums.book = book

    def _tidy(self, cancelled: Callable[[], bool]) -> None:
        """Fix what a crash left before it is judged: a project's link may be missing."""
        if not self.remembers or self._tidied:
            return
        self._tidied = True
        job = Job(self.machine.home, partial(recover.if_due, self, self._trash))
        # Twice as long: it waits itself for what does not answer, and then goes on.
        for answer in Patient(2 * self.patience, cancelled).run([job]):
            if isinstance(answer, list):
                self._report(Problem(None, sentence) for sentence in answer)
            elif isinstance(answer, Failed):
                words = f"{type(answer.error).__name__}: {answer.error}"
                self._report([Problem(None, f"What a crash left cannot be fixed: {words}.")])
            elif isinstance(answer, NotAnswering):
                words = "What a crash left was not fixed in time. The next start tries again."
                self._report([Problem(None, words)])

    def examine(self, row: Row) -> "Examination":
        """Return what is looked up for one environment only. Raises nothing."""
        from venvdash.session.examine import examine  # no list needs it

        references = self._references.get(row.path, ())
        return examine(row, references, self.machine, self.config)

    def folders_outside(self) -> "list[EnvironmentFolder]":
        """Return the folders of environments that are no store; walks HOME. Any thread may ask."""
        from venvdash.session import own_stores

        return own_stores.outside(self.machine, self.config)

    def add_store(self, path: Path) -> "Added":
        """Make a folder of environments a store, from the next scan on.

        Raises own_stores.RefusedError.
        """
        from venvdash.session import own_stores

        added = own_stores.add(path, self.machine, self.config)
        self.config = load(self.machine.config_file)
        return added

    # What deletes. Each takes its time, so call it beside the screen; one thread at a time.

    def union(self, paths: Iterable[Path]) -> Together:
        """Return what deleting these environments gives back together; takes milliseconds."""
        return self._deletions.union(paths)

    def measured(
        self, rows: Sequence[Row], cancel: threading.Event | None = None
    ) -> Mapping[Path, Row]:
        """Measure environments again; return their rows with what was found, as the table has."""
        return self._deletions.measured(rows, cancel)

    def search_projects(self, holds: Callable[[Row], bool]) -> ProjectSearch:
        """Start to search for the projects of what a rule holds for, or return the search for it.

        Call it as anything that uses the session; wait for the search wherever you like.
        """
        return self.searches.covering(sought(filter(holds, self.rows.values())))

    def take_findings(self, search: ProjectSearch) -> Iterator[SessionEvent]:
        """Show in the table what a search found, and remember it. Raises what broke the search."""
        for _ in self.searches.take(search):
            """A plan may have taken it in before: all rows are told below."""
        for path in search.environments:
            if (row := self.rows.get(path)) is not None:
                yield RowChanged(row, settled=True)

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

        The projects of orphans and the like are searched for first; what is found is refused.
        ``early`` makes the plan while that search runs (``Item.unsearched``): then they can go to
        the trash only, and ``restore_found`` restores those whose project it finds afterwards.
        ``by_rule``: a rule has marked some of them, so that ``delete`` searches once more.
        The plan holds on to the directories that it saw until the next one is made.
        """
        from venvdash.actions.delete import searched_plans

        return searched_plans.of_named(
            self._deletions, paths, cancel, tell=tell, early=early, by_rule=by_rule
        )

    def plan_prune(
        self,
        rules: "Rules",
        cancel: threading.Event | None = None,
        *,
        tell: Tell = quiet,
    ) -> Plan:
        """Return what deleting all that the rules pick would do, once their projects are searched.

        What the search found, and what may have its project where nobody could search, is among
        what the plan leaves alone. ``cancel`` ends the search; then only what is proven goes.
        """
        from venvdash.actions.delete import searched_plans

        return searched_plans.of_rules(self._deletions, rules, cancel, tell)

    def restore_found(self, search: ProjectSearch) -> Iterator[ActionEvent]:
        """Restore what this session deleted while the search ran, where it found the project.

        ``Finished`` is the last event; its results are of what was to be restored only.
        """
        return self._trash.restore_found(search)

    def delete(
        self,
        plan: Plan,
        *,
        now: bool = False,
        clean_cache: bool = False,
        cancel: threading.Event | None = None,
    ) -> Iterator[ActionEvent]:
        """Carry out a plan and tell how it goes; the last event is ``Finished``.

        ``now``: free at once what goes to the trash. ``clean_cache``: take the packages that no
        other environment has out of uv's cache. ``cancel`` leaves what has not begun. What is
        deleted is not in ``rows`` any more.
        """
        return self._deletions.delete(plan, now=now, clean_cache=clean_cache, cancel=cancel)

    def remaining(self, finished: Finished) -> Finished:
        """Return how a deletion ended, as of now: without what was restored since."""
        return self._deletions.remaining(finished)

    @property
    def undoable(self) -> int:
        """How many environments ``undo`` would bring back, or link again as they were."""
        return 1 if self.undoes_relink else self._trash.undoable

    def undo(self) -> Iterator[ActionEvent]:
        """Take back the last deletion, all of it, or the last relinking; ``Finished`` comes last.

        Whichever of the two was later.
        """
        if not self.undoes_relink:
            return self._trash.undo()
        return self._undo_last_relink()

    def newest_deletion(self) -> list[Trashed]:
        """Return what the newest deletion, of whatever session, moved to the trash."""
        return self._trash.newest_deletion()

    def restore_all(self, which: Iterable[Trashed]) -> Iterator[ActionEvent]:
        """Bring back several; ``Finished`` comes last. Scan again: the table does not know."""
        return self._trash.restore_all(which)

    def _undo_last_relink(self) -> Iterator[ActionEvent]:
        last = self.relinks.pop()
        for event in self.undo_relink(last[1]):
            if isinstance(event, Finished) and any(
                result.outcome is Outcome.FAILED for result in event.results
            ):
                self.relinks.append(last)  # the journal is kept: the next undo tries again
            yield event

    def undo_relink(self, key: str | None = None) -> Iterator[ActionEvent]:
        """Take back the last relinking or unlinking, also of an earlier session.

        ``key`` names another one. The table is as old as before then: scan again.
        """
        from venvdash.actions.relink import apply

        return apply.undo(self, key)

    @property
    def undoes_relink(self) -> bool:
        """Whether ``undo`` takes back a relinking; then the table is as old as before."""
        if not self.relinks:
            return False
        return not self._trash.undoable or self.relinks[-1][0] > self._trash.deleted

    def returned(self) -> list[tuple[Trashed, str]]:
        """Return what in the trash has a project again where that was, each with a sentence."""
        from venvdash.actions.delete import trash_locations

        if not any(trash_locations.noted(self.machine.state_directory)):
            return []
        from venvdash.actions.delete import expiry

        return expiry.has_project(self._trash.find())

    @property
    def unsettled(self) -> list[Row]:
        """What was deleted by hand and whose project is still to be searched for.

        Any thread may ask. ``search_projects`` searches for it, too, and ``restore_found`` restores
        what is found.
        """
        return self.searches.owed

    def lost_in_trash(self) -> list[Trashed]:
        """Return what lies in the trash because its project was not found, and may come back."""
        from venvdash.actions.delete.trash_search import may_return

        return [trashed for trashed in self._trash.find() if may_return(trashed)]

    def search_trash(
        self, trash: Sequence[Trashed], cancel: threading.Event
    ) -> list[tuple[Trashed, str]]:
        """Search everywhere for the projects of these; return those found, each with a reason.

        It reads only: any thread may call it at any time. Nothing is returned where ``cancel`` ends
        it. Raises nothing.
        """
        from venvdash.actions.delete.trash_search import search_for

        found = search_for(trash, self.machine, self.config, cancelled=cancel.is_set)
        if cancel.is_set():
            return []
        return [(one, found[one.path]) for one in trash if one.path in found]

    def settle_trash(
        self, trash: Sequence[Trashed], found: Sequence[tuple[Trashed, str]]
    ) -> Iterator[ActionEvent]:
        """Take in what ``search_trash`` found of ``trash``; ``Finished`` is the last event.

        What an earlier session deleted while the search for its project ran is restored where the
        project was found.
        """
        return self._trash.settle(trash, found)

    def trash(self) -> list[Trashed]:
        """Return what lies in the trash, the newest first."""
        return self._trash.find()

    @property
    def trash_cut_off(self) -> list[Path]:
        """The stores that were too large to be looked through whole for ``trash``."""
        return self._trash.cut_off

    @property
    def trash_silent(self) -> list[Path]:
        """The places that did not answer, so that ``trash`` does not tell what lies there."""
        return self._trash.silent

    def restore(self, trashed: Trashed, name: str | None = None) -> Result:
        """Bring one back, under another ``name`` for its entry if that is given."""
        return self._trash.restore(trashed, name)

    def empty_trash(
        self, which: Iterable[Trashed] | None = None, cancel: threading.Event | None = None
    ) -> Iterator[ActionEvent]:
        """Free what lies in the trash, all of it or ``which``; the last event is ``Finished``.

        What was deleted while the search for its project ran is searched for before; ``cancel``
        ends that search, and what it was for is kept.
        """
        return self._trash.empty(which, cancel)

    def tidy(self) -> list[str]:
        """Fix what a crash left, begin to free what is in the trash for too long.

        Returns a sentence for each thing fixed. The first scan does it where there is need. With
        another user's HOME nothing is touched.
        """
        return recover.always(self, self._trash)

    def history(self) -> "list[Receipt]":
        """Return the receipts of what was deleted, the newest first.

        ``history_silent`` are the places then of which nobody can tell what still lies there.
        """
        from venvdash.actions.delete import receipts  # sqlite3 is slow to load

        found, self.history_silent = receipts.read(self)
        return found

    def candidates(
        self,
        holds: Callable[[Row], bool],
        cancel: threading.Event | None = None,
        tell: Tell = quiet,
    ) -> "tuple[Offer, ...]":
        """Return what a rule holds for, once the projects of these were searched for."""
        from venvdash.actions.delete import prune

        return prune.candidates(self._deletions, holds, cancel, tell)


def _never() -> bool:
    return False
