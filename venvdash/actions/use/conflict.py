"""What `uv sync` in each of the projects that share an environment would take from the others."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from venvdash.actions.context import Context
from venvdash.actions.sync.command import (
    CannotSyncError,
    SyncKind,
    command_to_create,
    interpreter,
)
from venvdash.actions.sync.dry_run import DryRun, of_creation
from venvdash.actions.table import Table
from venvdash.model import Row
from venvdash.stores.base import normalised
from venvdash.text import short_path


@dataclass(frozen=True, slots=True)
class Removed:
    """The packages that an exact sync in ``project`` uninstalls.

    ``needed_by`` is another project that needs them, None if nobody is known to.
    """

    project: Path
    packages: tuple[str, ...]
    needed_by: Path | None = None


@dataclass(frozen=True, slots=True)
class Conflict:
    """``removed`` is what syncs uninstall, ``refusal`` why a project cannot use it, a sentence."""

    removed: tuple[Removed, ...] = ()
    refusal: str = ""


def conflict(table: Table, row: Row, project: Path, others: Sequence[Path]) -> Conflict:
    """Return what `uv sync` in ``project`` and in each of the ``others`` would do to the rest.

    It asks uv. Projects that uv does not sync take nothing.
    """
    context = table.context()
    try:
        own = _foreseen(row, project, context)
    except CannotSyncError as error:
        shown = short_path(project, table.machine.home)
        return Conflict(refusal=f"It does not fit {shown}: {error}")
    if own is None:
        return Conflict()
    if own.replaced:
        return Conflict(
            refusal=f"`uv sync` would delete it and create another with Python {own.python}."
        )
    return Conflict(tuple(_removed(row, project, own, others, context)))


def _removed(
    row: Row, project: Path, own: DryRun, others: Sequence[Path], context: Context
) -> Iterator[Removed]:
    needs = _needed(row, own)
    unclaimed = {normalised(one.name) for one in row.environment.packages} - needs
    for other in others:
        try:
            theirs = _foreseen(row, other, context)
        except CannotSyncError:
            continue  # the plan of a sync there says so
        if theirs is None or theirs.replaced:
            continue
        their_needs = _needed(row, theirs)
        unclaimed -= their_needs
        if taken := sorted(their_needs - needs):
            yield Removed(project, tuple(taken), other)
        if taken := sorted(needs - their_needs):
            yield Removed(other, tuple(taken), project)
    if unclaimed:
        yield Removed(project, tuple(sorted(unclaimed)))


def _foreseen(row: Row, project: Path, context: Context) -> DryRun | None:
    """Return what an exact sync of a project would do, None if uv does not sync it.

    Raises CannotSyncError where uv cannot, as where its Python does not fit.
    """
    try:
        way = command_to_create(project, row.path, context)
    except CannotSyncError:
        return None
    if way.sort is not SyncKind.PROJECT:
        return None
    return of_creation(replace(way, python=str(interpreter(row))), row.path, context.log)


def _needed(row: Row, found: DryRun) -> set[str]:
    """Return the names of the packages that are there after an exact sync."""
    gone = {normalised(one.name) for one in found.packages if one.action == "uninstalled"}
    come = {normalised(one.name) for one in found.packages if one.action != "uninstalled"}
    return ({normalised(one.name) for one in row.environment.packages} - gone) | come
