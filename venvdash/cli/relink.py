"""`venvdash relink`: say which project an environment belongs to."""

import os
from pathlib import Path

import click

from venvdash.cli.changes import change, one_row, with_offers
from venvdash.cli.common import fail, session, warn
from venvdash.cli.completing import complete_name
from venvdash.cli.pipeline import Job, changing, not_done, run
from venvdash.cli.prompts import interactive, pick
from venvdash.model import Result, Row
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
        for sentence in opened.tidy():
            warn(sentence)
        raise click.exceptions.Exit(run(_undo(opened), as_json=as_json))
    if name is None:
        fail("NAME is required. Run `venvdash list` to see the environments.", 2)
    row = one_row(opened, name)
    directory = (
        Path(os.path.normpath(opened.machine.expand(project)))
        if project is not None
        else _offered(opened, row)
    )
    proposal = opened.actions.relink(row, directory, share=share)
    proposal = with_offers(proposal, git_exclude, quiet=dry_run or yes or as_json)
    job = change(opened, proposal)
    raise click.exceptions.Exit(run(job, dry_run=dry_run, yes=yes, as_json=as_json))


def _offered(opened: Session, row: Row) -> Path:
    """Return where a moved project is now, or what the user chooses; leaves with 2 without."""
    if row.verdict.place is not None:
        home = opened.machine.home
        warn(f"the project is now at {short_path(row.verdict.place, home)}")
        return row.verdict.place
    found = opened.actions.projects(row)
    if not found:
        fail(f"found no project that {row.name} may belong to. Give its directory.", 2)
    message = f"{visible(row.name)} may belong to:"
    if not interactive():
        lines = [f"  {visible(path)}" for path in found]
        fail("\n".join([message, *lines, "Give one of these, or another directory."]), 2)
    click.echo(message, err=True)
    return found[pick([short_path(path, opened.machine.home) for path in found])]


def _undo(opened: Session) -> Job:
    """Return the job that undoes the last relink or unlink."""
    from venvdash.actions.relink import apply

    def done(result: Result) -> str:
        place = short_path(result.place or result.path, opened.machine.home)
        return f"Undid the last change to {visible(result.name)}: {place}"

    return Job(
        work=lambda cancel: apply.undo(opened),
        done=done,
        warned=lambda one: not_done(one) if one.place else one.reason,  # there is nothing to undo
    )
