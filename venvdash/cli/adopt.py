"""`venvdash adopt`: move environments out of their projects, into a central store."""

import os
from collections.abc import Iterator
from pathlib import Path

import click

from venvdash.actions.adopt import project_environments
from venvdash.cli.changes import change, root_of, with_offers
from venvdash.cli.common import fail, session
from venvdash.cli.naming import scan
from venvdash.cli.pipeline import changing, run
from venvdash.model import Row
from venvdash.session import Session, current_environment
from venvdash.text import short_path, visible


@click.command("adopt", short_help="Move environments out of their projects.")
@click.argument("projects", metavar="[PROJECT]...", nargs=-1, type=click.Path())
@click.option("--all", "every", is_flag=True, help="Adopt those in all known projects.")
@click.option("--to", "place", metavar="STORE|DIR", help="Move them to this store or folder.")
@click.option("--git-exclude", is_flag=True, help="Also exclude the new links from git.")
@changing
@click.pass_obj
def command(
    records: bool,
    projects: tuple[str, ...],
    every: bool,
    place: str | None,
    git_exclude: bool,
    dry_run: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Move environments out of their projects, and leave a link if the project's tool follows it.

    PROJECT is a directory; without it the project of the current directory is taken. They go to the
    default store (see docs/centralize.md) or into the folder of the project's tool, if only that
    finds them there. `venvdash undo` and `venvdash move NAME --in-project` move one back.
    """
    if projects and every:
        fail("`--all` takes no PROJECT.", 2)
    opened = session(records=records, changing=True)
    scan(opened, usage=False)
    root = root_of(opened, place) if place else None
    quiet = dry_run or yes or as_json
    rows = opened.deletions.measured(_chosen(opened, projects, every=every))
    proposals = [
        with_offers(opened.actions.adopt(row, root), git_exclude, quiet=quiet)
        for row in rows.values()
    ]
    job = change(opened, *proposals, asks=every)
    raise click.exceptions.Exit(run(job, dry_run=dry_run, yes=yes, as_json=as_json))


def _chosen(opened: Session, projects: tuple[str, ...], *, every: bool) -> list[Row]:
    """Return the environments that lie in the projects; leaves the program where there is none."""
    if every:
        known = [path for path, _ in opened.known_projects()]
        found = list(project_environments.rows_of(opened, known))
        if not found:
            fail("no known project contains an environment.", 1)
        return found
    return [row for directory in _directories(opened, projects) for row in _in(opened, directory)]


def _directories(opened: Session, projects: tuple[str, ...]) -> Iterator[Path]:
    if not projects:
        cwd = opened.machine.cwd or opened.machine.home
        yield current_environment.above(opened.rows.values(), cwd)[0]
    for text in projects:
        yield Path(os.path.normpath(opened.machine.expand(text)))


def _in(opened: Session, directory: Path) -> list[Row]:
    found = list(project_environments.rows_of(opened, [directory]))
    if not found:
        fail(_nothing_in(opened, directory), 1)
    return found


def _nothing_in(opened: Session, directory: Path) -> str:
    """Say that no environment lies in a directory, and what its ``.venv`` is."""
    where = short_path(directory, opened.machine.home)
    venv = directory / ".venv"
    if not directory.is_dir():
        return f"{where} is not a directory."
    if venv.is_symlink():
        led = short_path(visible(os.readlink(venv)), opened.machine.home)
        return f"{where} contains no environment: its .venv is a link to {led}."
    what = ": its .venv is a file" if venv.is_file() else ""
    return f"{where} contains no environment{what}."
