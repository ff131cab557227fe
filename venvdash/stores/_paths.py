"""Paths as tools take them from variables, and hashes of a project's path; shared by stores."""

import os
from collections.abc import Collection
from functools import lru_cache
from pathlib import Path

from venvdash.system.machine import Machine

_CLUTTER = frozenset({".DS_Store", "Thumbs.db", "desktop.ini"})  # made by file managers


def literally(machine: Machine, text: str, *, tilde: bool = False) -> Path:
    """Return the path in a variable or setting that a tool takes as it is.

    ``$`` means itself, and so does ``~`` unless ``tilde``; relative to the current directory.
    """
    if tilde and (text == "~" or text.startswith(("~/", "~\\"))):
        text = str(machine.home) + text[1:]
    return (machine.cwd or machine.home) / text


def parent_entry(prefix: Path, *beside: str) -> Path:
    """Return the parent where nothing lies in it but the environment and ``beside``.

    Else the prefix, or the link in its place: what else a user keeps there is no part of it.
    """
    if os.path.islink(prefix):
        return prefix
    return prefix.parent if _holds_only(prefix.parent, {prefix.name, *beside}) else prefix


def sha256_fits(project: Path, digest: str) -> bool:
    """Return whether ``digest`` begins the SHA-256 of a directory's path with links resolved.

    The path as it is written is tried as well: links may have been made since.
    """
    return any(sha256(path).startswith(digest) for path in _spellings(os.fspath(project)))


@lru_cache(maxsize=4096)
def sha256(path: str) -> str:
    """Return the SHA-256 of a path with forward slashes, as hex digits."""
    import hashlib  # not needed where no environment has such a name

    return hashlib.sha256(os.fsencode(path.replace(os.sep, "/"))).hexdigest()


def _holds_only(directory: Path, names: Collection[str]) -> bool:
    try:
        found = set(os.listdir(directory))
    except OSError:
        return False
    return found <= {*names, *_CLUTTER}


def _spellings(given: str) -> list[str]:
    try:
        real = os.path.realpath(given)
    except (OSError, ValueError):
        return []
    return [real] if real == given else [real, given]
