"""`venvdash new`: create an environment, under a name or for a project."""

import os
from dataclasses import replace

import click

from venvdash.actions.new.plan import NewEnvironment
from venvdash.cli.changes import change, root_of
from venvdash.cli.common import fail, session, warn
from venvdash.cli.naming import chosen, scan
from venvdash.cli.pipeline import changing, run
from venvdash.session import Session
from venvdash.session.name_resolution import parse
from venvdash.session.new_request import NoProjectError, requested


@click.command("new", short_help="Create an environment.")
@click.argument("name", metavar="NAME|DIR")
@click.option(
    "--python", metavar="PYTHON", help="The Python to use: a version such as 3.13, or a path."
)
@click.option(
    "--with",
    "packages",
    multiple=True,
    metavar="PACKAGE",
    help="Install a package, such as numpy, 'numpy<3' or ./mylib; can be repeated.",
)
@click.option(
    "--with-editable",
    "editable",
    multiple=True,
    metavar="DIR",
    help="Install a package from its source tree, in editable mode; can be repeated.",
)
@click.option("--to", "place", metavar="STORE|DIR", help="Create it in another store or folder.")
@changing
@click.pass_obj
def command(
    records: bool,
    name: str,
    python: str | None,
    packages: tuple[str, ...],
    editable: tuple[str, ...],
    place: str | None,
    dry_run: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Create an environment with uv, under a name or for a project.

    \b
    venvdash new ml --with numpy    one called ml, which belongs to no project
    venvdash new ./webapp           one for a project: synced, and linked as .venv
    venvdash new webapp/docs        a further one of the project webapp: synced

    It is created in the default store: `store` of the configuration, else WORKON_HOME, else
    ~/.virtualenvs if that exists, else ~/.venvs. If uv fails, nothing is left of it. `venvdash
    undo` moves it to the trash.
    """
    opened = session(records=records, changing=True)
    scan(opened, usage=False)
    wanted = _wanted(opened, name)
    if wanted.project is not None and (packages or editable):
        raise click.UsageError("`--with` cannot be used for a project: it is synced.")
    root = root_of(opened, place) if place is not None else None
    wanted = replace(wanted, python=python, packages=packages, editable=editable, root=root)
    job = change(opened, opened.actions.new(wanted))
    raise click.exceptions.Exit(run(job, dry_run=dry_run, yes=yes, as_json=as_json))


def _wanted(opened: Session, text: str) -> NewEnvironment:
    """Return what NAME asks for; leaves the program if no project is called so."""
    here = opened.machine.expand(text) / "pyproject.toml"
    if parse(text, opened.machine, ()).path is None and os.path.isfile(here):
        warn(f"for the project in this directory, run `venvdash new ./{text}`.")
    try:
        return requested(text, opened.machine, lambda head: chosen(opened, head)[0])
    except NoProjectError as error:
        fail(str(error), 2)
