"""The way of every verb on the command line: show, ask, carry out, report, exit status."""

import shlex
from collections.abc import Callable, Iterable, Mapping, Sequence
from threading import Event
from typing import TypeVar

import click

from venvdash.actions.events import (
    ActionEvent,
    Finished,
    Output,
    Progressed,
    Searching,
    Tally,
)
from venvdash.cli import output
from venvdash.cli.common import ProgressLine, fail, interrupted, warn
from venvdash.model import Outcome, Result
from venvdash.presentation.document import Line
from venvdash.presentation.json_values import finished_json
from venvdash.session import Session
from venvdash.text import short_path, visible

F = TypeVar("F", bound=Callable[..., None])


def changing(function: F) -> F:
    """Give a command the options of everything that is shown and confirmed before it is done."""
    for option in (
        click.option("--json", "as_json", is_flag=True, help="Print the plan and results as JSON."),
        click.option("-y", "--yes", is_flag=True, help="Do not ask for confirmation."),
        click.option(
            "-n", "--dry-run", is_flag=True, help="Show the plan without changing anything."
        ),
    ):
        function = option(function)
    return function


class Job:
    """What one command does to environments. A subclass says what is shown, asked and done.

    ``possible``: how many environments it would change; ``refused``: how many it leaves alone.
    """

    unchanged = "nothing was changed"
    agreed = "continue"  # what `--yes` does without confirmation

    def __init__(self, opened: Session, possible: int = 1, refused: int = 0) -> None:
        self.opened, self.possible, self.refused = opened, possible, refused

    # What a subclass says.

    def lines(self) -> Iterable[Line]:
        """Return the plan in words."""
        return ()

    def plan_json(self) -> Mapping[str, object]:
        """Return the plan as JSON shows it."""
        return {}

    def names(self) -> Sequence[str]:
        """Return what must be typed even with `--yes`."""
        return ()

    def ask(self) -> bool:
        """Ask whether to go on, where that is due; False for no, or where nobody can be asked."""
        return True

    def work(self, cancel: Event) -> Iterable[ActionEvent]:
        """Do it; the last event is ``Finished``."""
        raise NotImplementedError

    def done(self, result: Result) -> None:
        """Say what was done to one environment."""
        place = short_path(result.place, self.opened.machine.home) if result.place else ""
        said = " ".join(part for part in (visible(result.reason), place) if part)
        click.echo(f"{visible(result.name)}: done. {said}".rstrip())

    def not_done(self, result: Result) -> None:
        """Say why an environment was skipped, or how it failed."""
        warn(f"{result.name}: {result.outcome}: {result.reason}")

    def summary(self, finished: Finished) -> None:
        """Say what came of all of it."""

    def settle(self, finished: Finished, cancel: Event, *, as_json: bool) -> bool:
        """Do what is left to do once it was reported; return whether all is well."""
        return True

    # The way.

    def run(self, *, dry_run: bool = False, yes: bool = False, as_json: bool = False) -> int:
        """Show the plan, ask, carry it out and report; return the exit status."""
        if not as_json:
            for line in self.lines():
                click.echo(line.text)
        shown = self.plan_json()
        if dry_run or not self.possible:
            if as_json:
                output.print_json(shown)
            return 2 if self.refused and not self.possible else 0
        names = self.names()
        if (names or not yes) and not self.ask():
            if as_json and shown:
                output.print_json(shown)
            typed = "".join(f" --confirm {shlex.quote(name)}" for name in names)
            advice = f"Use `--yes{typed}` to {self.agreed} without confirmation."
            fail(f"{self.unchanged}. {advice}", 2)
        if as_json:
            output.begin_json(shown)
        output.acting()
        with interrupted() as cancel:
            finished = follow(self.work(cancel), quiet=as_json)
            try:
                self._report(finished, as_json=as_json)
            finally:  # also where nothing can be written
                settled = self.settle(finished, cancel, as_json=as_json)
        whole = all(result.outcome is Outcome.DONE for result in finished.results)
        return 0 if whole and not finished.problems and settled else 1

    def _report(self, finished: Finished, *, as_json: bool) -> None:
        if as_json:
            output.end_json(finished_json(finished))
        for result in finished.results:
            if result.outcome is not Outcome.DONE:
                self.not_done(result)
            elif not as_json:
                self.done(result)
        if as_json:
            return
        for words in (*finished.problems, *finished.notes):
            warn(words)
        self.summary(finished)


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
