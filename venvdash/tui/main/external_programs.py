"""Leaving the dashboard for a shell or an editor, and coming back to the same row."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from venvdash.model import Row
from venvdash.session import Session
from venvdash.text import visible
from venvdash.tui.background import aside
from venvdash.tui.background_scan import Feed
from venvdash.tui.main.changes import ChangingScreen
from venvdash.tui.suspend import Handover

if TYPE_CHECKING:
    from venvdash.session.subshell import Invocation


class LeavingScreen(ChangingScreen):
    """Gives the terminal to a program of the user's; afterwards the machine is looked at again."""

    def __init__(self, source: Session, feed: Feed, handover: Handover) -> None:
        super().__init__(source, feed)
        self._handover = handover
        self._leaving = False
        self._broken_off = False  # the scan that ran was stopped for it

    @property
    def leaves(self) -> bool:
        """Whether there is a terminal to give away."""
        return self._handover.possible(self.app)

    def action_shell(self) -> None:
        """Open the user's shell with the environment under the cursor active."""
        self._leave("shell", self._handover.shell)

    def action_edit(self) -> None:
        """Open the project of the environment under the cursor in the user's editor."""
        self._leave("edit", self._handover.edit)

    def _leave(self, what: str, prepare: "Callable[[Row], Invocation]") -> None:
        """Prepare beside the screen whatever may fail, then go."""
        rows = [] if self._leaving else self.under_cursor()
        if not rows:
            return
        if not self.leaves:
            self.say(f"No terminal is available here; `venvdash {what}` needs one, too.")
            return
        self._leaving = True
        self._broken_off = not self._ended
        self.feed.stop()  # nobody would take what it tells; it begins anew afterwards

        aside(self, lambda: self.in_turn(lambda: prepare(rows[0])), self._go, self._stay)

    def _stay(self, error: Exception) -> None:
        self._leaving = False
        self.say(visible(str(error)), severe=True)
        if self._broken_off:
            self.scan_again()

    def _go(self, invocation: "Invocation") -> None:
        problem = self._handover.run(self.app, invocation)
        self._leaving = False
        if problem:
            self.say(visible(problem), severe=True)
        self.scan_again()
