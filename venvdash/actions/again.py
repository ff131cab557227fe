"""Reading one environment again, where it lay or where a change has put it."""

from dataclasses import replace
from pathlib import Path

from venvdash.actions.context import Context
from venvdash.model import Environment
from venvdash.scanner.inspect import Inspected, inspect
from venvdash.stores.base import Entry


def read_again(environment: Environment, context: Context) -> Environment | None:
    """Return the environment as it is on disk now, None where that is none any more.

    Nothing in it is run.
    """
    return read_at(environment.path, environment.entry, environment.root, context)


def read_at(prefix: Path, entry: Path, root: Path, context: Context) -> Environment | None:
    """Return the environment at ``prefix`` below the store's directory ``root``, None for none."""
    for found in context.roots.get(root, ()):
        read = inspect(Entry(prefix, entry), replace(found, path=root), context.machine.uid)
        if isinstance(read, Inspected):
            return read.environment
    return None
