"""Sync, relink, unlink, copy, rename, move and adopt on the command line."""

from pathlib import Path

import click

from venvdash.cli import prompts
from venvdash.cli.common import fail
from venvdash.cli.naming import scan_for
from venvdash.cli.pipeline import Job
from venvdash.model import Proposal, Result, Row
from venvdash.presentation.json_values import proposal_json
from venvdash.presentation.proposals import proposals_in_words
from venvdash.session import Session
from venvdash.text import counted, short_path, visible


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


def with_offers(proposal: Proposal, wanted: bool, *, quiet: bool) -> Proposal:
    """Return the proposal with what it offers, if that is ``wanted``; ask on a terminal."""
    if proposal.offers and not wanted and not quiet and prompts.interactive():
        for edit in proposal.offers:
            click.echo(
                f"git would show the new link; a line in {visible(edit.path)} excludes it.",
                err=True,
            )
        wanted = prompts.confirm("Exclude it")
    return proposal.taking_offers() if wanted else proposal


def change(opened: Session, *proposals: Proposal, asks: bool = False) -> Job:
    """Return the job that makes proposed changes.

    It asks where something is lost or replaced, and with ``asks`` always.
    """
    home = opened.machine.home
    possible = [proposal for proposal in proposals if not proposal.refusal]
    several = f"Change {counted(len(possible), 'environment')}?"
    due = asks or any(proposal.warns for proposal in possible)

    def done(result: Result) -> str:
        place = short_path(result.place, home) if result.place else ""
        said = " ".join(part for part in (visible(result.reason), place) if part)
        return f"{visible(result.name)}: done. {said}".rstrip()

    return Job(
        lines=proposals_in_words(proposals, home),
        plan={"proposals": [proposal_json(proposal) for proposal in proposals]},
        possible=len(possible),
        refused=len(proposals) - len(possible),
        ask=lambda: not due or prompts.confirm(several if len(possible) > 1 else "Continue?"),
        work=lambda cancel: opened.actions.apply(proposals, cancel),
        done=done,
    )
