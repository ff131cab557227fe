"""Environments that only their own tool may remove: its command, found and run."""

import os
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from venvdash.actions.process import uv
from venvdash.actions.process.run_log import Log, typed
from venvdash.model import Environment
from venvdash.system.machine import Machine
from venvdash.text import visible

_TIMEOUT = 600.0  # seconds; conda is slow
_CONDA = ("conda", "mamba", "micromamba")
_VERBS = {"uv": ("tool", "uninstall"), "pipx": ("uninstall",)}
_UPGRADE = {"uv": ("tool", "upgrade"), "pipx": ("upgrade",)}
_OPTIONS = ("--global",)


class ToolError(Exception):
    """The tool cannot be used; the text is a sentence that says why."""


@dataclass(frozen=True, slots=True)
class Command:
    """A tool's command about one environment, ready to run."""

    program: Path
    arguments: tuple[str, ...]
    variables: Mapping[str, str] = field(default_factory=dict)

    @property
    def shown(self) -> str:
        """The command as one would type it."""
        return typed((str(self.program), *self.arguments), self.variables)


def needs_tool(environment: Environment) -> bool:
    """Return whether only a tool's own command may remove it."""
    if environment.target is not None:
        return False
    return environment.traits.tool is not None or environment.traits.kind == "conda"


def command(environment: Environment, machine: Machine) -> Command:
    """Return how its tool removes this environment. Raises ToolError."""
    if environment.traits.kind == "conda":
        return _conda(environment, machine)
    return _checked(environment, machine, _VERBS)


def upgrade(environment: Environment, machine: Machine, extra: Sequence[str] = ()) -> Command:
    """Return how its tool upgrades this environment, ``extra`` given to it. Raises ToolError."""
    return _checked(environment, machine, _UPGRADE, extra)


def _checked(
    environment: Environment,
    machine: Machine,
    wanted: Mapping[str, tuple[str, ...]],
    extra: Sequence[str] = (),
) -> Command:
    """Return another verb of the tool whose removal the store names, about the same environment."""
    variables, words = _taken_apart(environment.traits.tool or "")
    name, arguments = (words[0], words[1:]) if words else ("", [])
    verbs = _VERBS.get(name, ())
    rest = [word for word in arguments[len(verbs) :] if word not in _OPTIONS]
    # A folder may be called "--all": the tool would take that for an option.
    if (
        not verbs
        or tuple(arguments[: len(verbs)]) != verbs
        or rest != [environment.entry.name]
        or rest[0].startswith("-")
    ):
        raise ToolError("Its name cannot be passed to the tool that installed it.")
    program = uv.find_uv(machine) if name == "uv" else machine.program(name)
    if program is None:
        raise ToolError(f"Only {name} can change it, and {name} was not found on PATH.")
    return Command(program, (*wanted[name], *extra, *arguments[len(verbs) :]), variables)


def run(found: Command, machine: Machine, log: Log) -> None:
    """Run a tool's command to its end. Raises uv.UvError, whose text says what was wrong."""
    uv.run(
        found.program,
        found.arguments,
        environ=machine.variables,
        cwd=machine.home,
        timeout=_TIMEOUT,
        log=log,
        variables=found.variables,
    )


def _conda(environment: Environment, machine: Machine) -> Command:
    for name in _CONDA:
        program = machine.program(name)
        if program is not None:
            arguments = ("env", "remove", "--yes", "--prefix", str(environment.path))
            return Command(program, arguments)
    given = machine.path_variable("CONDA_EXE") or machine.path_variable("MAMBA_EXE")
    if given is not None and os.access(given, os.X_OK):
        return Command(given, ("env", "remove", "--yes", "--prefix", str(environment.path)))
    raise ToolError("Only conda can remove it, and conda was not found on PATH.")


def _taken_apart(text: str) -> tuple[dict[str, str], list[str]]:
    """Split a command that a store gave: first the variables, then the words."""
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise ToolError(f"Cannot parse its tool's command: {visible(text)}.") from error
    variables: dict[str, str] = {}
    while words and "=" in words[0]:
        name, _, value = words.pop(0).partition("=")
        variables[name] = value
    return variables, words
