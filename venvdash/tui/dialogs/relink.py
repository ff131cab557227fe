"""The dialog that chooses the project to link an environment to."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widgets import Input, Static

from venvdash.model import Action, Row
from venvdash.records.summaries import summary_of
from venvdash.text import visible
from venvdash.tui import keys
from venvdash.tui.background import LatestCall, run_in_thread
from venvdash.tui.dialogs.base import Dialog, ShowProposals, framed
from venvdash.tui.path_completion import Completion, complete
from venvdash.tui.session_access import SessionAccess
from venvdash.tui.widgets.choice import Choice
from venvdash.tui.widgets.detail import reason
from venvdash.tui.widgets.path_line import DirectoryList, PathLine


class RelinkScreen(Dialog[None]):
    """Lists candidate directories, or completes one that is typed; the proposal comes next."""

    BINDINGS: ClassVar[list[BindingType]] = list(keys.LINK)

    def __init__(
        self, access: SessionAccess, row: Row, propose: ShowProposals, *, share: bool = False
    ) -> None:
        super().__init__()
        self._access, self._home, self._row = access, access.home, row
        self._propose, self._share = propose, share
        self._offered: Sequence[Path] | None = None
        self._completing: LatestCall[Completion] = LatestCall(self, self._show_found, self._cannot)
        self._completion = Completion("", "")
        self._tab_waits = False

    def compose(self) -> ComposeResult:
        """Lay out the reason, the line, the list and the choice."""
        with framed(
            "link",
            f"Relink {visible(self._row.name, 64)}",
            "Enter link   / type   u unlink   Esc back",
        ):
            yield Static(reason(summary_of(self._row), self._home), id="about", markup=False)
            yield PathLine(
                placeholder="a directory; Tab completes",
                compact=True,
                select_on_focus=False,
                id="line",
            )
            yield DirectoryList(self._home, id="directories")
            yield Choice("s", "Share: keep its other projects", id="share")

    @property
    def line(self) -> PathLine:
        """Where a directory is typed."""
        return self.query_one(PathLine)

    @property
    def listing(self) -> DirectoryList:
        """The directories to choose from."""
        return self.query_one(DirectoryList)

    def on_mount(self) -> None:
        """Search for candidate directories."""
        choice = self.query_one("#share", Choice)
        choice.display, choice.on = bool(self._row.verdict.projects), self._share
        self.listing.hint = "Searching for projects …"
        self.listing.focus()

        def offered() -> Sequence[Path]:
            return self._access.run(lambda: self._access.session.actions.projects(self._row))

        run_in_thread(self, offered, self._offer, self._cannot)

    # What is listed

    def _offer(self, offered: Sequence[Path]) -> None:
        self._offered = offered
        if not self.line.value:
            self._show_offered()
        if not offered:
            self.line.focus()

    def _show_offered(self) -> None:
        if self._offered is not None:
            self.listing.hint = "No matching project found. Type its directory."
            self.listing.show_items(self._offered, at_top=True)

    def _show_found(self, completion: Completion) -> None:
        if completion.text != self.line.value:
            return
        self._completion = completion
        self.listing.hint = visible(completion.trouble) or "No matching directory."
        self.listing.show_items(completion.found, at_top=True)
        if self._tab_waits:
            self._tab_waits = False
            self._complete()

    def _cannot(self, error: Exception) -> None:
        self.listing.hint = visible(f"The search failed: {error}")

    def on_input_changed(self, event: Input.Changed) -> None:
        """List the completions of the text."""
        self._tab_waits = False
        text, machine = event.value, self._access.session.machine
        if text:
            self._completing.request(lambda: complete(text, machine))
        else:
            self._completing.forget()
            self._show_offered()

    def on_path_line_rest(self) -> None:
        """Complete the text, as soon as the completions are known."""
        if self._completion.text == self.line.value and not self._completing.busy:
            self._complete()
        else:
            self._tab_waits = bool(self.line.value)

    def _complete(self) -> None:
        self.line.value = self._completion.completed
        self.line.cursor_position = len(self.line.value)

    # What people do

    def on_path_line_left(self, message: PathLine.Left) -> None:
        """Move to the list, or clear what was typed."""
        if message.back and not self.line.value:
            self.action_leave()
            return
        if message.back:
            self.line.value = ""
        self.listing.focus()

    def action_type(self, begins: str) -> None:
        """Begin to type a directory with the key that was pressed."""
        self.line.value = begins
        self.line.cursor_position = len(begins)
        self.line.focus()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Link to the typed directory, or with nothing typed to the one under the cursor."""
        if event.value.strip():
            typed = self._access.session.machine.expand(event.value.strip())
            self._link(Path(os.path.normpath(typed)))
        else:
            self.on_line_table_chosen()

    def on_line_table_chosen(self) -> None:
        """Link to the directory under the cursor."""
        if isinstance(self.listing.current, Path):
            self._link(self.listing.current)

    def _link(self, project: Path) -> None:
        changes, share = self._access.session.actions, self.query_one("#share", Choice).on
        self._propose(
            Action.RELINK,
            [self._row],
            lambda row, _: changes.relink(row, project, share=share),
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
