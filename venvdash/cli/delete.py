"""`venvdash delete`: delete environments by name, into the trash."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from venvdash.actions.delete.days_left import ages_as_of
from venvdash.actions.delete.prune import query_may_pick
from venvdash.cli.common import fail, session, warn_of_problems
from venvdash.cli.completing import complete_name
from venvdash.cli.deletions import deleting, deletion
from venvdash.cli.naming import chosen, scan
from venvdash.cli.pipeline import run
from venvdash.cli.searching import limit_search, may_confirm_early, search_limit, searching
from venvdash.cli.where import filtering, narrowed, tell_undecided, where
from venvdash.model import Plan
from venvdash.session import Session
from venvdash.text import visible

if TYPE_CHECKING:
    from venvdash.model.query import Query


@click.command("delete")
@click.argument("names", nargs=-1, metavar="[NAME...]", shell_complete=complete_name)
@click.option("--all", "every", is_flag=True, help="Include all environments of the named project.")
@click.option(
    "--confirm",
    "confirmed",
    multiple=True,
    metavar="NAME",
    help="Confirm an environment that must be confirmed by name; may be repeated.",
)
@where("Delete environments that match instead of naming them")
@search_limit
@deleting
@click.pass_obj
def command(
    records: bool,
    names: tuple[str, ...],
    every: bool,
    confirmed: tuple[str, ...],
    query: "Query | None",
    search_limit: float | None,
    dry_run: bool,
    yes: bool,
    as_json: bool,
    now: bool,
    clean_cache: bool,
) -> None:
    """Delete environments. They go to the trash and can be restored.

    NAME is the name of an environment or a project (NAME@3.11 if there are several), or a path.
    --where takes orphan, replaced, unknown and standalone environments that match, never pinned
    ones; like `prune`, it leaves alone those with files of yours and those whose project is found.

    Before an orphan is deleted, venvdash searches for its project. On a terminal you can confirm
    during the search: if the project is found, the environment is restored at once.
    """
    if query is not None and (names or every):
        raise click.UsageError("`--where` takes no names or `--all` beside it.")
    if query is None and not names:
        raise click.UsageError("Missing argument 'NAME...', or `--where QUERY`.")
    opened = session(records=records, changing=True)
    scan(opened)
    warn_of_problems(opened)
    limit_search(opened, search_limit)
    if query is None:
        early = may_confirm_early(now=now, yes=yes, dry_run=dry_run, as_json=as_json)
        plan = _named(opened, names, every=every, early=early)
    else:
        plan = _matching(opened, query)
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
    if plan.refused and not dry_run and query is None:
        status = status or 1
    raise click.exceptions.Exit(status)


def _named(opened: Session, names: tuple[str, ...], *, every: bool, early: bool) -> Plan:
    """Return the plan to delete what the names mean."""
    paths: dict[Path, None] = {}
    for name in names:
        rows = chosen(opened, name, changing=True, every=every)
        paths |= dict.fromkeys(row.path for row in rows)
    with searching(opened) as search:
        return opened.deletions.plan_delete(
            list(paths), search.cancel, tell=search.tell, early=early
        )


def _matching(opened: Session, query: "Query") -> Plan:
    """Return the plan to delete what matches a query; leaves the program where pins are unknown."""
    if opened.rules_stopped:
        fail(
            f"{opened.rules_stopped} `--where` cannot delete anything; use `venvdash delete NAME`.",
            2,
        )
    found = filtering(query, ages_as_of(opened.machine))
    with searching(opened) as search:
        plan = opened.deletions.plan_picked(
            narrowed(query_may_pick, found), search.cancel, tell=search.tell
        )
    tell_undecided(found)
    return plan
