"""Deleting environments: the plan is shown, confirmed, and carried out."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from textual.screen import Screen

from venvdash.actions.events import ActionEvent, Finished
from venvdash.model import Plan
from venvdash.model.status import State
from venvdash.text import counted
from venvdash.tui.background import run_in_thread
from venvdash.tui.main.job_runner import JobRunner
from venvdash.tui.main.planner import Planner
from venvdash.tui.main.project_search import is_orphan
from venvdash.tui.main.targets import Targets
from venvdash.tui.notices import say
from venvdash.tui.session_access import SessionAccess
from venvdash.tui.widgets.outcome import DELETING

if TYPE_CHECKING:
    from venvdash.scanner.search import Progress
    from venvdash.tui.dialogs.plan import Consent, PlanScreen

_SEARCH_LOOK = 0.05  # seconds between two looks at whether the search has ended


class Deletion:
    """Plans deletions and runs them as jobs; ``last`` is how the last one ended.

    It is None once another job has ended.
    """

    def __init__(
        self,
        screen: Screen[None],
        access: SessionAccess,
        targets: Targets,
        planner: Planner,
        jobs: JobRunner,
    ) -> None:
        self._screen, self._access = screen, access
        self._targets, self._planner, self._jobs = targets, planner, jobs
        self.last: Finished | None = None

    def begin(self) -> None:
        """Show what deleting the chosen environments would do, and do it if confirmed."""
        paths = [row.path for row in self._targets.chosen()]
        if not paths:
            return
        by_rule = self._targets.selection.marks.by_rule(paths)
        deletions = self._access.session.deletions

        def plan(stop: threading.Event) -> Plan:
            return deletions.plan_delete(paths, stop, early=not by_rule, by_rule=by_rule)

        dialog = self._dialog(
            "Delete",
            counted(len(paths), "environment"),
            lambda: self._plan_after_search(dialog, plan, paths),
        )
        self._planner.ask(dialog, plan, self._delete)

    def prune(self) -> None:
        """Show what deleting all orphans would do, whatever is marked, and do it if confirmed."""
        from venvdash.actions.delete.prune import Rules

        session = self._access.session
        if self._jobs.refuse():
            return
        if session.rules_stopped:
            say(self._screen, f"Nothing can be pruned. {session.rules_stopped}", severe=True)
            return
        dialog = self._dialog("Prune", "orphans")
        self._planner.ask(
            dialog,
            lambda stop: session.deletions.plan_prune(Rules(), stop),
            self._delete,
            first=lambda stop: self._search_orphans(dialog, stop),
        )

    def _search_orphans(self, dialog: "PlanScreen", stop: threading.Event) -> None:
        """Wait until the projects of all orphans were searched for; the list stays usable."""
        searches, screen = self._access.session.searches, self._screen

        def tell(progress: "Progress") -> None:
            words = f"Searching for projects: {progress.directories:,} directories …"
            screen.app.call_from_thread(dialog.tell, words)

        search = self._access.run(lambda: searches.of_rule(is_orphan))
        search.wait(stop, tell)

    def _dialog(
        self, verb: str, what: str, early: Callable[[], None] = lambda: None
    ) -> "PlanScreen":
        from venvdash.tui.dialogs.plan import PlanScreen

        days = self._access.session.config.trash.keep
        return PlanScreen(verb, what, self._access.home, days, early)

    def _plan_after_search(
        self,
        dialog: "PlanScreen",
        plan: Callable[[threading.Event], Plan],
        paths: Sequence[Path],
    ) -> None:
        """Plan again for an open dialog once the search for projects has ended."""
        stop, wanted = self._planner.stop, frozenset(paths)
        searches = self._access.session.searches

        def wait() -> None:
            search = self._access.run(lambda: searches.of_rule(lambda row: row.path in wanted))
            while not (search.over or stop.is_set()):
                time.sleep(_SEARCH_LOOK)

        run_in_thread(
            self._screen,
            wait,
            lambda _: self._planner.plan_into(dialog, plan, stop),
            lambda error: dialog.fail(f"{type(error).__name__}: {error}"),
        )

    def _delete(self, consent: "Consent") -> None:
        plan, deletions = consent.plan, self._access.session.deletions
        paths = [item.row.path for item in plan.items]

        def work(stop: threading.Event) -> Iterator[ActionEvent]:
            return deletions.delete(
                plan, now=consent.now, clean_cache=consent.clean_cache, cancel=stop
            )

        searches = consent.now or plan.by_rule
        keys = "X cancels the rest" if len(paths) > 1 else "X cancels" if searches else ""
        self._jobs.show_queued(paths, State.DELETING)
        self._jobs.begin(DELETING, work, total=len(paths), keys=keys)

    def finished(self, finished: Finished) -> None:
        """Remember how a job ended if it was a deletion."""
        self.last = finished if self._jobs.doing == DELETING else None

    def recount(self, failed: Callable[[Exception], None]) -> None:
        """Count in the line of the last deletion only what has not been restored since."""
        last, deletions = self.last, self._access.session.deletions
        if last is not None:
            run_in_thread(
                self._screen,
                lambda: self._access.run(lambda: deletions.remaining(last)),
                self._show_remaining,
                failed,
            )

    def _show_remaining(self, finished: Finished) -> None:
        jobs = self._jobs
        if jobs.job is not None or self.last is None or jobs.line.outcome is None:
            return
        self.last = finished
        if finished.results:
            jobs.show_results(finished)
        else:
            jobs.dismiss_outcome()
