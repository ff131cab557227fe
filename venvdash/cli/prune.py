"""`venvdash prune`: delete what has no project any more, once its project was searched for."""

import re
from typing import TYPE_CHECKING

import click

from venvdash.actions.context import PATIENCE
from venvdash.actions.delete.days_left import ages_as_of
from venvdash.actions.delete.prune import Rules, pruned
from venvdash.cli import several
from venvdash.cli.common import fail, session, warn_of_problems
from venvdash.cli.deletions import deleting, deletion
from venvdash.cli.naming import scan
from venvdash.cli.pipeline import run
from venvdash.cli.searching import limit_search, search_limit, searching
from venvdash.cli.where import filtering, narrowed, tell_undecided, where
from venvdash.model.quantities import seconds_of

if TYPE_CHECKING:
    from venvdash.model.query import Query


_SOMETHING = 4  # exit status: something would be deleted
_SPAN = re.compile(r"(\d{1,6}) *(s|m|min|h|)", re.ASCII)
_SECONDS = {"": 1.0, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0}


def _age(ctx: click.Context, param: click.Parameter, value: str | None) -> float | None:
    """Return a span of time in seconds."""
    seconds = seconds_of(value) if value is not None else None
    if value is not None and seconds is None:
        raise click.BadParameter(
            f"{value!r} is not an age; use a value such as 90d, 12w, 6mo or 1y.", ctx, param
        )
    return seconds


def _wait(ctx: click.Context, param: click.Parameter, value: str | None) -> float:
    """Return how long to wait for another venvdash, in seconds."""
    match = _SPAN.fullmatch(value.strip().lower()) if value is not None else None
    if value is not None and match is None:
        raise click.BadParameter(f"{value!r} is not a time; use a value such as 60s.", ctx, param)
    return int(match[1]) * _SECONDS[match[2]] if match else PATIENCE


@click.command("prune")
@click.option(
    "--unknown",
    is_flag=True,
    help="Also delete unknown environments (their project was never found).",
)
@click.option(
    "--replaced",
    is_flag=True,
    help="Also delete replaced environments (their project uses another).",
)
@click.option(
    "--broken", is_flag=True, help="Also delete broken environments (their interpreter is gone)."
)
@click.option(
    "--older-than",
    callback=_age,
    metavar="AGE",
    help="Only if unused for this long, such as 90d, 12w, 6mo or 1y.",
)
@click.option(
    "--gone-for",
    callback=_age,
    metavar="AGE",
    help="Only if the project has been gone for this long.",
)
@several.kind("Only these kinds")
@several.store("Only these stores, by name or folder")
@where("Of these, only environments that match")
@search_limit
@click.option(
    "--wait",
    callback=_wait,
    metavar="TIME",
    help="Wait this long for another venvdash that changes a store (default: 5s).",
)
@click.option(
    "--exit-code",
    is_flag=True,
    help="With --dry-run: exit with 4 if there is something to delete.",
)
@deleting
@click.pass_obj
def command(
    records: bool,
    unknown: bool,
    replaced: bool,
    broken: bool,
    older_than: float | None,
    gone_for: float | None,
    kind: tuple[str, ...],
    store: tuple[str, ...],
    query: "Query | None",
    search_limit: float | None,
    wait: float,
    exit_code: bool,
    dry_run: bool,
    yes: bool,
    as_json: bool,
    now: bool,
    clean_cache: bool,
) -> None:
    """Delete environments whose projects are gone (orphans). They go to the trash.

    A project may have moved, so venvdash first searches all local disks for it. An environment is
    kept, and the reason shown, if its project is found or may be in a place that cannot be
    searched. Unknown and replaced environments are deleted only if unused for 90 days (change this
    with --older-than).
    """
    if exit_code and not dry_run:
        raise click.UsageError("use --exit-code with --dry-run.")
    opened = session(records=records, changing=True)
    opened.patience = wait
    scan(opened)
    warn_of_problems(opened)
    if opened.rules_stopped:
        fail(f"{opened.rules_stopped} Rules cannot delete anything; use `venvdash delete NAME`.", 2)
    rules = Rules(
        unknown=unknown,
        replaced=replaced,
        broken=broken,
        older_than=older_than,
        gone_for=gone_for,
        kinds=frozenset(kind),
        stores=frozenset(store),
    )
    limit_search(opened, search_limit)
    picked, found = pruned(opened, rules), filtering(query, ages_as_of(opened.machine))
    with searching(opened) as search:
        plan = opened.deletions.plan_picked(
            narrowed(picked, found), search.cancel, tell=search.tell
        )
    tell_undecided(found)
    job = deletion(opened, plan, now=now, clean_cache=clean_cache, quiet=as_json)
    status = run(job, dry_run=dry_run, yes=yes, as_json=as_json)
    raise click.exceptions.Exit(_SOMETHING if exit_code and plan.items else status)
