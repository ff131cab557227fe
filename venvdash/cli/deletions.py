"""Deletions on the command line, of named environments and of those that rules pick."""

from collections.abc import Collection, Iterator, Sequence
from functools import partial
from pathlib import Path
from threading import Event

import click

from venvdash.actions.delete.consent import names_to_type, words_to_type
from venvdash.actions.events import Finished
from venvdash.actions.process.run_log import typed
from venvdash.cli import prompts
from venvdash.cli.pipeline import F, Job, not_done, planned
from venvdash.cli.searching import finish_search
from venvdash.cli.styles import say
from venvdash.formats import size
from venvdash.model import Outcome, Plan
from venvdash.presentation.document import Line, Piece, plain
from venvdash.presentation.json_values import plan_json
from venvdash.presentation.plans import plan_in_words
from venvdash.presentation.roles import Role
from venvdash.session import Session
from venvdash.text import counted, visible


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
    ):
        function = option(function)
    return planned(function, "Do not ask for confirmation.")


def deletion(
    opened: Session,
    plan: Plan,
    *,
    now: bool,
    clean_cache: bool,
    quiet: bool,
    confirmed: Collection[str] = (),
) -> Job:
    """Return the job that deletes what a plan names; ``quiet`` where JSON is printed.

    ``confirmed`` are names that need not be typed any more.
    """
    names = [name for name in names_to_type(plan) if name not in confirmed]
    return Job(
        lines=_lines(plan, opened.machine.home, clean_cache=clean_cache),
        plan=plan_json(plan, now=now),
        possible=len(plan.items),
        refused=0 if plan.by_rule else len(plan.refused),
        ask=lambda: _agreed(plan, names, now=now),
        names=names,
        declined=("nothing was deleted", "delete"),
        work=lambda cancel: opened.deletions.delete(
            plan, now=now, clean_cache=clean_cache, cancel=cancel
        ),
        done=lambda one: "",  # the summary counts them
        warned=lambda one: not_done(one) or (f"{one.name}: {one.reason}" if one.reason else ""),
        summary=partial(_summary, opened),
        settle=partial(_settled, opened, quiet=quiet),
    )


def _lines(plan: Plan, home: Path, *, clean_cache: bool) -> Iterator[Line]:
    """Yield the plan in words, and what becomes of packages in uv's cache."""
    yield from plan_in_words(plan, home, sums_last=True)
    if plan.packages_only_in_cache:
        names = visible(typed(("uv", "cache", "clean", *plan.packages_only_in_cache)))
        if clean_cache:
            yield Line((Piece("Then runs "), Piece(names, Role.STRONG)))
        else:
            yield plain("Use `--clean-cache` to remove these packages from uv's cache.")


def _agreed(plan: Plan, names: Sequence[str], *, now: bool) -> bool:
    """Ask yes or no, or to type the ``names``, or the number where that is wanted."""
    what = counted(len(plan.items), "environment")
    words = names or ([] if names_to_type(plan) else words_to_type(plan, now=now))
    how = "This cannot be undone." if now else "Use `venvdash restore` to restore."
    if not words:
        return prompts.confirm(f"Delete {what}? {how}")
    if prompts.interactive():
        click.echo(how, err=True)
    return prompts.typed(words, f"delete {what}")


def _summary(opened: Session, finished: Finished) -> str:
    """Return what was reclaimed; where a search is owed, ``_settled`` says what waits."""
    cleaned = f"Removed from uv's cache: {', '.join(finished.cleaned)}.\n"
    done = sum(result.outcome is Outcome.DONE for result in finished.results)
    line = f"Deleted {done} of {counted(len(finished.results), 'environment')}"
    line += f", reclaimed {size(finished.freed)}."
    waiting = "" if opened.searches.owed else _waiting(opened, finished)
    return f"{cleaned if finished.cleaned else ''}{line} {waiting}".rstrip()


def _settled(opened: Session, finished: Finished, cancel: Event, *, quiet: bool) -> bool:
    """Restore what the search that is owed finds; say what waits in the trash then."""
    owed = bool(opened.searches.owed)
    settled = finish_search(opened, cancel)
    waiting = _waiting(opened, opened.deletions.remaining(finished)) if owed else ""
    if waiting and not quiet:
        say(waiting)
    return settled


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
