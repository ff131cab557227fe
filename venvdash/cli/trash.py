"""`venvdash trash`: what was deleted and can be restored."""

import os
import sys
import time
from collections.abc import Sequence

import click

from venvdash.actions.events import Finished
from venvdash.cli import output, prompts
from venvdash.cli.common import fail, session, warn
from venvdash.cli.pipeline import Job, run
from venvdash.cli.styles import say
from venvdash.formats import age, bounded, size, time_json
from venvdash.model import Outcome, Trashed
from venvdash.presentation.document import plain
from venvdash.presentation.json_values import trashed_json
from venvdash.presentation.labels import when_freed
from venvdash.presentation.tables import Column, table
from venvdash.session import Session
from venvdash.text import counted, short_path, visible, with_tilde

_COLUMNS = (
    Column("NAME", least=16),
    Column("SINCE", right=True, drop=1),
    Column("RECLAIMABLE", right=True),
    Column("EXPIRES IN"),
    Column("STATUS", drop=3),
    Column("WAS AT", drop=2, least=16, path=True),
)


@click.group("trash", invoke_without_command=True)
@click.pass_context
def command(ctx: click.Context) -> None:
    """Show or empty the trash; without a command, show it. `venvdash restore` restores from it."""
    if ctx.invoked_subcommand is None:
        ctx.invoke(list_command, as_json=False)


@command.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
@click.pass_obj
def list_command(records: bool, as_json: bool) -> None:
    """Show the trash, newest first."""
    opened = session(records=records, tidy=True)
    found = trash_of(opened)
    if as_json:
        output.print_json({"trash": [trashed_json(one) for one in found]})
        return
    if not found:
        click.echo("The trash is empty.", err=True)
        return
    now, home = time.time(), opened.machine.home
    rows = [
        (
            visible(one.name, 48),
            age(one.since, now),
            bounded(one.reclaimable, one.at_most),
            when_freed(one),
            visible(one.status),
            short_path(one.original, home),
        )
        for one in found
    ]
    for line in table(_COLUMNS, rows):
        click.echo(line)
    for one in found:
        if one.lasts_until:
            say(f"{visible(one.name)} can be restored only until the next `{one.lasts_until}`.")
        if one.kept:
            say(f"{visible(one.name)} is kept: {with_tilde(visible(one.kept), home)}.")
        if one.unsearched:
            say(
                f"The search for the project of {visible(one.name)} did not finish; it runs again "
                "before the environment is deleted permanently."
            )
    if not opened.remembers:
        say("Without records, days are not counted. Use `venvdash trash empty` to empty the trash.")
        return
    days = counted(opened.config.trash.keep, "day")
    say(f"Each expires after {days}. Use `venvdash trash empty` to empty the trash now.")


@command.command("empty")
@click.argument("names", nargs=-1, metavar="[NAME...]")
@click.option("-y", "--yes", is_flag=True, help="Do not ask for confirmation.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def empty(records: bool, names: tuple[str, ...], yes: bool, as_json: bool) -> None:
    """Delete everything in the trash, or NAME, permanently. This cannot be undone."""
    opened = session(records=records, changing=True, tidy=True)
    found = trash_of(opened)
    chosen = [named(opened, name, found) for name in names] if names else found
    if not chosen and not as_json:
        click.echo("The trash is empty.", err=True)
        return
    what = counted(len(chosen), "environment")
    question = f"Permanently delete {what}? This cannot be undone."
    job = Job(
        lines=[plain(f"Permanently deletes {what}.")] if chosen else (),
        ask=lambda: not chosen or prompts.confirm(question),
        declined=("nothing was deleted", "delete"),
        work=lambda cancel: opened.trash.empty(chosen, cancel),
        done=lambda one: "",  # the summary counts them
        warned=lambda one: "",  # why is among the problems
        summary=_emptied,
    )
    raise click.exceptions.Exit(run(job, yes=yes, as_json=as_json))


def _emptied(finished: Finished) -> str:
    done = sum(result.outcome is Outcome.DONE for result in finished.results)
    if not (done or finished.freed):
        return ""
    return f"Deleted {counted(done, 'environment')}, reclaimed {size(finished.freed)}."


def trash_of(opened: Session) -> list[Trashed]:
    """Return what lies in the trash; say where it was not, or not all, looked for."""
    found = opened.trash.find()
    for store in opened.trash.cut_off:
        place = short_path(store, opened.machine.home)
        warn(
            f"{place} is too large to search completely; environments deleted on this machine are"
            " still found, by their journals."
        )
    for silent in opened.trash.silent:
        place = short_path(silent, opened.machine.home)
        warn(f"{place} does not respond; the trash there is not shown.")
    return found


def hits(opened: Session, name: str, found: Sequence[Trashed]) -> list[Trashed]:
    """Return those in the trash that a name may mean."""
    given = os.path.normpath(opened.machine.expand(name))
    hits = [one for one in found if given in (str(one.path), str(one.original))]
    hits = hits or [one for one in found if name in (one.name, one.entry, one.path.name)]
    # A row that had a namesake was called "work/api": its project's name finds it as well.
    return hits or [one for one in found if one.project and one.project.name == name]


def named(opened: Session, name: str, found: Sequence[Trashed]) -> Trashed:
    """Return the one in the trash that a name means; leaves with 1 or 3."""
    meant = hits(opened, name, found)
    if not meant:
        fail(f"nothing in the trash is named {name}. Run `venvdash trash` to see what is.", 1)
    if len(meant) > 1:
        home = opened.machine.home
        lines = table(
            (Column(), Column(drop=1), Column(least=20, path=True)),
            [
                (one.path.name, time_json(one.since) or "", short_path(one.original, home))
                for one in meant
            ],
            indent="  ",
            stream=sys.stderr,
        )
        fail(
            "\n".join(
                [f"{name} matches {len(meant)} environments:", *lines, "Give one of these names."]
            ),
            3,
        )
    return meant[0]
