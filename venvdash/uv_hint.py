"""Hints if uv would use another environment than the active one in a directory.

Also asked without a scan (``without_scan``): what tells that there is nothing to say comes
first, and the stores are imported only then.
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from venvdash.system.files import read_text, real
from venvdash.text import short_path

if TYPE_CHECKING:
    from venvdash.system.machine import Machine

_LIMIT = 1024 * 1024  # bytes of a pyproject.toml
# Searched, not parsed: the file may be hostile, and it is only for a hint.
_UV = re.compile(r"^[ \t]*\[[ \t]*(?:project|tool[ \t]*\.[ \t]*uv)\b", re.MULTILINE)
_WORKSPACE = re.compile(
    r"^[ \t]*\[[ \t]*tool[ \t]*\.[ \t]*uv[ \t]*\.[ \t]*workspace[ \t]*\]", re.MULTILINE
)
_OTHERS = ("poetry.lock", "pdm.lock", "Pipfile.lock", "pixi.lock")


def hints(machine: "Machine", path: Path, cwd: Path) -> Iterator[str]:
    """Yield a sentence where ``uv sync`` in ``cwd`` would not use the environment at ``path``."""
    project = project_at(cwd)
    if project is None or machine.program("uv") is None:
        return
    from venvdash.config import Config
    from venvdash.stores.uv import STORE

    use = STORE.use(project, machine, Config())
    if use.environment is None or real(use.environment) == real(path):
        return
    if not use.exists and STORE.cleanup_command(path) and not os.path.lexists(project / ".venv"):
        return  # uv will create the link to its own store
    does = "uses" if use.exists else "would make"
    yield (
        f"`uv sync` here {does} {short_path(use.environment, machine.home)}; "
        "`uv sync --active` uses this environment."
    )


def project_at(cwd: Path) -> Path | None:
    """Return the uv project or workspace root at or above a directory."""
    project = None
    for directory in (cwd, *cwd.parents):
        text = read_text(directory / "pyproject.toml", _LIMIT)
        if text is None:
            continue
        if _WORKSPACE.search(text):
            return directory
        if project is None and _UV.search(text):
            project = directory
    if project is None or os.path.lexists(project / "uv.lock"):
        return project
    return None if any(os.path.lexists(project / name) for name in _OTHERS) else project
