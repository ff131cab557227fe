"""Which paths are watched, so that the list follows the disk. Knows no Textual."""

import os
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

from venvdash.model import Row
from venvdash.scanner.discovery.site_packages import site_directory
from venvdash.system.mounts import Mounts


@dataclass(frozen=True)
class WatchedPaths:
    """Paths on local disks: a look at a network disk may never return.

    ``directories`` are watched by the kernel where it can, the others are looked at in turn. Of
    ``identities`` (projects) only coming, going and being replaced counts, not their content.
    ``awaited`` do not exist, but their parents do: with them a store may begin to exist.
    ``since``: the wall clock when what is shown was read, in seconds.
    """

    directories: frozenset[str]
    contents: frozenset[str]
    identities: frozenset[str]
    since: float
    awaited: frozenset[str] = frozenset()


def of_all(
    rows: Iterable[Row], roots: Iterable[str], odd: Iterable[str], since: float
) -> WatchedPaths:
    """Return what to watch for all rows and the stores' ``roots``; looks at local disks.

    ``odd`` is what lies in a store and is no environment: it may become one.
    """
    local = _local()
    present: list[str] = []
    missing: list[str] = []
    for root in filter(local, roots):
        (present if os.path.isdir(root) else missing).append(root)
    directories, contents, identities = set(present), set(missing), set[str]()
    directories.update(path for path in odd if local(path) and os.path.isdir(path))
    for row in rows:
        identities.update(map(str, filter(local, row.verdict.projects)))
        if local(row.path):
            directories.update(_levels(row, present))
            contents.update((str(row.path / "pyvenv.cfg"), _site(row)))
    return WatchedPaths(
        frozenset(directories),
        frozenset(contents),
        frozenset(identities - contents),
        since,
        frozenset(map(_first_missing, missing)),
    )


def of_visible(rows: Iterable[Row]) -> frozenset[str]:
    """Return the directories of these rows' packages, and the parents of their projects."""
    local = _local()
    directories = {_site(row) for row in rows if local(row.path)}
    for row in rows:
        directories.update(str(project.parent) for project in filter(local, row.verdict.projects))
    return frozenset(directories)


def _local() -> Callable[[str | Path], bool]:
    mounts = Mounts.read()

    def local(path: str | Path) -> bool:
        mount = mounts.of(path) if mounts.any_network else None
        return mount is None or not mount.network

    return local


def _first_missing(path: str) -> str:
    """Return the part of a missing path that does not exist, but whose parent does."""
    parent = os.path.dirname(path)
    return path if os.path.isdir(parent) else _first_missing(parent)


def _levels(row: Row, roots: Collection[str]) -> Iterable[str]:
    """Return the directories of its store that an environment lies in, below the root."""
    root = str(row.environment.root)
    if root not in roots:
        return
    for parent in row.environment.entry.parents:
        if len(str(parent)) <= len(root):
            return
        yield str(parent)


def _site(row: Row) -> str:
    """Return where its packages are; before there is such a directory, where it will appear."""
    prefix = str(row.path)
    names = frozenset({"Lib"} if os.name == "nt" else {"lib"})
    return site_directory(prefix, row.environment.python, names) or prefix
