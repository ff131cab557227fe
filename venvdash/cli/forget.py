"""`venvdash forget`: no longer list a project whose environment is missing."""

import click

from venvdash.actions.forget import ForgetError, forget
from venvdash.cli import output
from venvdash.cli.common import fail, session, warn_of_problems
from venvdash.cli.naming import missing_named, scan
from venvdash.cli.pin import as_json
from venvdash.text import visible


@click.command("forget", short_help="Hide projects whose environment is missing.")
@click.argument("names", nargs=-1, required=True, metavar="PROJECT...")
@as_json
@click.pass_obj
def command(records: bool, names: tuple[str, ...], as_json: bool) -> None:
    """Hide projects whose environment is missing, until they have one again.

    PROJECT is a name that `venvdash list` shows with the status missing, or the path of the
    project. Nothing is deleted. `venvdash undo` lists it again.
    """
    opened = session(records=records, changing=True)
    scan(opened, usage=False)
    rows = [row for name in names for row in missing_named(opened, name)]
    for row in rows:
        try:
            forget(opened, row)
        except ForgetError as error:
            fail(f"{row.name}: {error}", 1)
        if not as_json:
            click.echo(f"{visible(row.name)} is hidden until it has an environment again.")
    if as_json:
        projects = [{"name": row.name, "project": str(row.verdict.project)} for row in rows]
        output.print_json({"forgotten": projects})
    warn_of_problems(opened)
