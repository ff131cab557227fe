"""`venvdash unlink`: say that an environment belongs to no project."""

import click

from venvdash.cli.changes import change, one_row
from venvdash.cli.common import session
from venvdash.cli.completing import complete_name
from venvdash.cli.pipeline import changing, run


@click.command("unlink", short_help="Unlink an environment from its projects.")
@click.argument("name", metavar="NAME", shell_complete=complete_name)
@changing
@click.pass_obj
def command(records: bool, name: str, dry_run: bool, yes: bool, as_json: bool) -> None:
    """Unlink an environment from its projects, and remove their links to it.

    NAME is the name of an environment or a project (NAME@3.11 if there are several), or a path.
    The environment stays unlinked until you relink it.
    """
    opened = session(records=records, changing=True)
    job = change(opened, opened.actions.unlink(one_row(opened, name)))
    raise click.exceptions.Exit(run(job, dry_run=dry_run, yes=yes, as_json=as_json))
