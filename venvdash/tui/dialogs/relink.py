"""The dialog that chooses the project to link an environment to."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import ClassVar

from textual.binding import BindingType
from textual.widget import Widget

from venvdash.model import Action, Row
from venvdash.records.summaries import summary_of
from venvdash.text import visible
from venvdash.tui import keys
from venvdash.tui.dialogs.base import ShowProposals
from venvdash.tui.dialogs.directory import DirectoryDialog
from venvdash.tui.session_access import SessionAccess
from venvdash.tui.widgets.choice import Choice
from venvdash.tui.widgets.detail import reason


class RelinkScreen(DirectoryDialog):
    """Lists projects that may fit; the proposal comes next."""

    BINDINGS: ClassVar[list[BindingType]] = list(keys.LINK)
    SEARCHING = "Searching for projects …"
    NONE = "No matching project found. Type its directory."
    KEYS = "Enter link   / type   u unlink   Esc back"

    def __init__(
        self, access: SessionAccess, row: Row, propose: ShowProposals, *, share: bool = False
    ) -> None:
        about = reason(summary_of(row), access.home)
        super().__init__(access, f"Relink {visible(row.name, 64)}", about)
        self._row, self._propose, self._share = row, propose, share

    def more(self) -> Iterator[Widget]:
        """Yield the choice to keep its other projects."""
        choice = Choice("s", "Share: keep its other projects", id="share")
        choice.display, choice.on = bool(self._row.verdict.projects), self._share
        yield choice

    def offered(self) -> Sequence[Path]:
        """Return projects that may fit."""
        return self._access.run(lambda: self._access.session.actions.projects(self._row))

    def take(self, directory: Path) -> None:
        """Propose to link to a directory."""
        changes, share = self._access.session.actions, self.query_one("#share", Choice).on
        self._propose(
            Action.RELINK,
            [self._row],
            lambda row, _: changes.relink(row, directory, share=share),
            self.action_leave,
        )

    def action_share(self) -> None:
        """Turn sharing on or off."""
        choice = self.query_one("#share", Choice)
        if choice.display:
            choice.action_turn()

    def action_unlink(self) -> None:
        """Show what removing its links to projects would do."""
        changes = self._access.session.actions
        self._propose(
            Action.UNLINK, [self._row], lambda row, _: changes.unlink(row), self.action_leave
        )
