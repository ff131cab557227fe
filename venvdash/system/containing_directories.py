"""Finds which of several directories hold a path, by its text and by where its links lead."""

import os
from collections.abc import Collection, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Generic, TypeVar

from venvdash.system.mounts import Mounts, resolved

if TYPE_CHECKING:
    from pathlib import Path

_OF_ITS_OWN = ("/proc/", "/dev/fd/")  # they name files of the process that reads them

K = TypeVar("K")


def containing(paths: "Sequence[Path]") -> "ContainingDirectories[Path]":
    """Return what finds the directories ``paths``."""
    mounts, roots = Mounts.read(), dict[str, list["Path"]]()
    of_paths = map(mounts.of, paths if mounts.any_network else ())
    directories = ContainingDirectories(roots, mounts, {mount.point for mount in of_paths if mount})
    for path in paths:
        text = os.path.abspath(path)
        for key in {_key(text), _key(directories.real(text))}:
            roots.setdefault(key, []).append(path)
    return ContainingDirectories(roots, mounts, directories.allowed)


class ContainingDirectories(Generic[K]):
    """Finds the directories that hold a path; asks once for each directory above several paths.

    ``roots`` are the directories by all their paths. Network mounts are accessed only where that is
    ``allowed``.
    """

    def __init__(
        self, roots: Mapping[str, Sequence[K]], mounts: Mounts, allowed: Collection[str]
    ) -> None:
        self._mounts, self.allowed = mounts, allowed
        self._real_directory = cache(self._resolved)
        self._known: dict[str, tuple[K, ...]] = {}
        self._roots = roots
        self.common = _common(roots)

    def truly(self, path: str) -> tuple[K, ...]:
        """Return the directories that hold ``path``, which has no links in it (or is empty)."""
        return self._above(path) if os.path.isabs(path) else ()

    def named(self, path: str) -> tuple[K, ...]:
        """Return the directories that hold ``path``, which may contain links.

        By its text, by the target of its directory (an environment's ``bin/python`` is a link out
        of it), and by its own target (``~/.local/bin/black``).
        """
        if not os.path.isabs(path) or "\0" in path or path.startswith(_OF_ITS_OWN):
            return ()
        known = self._known.get(path)
        if known is None:
            text = os.path.normpath(path)
            folder, name = os.path.split(text)
            known = (
                self._above(text)
                or self._above(os.path.join(self._real_directory(folder) or folder, name))
                or self._above(self.real(text))
            )
            self._known[path] = known
        return known

    def _above(self, path: str) -> tuple[K, ...]:
        folder = _key(path)
        if not folder.startswith(self.common):  # as most libraries
            return ()
        keys: list[K] = []
        while True:
            keys += self._roots.get(folder, ())
            parent = os.path.dirname(folder)
            if parent == folder:
                return tuple(keys)
            folder = parent

    def real(self, path: str) -> str:
        """Return ``path`` with its links resolved, itself if that would access a network mount."""
        folder, name = os.path.split(path)
        directory = self._real_directory(folder)
        if directory is None:
            return path
        real = os.path.join(directory, name)
        mount = self._mounts.points.get(real)
        if mount is not None and mount.network and mount.point not in self.allowed:
            return path
        return (self._resolved(path) or path) if os.path.islink(real) else real

    def _resolved(self, path: str) -> str | None:
        try:
            return resolved(path, self._mounts, self.allowed)
        except (OSError, ValueError):
            return None


def _key(path: str) -> str:
    return os.path.normcase(path)


def _common(paths: Collection[str]) -> str:
    """Return what all paths begin with, "" where that is nothing."""
    try:  # all others lie between these two
        return os.path.commonpath([min(paths), max(paths)])
    except ValueError:
        return ""
