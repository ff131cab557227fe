"""Recreating the environment that a project lacks: planned by uv's dry run, then carried out.

Seen with uv 0.13.9: a dangling link ``.venv`` is an error for it ("File exists"), unless its target
is a directory. With UV_PROJECT_ENVIRONMENT naming the target, it creates that with all directories
above it, and leaves the link as it is, with and without the preview feature
``centralized-project-envs``. With the feature and without the variable it uses its cache, and
replaces the link.
"""

import os
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from venvdash.actions.context import Context
from venvdash.actions.errors import ChangedError, words
from venvdash.actions.events import ActionEvent
from venvdash.actions.outcome import result_of
from venvdash.actions.process.child_process import CancelledError
from venvdash.actions.process.uv import UvError
from venvdash.actions.record_update import environment_at, update_record
from venvdash.actions.safety import refusals
from venvdash.actions.sync.command import (
    REQUIREMENTS,
    CannotSyncError,
    SyncCommand,
    SyncKind,
    UntrustedError,
    command_to_create,
    refuse_elsewhere,
)
from venvdash.actions.sync.dry_run import DryRun, cannot, foreseen, in_words
from venvdash.actions.sync.messages import listed
from venvdash.actions.sync.output import heard
from venvdash.actions.table import Table
from venvdash.model import Action, Environment, Outcome, Proposal, Row
from venvdash.model.packaging import minor_version
from venvdash.stores import uv_settings
from venvdash.system.files import real
from venvdash.text import short_path, visible

_SHOWN = 6  # packages in a sentence
# Stores whose tool creates its environments itself, and how.
_TOOLS = {
    "poetry": "poetry install",
    "pipenv": "pipenv sync",
    "pdm": "pdm install",
    "hatch": "hatch env create",
    "pixi": "pixi install",
    "prime-uve": "prime-uve sync",
}


@dataclass(frozen=True, slots=True)
class _Plan:
    """What uv would do: one command after the other; ``place`` is where the environment comes."""

    steps: tuple[DryRun, ...]
    project: Path
    place: Path
    python: str | None


def propose(
    row: Row, extra: Sequence[str], context: Context, cancel: threading.Event | None
) -> Proposal:
    """Return what recreating the environment of a row with the status "missing" would do.

    Raises CancelledError.
    """
    shown = Proposal(Action.SYNC, row, place=row.path, extra=tuple(extra))
    try:
        plan = _planned(row, extra, context, cancel)
    except CannotSyncError as error:
        distrusted = error.project if isinstance(error, UntrustedError) else None
        return replace(shown, refusal=str(error), distrusted=distrusted)
    return replace(
        shown,
        place=plan.place,
        project=plan.project,
        python=plan.python,
        says=tuple(_says(row, plan, context)),
        warns=tuple(_warns(row, context)),
        commands=tuple(step.way.command for step in plan.steps),
        packages=plan.steps[-1].packages,
    )


def apply(table: Table, shown: Proposal, cancel: threading.Event) -> Iterator[ActionEvent]:
    """Carry out a proposal, unless it would now do something else; the last event is a Result."""
    row, context = shown.row, table.context()
    try:
        plan = _planned(row, shown.extra, context, cancel)
        if plan.place != shown.place or plan.python != shown.python:
            raise ChangedError("The plan has changed since it was shown.")
        for step in plan.steps:
            yield from heard(step, context, cancel)
    except (ChangedError, CannotSyncError) as error:
        yield result_of(row, Outcome.SKIPPED, str(error))
        return
    except CancelledError:
        yield _stopped(row, shown.place, "Stopped.")
        return
    except UvError as error:
        yield _stopped(row, shown.place, f"uv failed: {in_words(error)}")
        return
    made = environment_at(context, plan.place, plan.place)
    if made is None:
        reason = f"uv succeeded, but there is no environment at {visible(plan.place)}."
        yield result_of(row, Outcome.FAILED, reason)
        return
    update_record(table, made, row.record, lambda record: replace(record, last_sync=time.time()))
    table.missing.pop(row.path, None)
    yield result_of(row, Outcome.DONE, _created(made), plan.place)


def _stopped(row: Row, place: Path | None, why: str) -> ActionEvent:
    if place is not None and os.path.lexists(place / "pyvenv.cfg"):
        return result_of(row, Outcome.FAILED, f"{why} It is incomplete: sync it again.", place)
    return result_of(row, Outcome.FAILED, f"{why} No environment was created.")


def _planned(
    row: Row, extra: Sequence[str], context: Context, cancel: threading.Event | None
) -> _Plan:
    """Return what uv would do. Raises CannotSyncError, CancelledError."""
    project = row.verdict.projects[0]
    for reason in _refusals(row, project, context):
        raise CannotSyncError(reason)
    way = replace(command_to_create(project, row.path, context), extra=tuple(extra))
    if way.sort is SyncKind.REQUIREMENTS:
        refuse_elsewhere(extra)
        return _with_requirements(row, way)
    central = row.environment.store == "uv" and uv_settings.centralizes(context.machine, project)
    way = replace(way, variables={}) if central else way
    found = _foreseen(row, way, context, cancel)
    place = found.place
    if place is None or (real(place) != row.path and not (central and _beside(place, row))):
        other = f" ({visible(place)})" if place else ""
        raise CannotSyncError(f"uv would use another environment{other} instead of this one.")
    return _Plan((found,), project, real(place), found.python)


def _refusals(row: Row, project: Path, context: Context) -> Iterator[str]:
    path, home = row.path, context.machine.home
    yield from refusals.another_home(context.machine)
    command = _TOOLS.get(row.environment.store)
    if command is not None:
        yield f"{row.environment.store} creates it: run `{command}` in {short_path(project, home)}."
    try:
        if os.listdir(path):
            yield f"Something is at {short_path(path, home)} by now: scan again."
    except FileNotFoundError:
        pass
    except OSError as error:
        yield f"{short_path(path, home)}: {words(error)}."
    yield from refusals.unmakeable(path)
    if not os.path.isdir(project):
        yield f"Its project {short_path(project, home)} is not there."


def _beside(place: Path, row: Row) -> bool:
    """Return whether uv keeps it in the same cache, under the name for another Python."""
    return real(place).parent == row.path.parent


def _foreseen(
    row: Row, way: SyncCommand, context: Context, cancel: threading.Event | None
) -> DryRun:
    """Ask uv with the Python last used, with one of its series, with none: the first that fits."""
    version, base = row.environment.python, row.environment.base
    wanted = [version, minor_version(version)] if version else []
    same = base / f"python{minor_version(version)}" if base else None
    if same is not None and os.access(same, os.X_OK):
        wanted.insert(0, str(same))
    why = ""
    for python in (*wanted, None):
        try:
            return foreseen(replace(way, python=python), context.log, cancel)
        except UvError as error:
            why = in_words(error)
    raise CannotSyncError(cannot(why))


def _with_requirements(row: Row, way: SyncCommand) -> _Plan:
    place, version = row.path, minor_version(row.environment.python) or None
    made = replace(way, arguments=("venv", "--no-project", str(place)), python=version, extra=())
    python = place / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    installed = replace(way, python=str(python))
    steps = (DryRun(made, known=False), DryRun(installed, known=False))
    return _Plan(steps, way.cwd, place, None)


def _says(row: Row, plan: _Plan, context: Context) -> Iterator[str]:
    home = context.machine.home
    python = f" with Python {plan.python}" if plan.python else ""
    yield f"Creates {short_path(plan.place, home)}{python}."
    before = row.environment.python
    if plan.python and before and plan.python != before:
        yield f"It had Python {before}."
    if plan.steps[-1].way.sort is SyncKind.REQUIREMENTS:
        yield f"uv installs the packages in {REQUIREMENTS}."
    if lock := plan.steps[-1].lock:
        done = "brought up to date" if plan.steps[-1].lock_exists else "made"
        yield f"{short_path(lock, home)} is {done} first."


def _warns(row: Row, context: Context) -> Iterator[str]:
    if row.record is None and not row.environment.store:
        place = short_path(row.path, context.machine.home)
        yield f"{place} is in no store, and venvdash has not seen an environment there before."


def _created(made: Environment) -> str:
    names = [f"{one.name} {one.version}" for one in made.packages]
    had = f" Installed: {listed(names, _SHOWN)}." if names else ""
    return f"Created with Python {made.python}.{had}"
