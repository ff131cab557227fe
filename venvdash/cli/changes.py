"""What changes environments, on the command line: shown, asked about, carried out, as JSON."""

import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

import click

from venvdash.actions.events import Finished, Output, Progressed
from venvdash.cli import output
from venvdash.cli.common import fail, interrupted, warn
from venvdash.cli.naming import scan_for
from venvdash.cli.plans import results_json
from venvdash.model import Outcome, Proposal, Row
from venvdash.presentation.labels import verb_of
from venvdash.session import Session
from venvdash.text import counted, short_path, visible

F = TypeVar("F", bound=Callable[..., None])


def changing(function: F) -> F:
    """Give a command the options that everything has that changes environments."""
    for option in (
        click.option(
            "--json", "as_json", is_flag=True, help="Print the plans and results as JSON."
        ),
        click.option("-y", "--yes", is_flag=True, help="Do not ask for confirmation."),
        click.option(
            "-n", "--dry-run", is_flag=True, help="Show the plan without changing anything."
        ),
    ):
        function = option(function)
    return function


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


def carry_out(
    opened: Session,
    proposals: Sequence[Proposal],
    *,
    dry_run: bool,
    yes: bool,
    as_json: bool,
    ask: bool = False,
) -> int:
    """Show proposals, ask where that is due, carry them out; return the exit status.

    It is asked where something is lost or replaced (``warns``), or always with ``ask``; where
    nobody can be asked, nothing is done then without ``yes``.
    """
    told: dict[str, object] = {
        "proposals": [proposal_json(proposal) for proposal in proposals],
    }
    if not as_json:
        for proposal in proposals:
            for line in proposal_lines(proposal, opened.machine.home):
                click.echo(line)
    possible = [proposal for proposal in proposals if not proposal.refusal]
    if dry_run or not possible:
        if as_json:
            output.print_json(told)
        return 0 if possible else 2
    due = ask or any(proposal.warns for proposal in possible)
    if due and not yes and not _asked(len(possible)):
        if as_json:
            output.print_json(told)
        fail("nothing was changed. Use `--yes` to continue without confirmation.", 2)
    if as_json:
        output.begin_json(told)
    output.acting()
    finished = _done(opened, proposals, quiet=as_json)
    if as_json:
        output.end_json({"results": results_json(finished.results)})
    else:
        _tell(finished, opened.machine.home)
    return 0 if all(result.outcome is Outcome.DONE for result in finished.results) else 1


def _asked(count: int) -> bool:
    """Ask whether to go on; False where there is nobody to ask."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return False
    try:
        what = f"Change {counted(count, 'environment')}?" if count > 1 else "Continue?"
        return click.confirm(what, default=False, err=True)
    except click.Abort:
        click.echo(err=True)
        return False


def _done(opened: Session, proposals: Sequence[Proposal], *, quiet: bool) -> Finished:
    finished, line = Finished(()), Line()
    with interrupted() as cancel:
        for event in opened.actions.apply(proposals, cancel):
            if isinstance(event, Finished):
                finished = event
            elif isinstance(event, Output):
                line.clear()
                if not quiet:
                    click.echo(visible(event.line), err=True)
            elif isinstance(event, Progressed):
                line.show(event)
        line.clear()
    return finished


class Line:
    """One line on stderr that says how far it is; nothing where that is no terminal."""

    def __init__(self) -> None:
        self._on, self._shown = sys.stderr.isatty(), False

    def show(self, told: Progressed) -> None:
        """Draw how far it is."""
        if self._on:
            count = f": {told.done:,} of {told.total:,}" if told.total else " …"
            click.echo(f"\r\x1b[K{visible(told.doing)}{count}", nl=False, err=True)
            self._shown = True

    def clear(self) -> None:
        """Take the line away before something else is written."""
        if self._shown:
            click.echo("\r\x1b[K", nl=False, err=True)
            self._shown = False


def _tell(finished: Finished, home: Path) -> None:
    for result in finished.results:
        words = visible(result.reason)
        if result.outcome is not Outcome.DONE:
            warn(f"{result.name}: {result.outcome}: {result.reason}")
        else:
            place = short_path(result.place, home) if result.place else ""
            said = " ".join(part for part in (words, place) if part)
            click.echo(f"{visible(result.name)}: done. {said}".rstrip())


def proposal_lines(proposal: Proposal, home: Path) -> Iterator[str]:
    """Return a proposal in words: what will be done, what is lost by it, or why it cannot be."""
    row = proposal.row
    yield f"{visible(row.name, 64)}  {row.verdict.status}  {short_path(row.path, home)}"
    if proposal.refusal:
        yield f"  Cannot {proposal.action}: {visible(proposal.refusal)}"
        return
    for sentence in proposal.says:
        yield f"  {visible(sentence)}"
    for sentence in proposal.warns:
        yield f"  ! {visible(sentence)}"
    for link in proposal.links:
        yield f"  creates the link {short_path(link.path, home)} -> {short_path(link.target, home)}"
    for edit in proposal.edits:
        yield f"  {verb_of(edit)} {short_path(edit.path, home)}"
    for change in proposal.packages:
        words = (change.action, change.name, change.version)
        yield f"    {' '.join(visible(word) for word in words if word)}"


def proposal_json(proposal: Proposal) -> dict[str, object]:
    """Return a proposal as JSON shows it."""
    return {
        "action": proposal.action.value,
        "path": str(proposal.row.path),
        "name": proposal.row.name,
        "refusal": proposal.refusal or None,
        "says": list(proposal.says),
        "warns": list(proposal.warns),
        "place": str(proposal.place) if proposal.place else None,
        "project": str(proposal.project) if proposal.project else None,
        "python": proposal.python,
        "commands": [list(command) for command in proposal.commands],
        "packages": [
            {"name": one.name, "version": one.version, "action": one.action}
            for one in proposal.packages
        ],
        "edits": [str(edit.path) for edit in proposal.edits],
        "links": [str(link.path) for link in proposal.links],
        "offers": [str(edit.path) for edit in proposal.offers],
        "shared": proposal.shared,
    }
