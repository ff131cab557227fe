"""Undoing the newest change from the main screen."""

import time
from typing import TYPE_CHECKING

from textual.content import Content
from textual.screen import Screen

from venvdash.actions.events import Finished
from venvdash.formats import age
from venvdash.model import Action, Outcome
from venvdash.presentation.history import question, undoing
from venvdash.text import visible, with_tilde
from venvdash.tui.background import run_in_thread
from venvdash.tui.dialogs.prompts import AskScreen
from venvdash.tui.main.job_runner import JobRunner
from venvdash.tui.main.listing import Listing
from venvdash.tui.main.trash import TrashSummary
from venvdash.tui.notices import say
from venvdash.tui.session_access import SessionAccess
from venvdash.tui.widgets.outcome import UNDOING

if TYPE_CHECKING:
    from venvdash.actions.history.undo import UndoPlan

_MOST_NAMED = 3


class Undo:
    """Undoes the newest change as a job; asks first where an earlier session made it."""

    def __init__(
        self,
        screen: Screen[None],
        access: SessionAccess,
        listing: Listing,
        jobs: JobRunner,
        trash: TrashSummary,
    ) -> None:
        self._screen, self._access, self._listing = screen, access, listing
        self._jobs, self._trash = jobs, trash

    def begin(self) -> None:
        """Plan to undo the newest change, then undo it or ask about it."""
        if self._access.busy:
            say(self._screen, "Waiting to undo …")
        session, run = self._access.session, self._access.run
        run_in_thread(self._screen, lambda: run(session.plan_undo), self._ask, self._failed)

    def _ask(self, plan: "UndoPlan | str") -> None:
        home = self._access.home
        if isinstance(plan, str):
            say(self._screen, plan)
            return
        if plan.refusal:
            say(self._screen, with_tilde(visible(plan.refusal), home), severe=True)
            return
        if not (plan.earlier or plan.warns):
            self._undo(plan, yes=True)
            return
        when = age(plan.change.since, time.time())
        ago = "just now" if when == "now" else f"{when} ago"
        more = "".join(f"\n{with_tilde(one, home)}" for one in (*plan.says, *plan.warns))
        asked = Content.assemble("Undo: ", (question(plan.change, ago), "bold"), more)
        self._screen.app.push_screen(
            AskScreen("Undo", asked, "Undo"), lambda yes: self._undo(plan, yes=bool(yes))
        )

    def _undo(self, plan: "UndoPlan", *, yes: bool) -> None:
        action, session = plan.change.action, self._access.session
        if yes:
            outdates = plan.earlier or action is not Action.DELETE
            self._jobs.begin(
                undoing(action), lambda stop: session.actions.undo(plan, stop), outdates=outdates
            )

    def _failed(self, error: Exception) -> None:
        self._listing.report(f"Cannot undo: {visible(str(error))}")

    def finished(self, finished: Finished) -> None:
        """Say what is known of each restored environment; ask for names where they are taken."""
        if self._jobs.doing != UNDOING:
            return
        if len(finished.results) > 1:  # of a single one the line says it
            known = [one for one in finished.results if one.outcome is Outcome.DONE and one.reason]
            for one in known[:_MOST_NAMED]:
                reason = with_tilde(visible(one.reason), self._access.home)
                say(self._screen, f"Restored {visible(one.name, 64)}. {reason}", severe=True)
        self._trash.restore_renamed(finished)
