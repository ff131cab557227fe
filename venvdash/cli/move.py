"""`venvdash move`: an environment into another store."""

import click

from venvdash.cli.changes import change, one_row, root_of
from venvdash.cli.common import session
from venvdash.cli.completing import complete_name
from venvdash.cli.pipeline import changing, run


@click.command("move", short_help="Move an environment to another store or folder.")
@click.argument("name", shell_complete=complete_name)
@click.argument("place", metavar="STORE|DIR")
@changing
@click.pass_obj
def command(records: bool, name: str, place: str, dry_run: bool, yes: bool, as_json: bool) -> None:
    """Move an environment to another store or folder, and update its project's link.

    NAME is the name of an environment or a project (NAME@3.11 if there are several), or a path.
    `venvdash stores` shows the stores. A move to another file system copies it and moves the
    original to the trash.
    """
    opened = session(records=records, changing=True)
    row = one_row(opened, name)
    job = change(opened, opened.actions.move(row, root_of(opened, place)))
    raise click.exceptions.Exit(run(job, dry_run=dry_run, yes=yes, as_json=as_json))
