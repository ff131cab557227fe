"""Sync, relink, unlink, copy, rename and move on the command line."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from threading import Event

from venvdash.actions.events import ActionEvent
from venvdash.cli import prompts
from venvdash.cli.common import fail
from venvdash.cli.naming import scan_for
from venvdash.cli.pipeline import Job
from venvdash.model import Proposal, Row
from venvdash.presentation.document import Line
from venvdash.presentation.json_values import proposal_json
from venvdash.presentation.proposals import proposals_in_words
from venvdash.session import Session
from venvdash.text import counted


def one_row(opened: Session, name: str) -> Row:
    """Scan and return the one environment that a name means; leaves the program as ``chosen``."""
    (row,) = scan_for(opened, name, changing=True, usage=False)
    return row


def root_of(opened: Session, text: str) -> Path:
    """Return the directory that a store's name or a path means; leaves the program for none."""
    from venvdash.actions.destinations import TargetError, named

    try:
        return named(opened, text)
    except TargetError as error:
        fail(str(error), 2)


class Change(Job):
    """Changes environments as proposed; it asks only where something is lost or replaced."""

    def __init__(self, opened: Session, *proposals: Proposal) -> None:
        self._proposals = proposals
        self._due = any(proposal.warns for proposal in proposals if not proposal.refusal)
        refused = sum(bool(proposal.refusal) for proposal in proposals)
        super().__init__(opened, len(proposals) - refused, refused)

    def lines(self) -> Sequence[Line]:
        """Return the proposals in words."""
        return proposals_in_words(self._proposals, self.opened.machine.home)

    def plan_json(self) -> Mapping[str, object]:
        """Return the proposals as JSON shows them."""
        return {"proposals": [proposal_json(proposal) for proposal in self._proposals]}

    def ask(self) -> bool:
        """Ask where something is lost or replaced."""
        what = f"Change {counted(self.possible, 'environment')}?"
        return not self._due or prompts.confirm(what if self.possible > 1 else "Continue?")

    def work(self, cancel: Event) -> Iterable[ActionEvent]:
        """Carry out the proposals, one after the other."""
        return self.opened.actions.apply(self._proposals, cancel)
