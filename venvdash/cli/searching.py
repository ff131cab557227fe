"""The search for projects before a command deletes orphans: its limit, its progress, its end."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from math import inf
from threading import Event
from typing import TYPE_CHECKING, TypeVar

import click

from venvdash.actions.events import Finished
from venvdash.cli.common import ProgressLine, interrupted, warn
from venvdash.cli.prompts import interactive
from venvdash.model import Outcome
from venvdash.session import Session
from venvdash.text import short_path

if TYPE_CHECKING:
    from venvdash.scanner.search import Progress

F = TypeVar("F", bound=Callable[..., None])

_MINUTES = 10.0  # where there is no terminal on which somebody could stop it


def _minutes(ctx: click.Context, param: click.Parameter, value: float | None) -> float | None:
    if value is not None and not 0 <= value < inf:  # true of NaN, too
        raise click.BadParameter(f"{value:g} is not a number of minutes.", ctx, param)
    return value


def search_limit(function: F) -> F:
    """Give a command the option that limits the search for projects."""
    return click.option(
        "--search-limit",
        type=float,
        callback=_minutes,
        metavar="MINUTES",
        help="Time limit of the search for projects (without a terminal: 10).",
    )(function)


def limit_search(opened: Session, minutes: float | None) -> None:
    """Limit the searches of a session as the option says; None stands for the default."""
    if minutes is None and not interactive():
        minutes = _MINUTES
    opened.searches.limit = None if minutes is None else minutes * 60


@dataclass(frozen=True, slots=True)
class Searching:
    """What a plan is given while its search runs: ``cancel`` stops it, ``tell`` hears of it.

    ``shown`` is set once the user was told of a search.
    """

    cancel: Event
    tell: "Callable[[Progress], None]"
    shown: Event


@contextmanager
def searching(opened: Session) -> Iterator[Searching]:
    """Show how far a search is; Ctrl+C ends the search that is shown, or else the command."""
    with interrupted() as cancel, _shown(opened, cancel) as under_way:
        yield under_way
    if cancel.is_set() and not under_way.shown.is_set():
        raise KeyboardInterrupt


@contextmanager
def _shown(opened: Session, cancel: Event) -> Iterator[Searching]:
    line, home, shown = ProgressLine(), opened.machine.home, Event()

    def tell(progress: "Progress") -> None:
        shown.set()
        place = short_path(progress.place, home)
        stop = "" if cancel.is_set() else "  (Ctrl+C stops the search)"
        line.say(f"searching for projects: {progress.directories:,} directories, in {place}{stop}")

    try:
        yield Searching(cancel, tell, shown)
    finally:
        line.clear()


def finish_search(opened: Session, cancel: Event) -> bool:
    """Wait for the search that is owed to what was deleted, and restore what it finds.

    That is the search that ran while the plan was confirmed; another one where that has ended some
    time before. ``cancel`` stops it. Returns whether it ended and found nothing for any that was
    deleted. What could not be searched when the plan was made was shown then.
    """
    rows = opened.searches.owed
    if not rows:
        return True
    search = opened.searches.covering(())
    with _shown(opened, cancel) as under_way:
        findings = search.wait(cancel, under_way.tell)
    settled = True
    for row in rows:
        if row.path not in findings.hits and (why := findings.held(row.environment)):
            settled = False
            why = why.partition(" To delete it anyway: ")[0].rstrip(".")
            warn(
                f"{row.name} is in the trash but may still have a project. {why}. "
                "venvdash searches again before it deletes it permanently."
            )
    for event in opened.trash.restore_found(search):
        for result in event.results if isinstance(event, Finished) else ():
            settled = False
            if result.outcome is Outcome.DONE:
                warn(f"{result.name} restored. {result.reason}")
            else:
                warn(f"{result.name} is in the trash but could not be restored: {result.reason}")
    for _ in opened.searches.taken(search):
        """The rows that changed are not shown any more."""
    return settled


def may_confirm_early(*, now: bool, yes: bool, dry_run: bool, as_json: bool) -> bool:
    """Return whether somebody may say yes while the search runs, since it goes to the trash."""
    return interactive() and not (now or yes or dry_run or as_json)
