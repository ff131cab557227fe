"""The way of every verb on the command line: show, ask, carry out, report, exit status."""

import shlex
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from threading import Event
from typing import TypeVar

import click

from venvdash.actions.events import ActionEvent, Finished, Output, Progressed, Searching, Tally
from venvdash.cli import output
from venvdash.cli.common import ProgressLine, fail, interrupted, warn
from venvdash.cli.prompts import interactive
from venvdash.cli.styles import print_lines, say
from venvdash.model import Outcome, Result
from venvdash.presentation.document import Line
from venvdash.presentation.json_values import finished_json
from venvdash.text import visible

F = TypeVar("F", bound=Callable[..., None])


def changing(function: F) -> F:
    """Give a command that asks only where something is lost the options of what is planned."""
    return planned(function, "Do not ask. Without it, only a loss or a replacement is asked about.")


def planned(function: F, yes: str) -> F:
    """Give a command the options of everything that is shown before it is done."""
    for option in (
        click.option("--json", "as_json", is_flag=True, help="Print the plan and results as JSON."),
        click.option("-y", "--yes", is_flag=True, help=yes),
        click.option(
            "-n", "--dry-run", is_flag=True, help="Show the plan without changing anything."
        ),
    ):
        function = option(function)
    return function


def not_done(result: Result) -> str:
    """Return why an environment was skipped, or how it failed; "" for one that is done."""
    if result.outcome is Outcome.DONE:
        return ""
    return f"{result.name}: {result.outcome}: {result.reason}"


@dataclass(frozen=True, kw_only=True)
class Job:
    """What one command does to environments: what is shown, asked, done and reported.

    ``work`` carries it out. The plan is shown as ``lines``, or as JSON as ``plan``. ``possible``:
    how many environments it would change; ``refused``: how many it leaves alone. ``ask`` returns
    whether to go on, ``names`` must be typed even with ``--yes``; ``declined`` says what was not
    done then, and what ``--yes`` does where nobody can be asked. ``done`` returns what to print of
    one environment that was changed, ``warned`` what to say of any on stderr, ``summary`` what to
    print last, "" for nothing. ``settle`` does what is left to do after the report; it returns
    whether all is well.
    """

    work: Callable[[Event], Iterable[ActionEvent]]
    done: Callable[[Result], str]
    lines: Iterable[Line] = ()
    plan: Mapping[str, object] = field(default_factory=dict)
    possible: int = 1
    refused: int = 0
    ask: Callable[[], bool] = lambda: True
    names: Sequence[str] = ()
    declined: tuple[str, str] = ("nothing was changed", "continue")
    warned: Callable[[Result], str] = not_done
    summary: Callable[[Finished], str] = lambda finished: ""
    settle: Callable[[Finished, Event], bool] = lambda finished, cancel: True


def run(job: Job, *, dry_run: bool = False, yes: bool = False, as_json: bool = False) -> int:
    """Show the plan, ask, carry it out and report; return the exit status."""
    if not as_json:
        print_lines(job.lines)
    if dry_run or not job.possible:
        if as_json:
            output.print_json(job.plan)
        return 2 if job.refused and not job.possible else 0
    if (job.names or not yes) and not job.ask():
        if as_json and job.plan:
            output.print_json(job.plan)
        fail(_declined(job), 2)
    if as_json:
        output.begin_json(job.plan)
    output.acting()
    with interrupted() as cancel:
        finished = follow(job.work(cancel), quiet=as_json)
        try:
            _report(job, finished, as_json=as_json)
        finally:  # also where nothing can be written
            settled = job.settle(finished, cancel)
    whole = all(result.outcome is Outcome.DONE for result in finished.results)
    return 0 if whole and not finished.problems and settled else 1


def _declined(job: Job) -> str:
    """Say that nothing was done: somebody said no, or nobody could be asked."""
    unchanged, agreed = job.declined
    if interactive():
        return f"Cancelled. {unchanged[0].upper()}{unchanged[1:]}."
    typed = "".join(f" --confirm {shlex.quote(name)}" for name in job.names)
    return f"{unchanged}. Use `--yes{typed}` to {agreed} without confirmation."


def follow(events: Iterable[ActionEvent], *, quiet: bool = False) -> Finished:
    """Show how far it is as it goes, and return how it ended; ``quiet`` without programs' lines."""
    finished = Finished(())
    with ProgressLine() as line:
        for event in events:
            if isinstance(event, Finished):
                finished = event
            elif isinstance(event, Tally | Progressed | Searching):
                line.show(event)
            elif isinstance(event, Output):
                line.clear()
                if not quiet:
                    click.echo(visible(event.line), err=True)
    return finished


def _report(job: Job, finished: Finished, *, as_json: bool) -> None:
    """Report all; beside JSON only what was not done, on stderr."""
    done = [result for result in finished.results if result.outcome is Outcome.DONE]
    if as_json:
        output.end_json(finished_json(finished))
    else:
        for words in filter(None, map(job.done, done)):
            say(words)
    told = [result for result in finished.results if not as_json or result not in done]
    more = () if as_json else (*finished.problems, *finished.notes)
    for words in filter(None, (*map(job.warned, told), *more)):
        warn(words)
    if not as_json and (words := job.summary(finished)):
        say(words)
