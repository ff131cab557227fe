"""`venvdash delete`: delete environments by name, into the trash."""

from pathlib import Path

import click

from venvdash.cli.common import fail, session, warn_of_problems
from venvdash.cli.completing import complete_name
from venvdash.cli.deletions import deleting, deletion
from venvdash.cli.naming import chosen, scan
from venvdash.cli.pipeline import run
from venvdash.cli.searching import limit_search, may_confirm_early, search_limit, searching
from venvdash.text import visible


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
    warn_of_problems(opened)
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
    strange = set(confirmed) - {row.name for row in (item.row for item in plan.items)}
    if strange and not plan.refused:
        fail(
            f"`--confirm {visible(min(strange))}` is not the name of an environment in the plan. "
            "Nothing was deleted.",
            2,
        )
    job = deletion(
        opened, plan, now=now, clean_cache=clean_cache, quiet=as_json, confirmed=confirmed
    )
    status = run(job, dry_run=dry_run, yes=yes, as_json=as_json)
    if plan.refused and not dry_run:
        status = status or 1
    raise click.exceptions.Exit(status)
