"""The base class of shells: how one is started with an environment active, and how it activates.

A shell *returns values and never acts*. The environment's activate scripts are not used: every user
who may write into an environment may change them. Paths and names are data in every line that a
shell runs: quoted as that shell needs it, or refused if it cannot quote them.
"""

import abc
import os
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, ClassVar, NamedTuple

if TYPE_CHECKING:
    from venvdash.system.machine import Machine

# With them, Python finds other libraries than those of its environment.
MISLEADING = ("PYTHONHOME", "PYTHONPATH")
# The names of saved values are those of `python -m venv`: its scripts and ours undo each other.
OLD = "_OLD_VIRTUAL_"
_LEFT_OVER = (*MISLEADING, "VIRTUAL_ENV", "VIRTUAL_ENV_PROMPT", "__PYVENV_LAUNCHER__")
_PLAIN = frozenset("-_.@/+,:()=~ ")  # that no shell interprets in its prompt
_PROMPT = 48  # characters


class ShellError(Exception):
    """A shell cannot do this; the text is a sentence with the reason."""


class Activation(NamedTuple):
    """An environment to activate in a shell.

    ``folders`` are prepended to PATH. ``variables`` are set, and those in ``MISLEADING`` are unset.
    ``prompt`` is shown in brackets before the prompt, inert in every shell (see ``inert``).
    ``directory``: the new current directory, None to stay.
    """

    folders: tuple[Path, ...]
    variables: Mapping[str, str]
    prompt: str
    directory: Path | None = None

    @classmethod
    def of(
        cls, prefix: Path, name: str, *, platform: str, directory: Path | None = None
    ) -> "Activation":
        """Return the activation of the environment at ``prefix`` with the given ``name``."""
        prompt = inert(name)
        if (prefix / "conda-meta").is_dir() and not (prefix / "pyvenv.cfg").is_file():
            variables = {"CONDA_PREFIX": str(prefix), "CONDA_DEFAULT_ENV": str(prefix)}
            folders = _of_conda(prefix) if platform == "win32" else (prefix / "bin",)
        else:
            variables = {"VIRTUAL_ENV": str(prefix)}
            folders = (prefix / ("Scripts" if platform == "win32" else "bin"),)
        return cls(folders, variables | {"VIRTUAL_ENV_PROMPT": prompt}, prompt, directory)

    @property
    def path(self) -> str:
        """The folders to prepend to PATH, as one string."""
        return os.pathsep.join(map(str, self.folders))


def _of_conda(prefix: Path) -> tuple[Path, ...]:
    inner = ("Library/mingw-w64/bin", "Library/usr/bin", "Library/bin", "Scripts", "bin")
    return (prefix, *(prefix / folder for folder in inner))


class ShellStart(NamedTuple):
    """How a shell is started: its arguments, and its further variables (None: unset).

    ``files`` are written to the private directory for them.
    """

    arguments: tuple[str, ...]
    variables: Mapping[str, str | None] = MappingProxyType({})
    files: Mapping[str, str] = MappingProxyType({})


class Shell(abc.ABC):
    """A family of shells with the same syntax.

    ``names`` are those of the programs, the family's own first. ``usage`` shows how the shell runs
    the output of a command {} that prints ``activating``. ``preset``: whether one is started with
    the variables already set, in case it does not read our file.
    """

    names: ClassVar[tuple[str, ...]]
    usage: ClassVar[str]
    preset: ClassVar[bool] = True
    line_end: ClassVar[str] = "\n"

    @property
    def name(self) -> str:
        """The name of the family."""
        return self.names[0]

    @abc.abstractmethod
    def quote(self, text: str) -> str:
        """Return ``text`` quoted as one word. Raises ShellError."""

    @abc.abstractmethod
    def lines(self, activation: Activation) -> Iterator[str]:
        """Yield the commands that activate, and define ``deactivate``: lines, or several in one.

        Raises ShellError.
        """

    def code(self, activation: Activation) -> str:
        """Return the script of ``lines``. Raises ShellError."""
        return "".join(f"{line}{self.line_end}" for line in self.lines(activation))

    def activating(self, activation: Activation, variables: Mapping[str, str]) -> str:
        """Return the script for the shell that called venvdash. Raises ShellError.

        ``variables`` are those of that shell.
        """
        return self.code(activation)

    @abc.abstractmethod
    def start(
        self, activation: Activation, machine: "Machine", program: Path, room: Path
    ) -> ShellStart:
        """Return how to start an interactive shell that activates after the user's startup files.

        ``room`` is an empty private directory for files; the shell removes it, or else venvdash.
        Raises ShellError.
        """

    def function(self, name: str) -> str:
        """Return the definition of a command that activates in the present shell.

        Raises ShellError if the shell cannot have one.
        """
        raise ShellError(f"{self.name} cannot activate an environment with a function.")


def inert(name: str) -> str:
    """Return ``name`` for prompts: nothing in it is run, expanded or hidden.

    Shells expand their prompt, and users' prompts may expand VIRTUAL_ENV_PROMPT; so everything but
    letters, digits and plain marks becomes a question mark.
    """
    safe = "".join(char if _is_plain(char) else "?" for char in name)
    return safe if len(safe) <= _PROMPT else safe[: _PROMPT - 1] + "…"


def _is_plain(char: str) -> bool:
    # Letters, marks that combine with them, digits.
    return char in _PLAIN or unicodedata.category(char)[0] in "LMN"


def deactivated(machine: "Machine") -> dict[str, str]:
    """Return the user's variables without an active environment and without ``MISLEADING``."""
    variables = {
        name: value
        for name, value in machine.variables.items()
        if name not in _LEFT_OVER and not name.startswith(OLD)
    }
    if "PATH" in variables:
        active = _active_folder(machine.variables, machine.platform)
        variables["PATH"] = without(variables["PATH"], active)
    return variables


def activated(machine: "Machine", activation: Activation) -> dict[str, str]:
    """Return the user's variables with the environment active, for a program run in it."""
    path = path_with(activation, machine.variables, machine.platform)
    return {**deactivated(machine), **activation.variables, "PATH": path}


def path_with(activation: Activation, variables: Mapping[str, str], platform: str) -> str:
    """Return the user's PATH with the environment active, and no other one."""
    gone = [*_active_folder(variables, platform), *map(str, activation.folders)]
    rest = without(variables.get("PATH", ""), gone)
    return os.pathsep.join([activation.path, *([rest] if rest else [])])


def _active_folder(variables: Mapping[str, str], platform: str) -> list[str]:
    active = variables.get("VIRTUAL_ENV")
    return [os.path.join(active, "Scripts" if platform == "win32" else "bin")] if active else []


def without(path: str, folders: Iterable[str]) -> str:
    """Return a PATH without some folders."""
    gone = set(folders)
    return os.pathsep.join(part for part in path.split(os.pathsep) if part not in gone)


def only_text(text: str, shell: str) -> str:
    """Return ``text`` if it is valid Unicode. Raises ShellError, as ``shell`` has no bytes."""
    if re.search("[\ud800-\udfff]", text):
        raise ShellError(f"{shell} cannot use a path that is not UTF-8.")
    return text
