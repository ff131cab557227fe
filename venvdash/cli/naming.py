"""From a name on the command line to environments, or out with the exit status that says why."""

import sys
from collections.abc import Sequence
from pathlib import Path

import click

from venvdash.cli.common import ProgressLine, columns, fail, warn
from venvdash.model import Row
from venvdash.scanner.events import Phase, Progress
from venvdash.session import Session
from venvdash.session.events import RowChanged
from venvdash.session.resolve import AmbiguousError, NotFoundError
from venvdash.text import short_path, visible


def scan_for(
    opened: Session, name: str | None, *, changing: bool = False, every: bool = False, usage: bool
) -> tuple[Row, ...]:
    """Scan and return the rows that ``name`` means, with their sizes where ``usage`` is asked for.

    Without a name the current directory's project decides. Nothing is measured before the name is
    understood. Leaves the program with 1 where nothing bears the name, 3 where several do and
    nobody can be asked.
    """
    paths: tuple[Path, ...] | None = None
    line = ProgressLine()
    try:
        for event in opened.scan(usage=usage, early=False):
            sizes = isinstance(event, Progress) and event.phase is Phase.SIZES
            if paths is None and (sizes or (isinstance(event, RowChanged) and event.measured)):
                line.clear()
                paths = _paths(opened, name, changing=changing, every=every)
            if isinstance(event, Progress):
                line.show(event)
    finally:
        line.clear()
    if paths is None:
        paths = _paths(opened, name, changing=changing, every=every)
    return tuple(opened.rows[path] for path in paths if path in opened.rows)


def _paths(opened: Session, name: str | None, *, changing: bool, every: bool) -> tuple[Path, ...]:
    return tuple(row.path for row in chosen(opened, name, changing=changing, every=every))


def chosen(
    opened: Session, name: str | None, *, changing: bool = False, every: bool = False
) -> tuple[Row, ...]:
    """Return the rows of a scanned session that ``name`` means; leaves with 1 or 3 as above."""
    try:
        choice = opened.choose(name, changing=changing, every=every)
    except NotFoundError as error:
        fail(_not_found(opened, name, error), 1)
    except AmbiguousError as error:
        return (_asked(opened, error),)
    if choice.note:
        warn(choice.note)
    return choice.rows


def _not_found(opened: Session, name: str | None, error: NotFoundError) -> str:
    if name is None:
        place = short_path(str(error) or opened.machine.home, opened.machine.home)
        return (
            f"no environment belongs to the project of {place}.\n"
            "Give a name: `venvdash list` shows them."
        )
    if not error.suggestions:
        return f"no environment is called {name}. `venvdash list` shows them all."
    return f"no environment is called {name}. Did you mean {' or '.join(error.suggestions)}?"


def _asked(opened: Session, error: AmbiguousError) -> Row:
    """Let the user choose by number, where there is a terminal to ask on."""
    message = f"{visible(str(error))} means {len(error.options)} environments:"
    lines = _options(opened, error.options)
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        fail("\n".join([message, *lines, "Give one of these names."]), 3)
    click.echo(message, err=True)
    for number, line in enumerate(lines, 1):
        click.echo(f"{number:>3}  {line}", err=True)
    picked = click.prompt(
        "Which one", type=click.IntRange(1, len(lines)), err=True, show_default=False
    )
    return error.options[picked - 1][1]


def _options(opened: Session, options: Sequence[tuple[str, Row]]) -> list[str]:
    home = opened.machine.home
    return columns(
        (
            f"  {visible(spelling)}",
            row.verdict.status.value,
            short_path(row.verdict.project or row.path, home),
        )
        for spelling, row in options
    )
