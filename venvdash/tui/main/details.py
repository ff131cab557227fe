"""The details of what is under the cursor, beside the list and below it."""

from pathlib import Path

from textual.content import Content
from textual.screen import Screen
from textual.timer import Timer

from venvdash.model.status import Status
from venvdash.model.summary import Summary
from venvdash.tui.grouping import Group
from venvdash.tui.main.listing import Listing
from venvdash.tui.main.row_states import RowStates
from venvdash.tui.widgets.detail import describe, describe_other, describe_remembered, reason
from venvdash.tui.widgets.group_text import describe_group, group_reason
from venvdash.tui.widgets.other_list import OtherThing
from venvdash.tui.widgets.reason_lines import Reason
from venvdash.tui.widgets.text_pane import TextPane

_HINTS = {
    Status.MOVED: "Press R to relink it.",
    Status.MISSING: "Press S to recreate it.",
}
_DELAY = 0.05  # seconds: the details are drawn once the cursor rests


class Details:
    """The lines that say why an item is listed as it is, and the pane with all its details."""

    def __init__(
        self, screen: Screen[None], home: Path, listing: Listing, states: RowStates
    ) -> None:
        self._screen, self._home, self._listing, self._states = screen, home, listing, states
        self.reason = Reason(id="reason")
        self.pane = TextPane(id="detail")
        self._timer: Timer | None = None

    def update(self) -> None:
        """Show the reason of the current item at once, and its details soon."""
        current = self._listing.current
        if isinstance(current, Summary):
            self.reason.text = self._reason_of(current)
        elif isinstance(current, Group):
            self.reason.text = group_reason(current)
        else:
            self.reason.text = Content(current.reason if current is not None else "")
        if self._timer is not None:
            self._timer.stop()
        self._timer = self._screen.set_timer(_DELAY, self._show)

    def text(self) -> Content:
        """Return everything known about the current item."""
        current, row = self._listing.current, self._listing.row
        if row is not None:
            return describe(row, self._home)
        if isinstance(current, Summary):
            return describe_remembered(current, self._home)
        if isinstance(current, Group):
            return describe_group(current)
        if isinstance(current, OtherThing):
            return describe_other(current, self._home)
        return Content("")

    def show(self) -> None:
        """Show the reason and the details at once."""
        self.update()
        self._show()

    def _show(self) -> None:
        if self._timer is not None:
            self._timer.stop()
        group = self._listing.group
        path = self._listing.path if group is None else group.key
        # Hidden, too: the screen may get wider.
        self.pane.show(self.text(), top=self.pane.subject != path)
        self.pane.subject = path

    def _reason_of(self, row: Summary) -> Content:
        state = self._states.words(row.path)
        if state is not None:
            return state
        words = reason(row, self._home)
        hint = _HINTS.get(row.status)
        return Content.assemble(words, (f"  {hint}", "bold")) if hint else words
