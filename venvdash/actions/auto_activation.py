"""Confirming which environment shells activate by themselves in a project."""

import os
import subprocess
from contextlib import suppress
from pathlib import Path

from venvdash.actions.table import Table
from venvdash.model import Action, Outcome, Proposal, Result
from venvdash.records import auto_activation
from venvdash.records.auto_activation import STAT, ActivationPair
from venvdash.system.machine import Machine
from venvdash.system.shells.base import inert
from venvdash.text import because

_PATIENCE = 5.0  # seconds for the project and the environment to respond


class ConfirmationError(Exception):
    """A pair cannot be confirmed; the text is a sentence that says why."""


def confirm(machine: Machine, project: Path, prefix: Path, name: str) -> ActivationPair:
    """Confirm that shells may activate an environment in a project. Raises ConfirmationError."""
    project, prefix = Path(os.path.realpath(project)), Path(os.path.realpath(prefix))
    if not (prefix / "pyvenv.cfg").is_file():
        raise ConfirmationError("Only a virtual environment with a pyvenv.cfg can be activated.")
    pair = ActivationPair(project, prefix, inert(name), _identity(machine, project, prefix))
    if why := auto_activation.problem(pair):
        raise ConfirmationError(f"It cannot be activated automatically: {why}.")
    try:
        auto_activation.store(machine.state_directory, pair)
    except OSError as error:
        raise ConfirmationError(f"It could not be stored: {because(error)}.") from error
    return pair


def follow(table: Table, proposal: Proposal, result: Result) -> None:
    """Keep the pairs in step with a change that was made. Raises nothing.

    A relink, a creation and a use confirm their pair, an unlink withdraws it, and a pair goes with
    an environment that is renamed or moved. Where that cannot be done, the shell finds that
    something was replaced.
    """
    if result.outcome is not Outcome.DONE or not table.remembers:
        return
    machine, row = table.machine, proposal.row
    entry = result.place or proposal.place or row.environment.entry
    prefix = entry / row.path.relative_to(row.environment.entry)
    with suppress(ConfirmationError, OSError):
        match proposal.action:
            case Action.RELINK if proposal.project and not proposal.shared:
                confirm(machine, proposal.project, prefix, row.name)
            case Action.NEW | Action.USE if proposal.project and (proposal.links or proposal.edits):
                confirm(machine, proposal.project, prefix, row.name)
            case Action.UNLINK:
                for project in row.verdict.projects:
                    withdraw(machine, project)
            case Action.RENAME | Action.MOVE:
                for pair in list(auto_activation.read(machine.state_directory)):
                    if pair.prefix == Path(os.path.realpath(row.path)):
                        confirm(machine, pair.project, prefix, pair.name)


def withdraw(machine: Machine, project: Path) -> bool:
    """Withdraw what was confirmed for a project; return whether there was anything.

    Raises OSError.
    """
    return auto_activation.remove(machine.state_directory, Path(os.path.realpath(project)))


def _identity(machine: Machine, project: Path, prefix: Path) -> tuple[str, str]:
    """Return what the shell's ``stat`` prints of both. Raises ConfirmationError."""
    program = machine.program("stat")
    if program is None:
        raise ConfirmationError("Automatic activation needs the program `stat`.")
    try:
        ran = subprocess.run(
            [program, "-c", STAT, "--", project, prefix],
            env=dict(machine.variables),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_PATIENCE,
            check=True,
        )
        first, second = ran.stdout.split()
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        raise ConfirmationError("`stat` cannot read the project and the environment.") from error
    return first, second
