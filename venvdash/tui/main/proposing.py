"""Changing environments: what would be done is shown, asked about, and done."""

import threading
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

from venvdash.actions.events import ActionEvent, Finished, State
from venvdash.actions.outcome import UP_TO_DATE
from venvdash.actions.verbs import STATES
from venvdash.model import Action, Outcome, Proposal, Row
from venvdash.session import Session
from venvdash.tui.background import Came
from venvdash.tui.background_scan import Feed
from venvdash.tui.main.deletion import DeletingScreen
from venvdash.tui.widgets.job_line import WorkLine
from venvdash.tui.widgets.outcome import UNDOINGS

Propose = Callable[[Row, threading.Event], Proposal]
"""Makes a proposal; the event says that nobody waits for it any more."""

_UNLINKING = "unlinking"
_UNDOABLE = frozenset({_UNLINKING, State.RELINKING, State.COPYING, State.RENAMING, State.MOVING})


class ProposingScreen(DeletingScreen):
    """Shows proposals and carries them out; afterwards the list is fresh, the cursor in place."""

    def __init__(self, source: Session, feed: Feed) -> None:
        super().__init__(source, feed)
        self._left: tuple[Path, Path] | None = None  # the cursor's row and where it went

    def propose(
        self,
        action: Action,
        rows: Sequence[Row],
        make: Propose,
        then: Callable[[], None] | None = None,
    ) -> None:
        """Show what an action would do to each of ``rows``, and do it where it is said yes.

        ``then`` is called when it has begun.
        """
        from venvdash.tui.dialogs.proposal import ProposalScreen

        dialog = ProposalScreen(action, rows, self.home, self.busy_with if self.job else "")

        def plan(stop: threading.Event) -> list[Proposal]:
            proposals = []
            for place, row in enumerate(rows, start=1):
                if stop.is_set():
                    break
                told = partial(dialog.looking_at, row, place, len(rows))
                dialog.post_message(Came(told))
                proposals.append(make(row, stop))
            return proposals

        def carry_out(proposals: Sequence[Proposal]) -> None:
            trusted = [one.distrusted for one in proposals if one.distrusted is not None]
            if trusted:
                self.source.actions.trust(trusted)
                self.propose(action, rows, make, then)
                return
            self.carry_out(proposals)
            if then is not None:
                then()

        self.ask(dialog, plan, carry_out)

    # Doing

    def carry_out(self, proposals: Sequence[Proposal]) -> None:
        """Begin; the rows say so at once, whatever the first step takes."""
        action = proposals[0].action
        state = STATES[action]
        doing = _UNLINKING if action is Action.UNLINK else state.value

        def work(stop: threading.Event) -> Iterator[ActionEvent]:
            return self.source.actions.apply(proposals, stop)

        self.show_begun([proposal.row.path for proposal in proposals], state)
        if self.begin(doing, work, keys="X stops it  @ log", ages=True):
            self.query_one(WorkLine).place = (0, len(proposals))

    def _show_outcome(self, finished: Finished) -> None:
        super()._show_outcome(finished)
        for result in finished.results:
            # What is taken back is told of the place where it lies now.
            its = result.path == self.path or self.busy_with in UNDOINGS
            if its and self.path is not None and result.place is not None:
                self._left = (self.path, result.place)

    def keys_after(self, finished: Finished) -> str:
        """Return what the keys do about what came of it: all but a sync can be undone."""
        done = [one for one in finished.results if one.outcome is Outcome.DONE]
        changed = any(one.reason != UP_TO_DATE for one in done)
        if self.busy_with in _UNDOABLE:
            return "u undo  Esc" if changed else "Esc"
        return "Esc" if self.busy_with in UNDOINGS else super().keys_after(finished)

    def _finish(self) -> None:
        super()._finish()
        if self._left is not None and self._ended:
            self._follow(*self._left)
            self._left = None

    def _follow(self, left: Path, place: Path) -> None:
        """Go with an environment that is elsewhere now, unless the user went on meanwhile."""
        if left in self.table.rows or self.environments.cursor_key != left:
            return
        for row in self.table.rows.values():
            if row.environment.entry == place:
                self.environments.move_to_key(row.path)
