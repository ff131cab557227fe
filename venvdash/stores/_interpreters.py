"""Which Python a tool would start, found by PATH, links and version files; nothing is run."""

import os
import re
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path

from venvdash.stores._paths import names_in
from venvdash.system import reads
from venvdash.system.files import read_text
from venvdash.system.machine import Machine

_LIMIT = 64 * 1024  # bytes of a C header
_FILE_LIMIT = 4096  # bytes of a version file
_INTERPRETERS = ("bin/python", "Scripts/python.exe", "python.exe")
_CLAUSE = re.compile(r"(===|==|!=|~=|<=|>=|<|>)\s*v?([0-9]+(?:\.[0-9]+)*)(\.\*)?")
_PY_VERSION = re.compile(r'^#define PY_VERSION\s+"([0-9]+\.[0-9]+\.[0-9]+)"', re.MULTILINE)
_MINOR = re.compile(r"python([0-9]+\.[0-9]+)t?(?:\.exe)?")


def has_python(prefix: Path) -> bool:
    """Return whether the interpreter of an environment exists."""
    return any(reads.exists(prefix / place) for place in _INTERPRETERS)


def allows(specifiers: str | None, version: str) -> bool:
    """Return whether a version satisfies PEP 440 specifiers; True also for unknown ones."""
    if not specifiers or not version:
        return True
    return all(_holds(clause.strip(), version) for clause in specifiers.split(","))


def on_path(machine: Machine, project: Path, *names: str) -> Iterator[Path | None]:
    """Yield the interpreters on PATH in its order, links and pyenv's shims resolved.

    ``names`` are the file names to look for in each directory; environments are skipped. None
    stands for an interpreter whose version cannot be known without running it.
    """
    for folder in (machine.variable("PATH") or "").split(os.pathsep):
        if not os.path.isabs(folder) or reads.lexists(f"{folder}/../pyvenv.cfg"):
            continue
        for name in names:
            path = Path(folder, name)
            if not reads.access(path, os.X_OK) or reads.isdir(path):
                continue
            interpreter = Path(reads.realpath(path))
            if path.parent.name == "shims":
                shimmed = _shimmed(machine, project, name)
                if shimmed is None:
                    continue  # pyenv searches the rest of PATH
                interpreter = Path(reads.realpath(shimmed))
            yield interpreter if _MINOR.fullmatch(interpreter.name) else _versioned(interpreter)


def minor_of(interpreter: Path | None) -> str:
    """Return ``X.Y`` of an interpreter by its file name, "" if that has no version."""
    match = _MINOR.fullmatch(interpreter.name) if interpreter else None
    return match[1] if match else ""


def patch_version_of(interpreter: Path) -> str:
    """Return ``X.Y.Z`` of an interpreter by the header of its C API, "" if unknown.

    Include/patchlevel.h of CPython; "" for pre-releases and free-threaded builds.
    """
    name = interpreter.name
    header = interpreter.parent.parent / "include" / name / "patchlevel.h"
    match = _PY_VERSION.search(read_text(header, _LIMIT) or "")
    return match[1] if match and match[1].startswith(f"{minor_of(interpreter)}.") else ""


def _versioned(path: Path) -> Path | None:
    """Return the ``pythonX.Y`` beside a plain ``python`` that is the same file."""
    names = filter(_MINOR.fullmatch, names_in(path.parent))
    same = [name for name in names if reads.realpath(path.parent / name) == os.fspath(path)]
    return path.parent / same[0] if len(same) == 1 else None


def _shimmed(machine: Machine, project: Path, name: str) -> Path | None:
    """Return the interpreter that pyenv's shim ``name`` starts in ``project``."""
    root = machine.path_variable("PYENV_ROOT") or machine.home / ".pyenv"
    versions = _pyenv_versions(machine, project, root)
    paths = (root / "versions" / version / "bin" / name for version in versions)
    return next((path for path in paths if reads.access(path, os.X_OK)), None)


def _pyenv_versions(machine: Machine, project: Path, root: Path) -> Iterator[str]:
    text = (machine.variable("PYENV_VERSION") or "").replace(":", " ")
    files = [above / ".python-version" for above in (project, *project.parents)]
    for file in (*files, root / "version"):
        text = text or read_text(file, _FILE_LIMIT) or ""
    for version in text.split():
        if "/" not in version and version not in (".", ".."):
            yield version


def _holds(clause: str, version: str) -> bool:
    match = _CLAUSE.fullmatch(clause)
    if match is None:
        return True
    operator, wanted, star = match.groups()
    given, asked = _numbers(version), _numbers(wanted)
    if star or operator == "~=":
        head = asked if star else asked[:-1]
        inside = given[: len(head)] == head
        if operator == "~=":
            return inside and not _less(given, asked)
        return inside if operator == "==" else not inside
    less, more = _less(given, asked), _less(asked, given)
    return {
        "<": less,
        "<=": not more,
        ">": more,
        ">=": not less,
        "!=": less or more,
    }.get(operator, not (less or more))


def _less(one: tuple[int, ...], other: tuple[int, ...]) -> bool:
    pairs = zip_longest(one, other, fillvalue=0)
    return next((a < b for a, b in pairs if a != b), False)


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))
