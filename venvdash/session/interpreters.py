"""Which environments depend on an interpreter, and break when it is uninstalled."""

import os
import re
from collections.abc import Callable
from pathlib import Path

from venvdash.model import Environment
from venvdash.model.packaging import minor_version
from venvdash.system.files import real
from venvdash.system.machine import Machine

_PROGRAM = re.compile(r"(?:python|pypy|graalpy)[0-9.]*t?(?:\.exe)?", re.IGNORECASE)
_VERSION = re.compile(r"\d+(?:\.\d+){0,2}")


def made_from(text: str, machine: Machine) -> Callable[[Environment], bool]:
    """Return a test whether an environment was made from the interpreter ``text``.

    A version ("3.11", "3.11.7") means every interpreter of it. A path is that of a program, or of
    a directory that holds interpreters: its ``bin``, or a whole installation. It may be gone.
    """
    if _VERSION.fullmatch(text):
        return lambda environment: _of_version(environment.python, text)
    given = Path(os.path.normpath(machine.expand(text)))
    resolved = real(given)
    gone = not os.path.exists(resolved)
    if os.path.isfile(resolved) or (gone and _PROGRAM.fullmatch(given.name)):
        return lambda environment: _program(environment) == resolved
    return lambda environment: any(
        place in (path, *path.parents)
        for path in _bases(environment)
        for place in (given, resolved)
    )


def absent(text: str, machine: Machine) -> bool:
    """Return whether ``text`` is neither a version nor a path where something is."""
    return not (_VERSION.fullmatch(text) or os.path.lexists(machine.expand(text)))


def _of_version(version: str | None, wanted: str) -> bool:
    return version is not None and (version + ".").startswith(wanted + ".")


def _bases(environment: Environment) -> list[Path]:
    """Return the directory of its base interpreter, as recorded and with links resolved."""
    base = environment.base
    return [base, real(base)] if base is not None else []


def _program(environment: Environment) -> Path | None:
    """Return the interpreter that its ``python`` links to; for a copy, the one in the base."""
    inside = environment.target or environment.path
    for program in (inside / "bin" / "python", inside / "Scripts" / "python.exe"):
        if os.path.islink(program):
            return real(program)
        if os.path.lexists(program) and environment.base is not None:
            return _copied(environment.base, environment.python, program.name)
    return None


def _copied(base: Path, version: str | None, name: str) -> Path:
    major_minor = minor_version(version)
    for candidate in (f"python{major_minor}", name):
        if os.path.lexists(base / candidate):
            return real(base / candidate)
    return real(base / name)
