"""`venvdash allow`: have shells activate an environment when they come into its project."""

from pathlib import Path

import click

from venvdash.actions import auto_activation
from venvdash.actions.auto_activation import ConfirmationError
from venvdash.cli import output
from venvdash.cli.common import fail, session, warn_of_problems
from venvdash.cli.completing import complete_name
from venvdash.cli.naming import scan_for
from venvdash.cli.styles import say
from venvdash.model import Row
from venvdash.presentation.tables import Column, table
from venvdash.records import auto_activation as pairs
from venvdash.records.auto_activation import ActivationPair
from venvdash.session import Session, subshell
from venvdash.session.subshell import RefusedError
from venvdash.text import short_path, visible

_COLUMNS = (Column("PROJECT", least=16, path=True), Column("ENVIRONMENT", least=16, path=True))


@click.command("allow", short_help="Activate an environment automatically in its project.")
@click.argument("name", required=False, shell_complete=complete_name)
@click.option(
    "--project",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="The project (default: the one that the environment is linked to).",
)
@click.option("--remove", is_flag=True, help="Stop activating an environment in the project.")
@click.option("--list", "listing", is_flag=True, help="List what is allowed on this host.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def command(
    records: bool,
    name: str | None,
    project: Path | None,
    remove: bool,
    listing: bool,
    as_json: bool,
) -> None:
    """Allow a shell to activate an environment whenever it is in the project.

    The shell needs the hook of `venvdash init SHELL --auto`. This is allowed for one project and
    one environment, on this host, until either is replaced; what came with a clone is never
    activated. `relink` allows it, too. The default is the environment of the current directory's
    project.
    """
    if listing + remove + (name is not None) > 1:
        raise click.UsageError("use one of NAME, --remove and --list.")
    opened = session(records=records, changing=not listing)
    if not listing and not opened.remembers:
        fail("nothing is stored without records.", 2)
    if listing:
        _show(list(pairs.read(opened.machine.state_directory)), opened, as_json=as_json)
    elif remove:
        _withdraw(opened, project or opened.machine.cwd or Path.cwd(), as_json=as_json)
    else:
        (row,) = scan_for(opened, name, usage=False)
        pair = _confirmed(opened, row, project or _project(opened, row))
        warn_of_problems(opened)
        _show([pair], opened, as_json=as_json)


def _project(opened: Session, row: Row) -> Path:
    """Return the project that an environment is linked to; leaves with 2 if there is not one."""
    projects = row.verdict.projects
    cwd = opened.machine.cwd
    inside = [one for one in projects if cwd and cwd.is_relative_to(one)]
    if len(projects) != 1 and len(inside) != 1:
        how = "several projects" if projects else "no project"
        fail(f"{visible(row.name)} is linked to {how}: name one with --project.", 2)
    return (inside or list(projects))[0]


def _confirmed(opened: Session, row: Row, project: Path) -> ActivationPair:
    project = opened.machine.expand(str(project))
    if not project.is_dir():
        fail(f"{visible(project)} is not a directory.", 2)
    try:
        environment = subshell.trusted(opened, row)
        return auto_activation.confirm(opened.machine, project, environment.path, row.name)
    except (ConfirmationError, RefusedError) as error:
        fail(f"{visible(row.name)} is not allowed. {error}", 2)


def _withdraw(opened: Session, project: Path, *, as_json: bool) -> None:
    """Withdraw it for the nearest project upwards that has it."""
    start = opened.machine.expand(str(project))
    found = next((one for one in (start, *start.parents) if _withdrawn(opened, one)), None)
    if found is None:
        fail(f"nothing is allowed in {short_path(start, opened.machine.home)}.", 1)
    if as_json:
        output.print_json({"allowed": []})
    else:
        say(f"No environment is activated in {short_path(found, opened.machine.home)} any more.")


def _withdrawn(opened: Session, project: Path) -> bool:
    return auto_activation.withdraw(opened.machine, project)


def _show(found: list[ActivationPair], opened: Session, *, as_json: bool) -> None:
    if as_json:
        output.print_json(
            {
                "allowed": [
                    {"project": str(pair.project), "path": str(pair.prefix)} for pair in found
                ]
            }
        )
        return
    if not found:
        say("Nothing is allowed on this host.")
        return
    home = opened.machine.home
    rows = [(short_path(pair.project, home), short_path(pair.prefix, home)) for pair in found]
    for line in table(_COLUMNS, rows):
        click.echo(line)
