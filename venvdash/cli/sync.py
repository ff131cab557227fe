"""`venvdash sync`: bring environments up to date with their projects, through uv."""

import sys
from pathlib import Path

import click

from venvdash.actions.events import Progressed
from venvdash.cli.changes import Line, carry_out, changing
from venvdash.cli.common import REST, Passing, session, warn
from venvdash.cli.completing import complete_name
from venvdash.cli.delete import scan
from venvdash.cli.naming import chosen
from venvdash.model import Proposal, Row


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
@click.option("--trust", is_flag=True, help="Run code of a project that is another user's.")
@changing
@click.pass_context
def command(
    ctx: click.Context,
    names: tuple[str, ...],
    every: bool,
    project: Path | None,
    trust: bool,
    dry_run: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Bring environments up to date with their projects, one after the other, through uv.

    NAME is an environment's or a project's name, NAME@3.11 where it has several, or a path;
    without one it is the current environment of the project of the current directory. It is asked
    before anything is uninstalled or an environment is replaced. `venvdash sync web -- --extra dev`
    keeps what an extra brought.

    To build a project runs code of it. One that belongs to another user is asked about before uv
    is, also for a dry run; where nobody can be asked, --trust allows it, and --yes does not.
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
        proposal = opened.changes.sync(row, extra, project=place)
        if proposal.distrusted is not None and (trust or (not yes and _trusted(proposal, line))):
            opened.changes.trust([proposal.distrusted])
            proposal = opened.changes.sync(row, extra, project=place)
        proposals.append(proposal)
    line.clear()
    ctx.exit(carry_out(opened, proposals, dry_run=dry_run, yes=yes, as_json=as_json))


def _trusted(proposal: Proposal, line: Line) -> bool:
    """Ask whether code of another user's project may be run; False where nobody can be asked."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return False
    line.clear()
    warn(f"{proposal.row.name}: {proposal.refusal}")
    try:
        return click.confirm("Run its code?", default=False, err=True)
    except click.Abort:
        click.echo(err=True)
        return False
