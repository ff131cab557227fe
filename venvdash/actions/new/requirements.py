"""What is asked for by `--with`, as `uv pip install` takes it."""

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from venvdash.system.machine import Machine
from venvdash.text import visible

_PATH = re.compile(r"(?P<path>(?:/|\./|\.\./|~).*?|\.\.?)(?P<extras>\[[\w ,.-]+\])?", re.DOTALL)
_BUILDABLE = ("pyproject.toml", "setup.py")


class RequirementError(Exception):
    """Something asked for cannot be installed; the text is a sentence."""


@dataclass(frozen=True, slots=True)
class Requirements:
    """``words`` are arguments for `uv pip install`, ``sources`` the directories that are built."""

    words: tuple[str, ...] = ()
    sources: tuple[Path, ...] = ()


def parsed(given: Iterable[str], editable: Iterable[str], machine: Machine) -> Requirements:
    """Return what was asked for, with absolute paths. Raises RequirementError.

    As everywhere, what begins with `/`, `./`, `../` or `~` is a path; ``editable`` are all paths.
    """
    words: list[str] = []
    sources: list[Path] = []
    for text in given:
        match = _PATH.fullmatch(text)
        if match is not None:
            path = _existing(match["path"], machine)
            words.append(f"{path}{match['extras'] or ''}")
            sources += [path] if path.is_dir() else []
        elif text.startswith("-"):
            raise RequirementError(f"{visible(text)} is an option, not a package.")
        else:
            words.append(text)
    for text in editable:
        path = _existing(text, machine)
        if not path.is_dir():
            raise RequirementError(f"{visible(path)} is not a directory.")
        words += ["--editable", str(path)]
        sources.append(path)
    return Requirements(tuple(words), tuple(sources))


def _existing(text: str, machine: Machine) -> Path:
    """Return the path of a package's directory or file. Raises RequirementError."""
    path = Path(os.path.normpath(machine.expand(text)))
    if not os.path.lexists(path):
        raise RequirementError(f"{visible(path)} does not exist.")
    if path.is_dir() and not any(os.path.lexists(path / name) for name in _BUILDABLE):
        raise RequirementError(f"{visible(path)} is no package: it has no pyproject.toml.")
    return path
