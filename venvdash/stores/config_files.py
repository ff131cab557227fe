"""Reading the tools' own TOML and JSON files: of limited size, and damaged ones give None.

Some tools write such a file while others read it, so a truncated one is nothing unusual.
"""

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from venvdash.system import reads
from venvdash.system.files import read_text
from venvdash.system.toml_limits import bomb

LIMIT = 256 * 1024  # bytes; ten times what tools write for hundreds of environments
_MOST_DOTS = 12  # in one key: tool.hatch.envs.NAME.overrides.matrix.… has eight
_DEEPEST = 16  # brackets inside brackets


def toml_table(text: str | None, limit: int = LIMIT) -> dict[str, Any] | None:
    """Return the TOML document in ``text``; None if it is invalid or costly to parse."""
    if text is None or len(text) > limit or bomb(text, dots=_MOST_DOTS, depth=_DEEPEST):
        return None
    import tomllib  # most users have no file that needs it

    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError):
        return None


def toml_tables(files: Iterable[Path]) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Yield each configuration file that is valid TOML, with its table."""
    for file in files:
        table = toml_table(config_text(file))
        if table is not None:
            yield file, table


def has_table(toml: str, name: str) -> bool:
    """Return whether a TOML text has a table ``name``, or one below it, without parsing it."""
    if name not in toml:
        return False
    header = rf"^[ \t]*\[+[ \t]*{re.escape(name)}[ \t]*[.\]]"
    return re.search(header, toml, re.MULTILINE) is not None


def json_object(text: str | None, limit: int = LIMIT) -> dict[str, Any] | None:
    """Return the JSON object in ``text``; None if it is invalid, another type or too long."""
    if text is None or len(text) > limit:
        return None
    import json

    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def config_text(path: Path, limit: int = LIMIT) -> str | None:
    """Return the text of a configuration file, which may be a link as dotfiles often are."""
    try:
        return read_text(reads.realpath(path), limit)
    except (OSError, ValueError):  # no path of this system
        return None


def setting(table: Any, *keys: str) -> Any:
    """Return the value at the nested ``keys``, None if there is none."""
    for key in keys:
        table = table.get(key) if isinstance(table, dict) else None
    return table


def section(table: Any, *keys: str) -> dict[str, Any]:
    """Return the table at the nested ``keys``, {} if there is none."""
    value = setting(table, *keys)
    return value if isinstance(value, dict) else {}


def string(table: Any, *keys: str) -> str | None:
    """Return the text at the nested ``keys``; None if there is none or it is empty.

    None also for a text that no path can hold (a NUL, or JSON's half of a surrogate pair).
    """
    value = setting(table, *keys)
    return value if isinstance(value, str) and value and _possible(value) else None


def _possible(path: str) -> bool:
    try:
        return b"\0" not in os.fsencode(path)
    except UnicodeError:
        return False
