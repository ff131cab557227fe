"""What a remembered answer depends on: files and variables, and the state they were in.

A state is a short text that is only compared: the type of what lies at a path, and its
fingerprint. What was changed less than two seconds before it was read has none that can be trusted
(see ``system.fingerprint``); an answer that depends on such a file is not remembered. This module
imports little, since commands for shells ask here before anything else.
"""

import os
from collections.abc import Iterable, Mapping

from venvdash.system.fingerprint import of_stat, settled

ABSENT = "-"
CONTENT, EXISTENCE, VARIABLE = "=", "~", "$"  # what comes before a path or a variable's name
_TYPE, _LINK, _DIRECTORY = 0o170000, 0o120000, 0o040000  # S_IFMT, S_IFLNK, S_IFDIR

Dependencies = Mapping[str, str]  # the states of paths and variables, by their names with a mark


class UnsettledError(Exception):
    """A file has no state that can be remembered; the text is its path."""


def state(path: str, *, content: bool, before: int | None = None) -> str:
    """Return the state of what lies at ``path``; of a link, also that of its target.

    Without ``content`` only whether and as what something exists. With ``before``, in nanoseconds
    since the epoch, it must not have been changed since then or shortly before. Raises
    UnsettledError, also for what cannot be read.
    """
    try:
        status = os.lstat(path)
        is_link = status.st_mode & _TYPE == _LINK
        text = _text(path, status, content or is_link, before)
        return f"{text}>{_target(path, content, before)}" if is_link else text
    except (FileNotFoundError, NotADirectoryError):
        return ABSENT
    except (OSError, ValueError) as error:
        raise UnsettledError(path) from error


def _target(path: str, content: bool, before: int | None) -> str:
    try:
        return _text(path, os.stat(path), content, before)
    except (FileNotFoundError, NotADirectoryError):
        return ABSENT


def _text(path: str, status: os.stat_result, content: bool, before: int | None) -> str:
    kind = status.st_mode & _TYPE
    if not content:
        # What comes and goes in a directory does not matter, but which directory it is.
        return f"{kind:o}.{status.st_dev}.{status.st_ino}" if kind == _DIRECTORY else f"{kind:o}"
    fingerprint = of_stat(status)
    if before is not None and not settled(fingerprint, before):
        raise UnsettledError(path)
    numbers = (status.st_uid, *fingerprint)
    return f"{status.st_mode:o}.{'.'.join(map(str, numbers))}"


def of_paths(paths: Iterable[str], before: int | None) -> dict[str, str]:
    """Return the states of paths, each with the mark for its content or its existence.

    For what was read since ``before`` (see ``state``); that nothing lies at a path counts only if
    the directory above it has not been changed since then, either. Raises UnsettledError.
    """
    states = {}
    for marked in dict.fromkeys(paths):
        path = marked[1:]
        states[marked] = state(path, content=marked[0] == CONTENT, before=before)
        if states[marked] == ABSENT:
            above = os.path.dirname(path)
            while state(above, content=True, before=before) == ABSENT:
                above = os.path.dirname(above)
    return states


def device(state: str) -> int | None:
    """Return the device in a state that has one."""
    kind, *numbers = state.partition(">")[0].split(".")
    at = 0 if len(numbers) == 2 else 1
    return int(numbers[at]) if kind != ABSENT and len(numbers) > 1 else None


def of_variable(name: str, variables: Mapping[str, str]) -> str:
    """Return the state of a variable."""
    value = variables.get(name)
    return ABSENT if value is None else f"={value}"


def unchanged(dependencies: Iterable[tuple[str, str]]) -> bool:
    """Return whether everything is in the state that is given."""
    try:
        return all(_now(marked) == was for marked, was in dependencies)
    except UnsettledError:
        return False


def _now(marked: str) -> str:
    mark, name = marked[:1], marked[1:]
    if mark == VARIABLE:
        return of_variable(name, os.environ)
    if mark not in (CONTENT, EXISTENCE) or not os.path.isabs(name):
        raise UnsettledError(marked)
    return state(name, content=mark == CONTENT)
