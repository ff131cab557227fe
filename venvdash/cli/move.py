"""`venvdash move`: an environment into another store, into its project, or out of it."""

import click

from venvdash.actions.adopt import project_environments
from venvdash.cli.changes import change, root_of, with_offers
from venvdash.cli.common import fail, session
from venvdash.cli.completing import complete_name
from venvdash.cli.naming import chosen, scan
from venvdash.cli.pipeline import changing, run
from venvdash.model import Location


@click.command("move", short_help="Move an environment to another store or into its project.")
@click.argument("name", shell_complete=complete_name)
@click.option("--to", "place", metavar="STORE|DIR", help="Move it to this store or folder.")
@click.option("--in-project", is_flag=True, help="Move it into its project, as `.venv` there.")
@click.option("--git-exclude", is_flag=True, help="Also exclude a new link from git.")
@changing
@click.pass_obj
def command(
    records: bool,
    name: str,
    place: str | None,
    in_project: bool,
    git_exclude: bool,
    dry_run: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Move an environment to another store or folder, or into its project.

    NAME is the name of an environment or a project (NAME@3.11 if there are several), or a path,
    such as `./.venv` for the environment in a project. `venvdash stores` shows the stores. Links
    and path files of its project are updated. A move to another file system copies it and moves
    the original to the trash.
    """
    if (place is None) is not in_project:
        fail("Give either `--to` or `--in-project`.", 2)
    opened = session(records=records, changing=True)
    scan(opened, usage=False)
    row = project_environments.named(opened, name) or chosen(opened, name, changing=True)[0]
    if in_project or row.environment.location is Location.IN_PROJECT:
        row = opened.deletions.measured([row]).get(row.path, row)
    if place is None:
        proposal = opened.actions.move_in(row)
    elif row.environment.location is Location.IN_PROJECT:
        proposal = with_offers(
            opened.actions.adopt(row, root_of(opened, place)),
            git_exclude,
            quiet=dry_run or yes or as_json,
        )
    else:
        proposal = opened.actions.move(row, root_of(opened, place))
    job = change(opened, proposal)
    raise click.exceptions.Exit(run(job, dry_run=dry_run, yes=yes, as_json=as_json))
