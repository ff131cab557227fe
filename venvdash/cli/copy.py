"""`venvdash copy`: an environment once more, under another name."""

import click

from venvdash.cli.changes import change, one_row, root_of
from venvdash.cli.common import session
from venvdash.cli.completing import complete_name
from venvdash.cli.pipeline import changing, run


@click.command("copy", short_help="Copy an environment under another name.")
@click.argument("name", shell_complete=complete_name)
@click.argument("new")
@click.option(
    "--to", "place", metavar="STORE|DIR", help="Create the copy in another store or folder."
)
@click.option(
    "--python", metavar="PYTHON", help="Use another Python: a version such as 3.13, or a path."
)
@changing
@click.pass_obj
def command(
    records: bool,
    name: str,
    new: str,
    place: str | None,
    python: str | None,
    dry_run: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Copy an environment to the name NEW: with the same packages, and without a project.

    NAME is the name of an environment or a project (NAME@3.11 if there are several), or a path.
    uv reinstalls the packages from its cache or the package index if the result is the same;
    otherwise all files are copied. The original is not changed.
    """
    opened = session(records=records, changing=True)
    row = one_row(opened, name)
    root = root_of(opened, place) if place is not None else None
    job = change(opened, opened.actions.copy(row, new, root=root, python=python))
    raise click.exceptions.Exit(run(job, dry_run=dry_run, yes=yes, as_json=as_json))
