"""Which environment a shell activates by itself in which project, as confirmed on this host.

One file for each project in ``auto-activation-<host>`` of the state directory, which the hook of
`venvdash init SHELL --auto` reads. Its name is the project's path with ``%`` for each ``/``; it has
five lines: the project, the prefix, the name for the prompt, and what ``stat`` prints of both.
Paths in it are resolved.
"""

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from venvdash.system.files import UnreadableError
from venvdash.system.host import host_id
from venvdash.system.state_files import StateFolder

STAT = "%i:%W:%u:%a"
"""What of a directory must not change, in the format of coreutils: inode, birth, owner, mode."""

_LIMIT = 32 * 1024  # bytes; two paths of 4 KiB at most
_LINES = 5
_LONGEST = 255  # bytes of a file name


@dataclass(frozen=True, slots=True)
class ActivationPair:
    """A project, and the environment that a shell activates in it.

    ``name`` is shown in the prompt. ``identity`` is what ``stat -c STAT`` printed of both.
    """

    project: Path
    prefix: Path
    name: str
    identity: tuple[str, str]


def folder(state: Path) -> Path:
    """Return the directory of this host's pairs, which need not exist."""
    return state / _folder_name()


def problem(pair: ActivationPair) -> str:
    """Return why a pair cannot be stored, a clause; "" if it can."""
    if any(not path.is_absolute() or not _printable(path) for path in (pair.project, pair.prefix)):
        return "its path has control characters"
    if len(os.fsencode(_file_name(pair.project))) > _LONGEST:
        return "the path of its project is too long"
    if pair.prefix.is_relative_to(pair.project):
        return "it lies in its project, so that it may have come with it"
    return ""


def store(state: Path, pair: ActivationPair) -> None:
    """Store a pair in the place of another of the project. Raises OSError."""
    lines = (str(pair.project), str(pair.prefix), pair.name, *pair.identity)
    text = "".join(f"{line}\n" for line in lines)
    StateFolder(state, _folder_name()).write(_file_name(pair.project), os.fsencode(text))


def remove(state: Path, project: Path) -> bool:
    """Remove the pair of a project; return whether there was one. Raises OSError."""
    with suppress(FileNotFoundError):
        StateFolder(state, _folder_name()).remove(_file_name(project))
        return True
    return False


def read(state: Path) -> Iterator[ActivationPair]:
    """Yield the pairs of this host; files that are none are left out. Raises OSError."""
    files = StateFolder(state, _folder_name())
    for name in files.names():
        with suppress(OSError, UnreadableError):
            lines = os.fsdecode(files.read(name, _LIMIT)).split("\n")
            if len(lines) != _LINES + 1:
                continue
            project, prefix, shown, *identity = lines[:_LINES]
            pair = ActivationPair(Path(project), Path(prefix), shown, (identity[0], identity[1]))
            if _file_name(pair.project) == name and not problem(pair):
                yield pair


def _folder_name() -> str:
    return f"auto-activation-{host_id()}"


def _file_name(project: Path) -> str:
    return str(project).replace("/", "%")


def _printable(path: Path) -> bool:
    return not any(ord(char) < 32 or ord(char) == 127 for char in str(path))
