"""`venvdash new`: create an environment."""

import click

from venvdash.actions.new.plan import NewEnvironment
from venvdash.cli.changes import change, root_of
from venvdash.cli.common import session
from venvdash.cli.naming import scan
from venvdash.cli.pipeline import changing, run


@click.command("new", short_help="Create an environment.")
@click.argument("name", metavar="NAME")
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
    """Create an environment called NAME, with uv.

    It is created in the default store: `store` of the configuration, else WORKON_HOME, else
    ~/.virtualenvs if that exists, else ~/.venvs. If uv fails, nothing is left of it. `venvdash
    undo` moves it to the trash.
    """
    opened = session(records=records, changing=True)
    scan(opened, usage=False)
    root = root_of(opened, place) if place is not None else None
    wanted = NewEnvironment(name, python, packages, editable, root)
    job = change(opened, opened.actions.new(wanted))
    raise click.exceptions.Exit(run(job, dry_run=dry_run, yes=yes, as_json=as_json))
