"""`venvdash sync`: bring environments up to date with their projects, through uv."""

from pathlib import Path

import click

from venvdash.actions.events import Progressed
from venvdash.cli.changes import Line, carry_out, changing
from venvdash.cli.common import REST, Passing, session
from venvdash.cli.completing import complete_name
from venvdash.cli.delete import scan
from venvdash.cli.naming import chosen
from venvdash.model import Row


@click.command(
    "sync",
    cls=Passing,
    options_metavar="[OPTIONS]",
    short_help="Bring environments up to date with their projects.",
    epilog="What follows -- is for uv.",
)
@click.argument("names", nargs=-1, metavar="[NAME...] [-- ARGS...]", shell_complete=complete_name)
@click.option("--all", "every", is_flag=True, help="All environments of a project of that name.")
@click.option(
    "--project",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Which of its projects, where several share it.",
)
@changing
@click.pass_context
def command(
    ctx: click.Context,
    names: tuple[str, ...],
    every: bool,
    project: Path | None,
    dry_run: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Bring environments up to date with their projects, one after the other, through uv.

    NAME is an environment's or a project's name, NAME@3.11 where it has several, or a path;
    without one it is the current environment of the project of the current directory. It is asked
    before anything is uninstalled or an environment is replaced. `venvdash sync web -- --extra dev`
    keeps what an extra brought.
    """
    opened = session(records=ctx.obj, changing=True)
    scan(opened, usage=False)
    rows: dict[Path, Row] = {}
    for name in names or (None,):
        meant = chosen(opened, name, changing=True, every=every, implied=True)
        rows |= {row.path: row for row in meant}
    place = opened.machine.expand(str(project)) if project else None
    extra = ctx.meta.get(REST, ())
    line, proposals = Line(), []
    for number, row in enumerate(rows.values()):
        line.show(Progressed(f"asking uv about {row.name}", number, len(rows)))
        proposals.append(opened.changes.sync(row, extra, project=place))
    line.clear()
    ctx.exit(carry_out(opened, proposals, dry_run=dry_run, yes=yes, as_json=as_json))
