"""`venvdash relink`: say which project an environment belongs to."""

import os
import sys
from pathlib import Path

import click

from venvdash.actions.events import Finished
from venvdash.cli import output
from venvdash.cli.changes import carry_out, changing
from venvdash.cli.common import fail, session, warn
from venvdash.cli.completing import complete_name
from venvdash.cli.naming import scan_for
from venvdash.cli.plans import results_json
from venvdash.model import Outcome, Proposal, Row
from venvdash.session import Session
from venvdash.text import short_path, visible


@click.command("relink", short_help="Link an environment to a project.")
@click.argument("name", metavar="NAME", required=False, shell_complete=complete_name)
@click.argument("project", metavar="[PROJECT]", required=False, type=click.Path())
@click.option("--share", is_flag=True, help="Keep its other projects.")
@click.option("--git-exclude", is_flag=True, help="Also exclude a new link from git.")
@click.option("--undo", is_flag=True, help="Undo the last relink or unlink (takes no NAME).")
@changing
@click.pass_obj
def command(
    records: bool,
    name: str | None,
    project: str | None,
    share: bool,
    git_exclude: bool,
    undo: bool,
    dry_run: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Link an environment to a project, so that its tool finds it there.

    NAME is the name of an environment or a project (NAME@3.11 if there are several), or a path.
    PROJECT is a directory (for a script's environment: the script); the default is the path where
    a moved project was found.
    """
    opened = session(records=records, changing=True)
    if undo:
        if name is not None or dry_run:
            fail("`--undo` undoes the last change; it cannot be used with NAME or `--dry-run`.", 2)
        raise click.exceptions.Exit(_taken_back(opened, as_json=as_json))
    if name is None:
        fail("NAME is required. Run `venvdash list` to see the environments.", 2)
    (row,) = scan_for(opened, name, changing=True, usage=False)
    directory = _given(opened, project) if project is not None else _offered(opened, row)
    proposal = opened.actions.relink(row, directory, share=share)
    if proposal.offers and not dry_run:
        proposal = _with_offers(proposal, git_exclude, quiet=yes or as_json)
    elif git_exclude:
        proposal = proposal.taking_offers()
    status = carry_out(opened, [proposal], dry_run=dry_run, yes=yes, as_json=as_json)
    raise click.exceptions.Exit(status)


def _given(opened: Session, project: str) -> Path:
    return Path(os.path.normpath(opened.machine.expand(project)))


def _offered(opened: Session, row: Row) -> Path:
    """Return where a moved project is now, or what the user chooses; leaves with 2 without."""
    if row.verdict.place is not None:
        home = opened.machine.home
        warn(f"the project is now at {short_path(row.verdict.place, home)}")
        return row.verdict.place
    found = opened.actions.projects(row)
    if not found:
        fail(f"found no project that {row.name} may belong to. Give its directory.", 2)
    lines = [f"  {visible(path)}" for path in found]
    message = f"{visible(row.name)} may belong to:"
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        fail("\n".join([message, *lines, "Give one of these, or another directory."]), 2)
    click.echo(message, err=True)
    for number, path in enumerate(found, 1):
        click.echo(f"{number:>3}  {short_path(path, opened.machine.home)}", err=True)
    choice = click.IntRange(1, len(found))
    return found[click.prompt("Which one", type=choice, err=True, show_default=False) - 1]


def _with_offers(proposal: Proposal, wanted: bool, *, quiet: bool) -> Proposal:
    """Return the proposal with what it offers, if that is wanted; ask on a terminal."""
    asks = not wanted and not quiet and sys.stdin.isatty() and sys.stderr.isatty()
    if asks:
        for edit in proposal.offers:
            click.echo(
                f"git would show the new link; a line in {visible(edit.path)} excludes it.",
                err=True,
            )
        wanted = click.confirm("Exclude it", default=False, err=True)
    return proposal.taking_offers() if wanted else proposal


def _taken_back(opened: Session, *, as_json: bool) -> int:
    output.acting()
    finished = Finished(())
    for sentence in opened.tidy():
        warn(sentence)
    for event in opened.undo_relink():
        if isinstance(event, Finished):
            finished = event
    if as_json:
        output.print_json({"results": results_json(finished.results)})
    for result in finished.results:
        if result.outcome is not Outcome.DONE:
            name = f"{result.name}: " if result.place else ""  # nothing was there
            warn(f"{name}{result.reason}")
        elif not as_json:
            place = short_path(result.place or result.path, opened.machine.home)
            click.echo(f"Undid the last change to {visible(result.name)}: {place}")
    done = all(result.outcome is Outcome.DONE for result in finished.results)
    return 0 if done else 1
