"""What the command line prints for people: in colour, and broken between words on a terminal."""

import sys
from collections.abc import Iterable

import click

from venvdash.presentation.colours import coloured, columns_of, paint
from venvdash.presentation.document import Line, plain, wrapped
from venvdash.presentation.roles import Role, role_of
from venvdash.text import visible, wrap

_NAME = "venvdash: "


def complain(message: str, role: Role) -> None:
    """Write what is wrong on stderr, behind the program's name in the colour of ``role``."""
    cells, on = columns_of(sys.stderr), coloured(sys.stderr)
    for line in message.split("\n"):
        text = f"{_NAME}{visible(line)}"
        whole = line.startswith(" ")  # of a table
        first, *others = wrap(text, None if whole else cells, hang=2)
        shown = [paint(_NAME.rstrip(), role, on) + first[len(_NAME) - 1 :], *others]
        click.echo("\n".join(shown), err=True)


def say(text: str) -> None:
    """Print sentences, which are fit to show; on a terminal they are broken between words."""
    print_lines(map(plain, text.split("\n")))


def print_lines(lines: Iterable[Line]) -> None:
    """Print lines in colour; on a terminal they are broken between words."""
    cells, on = columns_of(sys.stdout), coloured(sys.stdout)
    for whole in lines:
        for line in (whole,) if cells is None else wrapped(whole, cells):
            status = role_of(line.status)
            click.echo(
                "".join(
                    paint(one.text, status if one.role is Role.STATUS else one.role, on)
                    for one in line.pieces
                )
            )
