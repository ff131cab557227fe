"""Reading one environment again, where it lay or where a change has put it."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from venvdash.actions.context import Context
from venvdash.model import Environment
from venvdash.scanner.discovery.inspection import Inspected, inspect
from venvdash.stores.roots import Entry, Root


def read_again(environment: Environment, context: Context) -> Environment | None:
    """Return the environment as it is on disk now, None where that is none any more.

    Nothing in it is run.
    """
    return _read(
        environment.path,
        environment.entry,
        context.roots_of(environment),
        environment.root,
        context,
    )


def read_at(prefix: Path, entry: Path, root: Path, context: Context) -> Environment | None:
    """Return the environment at ``prefix`` below the store's directory ``root``, None for none."""
    return _read(prefix, entry, context.roots.get(root, ()), root, context)


def _read(
    prefix: Path, entry: Path, roots: Iterable[Root], root: Path, context: Context
) -> Environment | None:
    for root_of_store in roots:
        read = inspect(Entry(prefix, entry), replace(root_of_store, path=root), context.machine.uid)
        if isinstance(read, Inspected):
            return read.environment
    return None
