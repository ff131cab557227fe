"""What the subcommands share: the session, and words for what went wrong."""

import contextlib
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from functools import partial
from typing import NoReturn

import click

from venvdash import config
from venvdash.actions.events import Progressed, Searching, Tally
from venvdash.cli import output
from venvdash.cli.styles import complain
from venvdash.formats import size
from venvdash.presentation.colours import columns_of
from venvdash.presentation.roles import Role
from venvdash.scanner.events import Phase, Problem, Progress
from venvdash.session import Session
from venvdash.system.machine import Machine
from venvdash.system.timeouts import Job, TimedRunner
from venvdash.text import cut, visible

REST = "venvdash.rest"


class Passing(click.Command):
    """A command that leaves alone what comes after ``--``: that is in ``ctx.meta[REST]``.

    Without ``--`` there is no such entry.
    """

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Take what is for somebody else off, and parse the rest."""
        if "--" in args:
            at = args.index("--")
            ctx.meta[REST], args = tuple(args[at + 1 :]), args[:at]
        return super().parse_args(ctx, args)


def session(
    *,
    records: bool,
    machine: Machine | None = None,
    changing: bool = False,
    tidy: bool = False,
    last: Callable[[Session], None] | None = None,
) -> Session:
    """Return a session for this user; leaves the program where the configuration is wrong.

    With ``changing`` also where nothing may be changed: HOME is another user's, or the system is
    one where nothing was tested. With ``tidy`` what a crash left is fixed first, and reported.
    ``last`` is called at the end, after everything was stored.
    """
    machine = machine or Machine.current()
    settings = _config(machine, changing=changing)
    opened = Session(machine, settings, records=records)
    context = click.get_current_context(silent=True)
    if context is not None:
        context.call_on_close(lambda: _remember(opened, last))
    for sentence in opened.tidy() if tidy else ():
        warn(sentence)
    return opened


def _config(machine: Machine, *, changing: bool = False) -> config.Config:
    settings = config.of(machine)
    if changing and (machine.foreign_home is not None or machine.untested_system):
        from venvdash.actions.safety.refusals import nothing_changes

        for reason in nothing_changes(machine, untested=settings.untested):
            fail(f"{reason}\nNothing was changed.", 2)
    for problem in settings.problems:
        warn(problem.message)
    return settings


def _remember(opened: Session, last: Callable[[Session], None] | None) -> None:
    """Store what was learned, after everything was shown; a dead mount ends it after a while."""
    try:
        sys.stdout.flush()
    finally:
        home = opened.machine.home
        jobs: list[Job[list[Problem] | None]] = [Job(home, opened.remember)]
        if last is not None:
            jobs.append(Job(home, partial(last, opened)))
        patience = opened.patience * (1 + len(opened.rows) // 1000)  # a step is for all of them
        for answer in TimedRunner(patience, lambda: False).run(jobs):
            if isinstance(answer, list):
                for problem in answer:
                    warn_of(problem)


def require_terminal() -> None:
    """Leave the program where there is no terminal to draw on."""
    # Textual draws on stderr, so that one counts as well.
    if not all(stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr)):
        fail("the dashboard needs a terminal. Use `venvdash list` instead.", 2)


def open_dashboard(*, records: bool, machine: Machine | None = None) -> int:
    """Open the dashboard and return its exit status."""
    from venvdash import tui  # Textual is loaded here and nowhere else

    machine = machine or Machine.current()
    return tui.run(machine, _config(machine), records=records)


def fail(message: str, status: int) -> NoReturn:
    """Say what happened on stderr and end the program with ``status``."""
    complain(message, Role.ERROR)
    output.print_error(message, status)
    raise click.exceptions.Exit(status)


def warn(message: str) -> None:
    """Say something on stderr."""
    complain(visible(message), Role.WARNING)


def warn_of_problems(opened: Session) -> None:
    """Say on stderr what a scan could not read or write."""
    told = {problem.message for problem in opened.config.problems}  # when it was read
    for problem in opened.problems:
        if problem.message not in told:
            warn_of(problem)


def warn_of(problem: Problem) -> None:
    """Say on stderr what could not be read or written."""
    warn(f"{problem.path}: {problem.message}" if problem.path else problem.message)


@contextlib.contextmanager
def interrupted() -> Iterator[threading.Event]:
    """Yield what Ctrl+C, or a terminal that goes away, sets: what is under way ends cleanly.

    The second time it ends at once.
    """
    cancel = threading.Event()

    def ask(*_: object) -> None:
        if cancel.is_set():
            raise KeyboardInterrupt
        cancel.set()

    before = {}
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)  # Windows has not all of them
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:  # nohup
            before[number] = signal.signal(number, ask)
    try:
        yield cancel
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class ProgressLine:
    """One line on stderr that says what is being done; nothing where that is no terminal.

    As a context manager it clears itself at the end.
    """

    def __init__(self) -> None:
        self._on = sys.stderr.isatty()
        self._shown = ""

    def __enter__(self) -> "ProgressLine":
        return self

    def __exit__(self, *reason: object) -> None:
        self.clear()

    def show(self, progress: Progress | Progressed | Searching | Tally) -> None:
        """Draw how far a scan, or what a command does, is."""
        self.say(_in_words(progress))

    def say(self, text: str) -> None:
        """Draw something else; ``text`` is already fit to show."""
        if self._on:
            text = cut(text, (columns_of(sys.stderr) or 80) - 1)
        if self._on and text != self._shown:
            click.echo(f"\r\x1b[K{text}", nl=False, err=True)
            self._shown = text

    def clear(self) -> None:
        """Take the line away before something else is written."""
        if self._shown:
            click.echo("\r\x1b[K", nl=False, err=True)
            self._shown = ""


def _in_words(progress: Progress | Progressed | Searching | Tally) -> str:
    if isinstance(progress, Searching):
        again = f"searching for projects again: {progress.directories:,} directories"
        return f"{again}  (Ctrl+C cancels)"
    if isinstance(progress, Progressed):
        done, total = progress.done, progress.total
        return f"{visible(progress.doing)}{f': {done:,} of {total:,}' if total else ' …'}"
    if isinstance(progress, Progress):
        count = f" {progress.done}" + (f" of {progress.total}" if progress.total else "")
        words = {Phase.STORES: "environments", Phase.PROJECTS: "folders", Phase.SIZES: ""}
        return f"{progress.phase}:{count} {words[progress.phase]}".rstrip()
    if progress.freeing:
        whole = progress.freed + progress.in_trash
        return f"deleting permanently: {size(progress.freed)} of {size(whole)}"
    return f"deleting: {progress.done} of {progress.total}"
