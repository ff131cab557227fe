"""The list while something is done to environments: one job at a time, told as it goes."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from textual.content import Content
from textual.timer import Timer

from venvdash.actions.events import (
    ActionEvent,
    Finished,
    Output,
    Progressed,
    RowChanged,
    RowGone,
    RowState,
    Searching,
    State,
    Tally,
)
from venvdash.model import Outcome, Row
from venvdash.scanner.events import Problem
from venvdash.session import Session
from venvdash.text import visible, with_tilde
from venvdash.tui.background import Broke, ForgottenError, Job, aside
from venvdash.tui.background_scan import Feed
from venvdash.tui.main.marking import MarkingScreen
from venvdash.tui.widgets.job_line import WorkLine
from venvdash.tui.widgets.outcome import outcome

if TYPE_CHECKING:
    from venvdash.tui.dialogs.base import ConsentDialog

_WORK_TICK = 0.05
_TALLY_TICK = 0.5  # a key may have to wait for a frame, and numbers are read no quicker
_LINGER = 1.5  # seconds for which a row that is gone or done says so, to be seen
_GONE = frozenset({State.IN_TRASH, State.FREED})
_DONE = _GONE | {State.DONE}
_STILL = frozenset({State.SKIPPED, State.FAILED})  # they are there as before
_ENDED = _DONE | _STILL

P = TypeVar("P")
C = TypeVar("C")

Work = Callable[[threading.Event], Iterator[ActionEvent]]


class WorkingScreen(MarkingScreen):
    """Runs one job in a thread of its own, and shows on the list where each environment stands.

    The list stays alive meanwhile. Subclasses say what the jobs are.
    """

    def __init__(self, source: Session, feed: Feed) -> None:
        super().__init__(source, feed)
        self.job: Job[ActionEvent] | None = None
        self.jobs_ended = 0  # how many
        self.busy_with = ""
        self._work_timer: Timer | None = None
        self._tally: Tally | None = None  # the newest
        self._tally_due = 0.0
        self._why: dict[Path, str] = {}
        self._ages = False  # whether what is being done makes the table old
        self._scan_due = False
        self._asked = threading.Event()  # set once nobody waits for what is planned

    @property
    def working(self) -> bool:
        """Whether the line of the work has the basket's place."""
        return self.query_one(WorkLine).display

    @property
    def freed_so_far(self) -> int:
        """The bytes that the work under way has given back."""
        return self._tally.freed if self._tally is not None else 0

    def may_mark(self, row: Row) -> bool:
        """Whether an environment may be marked: not while something is done to it."""
        state = self.environments.states.get(row.path)
        return state is None or state in _ENDED - _GONE

    # Asking

    def chosen(self, *, waits: bool = False) -> list[Row]:
        """Return what to act on: the marked environments, without marks that under the cursor.

        Nothing while some work is under way, which is then said; with ``waits`` whatever that is
        not at.
        """
        if self.marks.paths and (waits or self._free_to_work()):
            self.marks.close_range(keep=True)
            return [row for row in self.table.find(self.marks.paths) if self.may_mark(row)]
        return [] if self.marks.paths else self.under_cursor(waits=waits)

    def under_cursor(self, *, waits: bool = False) -> list[Row]:
        """Return the environment under the cursor, to act on it; none as for ``chosen``.

        The cursor is then on it by the user's will, whatever a filter showed it for.
        """
        row = self.row
        if row is None or not (waits or self._free_to_work()) or not self.may_mark(row):
            return []
        self.environments.move_to_key(row.path)
        return [row]

    def ask(
        self,
        dialog: "ConsentDialog[P, C]",
        plan: Callable[[threading.Event], P],
        then: Callable[[C], None],
    ) -> None:
        """Open a dialog, plan beside the screen what it shows, and go on where it is said yes.

        ``plan`` is given the event that tells it that nobody waits any more.
        """
        stop = self._asked = threading.Event()

        def answered(consent: C | None) -> None:
            stop.set()
            if consent is not None:
                then(consent)

        self.app.clear_notifications()  # a notice must not lie over what is to be read
        self.app.push_screen(dialog, answered)
        self.plan_into(dialog, plan, stop)

    def plan_into(
        self,
        dialog: "ConsentDialog[P, C]",
        plan: Callable[[threading.Event], P],
        stop: threading.Event,
    ) -> None:
        """Plan beside the screen, and show that in an open dialog; nothing once ``stop`` is set."""

        def failed(error: Exception) -> None:
            if not isinstance(error, ForgottenError):
                dialog.fail(f"{type(error).__name__}: {error}")

        def planned() -> P:
            with self.turn(stop) as begins:
                if not begins:
                    raise ForgottenError
                return plan(stop)

        aside(self, planned, dialog.show, failed)

    # Doing

    def show_begun(self, paths: Sequence[Path], state: State) -> None:
        """Show at once that these are next, whatever the first step takes."""
        self._look()  # what came before may have ended since the last look
        self.dismiss_outcome()
        for place, path in enumerate(paths):
            self.set_state(path, State.QUEUED if place else state)

    def _free_to_work(self) -> bool:
        """Return whether no job runs; where one does, say so."""
        if self.job is None:
            return True
        self.say(f"Still {self.busy_with}. Wait, or press X to {self._stopping_means}.")
        return False

    @property
    def _stopping_means(self) -> str:
        return "cancel the rest" if self.query_one(WorkLine).tally is not None else "stop it"

    def begin(
        self, doing: str, work: Work, *, total: int = 0, keys: str = "", ages: bool = False
    ) -> bool:
        """Start a job and show its line; return False where one is running.

        ``total``: of how many environments a deletion or the trash is to tell how far it is.
        ``ages``: afterwards the machine is looked at again, for the table is as old as before.
        """
        self._look()
        if self.job is not None:
            self.say(f"Still {self.busy_with}.")
            return False
        self.busy_with, self._ages = doing, ages
        self._tally, self._tally_due = Tally(0, total, 0, 0) if total else None, 0.0
        self.query_one(WorkLine).begin(doing, keys, self._tally)
        self._show_basket()

        def run(stop: threading.Event) -> Iterator[ActionEvent]:
            with self.turn(stop) as begins:
                if begins:
                    yield from work(stop)

        self.job = Job(run, passing=(Output, Progressed, Searching))
        self.job.start()
        self._work_timer = self.set_interval(_WORK_TICK, self._look)
        return True

    # What it tells

    def _look(self) -> None:
        job = self.job
        if job is None:
            return
        over = not job.running
        for event in job.drain():
            self._told(event)
            over = over or isinstance(event, Finished)  # it has no more to tell
        line, now = self.query_one(WorkLine), job.newest
        if time.monotonic() >= self._tally_due and line.tally != self._tally:
            line.tally, self._tally_due = self._tally, time.monotonic() + _TALLY_TICK
        step, said = now.get(Progressed), now.get(Output)
        line.step = step if isinstance(step, Progressed) else None
        line.said = said.line if isinstance(said, Output) else ""
        search = now.get(Searching)
        line.searched = search.directories if isinstance(search, Searching) else None
        if over:
            self._job_ended()

    def _told(self, event: ActionEvent | Broke) -> None:
        match event:
            case RowState():
                self._count(event)
                self.set_state(event.path, event.state, event.reason)
            case Tally():
                self._tally = event
            case Finished():
                self._show_outcome(event)
            case RowChanged():
                self._clear_state(event.row.path)
                self._take([event])
            case RowGone():
                self.set_state(event.path, State.FREED)
            case Broke():
                self._fail(f"{self.busy_with} failed: {visible(event.message)}")

    def _count(self, event: RowState) -> None:
        """Note which of the queue is being worked at."""
        line, states = self.query_one(WorkLine), self.environments.states
        if event.state in _ENDED or event.state is State.QUEUED:
            return
        queued = sum(state is State.QUEUED for state in states.values())
        if states.get(event.path) is State.QUEUED:
            queued -= 1
        count = max(line.place[1], queued + 1)
        line.place = (count - queued, count)
        row = self.table.rows.get(event.path)
        if row is not None and line.tally is None:
            line.doing = f"{self.busy_with} {visible(row.name, 32)}"

    def set_state(self, path: Path, state: State, reason: str = "") -> None:
        """Show where an environment stands."""
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
        self.jobs_ended += 1
        states = self.environments.states
        for path in [path for path, state in states.items() if state not in _ENDED]:
            self._clear_state(path)  # the work broke off: nothing is known to have been done
        line = self.query_one(WorkLine)
        line.display = line.outcome is not None  # to be read
        self.set_timer(_LINGER, self._sweep)
        self._refresh(set(), force=True)
        self.marks_changed()
        if self._ages:
            self.scan_again()

    def _sweep(self) -> None:
        """Take the rows that are gone off the list, and from the others that they are done."""
        states = self.environments.states
        gone = [path for path, state in states.items() if state in _GONE]
        for path in [path for path, state in states.items() if state in _DONE]:
            self._clear_state(path)
        self._current_changed()
        there = [RowGone(path) for path in gone if path in self.table.rows]
        if there:
            self.findings.take(list(there))
            self._refresh(set(), force=True)

    # What came of it

    def _show_outcome(self, finished: Finished) -> None:
        line = self.query_one(WorkLine)
        self._ages &= any(result.outcome is not Outcome.SKIPPED for result in finished.results)
        line.outcome = outcome(self.busy_with, finished, self.home)
        line.keys = self.keys_after(finished)
        for result in finished.results:
            known = result.outcome is Outcome.DONE and result.reason
            if result.outcome is Outcome.FAILED or known:
                words = f"{visible(result.name)}: {visible(result.reason)}"
                self.findings.problems.append(Problem(result.path, words))
        self.findings.problems += [Problem(None, visible(note)) for note in finished.notes]
        for problem in finished.problems:
            self._fail(visible(problem))

    def keys_after(self, finished: Finished) -> str:
        """Return what the keys do about what came of it."""
        return "u undo  Esc" if any(result.trash for result in finished.results) else "Esc"

    def dismiss_outcome(self) -> bool:
        """Take away what the last work left on the screen; return whether it left anything."""
        line = self.query_one(WorkLine)
        states = self.environments.states
        left = [path for path, state in states.items() if state in _ENDED - _GONE]
        if self.job is not None or not (line.display or left):
            return False
        for path in left:
            self._clear_state(path)
        line.display = False
        self._show_basket()
        self._current_changed()
        return True

    def reason_of(self, row: Row) -> Content:
        """Return where an environment stands that is being worked at, else as in any list."""
        state = self.environments.states.get(row.path)
        if state is None:
            return super().reason_of(row)
        why = with_tilde(visible(self._why.get(row.path, "")), self.home)
        return Content.assemble((state.value, "bold"), f"  {why}")

    def step_back(self) -> bool:
        """Take the step back that Esc means first; return False where there is none."""
        return self.drop_range() or self.dismiss_outcome()

    # Stopping

    def action_stop(self) -> None:
        """Leave alone what is still queued, and stop what is under way if that can be stopped."""
        line = self.query_one(WorkLine)
        if self.job is None:
            self.say("Nothing to stop.")
        elif line.tally is not None:
            self.cancel_queued()
        elif not self.job.stopping:
            self.job.stop()
            line.keys = "stopping …"

    def action_interrupt(self) -> None:
        """Stop the work, as Ctrl+C does elsewhere; where there is none, say how to leave."""
        if self.job is None:
            self.app.action_help_quit()
        else:
            self.action_stop()

    def cancel_queued(self) -> None:
        """Ask a deletion to end after the environment it is at; of other work say how to stop it.

        A step back too many must not stop what has been running for minutes.
        """
        if self.job is None or self.job.stopping:
            return
        line = self.query_one(WorkLine)
        if line.tally is None:
            self.say(f"Press X to stop {self.busy_with}.")
        elif State.QUEUED in self.environments.states.values():
            self.job.stop()
            line.keys = "cancelling the rest …"

    def end_work(self, seconds: float) -> None:
        """Leave what is queued alone, and give the step under way so long to end."""
        self._asked.set()
        if self.job is not None:
            self.job.stop(seconds)

    # Scanning anew

    def action_rescan(self) -> None:
        """Look at the machine again."""
        if self.job is not None:
            self.say(f"Still {self.busy_with}.")
        elif not self._ended:
            self.say("A scan is running already.")
        else:
            self.dismiss_outcome()
            self._sweep()
            self.scan_again()

    def scan_again(self) -> None:
        """Scan, once no other scan runs; what came of the last work stays to be read."""
        self._scan_due = not self._ended
        if self._ended:
            self.feed = Feed(self.source)
            self._scan()

    def _make_old(self) -> None:
        """Note that the table is old: scan once nothing else is under way."""
        if self.job is None:
            self.scan_again()
        else:
            self._ages = True

    def _finish(self) -> None:
        super()._finish()
        if self._scan_due:
            self.scan_again()
