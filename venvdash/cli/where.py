"""The option ``--where``: environments by what they are, as ``/`` in the dashboard finds them."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from venvdash.cli.common import fail, warn

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from venvdash.model import Row
    from venvdash.model.query import Query, Term
    from venvdash.presentation.queries import Filter

F = TypeVar("F", bound=Callable[..., Any])


def where(meaning: str) -> Callable[[F], F]:
    """Give a command the option ``--where``: a ``Query``, or None without it."""
    return click.option(
        "--where",
        "-w",
        "query",
        multiple=True,
        metavar="QUERY",
        callback=_parsed,
        shell_complete=_complete,
        help=f"{meaning}, such as status:orphan or 'pkg:numpy<2'; may be repeated.",
    )


def _parsed(ctx: click.Context, param: click.Parameter, texts: tuple[str, ...]) -> "Query | None":
    """Return all queries as one; leaves the program with 2 where one is none."""
    del ctx, param
    if not texts:
        return None
    from venvdash.model.query import Query
    from venvdash.model.query_parser import QueryError
    from venvdash.presentation.queries import parse

    terms: list[Term] = []
    for text in texts:
        if not text.strip():
            fail("`--where`: the query is empty.", 2)
        try:
            terms += parse(text).terms
        except QueryError as error:
            fail(f"`--where`: {error}", 2)
    return Query(tuple(terms))


def _complete(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> "list[CompletionItem[str]]":
    """Return what the last word of a query may become."""
    del ctx, param
    from click.shell_completion import CompletionItem

    from venvdash.presentation.queries import whole_completions

    return [CompletionItem(text) for text in whole_completions(incomplete)]


def filtering(query: "Query | None", now: float, *, usage: bool = True) -> "Filter | None":
    """Return what decides about rows for a query; None without one.

    ``now`` is the time to which ages are compared, in seconds since the epoch. Leaves the program
    with 2 where the query needs sizes and there is no ``usage``.
    """
    if query is None:
        return None
    if query.needs_sizes and not usage:
        fail("`--where` needs sizes: leave out `--no-usage`.", 2)
    from venvdash.presentation.queries import Filter

    return Filter(query, now)


def narrowed(rule: "Callable[[Row], bool]", found: "Filter | None") -> "Callable[[Row], bool]":
    """Return a rule that holds only for what matches a query, if there is one."""
    return rule if found is None else lambda row: rule(row) and found.matches(row)


def tell_undecided(found: "Filter | None") -> None:
    """Say on stderr how many environments could not be decided, and why."""
    if found is not None and found.words:
        warn(found.words)
