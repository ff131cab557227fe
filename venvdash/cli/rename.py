"""`venvdash rename`: another name for an environment, in its store."""

import click

from venvdash.cli.changes import change, one_row
from venvdash.cli.common import session
from venvdash.cli.completing import complete_name
from venvdash.cli.pipeline import changing, run


@click.command("rename", short_help="Rename an environment.")
@click.argument("name", shell_complete=complete_name)
@click.argument("new")
@changing
@click.pass_obj
def command(records: bool, name: str, new: str, dry_run: bool, yes: bool, as_json: bool) -> None:
    """Rename an environment to NEW, and update its scripts and its project's link.

    NAME is the name of an environment or a project (NAME@3.11 if there are several), or a path.
    """
    opened = session(records=records, changing=True)
    job = change(opened, opened.actions.rename(one_row(opened, name), new))
    raise click.exceptions.Exit(run(job, dry_run=dry_run, yes=yes, as_json=as_json))
