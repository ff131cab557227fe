"""Interpreters of this machine that a playground may be made with."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from venvdash.actions.process import uv as uv_command
from venvdash.actions.process.run_log import Log
from venvdash.system.machine import Machine

OLDEST = (3, 10)  # what the playground's projects ask for
_NAME = re.compile(r"python3(\.\d+)?(\.exe)?")  # no debug or free-threaded builds
_ASK = (
    "import sys; v = sys.version_info; "
    "print(v[0], v[1], sys.implementation.name, v[3], sys.executable)"
)


@dataclass(frozen=True, slots=True)
class Interpreter:
    """A released CPython that runs; ``version`` is (major, minor)."""

    path: Path
    version: tuple[int, int]


def own() -> Interpreter:
    """Return the interpreter that this program runs on, outside any environment."""
    return Interpreter(Path(os.path.realpath(sys.executable)), sys.version_info[:2])


def another(
    first: Interpreter, machine: Machine, environ: Mapping[str, str], uv: Path | None = None
) -> Interpreter | None:
    """Return the newest interpreter of another minor version than the first, or None.

    Looks at pyenv's and uv's interpreters and at PATH, then asks uv. ``environ`` is what the
    interpreters are run with to learn their version.
    """
    tried: set[str] = set()
    for interpreters in (_lying_about(machine), _known_to_uv(environ, uv)):
        for path in interpreters:
            real = os.path.realpath(path)
            if real in tried:
                continue
            tried.add(real)
            answer = ask(path, environ)
            if answer and answer.version != first.version and answer.version >= OLDEST:
                return answer
    return None


def _lying_about(machine: Machine) -> list[Path]:
    pyenv = machine.path_variable("PYENV_ROOT") or machine.home / ".pyenv"
    managed = machine.path_variable("UV_PYTHON_INSTALL_DIR") or machine.data_home / "uv" / "python"
    folders = [*pyenv.glob("versions/3.*/bin"), *managed.glob("cpython-3.*/bin")]
    on_path = map(Path, (machine.variable("PATH") or "").split(os.pathsep))
    # pyenv's shims need PYENV_ROOT, and start interpreters that are listed already
    folders += [item for item in on_path if item.is_absolute() and item.name != "shims"]
    pythons = [path for folder in folders for path in _pythons_in(folder)]
    return sorted(pythons, key=_promised, reverse=True)


def _pythons_in(folder: Path) -> list[Path]:
    try:
        names = os.listdir(folder)
    except OSError:
        return []
    return [folder / name for name in names if _NAME.fullmatch(name) and "." in name]


def _promised(path: Path) -> tuple[int, ...]:
    """Return the version that the file's name promises: the newest is asked first."""
    return tuple(int(part) for part in re.findall(r"\d+", path.name))


def _known_to_uv(environ: Mapping[str, str], uv: Path | None) -> Iterator[Path]:
    if uv is None:
        return
    listing = ["python", "list", "--only-installed", "--output-format", "json"]
    try:
        done = uv_command.run(uv, listing, environ=environ, cwd=Path.home(), timeout=30, log=Log())
        yield from (Path(item["path"]) for item in json.loads(done.stdout))
    except (uv_command.UvError, ValueError, TypeError, KeyError):
        return  # an older uv; the playground says that a second Python is missing


def ask(path: Path, environ: Mapping[str, str]) -> Interpreter | None:
    """Run what may be an interpreter; return it, or None where it is no released CPython."""
    try:
        done = subprocess.run(
            [path, "-I", "-c", _ASK],
            env=dict(environ),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="surrogateescape",
            timeout=20,
        )
        major, minor, implementation, level, executable = done.stdout.strip().split(" ", 4)
        if done.returncode or implementation != "cpython" or level != "final":
            return None
        return Interpreter(Path(os.path.realpath(executable)), (int(major), int(minor)))
    except (OSError, ValueError, subprocess.SubprocessError):
        return None
