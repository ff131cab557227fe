"""Workspaces of uv and pdm: a member uses the environment of the workspace's root.

Sources: https://docs.astral.sh/uv/concepts/projects/workspaces/. The root's ``[tool.uv.workspace]``
has globs of ``members`` and of what to ``exclude``, relative to it. pdm 2.29.3 has
``[tool.pdm.workspace]`` with ``members`` (its ``project/workspace.py``).
"""

import os
from collections.abc import Sequence
from fnmatch import fnmatchcase
from itertools import islice
from pathlib import Path
from typing import Any

from venvdash.stores.config_files import LIMIT, setting, toml_table
from venvdash.system import reads
from venvdash.system.files import read_text

_FILE = "pyproject.toml"
_ABOVE = 16  # directories above a member that may be the root
_MOST = 1000  # globs
_WORDS = 32  # parts of a glob


def root_of(project: Path) -> Path | None:
    """Return the root of the workspace that ``project`` is a member of, or None.

    The nearest pyproject.toml above decides, as in uv. Raises nothing.
    """
    if _workspace(project) is not None:
        return None  # it is a root itself
    for root in islice(project.parents, _ABOVE):
        if not reads.lexists(root / _FILE):
            continue
        workspace, parts = _workspace(root) or {}, project.relative_to(root).parts
        member = _any(workspace.get("members"), parts)
        return root if member and not _any(workspace.get("exclude"), parts) else None
    return None


def _workspace(directory: Path) -> dict[str, Any] | None:
    document = toml_table(read_text(os.path.join(directory, _FILE), LIMIT))
    for tool in ("uv", "pdm"):
        table = setting(document, "tool", tool, "workspace")
        if isinstance(table, dict):
            return table
    return None


def _any(globs: object, parts: Sequence[str]) -> bool:
    """Return whether one of the globs matches a path."""
    for glob in globs[:_MOST] if isinstance(globs, list) else []:
        words = glob.split("/") if isinstance(glob, str) else []
        words = [word for word in words if word not in ("", ".")]
        if 0 < len(words) <= _WORDS and _fits(words, parts):
            return True
    return False


def _fits(glob: Sequence[str], parts: Sequence[str]) -> bool:
    """Return whether a glob matches; ``**`` stands for any number of directories."""
    reached = {0}  # how many of the parts the glob may have used up so far
    for word in glob:
        if word == "**" and reached:
            reached = set(range(min(reached), len(parts) + 1))
        else:
            reached = {n + 1 for n in reached if n < len(parts) and fnmatchcase(parts[n], word)}
    return len(parts) in reached
