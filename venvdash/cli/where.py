"""The option ``--where``: environments by what they are, as ``/`` in the dashboard finds them."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from venvdash.cli.common import fail, warn

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from venvdash.model import Row
    from venvdash.model.query import Query

F = TypeVar("F", bound=Callable[..., Any])


def where(meaning: str) -> Callable[[F], F]:
    """Give a command the option ``--where``: a ``Query``, or None without it."""
    return click.option(
        "--where",
        "-w",
        multiple=True,
        metavar="QUERY",
        callback=_parsed,
        shell_complete=_complete,
        help=f"{meaning}, such as status:orphan or 'pkg:numpy<2'; may be repeated.",
    )


def _parsed(ctx: click.Context, param: click.Parameter, texts: tuple[str, ...]) -> "Query | None":
    """Return all queries as one; leaves the program with 2 where one is none."""
    if not texts:
        return None
    from venvdash.model.query import Query
    from venvdash.model.query_parser import QueryError
    from venvdash.presentation.queries import parse

    terms = []
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
    from click.shell_completion import CompletionItem

    from venvdash.presentation.queries import whole_completions

    return [CompletionItem(text) for text in whole_completions(incomplete)]


def matching(query: "Query", rows: "Iterable[Row]", now: float) -> "list[Row]":
    """Return the rows that match; say on stderr how many could not be decided, and why.

    ``now`` is the time to which ages are compared, in seconds since the epoch.
    """
    from venvdash.presentation.queries import decided

    decision = decided(query, rows, now)
    if decision.words:
        warn(decision.words)
    return list(decision.matching)
