"""A plan to delete on the command line: shown, asked about, carried out, told as JSON."""

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import click

from venvdash.cli.common import ProgressLine, fail, warn
from venvdash.cli.rows import package_json
from venvdash.model import Flag, Item, Outcome, Plan, Refusal, Removal, Result
from venvdash.session import Session
from venvdash.session.consent import count_to_type
from venvdash.session.events import DeleteEvent, Finished, Tally
from venvdash.session.figures import size
from venvdash.session.words import FLAG_MEANINGS
from venvdash.text import short_path, visible

_MOST_NAMED = 8  # packages in one line
_SILENT = frozenset({Flag.VOLATILE, Flag.ALIAS})


def carry_out(
    opened: Session,
    plan: Plan,
    *,
    dry_run: bool,
    yes: bool,
    as_json: bool,
    now: bool,
    clean_cache: bool,
) -> int:
    """Show a plan, ask, do it and tell how it went; return the exit status."""
    if not as_json:
        for line in plan_lines(plan, opened.machine.home, clean_cache=clean_cache):
            click.echo(line)
    shown = plan_json(plan)
    if not plan.items or dry_run:
        if as_json:
            click.echo(json.dumps(shown))
        return 2 if plan.refused and not plan.items else 0
    if not yes and not _asked(plan, now=now):
        if as_json:
            click.echo(json.dumps(shown))
        fail("nothing was deleted. `--yes` deletes without asking.", 2)
    finished = told(opened.delete(plan, now=now, clean_cache=clean_cache))
    if as_json:
        click.echo(json.dumps(shown | finished_json(finished)))
    else:
        _tell(opened, finished)
    whole = all(result.outcome is Outcome.DONE for result in finished.results)
    return 0 if whole and not finished.problems else 1


def _asked(plan: Plan, *, now: bool) -> bool:
    """Ask whether to go on; False where there is nobody to ask."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return False
    what = counted(len(plan.items), "environment")
    wanted = count_to_type(plan, now=now)
    how = "They cannot be had back." if now else "`venvdash trash restore` brings them back."
    try:
        if wanted is None:
            return click.confirm(f"Delete {what}? {how}", default=False, err=True)
        said: str = click.prompt(
            f"{how} Type {wanted} to delete {what}", default="", show_default=False, err=True
        )
    except click.Abort:
        click.echo(err=True)
        return False
    return said.strip() == str(wanted)


def told(events: Iterable[DeleteEvent]) -> Finished:
    """Say how far it is as it goes, and return how it ended."""
    finished, line = Finished(()), ProgressLine()
    try:
        for event in events:
            if isinstance(event, Finished):
                finished = event
            elif isinstance(event, Tally):
                line.work(event)
    finally:
        line.clear()
    return finished


def _tell(opened: Session, finished: Finished) -> None:
    for result in finished.results:
        if result.outcome is not Outcome.DONE:
            warn(f"{result.name}: {result.outcome}: {result.reason}")
        elif result.reason:
            warn(f"{result.name}: {result.reason}")
    for words in (*finished.problems, *finished.notes):
        warn(words)
    if finished.cleaned:
        click.echo(f"Cleaned out of uv's cache: {', '.join(finished.cleaned)}.")
    click.echo(last_line(finished, opened.config.trash_keep))


def last_line(finished: Finished, days: float) -> str:
    """Return what was freed, what waits in the trash, and how to free it."""
    done = sum(result.outcome is Outcome.DONE for result in finished.results)
    waiting = sum(
        bool(result.trash) for result in finished.results if result.outcome is Outcome.DONE
    )
    line = f"Deleted {done} of {counted(len(finished.results), 'environment')}"
    line += f", freed {size(finished.freed)}."
    if waiting and (finished.in_trash or not finished.freed):
        line += f" {size(finished.in_trash)} wait in the trash for {counted(days, 'day')}: "
        line += "`venvdash trash empty` frees them now."
    return line


def counted(number: float, one: str) -> str:
    """Return a number with its noun."""
    return f"{number:g} {one}{'' if number == 1 else 's'}"


def plan_lines(plan: Plan, home: Path, *, clean_cache: bool) -> Iterator[str]:
    """Return a plan in words: each item with its reason and bytes, then what is left alone."""
    for item in plan.items:
        yield from _item_lines(item, home)
    if plan.refused:
        yield "Left alone:"
        for refusal in plan.refused:
            yield f"  {visible(refusal.name, 64)}  {short_path(refusal.path, home)}"
            yield f"    {visible(refusal.reason)}"
    if not plan.items:
        yield "Nothing is to be deleted."
        return
    yield from _sums(plan, clean_cache=clean_cache)


def _sums(plan: Plan, *, clean_cache: bool) -> Iterator[str]:
    they = "They free" if len(plan.items) > 1 else "It frees"
    yield (
        f"{they} {size(plan.frees)}; uv's cache, as a rule, then still holds "
        f"{size(plan.cache_held)}."
    )
    packages = plan.packages_only_in_cache
    if packages:
        named = ", ".join(packages[:_MOST_NAMED])
        more = f" and {len(packages) - _MOST_NAMED} more" if len(packages) > _MOST_NAMED else ""
        does = "Cleaned out of it:" if clean_cache else "`--clean-cache` takes out of it"
        yield f"{does} {named}{more}, which no other environment has."
    seen = "No use of them was seen" if len(plan.items) > 1 else "No use of it was seen"
    hidden = "1 process" if plan.unreadable == 1 else f"{plan.unreadable} processes"
    yield f"{seen}{f'; {hidden} could not be looked at' if plan.unreadable else ''}."


def _item_lines(item: Item, home: Path) -> Iterator[str]:
    row, environment = item.row, item.row.environment
    sizes = ""
    if row.usage is not None and item.how != Removal.UNLINK:
        sizes = f"  frees {size(row.usage.frees)}  +cache {size(row.usage.cache_held)}"
    yield f"{visible(row.name, 64)}  {row.verdict.status}{sizes}"
    yield f"  {visible(row.verdict.reason)}"
    yield f"  {short_path(environment.entry, home)}"
    for flag in sorted(environment.flags - _SILENT):
        yield f"  {flag}: {FLAG_MEANINGS[flag]}"
    if item.only_here:
        named = [f"{visible(p.name, 64)} {visible(p.version, 32)}" for p in item.only_here]
        more = len(named) - _MOST_NAMED
        named = named[:_MOST_NAMED] + ([f"and {more} more"] if more > 0 else [])
        yield f"  only here: {', '.join(named)}"
    if item.how == Removal.UNLINK:
        yield "  only the link goes; what it leads to stays"
    elif item.how == Removal.TOOL:
        tool = visible(environment.traits.tool or "its tool's own command")
        yield f"  removed by {tool}: this cannot be undone"
    for link in item.links:
        yield f"  its project's link {short_path(link.path, home)} goes with it"
    for edit in item.edits:
        yield f"  {short_path(edit.path, home)} names it and is changed"


def plan_json(plan: Plan) -> dict[str, object]:
    """Return a plan as JSON shows it; sizes are bytes."""
    return {
        "schema": 1,
        "action": plan.action.value,
        "items": [_item_json(item) for item in plan.items],
        "refused": [_refusal_json(refusal) for refusal in plan.refused],
        "frees": plan.frees,
        "cache_held": plan.cache_held,
        "packages_only_in_cache": list(plan.packages_only_in_cache),
        "unreadable_processes": plan.unreadable,
    }


def _item_json(item: Item) -> dict[str, object]:
    row, usage = item.row, item.row.usage
    return {
        "path": str(row.path),
        "entry": str(row.environment.entry),
        "name": row.name,
        "kind": row.environment.traits.kind,
        "status": row.verdict.status.value,
        "reason": row.verdict.reason,
        "flags": sorted(row.environment.flags),
        "on_disk": usage.on_disk if usage else None,
        "frees": usage.frees if usage else None,
        "cache_held": usage.cache_held if usage else None,
        "only_here": [package_json(package) for package in item.only_here],
        "how": str(item.how),
        "links": [str(link.path) for link in item.links],
        "edits": [str(edit.path) for edit in item.edits],
    }


def _refusal_json(refusal: Refusal) -> dict[str, object]:
    return {"path": str(refusal.path), "name": refusal.name, "reason": refusal.reason}


def finished_json(finished: Finished) -> dict[str, object]:
    """Return what came of a plan as JSON shows it."""
    return {
        "results": results_json(finished.results),
        "freed": finished.freed,
        "in_trash": finished.in_trash,
        "cleaned": list(finished.cleaned),
        "problems": list(finished.problems),
        "notes": list(finished.notes),
    }


def results_json(results: Sequence[Result]) -> list[dict[str, object]]:
    """Return results as JSON shows them."""
    return [
        {
            "path": str(result.path),
            "name": result.name,
            "outcome": result.outcome.value,
            "reason": result.reason,
            "trash": str(result.trash) if result.trash else None,
            "place": str(result.place) if result.place else None,
        }
        for result in results
    ]
