"""Deleting what is marked, after its plan was shown; undoing, and the trash."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from textual.content import Content
from textual.timer import Timer

from venvdash.actions.events import ActionEvent, Finished, State
from venvdash.formats import age
from venvdash.model import Action, Outcome, Plan, Result, Row, Trashed
from venvdash.session import Session
from venvdash.text import visible, with_tilde
from venvdash.tui.background import Latest, aside
from venvdash.tui.background_scan import Feed
from venvdash.tui.main.job_runner import WorkingScreen
from venvdash.tui.main.project_search import BackgroundSearch, Found
from venvdash.tui.widgets.header import Totals
from venvdash.tui.widgets.job_line import WorkLine
from venvdash.tui.widgets.outcome import DELETING, UNDOING, outcome

if TYPE_CHECKING:
    from venvdash.actions.history.undo import UndoPlan
    from venvdash.tui.dialogs.plan import Consent, PlanScreen

_MOST_TOLD = 3  # notices at once
_SEARCH_LOOK = 0.05  # seconds between two looks at whether the search has ended
_SEARCH_TICK = 0.5  # seconds between two looks at how far the search for projects is


class DeletingScreen(WorkingScreen):
    """Deletes environments into the trash, has them back, and shows how much lies there."""

    def __init__(self, source: Session, feed: Feed) -> None:
        super().__init__(source, feed)
        self._weighing: Latest[Sequence[Trashed]] = Latest(self, self._show_trash, self._no_trash)
        self._searching = BackgroundSearch(self, source, self._show_found)
        self._search_timer: Timer | None = None
        self._deleted: Finished | None = None  # of the last deletion

    def _finish(self) -> None:
        super()._finish()
        self.weigh_trash()
        aside(self, lambda: self.in_turn(self.source.trash.lost), self._search, self._no_trash)

    def on_unmount(self) -> None:
        """End the search for projects with the screen."""
        self._searching.stop()

    def _job_ended(self) -> None:
        super()._job_ended()
        self.weigh_trash()
        self._search_unsettled(self.unsettled)

    # The search for projects

    @property
    def unsettled(self) -> Sequence[Row]:
        """What was deleted by hand and whose project is still to be searched for."""
        return self.source.searches.owed

    def _search_unsettled(self, rows: Sequence[Row]) -> None:
        """Search for what was deleted by hand, unless a search is under way that will tell."""
        if rows and self._ended and self.job is None and not self._searching.under_way:
            self._search(())

    def _search(self, trash: Sequence[Trashed]) -> None:
        """Search for the projects of the orphans that are listed, and of those in the trash."""
        self._searching.begin(list(self.table.rows.values()), trash)
        if self._search_timer is None:
            self._search_timer = self.set_interval(_SEARCH_TICK, self._show_search)

    def _show_search(self) -> None:
        """Say in the header how far the search is, until it is over."""
        words = self._searching.words
        self.query_one(Totals).search = words
        if not words and self._search_timer is not None:
            self._search_timer.stop()
            self._search_timer = None

    def _show_found(self, found: Found) -> None:
        for event in found.rows:
            self._clear_state(event.row.path)
        self._take(list(found.rows))
        self._refresh(set(), force=True)
        for result in found.restored:
            name, why = visible(result.name, 64), with_tilde(visible(result.reason), self.home)
            if result.outcome is Outcome.DONE:
                self.say(f"Restored {name}. {why}", severe=True)
            else:
                self._fail(f"{name} is in the trash but could not be restored: {why}")
        for trashed, reason in found.returned[:_MOST_TOLD]:
            name, why = visible(trashed.name, 64), with_tilde(visible(reason), self.home)
            self.say(
                f"{name} is in the trash, but its project exists again: {why} "
                "Press E to restore it.",
                severe=True,
            )
        if found.unlisted:
            self._make_old()
        if found.restored and self._deleted is not None:
            finished = self._deleted
            left = partial(self.in_turn, lambda: self.source.deletions.remaining(finished))
            aside(self, left, self._show_remaining, self._no_trash)
        self.weigh_trash()
        # What was deleted since that search ended.
        self._search_unsettled([row for row in self.unsettled if row.path not in found.given_up])

    def _show_remaining(self, finished: Finished) -> None:
        """Let the line below the list not count what was restored."""
        line = self.query_one(WorkLine)
        if self.job is not None or self._deleted is None or line.outcome is None:
            return
        self._deleted = finished
        if finished.results:
            line.outcome = outcome(DELETING, finished, self.home)
            line.keys = self.keys_after(finished)
        else:
            self.dismiss_outcome()

    # Asking

    def action_delete(self) -> None:
        """Show what deleting the marked ones would do, or without marks that under the cursor."""
        from venvdash.tui.dialogs.plan import PlanScreen

        rows = self.chosen()
        if rows:
            paths = [row.path for row in rows]
            by_rule = self.marks.by_rule(paths)

            def plan(stop: threading.Event) -> Plan:
                return self.source.deletions.plan_delete(
                    paths, stop, early=not by_rule, by_rule=by_rule
                )

            dialog = PlanScreen(
                len(paths), self.home, lambda: self._plan_after_search(dialog, plan, paths)
            )
            self.ask(dialog, plan, self._delete)

    def _plan_after_search(
        self,
        dialog: "PlanScreen",
        plan: Callable[[threading.Event], Plan],
        paths: Sequence[Path],
    ) -> None:
        """Show in an open dialog what is planned once the search for projects has ended."""
        stop, wanted = self._asked, frozenset(paths)

        def wait() -> None:
            search = self.in_turn(
                lambda: self.source.searches.of_rule(lambda row: row.path in wanted)
            )
            while not (search.over or stop.is_set()):
                time.sleep(_SEARCH_LOOK)

        aside(
            self,
            wait,
            lambda _: self.plan_into(dialog, plan, stop),
            lambda error: dialog.fail(f"{type(error).__name__}: {error}"),
        )

    # Doing

    def _delete(self, consent: "Consent") -> None:
        """Begin; the rows say so at once, whatever the first step takes."""
        paths = [item.row.path for item in consent.plan.items]

        def work(stop: threading.Event) -> Iterator[ActionEvent]:
            return self.source.deletions.delete(
                consent.plan, now=consent.now, clean_cache=consent.clean_cache, cancel=stop
            )

        searches = consent.now or consent.plan.by_rule
        keys = "X cancels the rest" if len(paths) > 1 else "X cancels" if searches else ""
        self.show_begun(paths, State.DELETING)
        self.begin(DELETING, work, total=len(paths), keys=keys)

    def action_undo(self) -> None:
        """Undo the newest change, all of it; ask first where an earlier session made it."""
        if self.job is not None:
            self.say(f"Still {self.busy_with}.")
            return
        self.dismiss_outcome()
        self._sweep()
        if not self._ended or self._session_lock.locked():
            self.say("Waiting to undo …")
        plan = partial(self.in_turn, self.source.plan_undo)
        aside(self, plan, self._ask_to_undo, self._not_undone)

    def _ask_to_undo(self, plan: "UndoPlan | str") -> None:
        """Undo what was planned, or ask about it first."""
        from venvdash.presentation.history import question

        if isinstance(plan, str):
            self.say(plan)
            return
        if plan.refusal:
            self.say(with_tilde(visible(plan.refusal), self.home), severe=True)
            return
        if not (plan.earlier or plan.warns):
            self._undo(plan, yes=True)
            return
        from venvdash.tui.dialogs.prompts import AskScreen

        when = age(plan.change.since, time.time())
        ago = "just now" if when == "now" else f"{when} ago"
        told = "".join(f"\n{with_tilde(one, self.home)}" for one in (*plan.says, *plan.warns))
        asked = Content.assemble("Undo: ", (question(plan.change, ago), "bold"), told)
        self.app.push_screen(
            AskScreen("Undo", asked, "Undo"), lambda yes: self._undo(plan, yes=bool(yes))
        )

    def _undo(self, plan: "UndoPlan", *, yes: bool) -> None:
        from venvdash.presentation.history import undoing

        action = plan.change.action
        if yes:
            ages = plan.earlier or action is not Action.DELETE
            self.begin(undoing(action), lambda stop: self.source.undo(plan, stop), ages=ages)

    def _not_undone(self, error: Exception) -> None:
        self._fail(f"Cannot undo: {visible(str(error))}")

    def _show_outcome(self, finished: Finished) -> None:
        super()._show_outcome(finished)
        self._deleted = finished if self.busy_with == DELETING else None
        if self.busy_with != UNDOING:
            return
        if len(finished.results) > 1:  # of a single one the line has it
            known = [one for one in finished.results if one.outcome is Outcome.DONE and one.reason]
            for one in known[:_MOST_TOLD]:
                reason = with_tilde(visible(one.reason), self.home)
                self.say(f"Restored {visible(one.name, 64)}. {reason}", severe=True)
        taken = [result.trash for result in finished.results if _taken(result)]
        if taken:
            from venvdash.tui.dialogs.restore import Restoring

            # Once the job is over: what it asks for would be a job as well.
            restoring = Restoring(self, self, self.weigh_trash)
            self.call_later(restoring.restore_each, {path for path in taken if path})

    # The trash

    def weigh_trash(self) -> None:
        """Have the bytes in the trash added up, for the header."""
        self._weighing.ask(self.source.trash.find)

    def _show_trash(self, trash: Sequence[Trashed]) -> None:
        totals = self.query_one(Totals)
        totals.trash = sum(item.reclaimable for item in trash) if trash else None

    def _no_trash(self, error: Exception) -> None:
        self._fail(f"Cannot read the trash: {visible(str(error))}")

    def action_trash(self) -> None:
        """Show what lies in the trash."""
        from venvdash.tui.dialogs.trash import TrashScreen

        self.app.push_screen(TrashScreen(self, self.weigh_trash))


def _taken(result: Result) -> bool:
    """Return whether something could not be restored because its name is taken."""
    return result.outcome is Outcome.SKIPPED and result.trash is not None
