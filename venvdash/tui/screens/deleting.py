"""The list while environments are deleted, freed and taken back."""

import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from textual.content import Content
from textual.timer import Timer

from venvdash.model import Outcome, Plan, Row, Trashed
from venvdash.scanner.events import Problem
from venvdash.session.events import (
    DeleteEvent,
    Finished,
    RowChanged,
    RowGone,
    RowState,
    State,
    Tally,
)
from venvdash.text import visible
from venvdash.tui.aside import Broke, Job, Latest, aside
from venvdash.tui.feed import Feed, Source
from venvdash.tui.format import with_tilde
from venvdash.tui.screens.marking import MarkingScreen
from venvdash.tui.screens.plan import Consent, PlanScreen
from venvdash.tui.widgets.basket import WorkLine
from venvdash.tui.widgets.header import Totals
from venvdash.tui.widgets.outcome import outcome

_WORK_TICK = 0.05
_LINGER = 1.5  # seconds for which a row that is gone is still shown, to be seen going
_DONE = frozenset({State.IN_TRASH, State.FREED})
_STILL = frozenset({State.SKIPPED, State.FAILED})  # they are there as before

Work = Callable[[threading.Event], Iterator[DeleteEvent]]


class DeletingScreen(MarkingScreen):
    """Deletes what is marked, after its plan was shown; the list stays alive meanwhile."""

    def __init__(self, source: Source, feed: Feed) -> None:
        super().__init__(source, feed)
        self.job: Job[DeleteEvent] | None = None
        self.busy_with = ""
        self._work_timer: Timer | None = None
        self._why: dict[Path, str] = {}
        self._total = 0
        self._weighing: Latest[Sequence[Trashed]] = Latest(self, self._show_trash, self._no_trash)

    def _finish(self) -> None:
        super()._finish()
        self.weigh_trash()

    @property
    def working(self) -> bool:
        """Whether the line of the work has the basket's place."""
        return self.query_one(WorkLine).display

    def may_mark(self, row: Row) -> bool:
        """Whether an environment may be marked: not while it goes."""
        state = self.environments.states.get(row.path)
        return state is None or state in _STILL

    # Asking

    def action_delete(self) -> None:
        """Show what deleting the marked ones would do, or without marks that under the cursor."""
        paths: Sequence[Path] = self.marks.paths
        if not paths and self.row is not None and self.may_mark(self.row):
            paths = (self.row.path,)
        if self.job is not None:
            self.say(f"Still {self.busy_with}; wait for its end, or press c to cancel the rest.")
        elif paths:
            self.marks.close_range(keep=True)
            self._ask(paths)

    def _ask(self, paths: Sequence[Path]) -> None:
        dialog, stop = PlanScreen(len(paths), self.home), threading.Event()

        def answered(consent: Consent | None) -> None:
            stop.set()
            if consent is not None:
                self._delete(consent)

        def failed(error: Exception) -> None:
            dialog.fail(f"{type(error).__name__}: {error}")

        def plan() -> Plan:
            self.wait_for_scan(stop)
            return self.source.plan_delete(paths, stop)

        self.app.clear_notifications()  # a notice must not lie over what is to be read
        self.app.push_screen(dialog, answered)
        aside(self, plan, dialog.show, failed)

    # Doing

    def _delete(self, consent: Consent) -> None:
        """Begin; the rows say so at once, whatever the first step takes."""
        paths = [item.row.path for item in consent.plan.items]
        self._dismiss_outcome()
        self._total = len(paths)
        for place, path in enumerate(paths):
            self._set_state(path, State.QUEUED if place else State.DELETING)

        def work(stop: threading.Event) -> Iterator[DeleteEvent]:
            return self.source.delete(
                consent.plan, now=consent.now, clean_cache=consent.clean_cache, cancel=stop
            )

        self.begin("deleting", work, len(paths))

    def begin(self, doing: str, work: Work, total: int) -> bool:
        """Start a job and show its line; return False where one is running."""
        if self.job is not None:
            self.say(f"Still {self.busy_with}.")
            return False
        self.busy_with, self._total = doing, total
        line = self.query_one(WorkLine)
        line.doing, line.tally = doing, Tally(0, total, 0, 0)
        line.keys = "c cancels the rest" if doing == "deleting" and total > 1 else ""
        line.display = True
        self._show_basket()

        def run(stop: threading.Event) -> Iterator[DeleteEvent]:
            self.wait_for_scan(stop)
            yield from work(stop)

        self.job = Job(run)
        self.job.start()
        self._work_timer = self.set_interval(_WORK_TICK, self._look)
        return True

    def _look(self) -> None:
        job = self.job
        if job is None:
            return
        alive = job.running
        for event in job.drain():
            self._told(event)
        if not alive and not job.running:
            self._job_ended()

    def _told(self, event: DeleteEvent | Broke) -> None:
        match event:
            case RowState():
                self._set_state(event.path, event.state, event.reason)
            case Tally():
                self.query_one(WorkLine).tally = event
            case Finished():
                self._show_outcome(event)
            case RowChanged():
                self._clear_state(event.row.path)
                self._take([event])
            case RowGone():
                self._set_state(event.path, State.FREED)
            case Broke():
                self._fail(f"{self.busy_with} failed: {visible(event.message)}")

    def _set_state(self, path: Path, state: State, reason: str = "") -> None:
        self.environments.states[path] = state
        self._why[path] = reason
        if state in _DONE:
            self.marks.remove([path])
        self.environments.redraw(path)
        if path == self.path:
            self._current_changed()

    def _clear_state(self, path: Path) -> None:
        self.environments.states.pop(path, None)
        self._why.pop(path, None)
        self.environments.redraw(path)

    def _fail(self, words: str) -> None:
        self.findings.problems.append(Problem(None, words))
        self.say(words, severe=True)

    def _job_ended(self) -> None:
        if self._work_timer is not None:
            self._work_timer.stop()
        self.job, self._work_timer = None, None
        states = self.environments.states
        for path in [path for path, state in states.items() if state not in _DONE | _STILL]:
            self._clear_state(path)  # the work broke off: nothing is known to have been done
        line = self.query_one(WorkLine)
        line.display = line.tally is None  # an outcome is there to be read
        self.set_timer(_LINGER, self._sweep)
        self._refresh(set(), force=True)
        self.marks_changed()
        self.weigh_trash()

    def _sweep(self) -> None:
        """Take the rows that are gone off the list."""
        states = self.environments.states
        gone = [path for path, state in states.items() if state in _DONE]
        for path in gone:
            self._clear_state(path)
        there = [RowGone(path) for path in gone if path in self.table.rows]
        if there:
            self.findings.take(list(there))
            self._refresh(set(), force=True)

    # What came of it

    def _show_outcome(self, finished: Finished) -> None:
        line = self.query_one(WorkLine)
        line.tally, line.outcome = None, outcome(self.busy_with, finished, self.home)
        line.keys = "u undo  Esc" if any(result.trash for result in finished.results) else "Esc"
        for result in finished.results:
            if result.outcome is Outcome.FAILED:
                words = f"{visible(result.name)}: {visible(result.reason)}"
                self.findings.problems.append(Problem(result.path, words))
        self.findings.problems += [Problem(None, visible(note)) for note in finished.notes]
        for problem in finished.problems:
            self._fail(visible(problem))

    def _dismiss_outcome(self) -> bool:
        """Take away what the last work left on the screen; return whether it left anything."""
        line = self.query_one(WorkLine)
        states = self.environments.states
        left = [path for path, state in states.items() if state in _STILL]
        if self.job is not None or not (line.display or left):
            return False
        for path in left:
            self._clear_state(path)
        line.display = False
        self._show_basket()
        self._current_changed()
        return True

    def reason_of(self, row: Row) -> Content:
        """Return where an environment stands that is being deleted, else as in any list."""
        state = self.environments.states.get(row.path)
        if state is None:
            return super().reason_of(row)
        why = with_tilde(visible(self._why.get(row.path, "")), self.home)
        return Content.assemble((state.value, "bold"), f"  {why}")

    # Cancelling and undoing

    def action_cancel(self) -> None:
        """Leave alone what is still queued."""
        self.cancel_queued()

    def cancel_queued(self) -> bool:
        """Ask the work to end after the environment it is at; False where nothing is queued."""
        if self.job is None or self.job.stopping:
            return False
        if State.QUEUED not in self.environments.states.values():
            return False
        self.job.stop()
        self.query_one(WorkLine).keys = "cancelling the rest …"
        return True

    def step_back(self) -> bool:
        """Take the step back that Esc means first; return False where there is none."""
        return self.drop_range() or self._dismiss_outcome()

    def action_undo(self) -> None:
        """Take the last deletion back, all of it."""
        if self.job is None:
            self._dismiss_outcome()
            self._sweep()
        self.begin("taking back", lambda _: self.source.undo(), 0)

    # The trash

    def weigh_trash(self) -> None:
        """Have the bytes in the trash added up, for the header."""
        self._weighing.ask(self.source.trash)

    def _show_trash(self, trash: Sequence[Trashed]) -> None:
        totals = self.query_one(Totals)
        totals.trash = sum(item.frees for item in trash) if trash else None

    def _no_trash(self, error: Exception) -> None:
        self._fail(f"The trash cannot be read: {visible(str(error))}")

    def action_trash(self) -> None:
        """Show what lies in the trash."""
        from venvdash.tui.screens.trash import TrashScreen

        self.app.push_screen(TrashScreen(self))

    def action_rescan(self) -> None:
        """Look at the machine again."""
        if self.job is not None:
            self.say(f"Still {self.busy_with}.")
        elif not self._ended:
            self.say("A scan is running already.")
        else:
            self._dismiss_outcome()
            self._sweep()
            self.feed = Feed(self.source)
            self._scan()

    def end_work(self, seconds: float) -> None:
        """Leave what is queued alone, and give the step under way so long to end."""
        if self.job is not None:
            self.job.stop(seconds)
