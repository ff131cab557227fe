"""Questions on a terminal: yes or no, a typed word, one of several. Without a terminal: no."""

import sys
from collections.abc import Sequence

import click

from venvdash.text import visible


def interactive() -> bool:
    """Return whether there is somebody to ask."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def confirm(question: str) -> bool:
    """Ask yes or no; False without a terminal. ``question`` is already visible text."""
    if not interactive():
        return False
    try:
        return click.confirm(question, default=False, err=True)
    except click.Abort:
        click.echo(err=True)
        return False


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
    said: str = click.prompt(visible(question), default="", show_default=False, err=True)
    return said.strip() in (word, visible(word))


def pick(lines: Sequence[str]) -> int:
    """Show numbered lines and return the index of the chosen one. Raises click.Abort."""
    for number, line in enumerate(lines, 1):
        click.echo(f"{number:>3}  {line}", err=True)
    numbers = click.IntRange(1, len(lines))
    chosen: int = click.prompt("Which one", type=numbers, err=True, show_default=False)
    return chosen - 1
