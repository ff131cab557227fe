"""`venvdash use`: let a project use an environment from now on."""

import os
from pathlib import Path

import click

from venvdash.cli.changes import change, one_row, with_offers
from venvdash.cli.common import fail, session
from venvdash.cli.completing import complete_name
from venvdash.cli.naming import scan
from venvdash.cli.pipeline import changing, run
from venvdash.model import Row
from venvdash.scanner.projects import project_info
from venvdash.session import Session, current_environment
from venvdash.stores import default_store


@click.command("use", short_help="Let a project use an environment from now on.")
@click.argument("name", metavar="ENV", shell_complete=complete_name)
@click.option(
    "--project",
    type=click.Path(),
    metavar="DIR",
    help="The project (default: that of the current directory).",
)
@click.option("--copy", "copied", is_flag=True, help="Use a copy, in the default store.")
@click.option("--git-exclude", is_flag=True, help="Also exclude a new link from git.")
@changing
@click.pass_obj
def command(
    records: bool,
    name: str,
    project: str | None,
    copied: bool,
    git_exclude: bool,
    dry_run: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Let a project use an environment from now on: its `.venv` leads there.

    ENV is the name of an environment or a project (NAME@3.11 if there are several), or a path. Its
    other projects keep it. If `uv sync` in one of them would uninstall what another needs, that is
    shown, and asked about; --copy avoids it. The environment that the project used before stays.

    `venvdash relink` differs: it says whose environment it is, for one whose project has moved. It
    renames the environment if its tool looks for another name, and takes it from other projects.
    """
    if copied and (as_json or dry_run):
        raise click.UsageError("`--copy` cannot be used together with `--json` or `--dry-run`.")
    opened = session(records=records, changing=True)
    row = one_row(opened, name)
    cwd = opened.machine.cwd or opened.machine.home
    directory = (
        Path(os.path.normpath(opened.machine.expand(project)))
        if project is not None
        else current_environment.above(opened.rows.values(), cwd)[0]
    )
    if copied:
        row = _copy(opened, row, directory, yes=yes)
    quiet = dry_run or yes or as_json
    proposal = with_offers(opened.actions.use(row, directory), git_exclude, quiet=quiet)
    job = change(opened, proposal)
    raise click.exceptions.Exit(run(job, dry_run=dry_run, yes=yes, as_json=as_json))


def _copy(opened: Session, row: Row, project: Path, *, yes: bool) -> Row:
    """Copy an environment for a project, and return the copy; leaves the program otherwise."""
    store = default_store.folder(opened.machine, opened.config)
    entry = default_store.new_entry(store, project_info.name_of(os.fspath(project)) or project.name)
    status = run(change(opened, opened.actions.copy(row, entry.name, root=store)), yes=yes)
    if status:
        raise click.exceptions.Exit(status)
    scan(opened, usage=False)
    found = next((one for one in opened.rows.values() if one.environment.entry == entry), None)
    if found is None:
        fail(f"the copy is not found at {entry}.", 1)
    return found
