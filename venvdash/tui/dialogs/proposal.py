"""The dialog that shows what a sync, a relink, a copy … would do, and asks."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content

from venvdash.model import Action, Proposal, Row
from venvdash.presentation.document import Line
from venvdash.presentation.proposals import proposals_in_words, verb_for
from venvdash.text import counted, visible
from venvdash.tui import keys
from venvdash.tui.dialogs.base import ConsentDialog
from venvdash.tui.widgets.choice import Choice
from venvdash.tui.widgets.document_text import TRUST

Proposals = Sequence[Proposal]


class ProposalScreen(ConsentDialog[Proposals, Proposals]):
    """Shows proposals, all for the same action. Where something is lost, Cancel is the default."""

    BINDINGS: ClassVar[list[BindingType]] = list(keys.PROPOSAL)
    AUTO_FOCUS = "#no"  # not the choice, which is not shown yet

    def __init__(
        self, action: Action, rows: Sequence[Row], home: Path | None, after: str = ""
    ) -> None:
        """``after``: the job to wait for, safe to show, "" for none."""
        verb = verb_for(action).capitalize()
        what = visible(rows[0].name, 64)
        if len(rows) > 1:
            what = counted(len(rows), "environment")
        looking = f"Queued after the current task ({after}) …" if after else "Checking …"
        super().__init__(f"{verb} {what}", looking, verb)
        self._home, self._verb, self._several = home, verb, len(rows) > 1

    def choices(self) -> ComposeResult:
        """Yield the optional change, shown only where there is one."""
        choice = Choice("h", "Exclude the new link from git", id="offers")
        choice.display = False
        yield choice

    def looking_at(self, row: Row, place: int, count: int) -> None:
        """Show which environment is being checked."""
        where = f", {place} of {count}" if count > 1 else ""
        self.tell(f"Checking {visible(row.name, 64)}{where} …")

    def lines(self, planned: Proposals) -> Sequence[Line]:
        """Return the proposals in words."""
        return proposals_in_words(planned, self._home, TRUST)

    def possible(self, planned: Proposals) -> int:
        """Return how many environments would be changed."""
        return sum(not proposal.refusal for proposal in planned)

    def draw(self, planned: Proposals) -> None:
        """Show the proposals; where nothing is lost by them, Enter means yes."""
        super().draw(planned)
        if self._several:
            count = self.possible(planned)
            nothing = f"Nothing to {self._verb.lower()}"
            title = f"{self._verb} {counted(count, 'environment')}" if count else nothing
            self.query_one("#plan").border_title = Content(title)
        possible = [proposal for proposal in planned if not proposal.refusal]
        self.query_one("#offers").display = any(proposal.offers for proposal in possible)
        lost = any(proposal.warns for proposal in possible)
        if possible and not lost and self.focused is self.query_one("#no"):
            self.query_one("#yes").focus()

    def action_yes(self) -> None:
        """Confirm what can be done."""
        if not self.planned or not self.possible(self.planned):
            return
        hides = self.query_one("#offers", Choice).on
        agreed = [replace(one, distrusted=None) for one in self.planned]
        self.dismiss([one.taking_offers() if hides else one for one in agreed])

    def action_trust(self) -> None:
        """Trust other users' projects, and check again; nothing else is done."""
        distrusted = [one for one in self.planned or () if one.distrusted is not None]
        if distrusted:
            self.dismiss(distrusted)

    def action_hide(self) -> None:
        """Turn excluding the new link from git on or off."""
        self.turn("#offers")
