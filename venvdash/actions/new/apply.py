"""Creates an environment that was shown: made beside its place, looked at, and put there whole."""

import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from venvdash.actions.context import Context
from venvdash.actions.copy import finishing
from venvdash.actions.copy.reinstall import plain_variables
from venvdash.actions.copy.staging import Staging
from venvdash.actions.errors import ChangedError, FailedError, words
from venvdash.actions.events import ActionEvent, Output, Progressed
from venvdash.actions.outcome import result_of
from venvdash.actions.prefix.repair import RepairError
from venvdash.actions.prefix.scripts import bin_of
from venvdash.actions.process import uv
from venvdash.actions.process.child_process import CancelledError
from venvdash.actions.record_update import environment_at, remember_at
from venvdash.actions.relink import apply as relink_apply
from venvdash.actions.relink import plan as relink_plan
from venvdash.actions.relink.relink_changes import RelinkContext
from venvdash.actions.safety import steps
from venvdash.actions.safety.placement import taken
from venvdash.actions.sync.command import (
    NO_UV,
    CannotSyncError,
    SyncCommand,
    SyncKind,
    command_to_create,
)
from venvdash.actions.sync.dry_run import in_words, of_creation
from venvdash.actions.table import Table
from venvdash.model import Outcome, Proposal, Row, Status, Verdict
from venvdash.text import visible

_NOTHING = "Nothing was created."


def apply(table: Table, proposal: Proposal, cancel: threading.Event) -> Iterator[ActionEvent]:
    """Carry it out and report how it goes; the last event is a ``Result``."""
    row = proposal.row
    try:
        yield from _created(table, proposal, cancel)
        yield result_of(row, Outcome.DONE, "", proposal.place)
    except CancelledError:
        yield result_of(row, Outcome.SKIPPED, f"Cancelled. {_NOTHING}")
    except ChangedError as error:
        yield result_of(row, Outcome.SKIPPED, f"{error} {_NOTHING}")
    except FileExistsError:
        reason = f"{visible(row.path)} was created by another program meanwhile."
        yield result_of(row, Outcome.SKIPPED, f"{reason} {_NOTHING}")
    except uv.UvError as error:
        yield result_of(row, Outcome.FAILED, f"uv failed: {in_words(error)} {_NOTHING}")
    except FailedError as error:
        yield result_of(row, Outcome.FAILED, f"{error} {_NOTHING}")
    except (RepairError, OSError, ValueError) as error:
        yield result_of(row, Outcome.FAILED, f"{words(error)}. {_NOTHING}")


def _created(table: Table, proposal: Proposal, cancel: threading.Event) -> Iterator[ActionEvent]:
    place, context = proposal.row.path, table.context()
    for reason in taken(place):
        raise ChangedError(reason)
    with _made(place.parent), Staging(place, table.machine.state_directory) as making:
        listed = proposal.extra or proposal.project is None
        install = _packages if listed else _project_packages
        yield from install(making, proposal, context, cancel)
        if problem := finishing.renamed(making.path, [making.path], place):
            raise FailedError(problem)
        if problem := finishing.unstartable(making.path, context, cancel):
            raise FailedError(problem)
        linked = proposal.links or proposal.edits
        making.put(project=proposal.project if linked else None)
        remember_at(table, place, place, None)
        if proposal.project is not None:
            _assign(table, proposal, proposal.project, making)


def _packages(
    making: Staging, proposal: Proposal, context: Context, cancel: threading.Event
) -> Iterator[ActionEvent]:
    """Make the environment and install what is asked for. Raises UvError and CancelledError."""
    python: tuple[str, ...] = ("--python", proposal.python) if proposal.python else ()
    yield Progressed("creating the environment")
    yield from _uv(("venv", "--quiet", "--no-project", *python, making.path), context, cancel)
    steps.step("created")
    if proposal.extra:
        yield Progressed("installing packages")
        interpreter = making.path / bin_of(making.path) / "python"
        install: tuple[str | Path, ...] = (
            "pip",
            "install",
            "--python",
            interpreter,
            *proposal.extra,
        )
        yield from _uv(install, context, cancel, pip=True)
        steps.step("installed")


def _project_packages(
    making: Staging, proposal: Proposal, context: Context, cancel: threading.Event
) -> Iterator[ActionEvent]:
    """Make the environment with what the project asks for. Raises UvError and CancelledError."""
    project = proposal.project
    assert project is not None
    try:
        way = command_to_create(project, making.path, context)
        _check_unchanged(way, proposal, context)
    except CannotSyncError as error:
        raise ChangedError(str(error)) from error
    if way.sort is SyncKind.REQUIREMENTS:
        python: tuple[str, ...] = ("--python", proposal.python) if proposal.python else ()
        yield Progressed("creating the environment")
        yield from _uv(("venv", "--quiet", "--no-project", *python, making.path), context, cancel)
        way = replace(way, python=str(making.path))
    else:
        way = replace(way, python=proposal.python)
    yield Progressed("installing packages")
    lines = uv.stream(
        way.program,
        way.words,
        environ=way.environ,
        cwd=way.cwd,
        log=context.log,
        variables={**way.variables, "UV_NO_PROGRESS": "1"},
        cancel=cancel,
    )
    yield from map(Output, lines)
    steps.step("installed")


def _check_unchanged(way: SyncCommand, proposal: Proposal, context: Context) -> None:
    """Raise ChangedError if the project asks for something else than what was shown.

    Raises CannotSyncError.
    """
    place = proposal.row.path
    if way.sort is SyncKind.PROJECT:
        leads = {"UV_PROJECT_ENVIRONMENT": str(place)}
        shown = replace(way, variables=leads, python=proposal.python)
        if of_creation(shown, place, context.log).packages != proposal.packages:
            raise ChangedError("The project has changed since the plan was shown.")


def _assign(table: Table, proposal: Proposal, project: Path, making: Staging) -> None:
    """Let it be the project's, as a relink does. Raises ChangedError and FailedError."""
    place, known = proposal.row.path, RelinkContext.of(table)
    if not (proposal.links or proposal.edits):
        known = replace(known, config=replace(known.config, project_link="none"))
    environment = environment_at(known.context, place, place)
    if environment is None:
        raise FailedError(f"{visible(place)} is no environment.")
    row = Row(environment, Verdict(Status.STANDALONE, ""), proposal.row.name)
    wanted = relink_plan.plan(row, project, known)
    result = relink_apply.carry_out(table, wanted, known) if not wanted.refusal else None
    if result is not None and result.outcome is Outcome.DONE:
        steps.step("linked")
        return
    making.take_back()
    raise FailedError(f"It was not linked: {result.reason if result else wanted.refusal}")


def _uv(
    arguments: Sequence[str | Path], context: Context, cancel: threading.Event, *, pip: bool = False
) -> Iterator[Output]:
    """Run uv in HOME, without what sends it to another place. Raises UvError, CancelledError."""
    program, machine = uv.find_uv(context.machine), context.machine
    if program is None:
        raise ChangedError(NO_UV)
    environ, cwd, log = plain_variables(machine.variables), machine.home, context.log
    if pip and (
        setting := uv.elsewhere(
            program, arguments, environ=environ, cwd=cwd, log=log, cancel=cancel
        )
    ):
        raise ChangedError(
            f"uv's settings set `{setting}` under [pip], which installs to another location."
        )
    lines = uv.stream(
        program,
        arguments,
        environ=environ,
        cwd=cwd,
        log=log,
        variables={"UV_NO_PROGRESS": "1"},
        cancel=cancel,
    )
    yield from map(Output, lines)


@contextmanager
def _made(directory: Path) -> Iterator[None]:
    """Make a directory with those above it; those in which nothing lies go again at the end."""
    missing = [path for path in (directory, *directory.parents) if not os.path.lexists(path)]
    for path in reversed(missing):
        path.mkdir()
    try:
        yield
    finally:
        for path in missing:
            with suppress(OSError):
                path.rmdir()
