"""What poetry, pipenv, pdm and hatch leave alike: hashes in names, virtualenv's ``command``."""

import os
import re
from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import Path, PurePosixPath

DIGEST = r"[A-Za-z0-9_-]{8}"  # URL-safe base64, so it may hold and end in what separates names
_WRITTEN = re.compile(r"^(.*?[\\/]bin|.*?[\\/]Scripts)[\\/][^\\/]+ -m (?:virtualenv|venv) ")


def made_by(cfg: Mapping[str, str], tool: str) -> bool:
    """Return whether the tool's own interpreter made the environment.

    virtualenv ≥ 21 writes ``command = <interpreter> -m virtualenv <destination>``; poetry, pipenv,
    pdm and hatch run it in their own environment. That has the tool's name in the folders of
    ``uv tool`` and pipx (with a suffix perhaps), and its own place in installers and in Homebrew.
    """
    found = _WRITTEN.match(cfg.get("command", ""))
    if not found:
        return False
    parts = PurePosixPath(found[1].replace("\\", "/")).parts[:-1]
    if not parts:
        return False
    if re.fullmatch(rf"{tool}(?:[_@-]?[0-9.]+)?", parts[-1]):
        return True
    installers = {("Cellar", tool), ("pyapp", tool), (f"py{tool}", "venv"), (tool, "venv")}
    return any(pair in installers for pair in pairwise(parts))


def spellings(project: Path) -> Iterator[str]:
    """Yield the paths that a tool may have hashed: links resolved, and as it is written.

    Both, as links may have been made since.
    """
    given = os.fspath(project)
    try:
        resolved = os.path.realpath(given)
    except (OSError, ValueError):  # no path of this system
        return
    yield resolved
    if resolved != given:
        yield given


def short_hash(text: str, algorithm: str = "sha256") -> str:
    """Return the first 8 characters of a path's digest in URL-safe base64."""
    import base64
    import hashlib  # neither is needed where no environment has such a name

    digest = hashlib.new(algorithm, os.fsencode(text), usedforsecurity=False).digest()
    return base64.urlsafe_b64encode(digest[:6]).decode()
