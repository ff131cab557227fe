"""Syncing, relinking, copying, renaming and moving: what would be done is shown, then done."""

import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path

from textual.screen import Screen

from venvdash.actions.events import ActionEvent, Finished
from venvdash.actions.verbs import STATES
from venvdash.model import Action, Proposal, Row
from venvdash.tui.background import CallReturned
from venvdash.tui.dialogs.base import MakeProposal
from venvdash.tui.main.job_runner import UNLINKING, JobRunner
from venvdash.tui.main.listing import Listing
from venvdash.tui.main.planner import Planner
from venvdash.tui.main.targets import Targets
from venvdash.tui.notices import say
from venvdash.tui.session_access import SessionAccess
from venvdash.tui.widgets.outcome import UNDOINGS


class Changes:
    """Shows proposals and carries them out as jobs.

    Afterwards the cursor follows an environment that was renamed or moved.
    """

    def __init__(
        self,
        screen: Screen[None],
        access: SessionAccess,
        listing: Listing,
        targets: Targets,
        planner: Planner,
        jobs: JobRunner,
    ) -> None:
        self._screen, self._access, self._listing = screen, access, listing
        self._targets, self._planner, self._jobs = targets, planner, jobs
        self._actions = access.session.actions
        self._moved: tuple[Path, Path] | None = None  # the cursor's environment: from, to

    # What the keys do

    def sync(self) -> None:
        """Show what syncing would do; while a job runs the dialog waits for its end."""
        actions = self._actions
        if rows := self._targets.chosen(waits=True, missing=True):
            self._propose(Action.SYNC, rows, lambda stop: actions.sync_each(rows, cancel=stop))

    def relink(self, share: bool = False) -> None:
        """Let the user choose the project of one environment; of several it is known.

        With ``share`` it keeps the projects that it has.
        """
        rows = self._targets.chosen()
        if not rows:
            return
        if len(rows) > 1:
            self.propose(Action.RELINK, rows, self._relink_to_new_path)
            return
        if rows[0].environment.traits.tool:
            from venvdash.actions.relink.relink_changes import OF_A_TOOL

            say(self._screen, OF_A_TOOL)
            return
        from venvdash.tui.dialogs.relink import RelinkScreen

        dialog = RelinkScreen(self._access, rows[0], self.propose, share=share)
        self._screen.app.push_screen(dialog)

    def _relink_to_new_path(self, row: Row, _: threading.Event) -> Proposal:
        place = row.verdict.place
        if place is None:
            why = "The new path of its project is unknown. Relink it alone and give the path."
            return Proposal(Action.RELINK, row, refusal=why)
        return self._actions.relink(row, place)

    def unlink(self) -> None:
        """Show what removing the links to their projects would do."""
        actions = self._actions
        if rows := self._targets.chosen():
            self.propose(Action.UNLINK, rows, lambda row, _: actions.unlink(row))

    def copy(self) -> None:
        """Ask for name and place of a copy of the environment that is marked or at the cursor."""
        self._ask_destination(Action.COPY, self._targets.single(self._screen))

    def new(self) -> None:
        """Ask what environment to create."""
        from venvdash.tui.dialogs.new import NewForm

        self._screen.app.push_screen(NewForm(self._access, self._listing.state, self.propose))

    def rename(self) -> None:
        """Ask for another name for the environment that is marked, or under the cursor."""
        self._ask_destination(Action.RENAME, self._targets.single(self._screen))

    def move(self) -> None:
        """Ask for another store or directory for the chosen environments."""
        rows = self._targets.chosen()
        if not rows:
            return
        from venvdash.tui.dialogs.destination_form import free_stores
        from venvdash.tui.dialogs.move import MoveScreen

        def stores() -> list[Path]:
            return free_stores(self._listing.state.stores)

        self._screen.app.push_screen(MoveScreen(self._access, rows, stores, self.propose))

    def _ask_destination(self, action: Action, rows: Sequence[Row]) -> None:
        from venvdash.tui.dialogs.destination_form import DestinationForm

        for row in rows:
            form = DestinationForm(self._access, self._listing.state, action, row, self.propose)
            self._screen.app.push_screen(form)

    # Proposing and carrying out

    def propose(
        self,
        action: Action,
        rows: Sequence[Row],
        make: MakeProposal,
        then: Callable[[], None] = lambda: None,
    ) -> None:
        """Show what an action would do to each of ``rows``, and do what is confirmed.

        ``then`` is called when it has begun.
        """
        self._propose(action, rows, lambda stop: (make(row, stop) for row in rows), then)

    def _propose(
        self,
        action: Action,
        rows: Sequence[Row],
        made: Callable[[threading.Event], Generator[Proposal, None, None]],
        then: Callable[[], None] = lambda: None,
    ) -> None:
        from venvdash.tui.dialogs.proposal import ProposalScreen

        dialog = ProposalScreen(action, rows, self._access.home, self._jobs.under_way)

        def plan(stop: threading.Event) -> list[Proposal]:
            proposals = []
            with closing(made(stop)) as making:
                for place, row in enumerate(rows, start=1):
                    if stop.is_set():
                        break
                    checking = partial(dialog.looking_at, row, place, len(rows))
                    dialog.post_message(CallReturned(checking))
                    proposals.append(next(making))
            return proposals

        def confirmed(proposals: Sequence[Proposal]) -> None:
            trusted = [one.distrusted for one in proposals if one.distrusted is not None]
            if trusted:
                self._actions.trust(trusted)
                self._propose(action, rows, made, then)
                return
            self._apply(proposals)
            then()

        self._planner.ask(dialog, plan, confirmed)

    def _apply(self, proposals: Sequence[Proposal]) -> None:
        action, actions = proposals[0].action, self._actions
        state = STATES[action]
        doing = UNLINKING if action is Action.UNLINK else state.value

        def work(stop: threading.Event) -> Iterator[ActionEvent]:
            return actions.apply(proposals, stop)

        self._jobs.show_queued([proposal.row.path for proposal in proposals], state)
        if self._jobs.begin(doing, work, keys="X stops it  @ log", outdates=True):
            self._jobs.line.place = (0, len(proposals))

    # The cursor

    def finished(self, finished: Finished) -> None:
        """Remember where the environment under the cursor went."""
        path = self._listing.path
        for result in finished.results:
            # What is undone has the path where it is now.
            its = result.path == path or self._jobs.doing in UNDOINGS
            if its and path is not None and result.place is not None:
                self._moved = (path, result.place)

    def follow(self) -> None:
        """Move the cursor to where its environment went, unless the user has moved it since."""
        if self._moved is None:
            return
        (before, after), self._moved = self._moved, None
        rows, environments = self._listing.table.rows, self._listing.environments
        if before in rows or environments.cursor_key != before:
            return
        for row in rows.values():
            if row.environment.entry == after:
                environments.move_to_key(row.path)
