"""Questions on a terminal: yes or no, a typed word, one of several. Without a terminal: no."""

import sys
from collections.abc import Sequence

import click

from venvdash.presentation.colours import columns_of
from venvdash.text import visible, wrap

_ANSWER = 10  # cells for what click adds to a question, and for the answer


def interactive() -> bool:
    """Return whether there is somebody to ask."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def confirm(question: str) -> bool:
    """Ask yes or no; False without a terminal. ``question`` is already visible text."""
    if not interactive():
        return False
    try:
        return click.confirm(_last_line(question), default=False, err=True)
    except click.Abort:
        click.echo(err=True)
        return False


def _last_line(question: str) -> str:
    """Write all lines of a question but the last, broken between words; return the last."""
    cells = columns_of(sys.stderr)
    *lines, last = wrap(question, None if cells is None else max(cells - _ANSWER, 20))
    for line in lines:
        click.echo(line, err=True)
    return last


def typed(words: Sequence[str], what: str) -> bool:
    """Ask to type each word "to ``what``"; return whether all were typed."""
    if not interactive():
        return False
    try:
        return all(_typed(word, f"Type {word} to {what}") for word in words)
    except click.Abort:
        click.echo(err=True)
        return False


def _typed(word: str, question: str) -> bool:
    said: str = click.prompt(
        _last_line(visible(question)), default="", show_default=False, err=True
    )
    return said.strip() in (word, visible(word))


def pick(lines: Sequence[str]) -> int:
    """Show numbered lines and return the index of the chosen one. Raises click.Abort."""
    for number, line in enumerate(lines, 1):
        click.echo(f"{number:>3}  {line}", err=True)
    numbers = click.IntRange(1, len(lines))
    chosen: int = click.prompt("Which one", type=numbers, err=True, show_default=False)
    return chosen - 1
