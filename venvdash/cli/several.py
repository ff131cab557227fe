"""Options that take several words: repeated, with commas between the words, or both."""

import os
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import click

from venvdash.cli.common import fail
from venvdash.stores import kinds, of_name
from venvdash.text import visible

F = TypeVar("F", bound=Callable[..., Any])


def _split(ctx: click.Context, param: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    """Return all words; a path is one word, since it may have a comma in it."""
    parts = [[value] if "/" in value or "\\" in value else value.split(",") for value in values]
    words = tuple(word.strip() for found in parts for word in found)
    if "" in words:  # would mean all of them
        raise click.BadParameter("an empty value", ctx, param)
    return words


class _SomeOf(click.Choice[str]):
    """One or more of some words."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        one = super().convert
        return ",".join(one(word.strip(), param, ctx) for word in str(value).split(","))


def _kinds(ctx: click.Context, param: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    wanted = _split(ctx, param, values)
    strange = sorted(set(wanted) - set(kinds()))
    if strange:
        fail(f"unknown kind: {', '.join(strange)}. Known kinds: {', '.join(sorted(kinds()))}.", 2)
    return wanted


def _stores(ctx: click.Context, param: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    """Return names of stores, and directories as absolute paths: as written, and links resolved."""
    wanted: list[str] = []
    for word in _split(ctx, param, values):
        path = os.path.expanduser(word)
        if of_name(word):
            wanted.append(word)
        elif os.path.isdir(path):
            wanted += [os.path.abspath(path), os.path.realpath(path)]
        else:
            fail(f"no store or folder is called {visible(word)}. `venvdash stores` shows them.", 2)
    return tuple(dict.fromkeys(wanted))


def some_of(option: str, words: Sequence[str], meaning: str) -> Callable[[F], F]:
    """Give a command an option that takes some of ``words``."""
    return click.option(
        option, multiple=True, type=_SomeOf(words), callback=_split, help=_repeatable(meaning)
    )


def kind(meaning: str) -> Callable[[F], F]:
    """Give a command the option ``--kind``."""
    return click.option(
        "--kind", multiple=True, metavar="KIND,...", callback=_kinds, help=_repeatable(meaning)
    )


def store(meaning: str) -> Callable[[F], F]:
    """Give a command the option ``--store``: names, or directories."""
    metavar = "NAME,...|DIR"
    return click.option(
        "--store", multiple=True, metavar=metavar, callback=_stores, help=_repeatable(meaning)
    )


def _repeatable(meaning: str) -> str:
    return f"{meaning}; may be repeated."
