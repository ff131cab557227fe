"""Paths as tools read them from variables and settings, and the spellings of a project's path."""

import os
from pathlib import Path

from venvdash.system import reads
from venvdash.system.machine import Machine

_CLUTTER = frozenset({".DS_Store", "Thumbs.db", "desktop.ini"})  # created by file managers


def literally(machine: Machine, text: str, *, tilde: bool = False) -> Path:
    """Return the path in a variable or setting that a tool does not expand.

    ``$`` stands for itself, and so does ``~`` unless ``tilde`` is set (``Path.expanduser``). A
    relative path starts at the current directory.
    """
    if tilde and (text == "~" or text.startswith(("~/", "~\\"))):
        text = str(machine.home) + text[1:]
    return (machine.cwd or machine.home) / text


def parent_entry(prefix: Path, *beside: str) -> Path:
    """Return the parent of a prefix if it holds nothing but the prefix and the names ``beside``.

    Otherwise return ``prefix``: other files there are the user's. A link is its own entry.
    """
    if reads.islink(prefix):
        return prefix
    try:
        names = set(reads.listdir(prefix.parent))
    except OSError:
        return prefix
    return prefix.parent if names <= {prefix.name, *beside, *_CLUTTER} else prefix


def spellings(project: Path) -> list[str]:
    """Return the paths that a tool may have hashed: links resolved, then as it is written.

    Both, because links may have been created since. Empty for a path that this system cannot have.
    """
    given = os.fspath(project)
    try:
        return list(dict.fromkeys((reads.realpath(given), given)))
    except (OSError, ValueError):
        return []


def names_in(folder: Path | str) -> list[str]:
    """Return the names in a folder, sorted; none if it cannot be read."""
    try:
        return sorted(reads.listdir(folder))
    except (OSError, ValueError):
        return []


def directories_in(folder: Path) -> list[Path]:
    """Return the directories in a folder, sorted, without links; none if it cannot be read."""
    try:
        with reads.scandir(folder) as listing:
            return sorted(Path(item.path) for item in listing if item.is_dir(follow_symlinks=False))
    except OSError:
        return []


def below(path: Path, root: Path) -> tuple[str, ...] | None:
    """Return the parts of ``path`` below ``root``, whose links may be resolved; None if outside."""
    for start in (root, Path(reads.realpath(root))):
        if path.is_relative_to(start):
            return path.relative_to(start).parts
    return None
