"""Syncing, relinking, copying, renaming and moving, each after what it would do was shown."""

import threading
from collections.abc import Sequence

from textual.content import Content

from venvdash.model import Action, Proposal, Row, Status
from venvdash.tui.main.proposing import ProposingScreen


class ChangingScreen(ProposingScreen):
    """What the keys do that change environments without deleting them."""

    def action_sync(self) -> None:
        """Show what syncing the marked ones would do, or without marks that under the cursor.

        While other work is under way the dialog waits for its end, and shows it then.
        """
        rows = self.chosen(waits=True)
        if rows:
            changes = self.source.actions
            self.propose(Action.SYNC, rows, lambda row, stop: changes.sync(row, cancel=stop))

    def action_relink(self, share: bool = False) -> None:
        """Choose the project of the one under the cursor; of several marked ones it is known.

        With ``share`` it is to keep the projects that it has.
        """
        rows = self.chosen()
        if not rows:
            return
        if len(rows) > 1:
            self.propose(Action.RELINK, rows, self._to_where_it_is)
            return
        if rows[0].environment.traits.tool:
            from venvdash.actions.relink.values import OF_A_TOOL

            self.say(OF_A_TOOL)
            return
        from venvdash.tui.dialogs.relink import LinkScreen

        self.app.push_screen(LinkScreen(self, rows[0], share=share))

    def _to_where_it_is(self, row: Row, _: threading.Event) -> Proposal:
        place = row.verdict.place
        if place is None:
            why = "The new path of its project is unknown. Relink it alone and give the path."
            return Proposal(Action.RELINK, row, refusal=why)
        return self.source.actions.relink(row, place)

    def action_unlink(self) -> None:
        """Show what saying that they belong to no project would do."""
        rows = self.chosen()
        if rows:
            changes = self.source.actions
            self.propose(Action.UNLINK, rows, lambda row, _: changes.unlink(row))

    def action_copy(self) -> None:
        """Ask for the name and place of a copy of the one under the cursor."""
        self._ask_where(Action.COPY, self.under_cursor())

    def action_rename(self) -> None:
        """Ask for another name for the one under the cursor."""
        self._ask_where(Action.RENAME, self.under_cursor())

    def action_move(self) -> None:
        """Ask which store the marked ones shall lie in, or the one under the cursor."""
        self._ask_where(Action.MOVE, self.chosen())

    def _ask_where(self, action: Action, rows: Sequence[Row]) -> None:
        if rows:
            from venvdash.tui.dialogs.destination_form import PlaceScreen

            self.app.push_screen(PlaceScreen(self, action, rows))

    def reason_of(self, row: Row) -> Content:
        """Return the reason, and for one whose project moved what to do about it."""
        said = super().reason_of(row)
        if row.verdict.status is not Status.MOVED or row.path in self.environments.states:
            return said
        return Content.assemble(said, ("  Press R to relink it.", "bold"))
