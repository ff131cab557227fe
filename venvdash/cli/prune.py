"""`venvdash prune`: delete what has no project any more, once its project was searched for."""

import click

from venvdash.actions.delete.prune import Rules, seconds_of
from venvdash.cli import several
from venvdash.cli.common import fail, session
from venvdash.cli.delete import deleting, scan
from venvdash.cli.plans import carry_out
from venvdash.cli.searching import limit_search, search_limit, searching


def _age(ctx: click.Context, param: click.Parameter, value: str | None) -> float | None:
    """Return a span of time in seconds."""
    seconds = seconds_of(value) if value is not None else None
    if value is not None and seconds is None:
        raise click.BadParameter(f"{value!r} is no age; write 90d, 12w, 6mo or 1y.", ctx, param)
    return seconds


@click.command("prune")
@click.option("--unknown", is_flag=True, help="Also made for a project that was not found.")
@click.option("--replaced", is_flag=True, help="Also those that their project no longer uses.")
@click.option("--broken", is_flag=True, help="Also those whose interpreter is gone.")
@click.option(
    "--older-than", callback=_age, metavar="AGE", help="Only without a trace of use for so long."
)
@click.option(
    "--gone-for", callback=_age, metavar="AGE", help="Only those whose project is gone for so long."
)
@several.kind("Only of these kinds")
@several.store("Only in these stores, by name or by folder")
@search_limit
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
    search_limit: float | None,
    dry_run: bool,
    yes: bool,
    as_json: bool,
    now: bool,
    clean_cache: bool,
) -> None:
    """Delete environments whose projects are gone (orphans). They go to the trash.

    Their projects are searched for first, on all local disks: a project may have moved. What is
    found, or may lie where nothing could be searched, is held and listed with the reason. Unknown
    and replaced ones go only if nothing used them for 90 days, or for as long as --older-than says.
    """
    opened = session(records=records, changing=True)
    scan(opened)
    if opened.pins_unknown:
        fail(f"{opened.pins_unknown} No rule deletes anything; `venvdash delete NAME` does.", 2)
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
    with searching(opened) as search:
        plan = opened.plan_prune(rules, search.cancel, tell=search.tell)
    raise click.exceptions.Exit(
        carry_out(
            opened,
            plan,
            dry_run=dry_run,
            yes=yes,
            as_json=as_json,
            now=now,
            clean_cache=clean_cache,
        )
    )
