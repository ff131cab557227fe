"""Reading the tools' own TOML and JSON files: bounded, and damage is no error but None.

Several tools re-read such files while another writes them, so a truncated one is nothing special.
"""

import os
from pathlib import Path
from typing import Any

from venvdash.system.files import read_text
from venvdash.system.toml_limits import bomb

LIMIT = 256 * 1024  # bytes; the largest that tools write for hundreds of environments is a tenth
_MOST_DOTS = 12  # in one key: tool.hatch.envs.NAME.overrides.matrix.… has eight
_DEEPEST = 16  # brackets inside brackets


def toml_table(text: str | None) -> dict[str, Any] | None:
    """Return the TOML document in ``text``; None where it is none, or would take too long."""
    if text is None or len(text) > LIMIT or bomb(text, dots=_MOST_DOTS, depth=_DEEPEST):
        return None
    import tomllib  # most users have no file that is read with it

    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError):
        return None


def json_object(text: str | None, limit: int = LIMIT) -> dict[str, Any] | None:
    """Return the JSON object in ``text``; None where it is none, something else, or too long."""
    if text is None or len(text) > limit:
        return None
    import json

    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def config_text(path: Path) -> str | None:
    """Return the text of a configuration file, which may be a link as dotfiles often are."""
    try:
        return read_text(os.path.realpath(path), LIMIT)
    except (OSError, ValueError):  # no path of this system
        return None


def string(table: dict[str, Any] | None, *keys: str) -> str | None:
    """Return the text that the nested ``keys`` lead to; None where there is no such, or empty.

    A text that no path can hold (a NUL, or JSON's half of a surrogate pair) counts as none.
    """
    value: Any = table
    for key in keys:
        if not isinstance(value, dict):
            return None
        value = value.get(key)
    return value if isinstance(value, str) and value and _possible(value) else None


def _possible(path: str) -> bool:
    try:
        return b"\0" not in os.fsencode(path)
    except UnicodeError:
        return False
