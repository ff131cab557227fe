"""`venvdash sync`: bring environments up to date with their projects, through uv."""

from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import click

from venvdash.actions.events import Progressed
from venvdash.cli import prompts
from venvdash.cli.changes import change
from venvdash.cli.common import REST, Passing, ProgressLine, session, warn, warn_of_problems
from venvdash.cli.completing import complete_name
from venvdash.cli.naming import chosen, missing_named, scan
from venvdash.cli.pipeline import changing, run
from venvdash.cli.where import filtering, narrowed, tell_undecided, where
from venvdash.model import Proposal, Row, Status
from venvdash.session import Session

if TYPE_CHECKING:
    from venvdash.model.query import Query


@click.command(
    "sync",
    cls=Passing,
    options_metavar="[OPTIONS]",
    short_help="Update environments to match their projects, with uv.",
    epilog="Arguments after -- are passed to uv.",
)
@click.argument("names", nargs=-1, metavar="[NAME...] [-- ARGS...]", shell_complete=complete_name)
@click.option("--all", "every", is_flag=True, help="Include all environments of the named project.")
@click.option(
    "--project",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Which project to sync, if several share the environment.",
)
@click.option(
    "--missing",
    is_flag=True,
    help="Recreate environments that are missing: of all projects, or of those that are named.",
)
@where("Sync environments that match and that their projects use")
@click.option("--trust", is_flag=True, help="Allow code from another user's project to run.")
@changing
@click.pass_context
def command(
    ctx: click.Context,
    names: tuple[str, ...],
    every: bool,
    project: Path | None,
    missing: bool,
    query: "Query | None",
    trust: bool,
    dry_run: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Update environments to match their projects, with uv.

    NAME is the name of an environment or a project (NAME@3.11 if there are several), or a path;
    the default is the environment in use by the current directory's project. venvdash asks before
    packages are uninstalled or an environment is replaced. Use `venvdash sync web -- --extra dev`
    to keep the packages of an extra.

    With --missing, venvdash lists the projects whose environment is gone, asks, and recreates them
    where they were, with the Python that they had.

    Building a project runs its code. If it belongs to another user, venvdash asks first, even for
    a dry run. In a script, only --trust allows it; --yes does not.
    """
    if query is not None and (names or every or project):
        raise click.UsageError(
            "`--where` cannot be used together with names, `--all` or `--project`."
        )
    if missing and (every or project):
        raise click.UsageError("`--missing` cannot be used together with `--all` or `--project`.")
    opened = session(records=ctx.obj, changing=True)
    scan(opened, usage=query is not None and query.needs_sizes)
    warn_of_problems(opened)
    if missing:
        rows: Iterable[Row] = _lacking(opened, names, query)
    else:
        rows = _matching(opened, query) if query else _named(opened, names, every=every)
    place = opened.machine.expand(str(project)) if project else None
    extra = ctx.meta.get(REST, ())
    wanted, line = list(rows), ProgressLine()
    proposals: list[Proposal] = []
    with closing(opened.actions.sync_each(wanted, extra, project=place)) as asking:
        for number, row in enumerate(wanted):
            line.show(Progressed(f"asking uv about {row.name}", number, len(wanted)))
            proposals.append(next(asking))
    trusted: set[Path] = set()
    for number, proposal in enumerate(proposals):
        code = proposal.distrusted
        if code is None:
            continue
        if code in trusted or trust or (not yes and _trusted(proposal, line)):
            trusted.add(code)
            opened.actions.trust([code])
            proposals[number] = opened.actions.sync(proposal.row, extra, project=place)
    line.clear()
    job = change(opened, *proposals, asks=missing)
    ctx.exit(run(job, dry_run=dry_run, yes=yes, as_json=as_json))


def _named(opened: Session, names: tuple[str, ...], *, every: bool) -> Iterable[Row]:
    """Return the environments that the names mean, or the current one, each once."""
    rows: dict[Path, Row] = {}
    for name in names or (None,):
        meant = chosen(opened, name, changing=True, every=every, implied=True)
        rows |= {row.path: row for row in meant}
    return rows.values()


def _lacking(opened: Session, names: tuple[str, ...], query: "Query | None") -> list[Row]:
    """Return the projects without environment, all or those that are named or match, by name."""
    found = filtering(query, opened.machine.clock().wall)
    rows = list(opened.missing.values())
    if names:
        rows = [row for name in names for row in missing_named(opened, name)]
    unique = {row.path: row for row in filter(narrowed(lambda row: True, found), rows)}
    tell_undecided(found)
    if not unique:
        warn("No project lacks its environment." if found is None else "No project matches.")
    return sorted(unique.values(), key=lambda row: (row.name.casefold(), row.path))


def _matching(opened: Session, query: "Query") -> list[Row]:
    """Return the environments that match and that their projects use, by name."""
    found = filtering(query, opened.machine.clock().wall)
    linked = [row for row in opened.rows.values() if row.verdict.status is Status.LINKED]
    rows = list(filter(narrowed(lambda row: True, found), linked))
    tell_undecided(found)
    if not rows:
        warn("No environment that its project uses matches.")
    return sorted(rows, key=lambda row: (row.name.casefold(), row.path))


def _trusted(proposal: Proposal, line: ProgressLine) -> bool:
    """Ask whether code of another user's project may be run; False without a terminal."""
    if not prompts.interactive():
        return False
    line.clear()
    warn(f"{proposal.row.name}: {proposal.refusal}")
    return prompts.confirm("Run its code?")
