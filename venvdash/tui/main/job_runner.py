"""The jobs of the main screen: one at a time, in a thread, with a line that shows progress."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from textual.screen import Screen
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
    Tally,
)
from venvdash.actions.outcome import UP_TO_DATE
from venvdash.model import Outcome
from venvdash.model.status import State
from venvdash.text import visible, with_tilde
from venvdash.tui.jobs import Job, JobFailed
from venvdash.tui.main.listing import Listing
from venvdash.tui.main.row_states import ENDED, RowStates
from venvdash.tui.notices import Notices, say
from venvdash.tui.session_access import SessionAccess
from venvdash.tui.widgets.message_line import MessageLine
from venvdash.tui.widgets.outcome import UNDOINGS, outcome

_TICK = 0.05
_TALLY_TICK = 0.5  # a key may have to wait for a frame, and numbers are read no quicker

Work = Callable[[threading.Event], Iterator[ActionEvent]]

UNLINKING = "unlinking"
_UNDOABLE = frozenset(
    {
        *(UNLINKING, State.RELINKING, State.COPYING, State.CREATING),
        *(State.RENAMING, State.MOVING),
    }
)


class JobRunner:
    """Runs one job in a thread, shows its progress, the state of each row, and its outcome.

    ``row_changed`` is called with each new row that a job yields, ``finished`` with its outcome,
    ``ended`` once no job runs any more. ``line_toggled`` is called when the line of the job comes
    or goes, which has the place of the selection's.
    """

    def __init__(
        self,
        screen: Screen[None],
        access: SessionAccess,
        listing: Listing,
        states: RowStates,
        line: MessageLine,
        notices: Notices,
        *,
        row_changed: Callable[[RowChanged], None],
        finished: Callable[[Finished], None],
        ended: Callable[[], None],
        line_toggled: Callable[[], None],
    ) -> None:
        self._screen, self._access, self._listing = screen, access, listing
        self._states = states
        self._row_changed, self._on_finish = row_changed, finished
        self._on_end, self._line_toggled = ended, line_toggled
        self.line, self._notices = line, notices
        self.job: Job[ActionEvent] | None = None
        self.ended = 0  # how many jobs
        self.doing = ""  # what the job is called, "deleting"
        self.outdates = False  # the rows are out of date once the job has ended: scan again
        self._timer: Timer | None = None
        self._tally: Tally | None = None  # the newest
        self._tally_due = 0.0

    @property
    def under_way(self) -> str:
        """What the job under way is called, "" without one."""
        return self.doing if self.job is not None else ""

    @property
    def freed(self) -> int:
        """The bytes that the job under way has freed."""
        return self._tally.freed if self._tally is not None else 0

    # Starting

    def refuse(self) -> bool:
        """Return whether a job runs that must end first, and say so."""
        if self.job is None:
            return False
        means = "cancel the rest" if self.line.tally is not None else "stop it"
        say(self._screen, f"Still {self.doing}. Wait, or press X to {means}.")
        return True

    def show_queued(self, paths: Sequence[Path], state: State) -> None:
        """Show at once that these are next, however long the first step takes."""
        self._look()  # the job before may have ended since the last look
        self.dismiss_outcome()
        for place, path in enumerate(paths):
            self._states.set(path, State.QUEUED if place else state)

    def begin(
        self, doing: str, work: Work, *, total: int = 0, keys: str = "", outdates: bool = False
    ) -> bool:
        """Start a job and show its line; return False where one is running.

        ``total``: the number of environments, of a deletion, which counts them. ``outdates``: the
        job leaves the rows out of date, so that a scan follows.
        """
        self._look()
        if self.job is not None:
            say(self._screen, f"Still {self.doing}.")
            return False
        self.doing, self.outdates = doing, outdates
        self._tally, self._tally_due = Tally(0, total, 0, 0) if total else None, 0.0
        self.line.begin(doing, keys, self._tally)
        self._line_toggled()

        def run(stop: threading.Event) -> Iterator[ActionEvent]:
            with self._access.turn(stop) as begins:
                if begins:
                    yield from work(stop)

        self.job = Job(run, passing=(Output, Progressed, Searching))
        self.job.start()
        self._timer = self._screen.set_interval(_TICK, self._look)
        return True

    # Events

    def _look(self) -> None:
        job = self.job
        if job is None:
            return
        over = not job.running
        for event in job.drain():
            self._take(event)
            over = over or isinstance(event, Finished)  # the last event
        self._show_progress(job)
        if over:
            self._end()

    def _show_progress(self, job: Job[ActionEvent]) -> None:
        line, now = self.line, job.newest
        if time.monotonic() >= self._tally_due and line.tally != self._tally:
            line.tally, self._tally_due = self._tally, time.monotonic() + _TALLY_TICK
        step, said = now.get(Progressed), now.get(Output)
        line.step = step if isinstance(step, Progressed) else None
        line.said = said.line if isinstance(said, Output) else ""
        search = now.get(Searching)
        line.searched = search.directories if isinstance(search, Searching) else None

    def _take(self, event: ActionEvent | JobFailed) -> None:
        match event:
            case RowState():
                self._count(event)
                self._states.set(event.path, event.state, event.reason)
            case Tally():
                self._tally = event
            case Finished():
                self._show_outcome(event)
            case RowChanged():
                self._states.clear(event.row.path)
                self._row_changed(event)
            case RowGone():
                self._states.set(event.path, State.FREED)
            case JobFailed():
                self._listing.report(f"{self.doing} failed: {visible(event.message)}")

    def _count(self, event: RowState) -> None:
        """Show which environment of the queue is being worked on."""
        line = self.line
        if event.state in ENDED or event.state is State.QUEUED:
            return
        queued = self._states.queued()
        if self._states.get(event.path) is State.QUEUED:
            queued -= 1
        count = max(line.place[1], queued + 1)
        line.place = (count - queued, count)
        row = self._listing.table.rows.get(event.path)
        if row is not None and line.tally is None:
            line.doing = f"{self.doing} {visible(row.name, 32)}"

    def _end(self) -> None:
        if self._timer is not None:
            self._timer.stop()
        self.job, self._timer = None, None
        self.ended += 1
        self._states.clear_unfinished()
        self.line.end()
        self._on_end()

    # The outcome

    def _show_outcome(self, finished: Finished) -> None:
        self.outdates &= any(one.outcome is not Outcome.SKIPPED for one in finished.results)
        self.show_results(finished)
        for result in finished.results if len(finished.results) > 1 else ():  # else it is said
            known = result.outcome is Outcome.DONE and result.reason
            if result.outcome is Outcome.FAILED or known:
                words = f"{visible(result.name)}: {self._shown(result.reason)}"
                self._notices.add(words, severe=result.outcome is Outcome.FAILED)
        for note in finished.notes:
            self._notices.add(self._shown(note))
        for problem in finished.problems:
            self._notices.add(self._shown(problem), severe=True)
        if self.line.outcome is not None:
            self._notices.add(self.line.outcome.plain)
        self._on_finish(finished)

    def _shown(self, text: str) -> str:
        return with_tilde(visible(text), self._access.home)

    def show_results(self, finished: Finished) -> None:
        """Show in the line how the last job ended."""
        self.line.outcome = outcome(self.doing, finished, self._access.home)
        self.line.keys = "u undo  Esc" if self._undoable(finished) else "Esc"

    def _undoable(self, finished: Finished) -> bool:
        """Return whether the last job changed something that can be undone: no sync, no undo."""
        if self.doing in _UNDOABLE:
            done = [one for one in finished.results if one.outcome is Outcome.DONE]
            return any(one.reason != UP_TO_DATE for one in done)
        return self.doing not in UNDOINGS and any(one.trash for one in finished.results)

    def dismiss_outcome(self) -> bool:
        """Remove what the last job left on the screen; return whether it left anything."""
        if self.job is not None:
            return False
        left = self._states.clear_ended() | self.line.dismiss_outcome()
        self._line_toggled()
        return left

    # Stopping

    def stop(self) -> None:
        """Cancel what is still queued, and stop what is under way if that can be stopped."""
        if self.job is None:
            say(self._screen, "Nothing to stop.")
        elif self.line.tally is not None:
            self.cancel_queued()
        elif not self.job.stopping:
            self.job.stop()
            self.line.keys = "stopping …"

    def cancel_queued(self) -> None:
        """Ask a deletion to end after the environment it is at; of other jobs say how to stop them.

        A step back too many must not stop what has been running for minutes.
        """
        if self.job is None or self.job.stopping:
            return
        if self.line.tally is None:
            say(self._screen, f"Press X to stop {self.doing}.")
        elif self._states.queued():
            self.job.stop()
            self.line.keys = "cancelling the rest …"

    def end(self, seconds: float) -> None:
        """Cancel what is queued, and give the step under way so many seconds to end."""
        if self.job is not None:
            self.job.stop(seconds)
