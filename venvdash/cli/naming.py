"""From a name on the command line to environments, or out with the exit status that says why."""

import sys
from collections.abc import Sequence

import click

from venvdash.actions.events import RowChanged
from venvdash.cli import prompts
from venvdash.cli.common import ProgressLine, fail, warn
from venvdash.model import Row
from venvdash.presentation.tables import Column, table
from venvdash.scanner.events import Phase, Progress
from venvdash.session import Session, remembered_answers
from venvdash.session.name_resolution import AmbiguousError, NotFoundError
from venvdash.text import short_path, visible, with_tilde

_RECREATE = "Run `venvdash sync --missing` to recreate missing environments."
_MOST = 50  # environments that are offered for one name


def scan(opened: Session, *, usage: bool = True) -> None:
    """Scan everything; with sizes by default, since what one frees depends on all the others."""
    with ProgressLine() as line:
        for event in opened.scan(usage=usage, early=False):
            if isinstance(event, Progress):
                line.show(event)


def scan_for(
    opened: Session,
    name: str | None,
    *,
    changing: bool = False,
    usage: bool,
) -> tuple[Row, ...]:
    """Scan and return the rows that ``name`` means, with their sizes where ``usage`` is asked for.

    As ``chosen``; nothing is measured before the name is understood.
    """
    rows: tuple[Row, ...] | None = None
    with ProgressLine() as line:
        for event in opened.scan(usage=usage, early=False, asked=True):
            sizes = isinstance(event, Progress) and event.phase is Phase.SIZES
            if rows is None and (sizes or (isinstance(event, RowChanged) and event.measured)):
                line.clear()
                rows = chosen(opened, name, changing=changing)
            if isinstance(event, Progress):
                line.show(event)
    if rows is None:
        rows = chosen(opened, name, changing=changing)
    # What lies in a project is in no table, and has no sizes.
    return tuple(opened.rows.get(row.path, row) for row in rows)


def chosen(
    opened: Session,
    name: str | None,
    *,
    changing: bool = False,
    every: bool = False,
    implied: bool | None = None,
) -> tuple[Row, ...]:
    """Return the rows of a scanned session that ``name`` means: the one, or several with ``every``.

    Commands that read (shell, path, info …) take the beginning of a name, and of several the
    current environment; those that are ``changing`` never choose. Without a name the project of
    the current directory decides, for a changing command only where ``implied`` says so: deleting
    never does. Leaves the program with 1 where nothing bears the name, 2 where there must be one,
    3 where several bear it and nobody can be asked.
    """
    if name is None and not (not changing if implied is None else implied):
        fail("NAME is required: this command never uses the current directory's project.", 2)
    try:
        choice = opened.choose(name, changing=changing, every=every)
        if not (changing or every):
            remembered_answers.remember_choice(opened, name, choice)
    except NotFoundError as error:
        fail(_not_found(opened, name, error), 1)
    except AmbiguousError as error:
        return (_asked(opened, error),)
    if choice.note:
        warn(choice.note)
    return choice.rows


def missing_named(opened: Session, name: str) -> list[Row]:
    """Return the projects without environment that a name means; leaves with 1 for none."""
    found = opened.missing_named(name)
    if not found:
        others = ", ".join(sorted({visible(row.name) for row in opened.missing.values()}))
        known = f"Those without one: {others}." if others else "All known projects have theirs."
        fail(f"no project without an environment is named {visible(name)}. {known}", 1)
    return found


def _not_found(opened: Session, name: str | None, error: NotFoundError) -> str:
    lacking = opened.missing_named(name or str(error))
    if lacking:
        row = lacking[0]
        return f"{with_tilde(visible(row.verdict.reason), opened.machine.home)} {_RECREATE}"
    meant = " or ".join(visible(one) for one in error.suggestions)
    if error.reason:
        also = f"\nThe project has {meant}." if meant else ""
        return f"{error.reason}{also}"
    if name is None:
        place = short_path(str(error), opened.machine.home)
        if meant:
            return f"the project in {place} uses no known environment. Did you mean {meant}?"
        return (
            f"no environment found for the project in {place}.\n"
            "Run `venvdash list` and give a name."
        )
    if not meant:
        return f"no environment is named {visible(name)}. Run `venvdash list` to see them all."
    return f"no environment is named {visible(name)}. Did you mean {meant}?"


def _asked(opened: Session, error: AmbiguousError) -> Row:
    """Let the user choose by number, where there is a terminal to ask on."""
    message = f"{visible(str(error))} matches {len(error.options)} environments"
    lines = _options(opened, error.options[:_MOST])
    if len(lines) < len(error.options):
        message += f" ({_MOST} shown)"
    if not prompts.interactive():
        fail("\n".join([f"{message}:", *lines, _advice()]), 3)
    click.echo(f"{message}:", err=True)
    try:
        return error.options[prompts.pick(lines)][1]
    except click.Abort:
        click.echo(err=True)
        fail("Cancelled.", 3)


def _advice() -> str:
    """Say what to type instead, with ``--all`` where the command has that."""
    command = click.get_current_context().command
    every = any("--all" in option.opts for option in command.params)
    return "Give one of these names" + (", or use `--all` for all of a project." if every else ".")


def _options(opened: Session, options: Sequence[tuple[str, Row]]) -> list[str]:
    home = opened.machine.home
    return table(
        (Column(), Column(drop=1), Column(least=20, path=True)),
        [
            (
                visible(spelling),
                row.verdict.status.value,
                short_path(row.verdict.project or row.path, home),
            )
            for spelling, row in options
        ],
        indent="  ",
        stream=sys.stderr,
    )
