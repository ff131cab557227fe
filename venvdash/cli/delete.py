"""`venvdash delete`: delete environments by name, into the trash."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import click

from venvdash.cli.common import ProgressLine, session, warn
from venvdash.cli.completing import complete_name
from venvdash.cli.naming import chosen
from venvdash.cli.plans import carry_out
from venvdash.cli.searching import limit_search, may_confirm_early, search_limit, searching
from venvdash.scanner.events import Progress
from venvdash.session import Session

F = TypeVar("F", bound=Callable[..., None])


def deleting(function: F) -> F:
    """Give a command the options that everything has that deletes."""
    for option in (
        click.option(
            "--clean-cache",
            is_flag=True,
            help="Also remove packages from uv's cache that nothing else uses.",
        ),
        click.option(
            "--now", is_flag=True, help="Delete permanently instead of moving to the trash."
        ),
        click.option("--json", "as_json", is_flag=True, help="Print the plan and results as JSON."),
        click.option("-y", "--yes", is_flag=True, help="Do not ask for confirmation."),
        click.option(
            "-n", "--dry-run", is_flag=True, help="Show the plan without changing anything."
        ),
    ):
        function = option(function)
    return function


@click.command("delete")
@click.argument("names", nargs=-1, required=True, metavar="NAME...", shell_complete=complete_name)
@click.option("--all", "every", is_flag=True, help="Include all environments of the named project.")
@click.option(
    "--confirm",
    "confirmed",
    multiple=True,
    metavar="NAME",
    help="Confirm an environment that must be confirmed by name; may be repeated.",
)
@search_limit
@deleting
@click.pass_obj
def command(
    records: bool,
    names: tuple[str, ...],
    every: bool,
    confirmed: tuple[str, ...],
    search_limit: float | None,
    dry_run: bool,
    yes: bool,
    as_json: bool,
    now: bool,
    clean_cache: bool,
) -> None:
    """Delete environments. They go to the trash and can be restored.

    NAME is the name of an environment or a project (NAME@3.11 if there are several), or a path.

    Before an orphan is deleted, venvdash searches for its project. On a terminal you can confirm
    during the search: if the project is found, the environment is restored at once.
    """
    opened = session(records=records, changing=True)
    scan(opened)
    paths: dict[Path, None] = {}
    for name in names:
        rows = chosen(opened, name, changing=True, every=every)
        paths |= dict.fromkeys(row.path for row in rows)
    limit_search(opened, search_limit)
    early = may_confirm_early(now=now, yes=yes, dry_run=dry_run, as_json=as_json)
    with searching(opened) as search:
        plan = opened.deletions.plan_delete(
            list(paths), search.cancel, tell=search.tell, early=early
        )
    status = carry_out(
        opened,
        plan,
        dry_run=dry_run,
        yes=yes,
        as_json=as_json,
        now=now,
        clean_cache=clean_cache,
        confirmed=confirmed,
    )
    if plan.refused and not dry_run:
        status = status or 1
    raise click.exceptions.Exit(status)


def scan(opened: Session, *, usage: bool = True) -> None:
    """Scan everything, as a rule with sizes: what one frees depends on all the others."""
    line = ProgressLine()
    try:
        for event in opened.scan(usage=usage, early=False):
            if isinstance(event, Progress):
                line.show(event)
    finally:
        line.clear()
    for problem in opened.problems:
        warn(f"{problem.path}: {problem.message}" if problem.path else problem.message)
