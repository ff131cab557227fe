"""pyvenv.cfg as CPython's ``site`` and ``venv`` write and read it."""

import os
import re
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path, PurePosixPath

from venvdash.system.files import read_text

_LIMIT = 64 * 1024  # bytes
_COMMAND = re.compile(r"^(.*?[\\/]bin|.*?[\\/]Scripts)[\\/][^\\/]+ -m (?:virtualenv|venv) ")


def unquoted(value: str) -> str:
    """Return ``value`` without the quotes around it: venv writes its prompt in them.

    A command line that begins and ends with quoted words keeps them.
    """
    if len(value) >= 2 and value[0] == value[-1] and value[0] in "'\"":
        inner = value[1:-1]
        return value if value[0] in inner else inner
    return value


def parse_cfg(text: str) -> dict[str, str]:
    """Return the keys (in lower case) and unquoted values of a pyvenv.cfg.

    Read as CPython's ``site`` does: each line is split at its first "=", what has none is
    skipped, the last of several equal keys counts.
    """
    values = {}
    for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n"):
        key, equals, value = line.partition("=")
        if equals:
            values[key.strip().lower()] = unquoted(value.strip())
    return values


def cfg_of(prefix: Path) -> Mapping[str, str] | None:
    """Return the keys of an environment's pyvenv.cfg; None if there is no readable one."""
    text = read_text(os.path.join(prefix, "pyvenv.cfg"), _LIMIT)
    return parse_cfg(text) if text is not None else None


def version_of(cfg: Mapping[str, str]) -> str:
    """Return ``X.Y.Z`` (or ``X.Y``) of a pyvenv.cfg, "" if it names no version."""
    text = cfg.get("version_info") or cfg.get("version") or ""
    match = re.match(r"[0-9]+\.[0-9]+(?:\.[0-9]+)?", text)
    return match[0] if match else ""


def made_by(cfg: Mapping[str, str], tool: str) -> bool:
    """Return whether the tool's own interpreter created the environment.

    virtualenv ≥ 21 writes ``command = <interpreter> -m virtualenv <destination>``; poetry, pipenv,
    pdm and hatch run it in their own environment. That is called like the tool in the folders of
    ``uv tool`` and pipx (perhaps with a suffix), and has a fixed place in installers and Homebrew.
    """
    match = _COMMAND.match(cfg.get("command", ""))
    parts = PurePosixPath(match[1].replace("\\", "/")).parts[:-1] if match else ()
    if not parts:
        return False
    if re.fullmatch(rf"{tool}(?:[_@-]?[0-9.]+)?", parts[-1]):
        return True
    installers = {("Cellar", tool), ("pyapp", tool), (f"py{tool}", "venv"), (tool, "venv")}
    return any(pair in installers for pair in pairwise(parts))
