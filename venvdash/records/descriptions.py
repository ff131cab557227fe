"""What projects say of themselves, remembered while their pyproject.toml is unchanged.

One file in the state directory for each host, since inodes differ. It is only a shortcut: one that
is missing or damaged is as none.
"""

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from venvdash.system.fingerprint import Fingerprint
from venvdash.system.state_files import StateFolder

_FOLDER = "descriptions"
_LIMIT = 32 * 1024 * 1024  # bytes; 10,000 projects need 2 MB
LONGEST = 200  # characters of a description


@dataclass(frozen=True, slots=True)
class Description:
    """What a project says it is, "" for nothing, in a pyproject.toml of this fingerprint.

    None for a fingerprint that a later change might not change: it is not remembered.
    """

    text: str
    fingerprint: Fingerprint | None


Descriptions = Mapping[str, Description]
"""Descriptions by the project's path."""


def read(state: Path, host: str) -> Descriptions:
    """Return what the last scan read. Raises nothing."""
    try:
        values = json.loads(StateFolder(state, _FOLDER).read(host, _LIMIT))
        return {path: _checked(*value) for path, value in values.items()}
    except Exception:  # whatever is wrong with it, it is read from the disk instead
        return {}


def write(state: Path, host: str, descriptions: Descriptions) -> None:
    """Replace the file; where that is not possible, nothing is remembered."""
    values = {
        path: [one.text, *one.fingerprint]
        for path, one in descriptions.items()
        if one.fingerprint is not None
    }
    with suppress(OSError):
        StateFolder(state, _FOLDER).write(host, json.dumps(values).encode())


def _checked(text: object, *numbers: object) -> Description:
    if not isinstance(text, str) or len(text) > LONGEST:
        raise ValueError("no description")
    if len(numbers) != len(Fingerprint._fields):
        raise ValueError("no fingerprint")
    return Description(text, Fingerprint(*(_whole(number) for number in numbers)))


def _whole(number: object) -> int:
    if type(number) is not int:
        raise ValueError("no whole number")
    return number
