"""A plan to delete on the command line: shown, asked about, carried out, told as JSON."""

import shlex
import sys
from collections.abc import Collection, Iterable, Sequence

import click

from venvdash.actions.delete.consent import names_to_type, words_to_type
from venvdash.actions.events import ActionEvent, Finished, Searching, Tally
from venvdash.cli import output
from venvdash.cli.common import ProgressLine, fail, interrupted, warn
from venvdash.cli.searching import finish_search
from venvdash.formats import size
from venvdash.model import Item, Outcome, Plan, Refusal, Result, SearchReport
from venvdash.presentation.json_values import package_json, user_files_json
from venvdash.presentation.plans import plan_in_words
from venvdash.session import Session
from venvdash.text import counted, visible


def carry_out(
    opened: Session,
    plan: Plan,
    *,
    dry_run: bool,
    yes: bool,
    as_json: bool,
    now: bool,
    clean_cache: bool,
    confirmed: Collection[str] = (),
) -> int:
    """Show a plan, ask, do it and tell how it went; return the exit status.

    ``confirmed`` are names that need not be typed any more.
    """
    if not as_json:
        _show(opened, plan, clean_cache=clean_cache)
    shown = plan_json(plan)
    if not plan.items or dry_run:
        if as_json:
            output.print_json(shown)
        return 2 if plan.refused and not plan.items else 0
    names = [name for name in names_to_type(plan) if name not in confirmed]
    if (names or not yes) and not _asked(plan, names, now=now):
        if as_json:
            output.print_json(shown)
        fail(f"nothing was deleted. {_how_to_agree(names)}", 2)
    if as_json:
        output.begin_json(shown)
    output.acting()
    with interrupted() as cancel:
        finished = told(
            opened.deletions.delete(plan, now=now, clean_cache=clean_cache, cancel=cancel)
        )
        owed = bool(opened.searches.owed)
        try:
            if as_json:
                output.end_json(finished_json(finished))
            else:
                _tell(opened, finished, owed=owed)
        finally:  # what is found is restored, also where nothing can be written
            settled = finish_search(opened, cancel)
        if owed and not as_json:
            _tell_waiting(opened, finished)
    whole = all(result.outcome is Outcome.DONE for result in finished.results)
    return 0 if whole and not finished.problems and settled else 1


def _show(opened: Session, plan: Plan, *, clean_cache: bool) -> None:
    for line in plan_in_words(plan, opened.machine.home, sums_last=True):
        click.echo(line.text)
    if plan.packages_only_in_cache:
        what = "Removes them" if clean_cache else "Use `--clean-cache` to remove them"
        click.echo(f"{what} from uv's cache.")


def _asked(plan: Plan, names: Sequence[str], *, now: bool) -> bool:
    """Ask whether to go on; False where there is nobody to ask.

    ``names`` are those that still must be typed.
    """
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return False
    what = counted(len(plan.items), "environment")
    wanted = names or ([] if names_to_type(plan) else words_to_type(plan, now=now))
    how = "This cannot be undone." if now else "Use `venvdash trash restore` to restore."
    try:
        if not wanted:
            return click.confirm(f"Delete {what}? {how}", default=False, err=True)
        click.echo(how, err=True)
        return all(_typed(word, f"Type {word} to delete {what}") for word in wanted)
    except click.Abort:
        click.echo(err=True)
        return False


def _typed(word: str, question: str) -> bool:
    said: str = click.prompt(visible(question), default="", show_default=False, err=True)
    return said.strip() in (word, visible(word))


def _how_to_agree(names: Sequence[str]) -> str:
    """Return what a script says to have a plan carried out."""
    if not names:
        return "Use `--yes` to delete without confirmation."
    options = " ".join(f"--confirm {shlex.quote(name)}" for name in names)
    return f"Use `--yes {options}` to delete without confirmation."


def told(events: Iterable[ActionEvent]) -> Finished:
    """Say how far it is as it goes, and return how it ended."""
    finished, line = Finished(()), ProgressLine()
    try:
        for event in events:
            if isinstance(event, Finished):
                finished = event
            elif isinstance(event, Tally):
                line.work(event)
            elif isinstance(event, Searching):
                again = f"searching for projects again: {event.directories:,} folders"
                line.say(f"{again}  (Ctrl+C cancels)")
    finally:
        line.clear()
    return finished


def _tell(opened: Session, finished: Finished, *, owed: bool) -> None:
    """Say how it went; where a search is ``owed``, what waits in the trash is said after that."""
    for result in finished.results:
        if result.outcome is not Outcome.DONE:
            warn(f"{result.name}: {result.outcome}: {result.reason}")
        elif result.reason:
            warn(f"{result.name}: {result.reason}")
    for words in (*finished.problems, *finished.notes):
        warn(words)
    if finished.cleaned:
        click.echo(f"Removed from uv's cache: {', '.join(finished.cleaned)}.")
    done = sum(result.outcome is Outcome.DONE for result in finished.results)
    line = f"Deleted {done} of {counted(len(finished.results), 'environment')}"
    line += f", reclaimed {size(finished.freed)}."
    waiting = "" if owed else _waiting(opened, finished)
    click.echo(f"{line} {waiting}".rstrip())


def _tell_waiting(opened: Session, finished: Finished) -> None:
    """Say what waits in the trash now that some of it may have been restored."""
    if waiting := _waiting(opened, opened.deletions.remaining(finished)):
        click.echo(waiting)


def _waiting(opened: Session, finished: Finished) -> str:
    """Return how much waits in the trash, and what frees it; "" for nothing."""
    if not any(one.trash for one in finished.results if one.outcome is Outcome.DONE):
        return ""
    if finished.freed and not finished.in_trash:
        return ""
    days = counted(opened.config.trash.keep, "day")
    return (
        f"{size(finished.in_trash)} stay in the trash for {days}. "
        "Use `venvdash trash empty` to reclaim them now."
    )


def plan_json(plan: Plan) -> dict[str, object]:
    """Return a plan as JSON shows it; sizes are bytes."""
    return {
        "action": plan.action.value,
        "items": [_item_json(item) for item in plan.items],
        "refused": [_refusal_json(refusal) for refusal in plan.refused],
        "reclaimable": plan.reclaimable,
        "cache_held": plan.cache_held,
        "exact": plan.exact,
        "at_most": plan.at_most,
        "packages_only_in_cache": list(plan.packages_only_in_cache),
        "unreadable_processes": plan.unreadable,
        "search": _search_json(plan.search) if plan.search else None,
    }


def _search_json(report: SearchReport) -> dict[str, object]:
    """Return what a search read and what it did not, as JSON shows it."""
    return {
        "directories": report.directories,
        "places": [str(path) for path in report.places],
        "never_entered": list(report.kinds),
        "not_entered": [
            {"what": kind.what, "count": kind.count, "paths": [str(path) for path in kind.paths]}
            for kind in report.not_entered
        ],
        "unsearched": [
            {"path": str(place.path), "reason": place.reason, "release": place.release}
            for place in report.unsearched
        ],
    }


def _item_json(item: Item) -> dict[str, object]:
    row, usage = item.row, item.row.usage
    return {
        "path": str(row.path),
        "entry": str(row.environment.entry),
        "name": row.name,
        "kind": row.environment.traits.kind,
        "location": row.environment.location.value,
        "status": row.verdict.status.value,
        "reason": row.verdict.reason,
        "flags": sorted(row.environment.flags),
        "on_disk": usage.on_disk if usage else None,
        "reclaimable": usage.reclaimable if usage else None,
        "cache_held": usage.cache_held if usage else None,
        "only_here": [package_json(package) for package in item.only_here],
        "how": str(item.how),
        "confirm": item.confirm,
        "trash_folder": str(item.folder.path) if item.folder else None,
        "lasts_until": (item.folder.lasts_until or None) if item.folder else None,
        "user_files": user_files_json(usage.user_files) if usage else None,
        "unsearched": item.unsearched,
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
