"""The dialog that shows what a sync, a relink, a copy … would do, and asks."""

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from textual.binding import BindingType
from textual.widgets import Button

from venvdash.model import Action, Proposal, Row
from venvdash.text import visible
from venvdash.tui import keys
from venvdash.tui.screens.dialog import ConsentDialog
from venvdash.tui.widgets.plan_text import counted
from venvdash.tui.widgets.proposal_text import describe_proposals

Proposals = Sequence[Proposal]


class ProposalScreen(ConsentDialog[Proposals, Proposals]):
    """Shows proposals, all for the same action. Where something is lost, Cancel is the default."""

    BINDINGS: ClassVar[list[BindingType]] = list(keys.PROPOSAL)

    def __init__(self, action: Action, rows: Sequence[Row], home: Path | None) -> None:
        verb = action.value.capitalize()
        what = visible(rows[0].name, 64)
        if len(rows) > 1:
            what = counted(len(rows), "environment")
        super().__init__(f"{verb} {what}", "Looking …", verb)
        self._home = home

    def looking_at(self, row: Row, place: int, count: int) -> None:
        """Say which of several is being looked at."""
        where = f", {place} of {count}" if count > 1 else ""
        self.tell(f"Looking at {visible(row.name, 64)}{where} …")

    def draw(self, planned: Proposals) -> None:
        """Show the proposals."""
        self.pane.show(describe_proposals(planned, self._home))
        possible = [proposal for proposal in planned if not proposal.refusal]
        if not possible:
            return
        yes = self.query_one("#yes", Button)
        yes.disabled = False
        lost = any(proposal.warns for proposal in possible)
        if not lost and self.focused is self.query_one("#no"):
            yes.focus()

    def action_yes(self) -> None:
        """Say yes to what can be done."""
        if self.planned and not all(proposal.refusal for proposal in self.planned):
            self.dismiss(self.planned)
