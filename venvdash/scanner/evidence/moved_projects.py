"""Projects that are not where they were, recognised at another place.

A directory or script is recognised by its inode and birth time, by the first commit of its
repository, and weaker by its name: that proves nothing, but as long as a folder of that name stands
somewhere, nobody may say that the project is gone.
"""

import os
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path

from venvdash.model import Environment, ProjectRecord, Sighting
from venvdash.scanner.projects import project_info
from venvdash.scanner.projects.presence import folded, fsid_of
from venvdash.system.birth_time import birth_of
from venvdash.system.files import read_text, status_of

_ENTRIES = 1000  # looked at in one directory to tell its age
_INLINE = "# /// script"  # how the metadata of a script begins (PEP 723)


def inside_stores(environments: Iterable[Environment]) -> frozenset[str]:
    """Return the directories of environments, and those above them in their stores."""
    inside: set[str] = set()
    for environment in environments:
        for path in (environment.path, environment.entry):
            inside.add(os.fspath(path))
            for parent in path.parents:
                if parent == environment.root or environment.root not in parent.parents:
                    break
                inside.add(os.fspath(parent))
    return frozenset(inside)


class MissingProjects:
    """The projects that are gone from their places.

    ``records`` are those that are remembered, ``directories`` and ``scripts`` all that a claim
    names. ``known`` maps projects that are recorded to when they were first seen, so that a copy
    which was always there is not taken for a moved original. ``others`` are directories that are
    something else: inside of stores, or a project that an environment belongs to.
    """

    def __init__(
        self,
        records: Iterable[ProjectRecord] = (),
        directories: Iterable[Path] = (),
        scripts: Iterable[Path] = (),
        known: Mapping[Path, float] | None = None,
        others: Collection[str] = (),
    ) -> None:
        self._known, self._others = dict(known or {}), others
        self._inodes: dict[int, list[ProjectRecord]] = defaultdict(list)
        self._gits: dict[str, list[ProjectRecord]] = defaultdict(list)
        for record in records:
            if record.inode is not None:
                self._inodes[record.inode].append(record)
            if record.git is not None:
                self._gits[record.git].append(record)
        self._directories = _by_name(directories)
        self._scripts = _by_name(scripts)
        self.inodes = frozenset(self._inodes)
        self.names = frozenset(self._directories)  # folded
        self.scripts = frozenset(self._scripts)  # folded file names

    def __bool__(self) -> bool:
        return bool(self._inodes or self._gits or self._directories or self._scripts)

    def directory(
        self,
        path: Path,
        has: Collection[str] | None,
        inode: int | None,
        name: str | None,
        *,
        in_use: bool,
    ) -> dict[Path, tuple[Sighting, ...]]:
        """Return the gone projects that a directory is, or may be.

        ``has`` are its telling entries (None: nobody has looked), ``name`` what its pyproject.toml
        says. ``in_use``: it leads to an environment, so that a name alone says nothing.
        """
        sightings: dict[Path, tuple[Sighting, ...]] = {}
        for record, reason in self._recognised(os.fspath(path), has, inode, name):
            if record.path != path and not self._was_there(path, record):
                sightings.setdefault(record.path, (Sighting(path, reason),))
        if not in_use and has and path not in self._known and str(path) not in self._others:
            reason = "it has that project's name"
            for other in self._directories.get(folded(path.name), ()):
                if other != path:
                    sightings.setdefault(other, (Sighting(path, reason),))
        return sightings

    def script(self, path: Path) -> dict[Path, tuple[Sighting, ...]]:
        """Return the gone scripts that a file is, or may be."""
        sightings: dict[Path, tuple[Sighting, ...]] = {}
        file = os.fspath(path)
        for record in self._same_inode(file):
            if record.path != path and _is_same(record, file):
                sightings[record.path] = (Sighting(path, "it is the same file"),)
        same_name = [] if path in self._known else self._scripts.get(folded(path.name), [])
        if same_name and _INLINE in (read_text(file) or ""):
            for other in same_name:
                if other != path:
                    sightings.setdefault(other, (Sighting(path, "it has that script's name"),))
        return sightings

    def _recognised(
        self, directory: str, has: Collection[str] | None, inode: int | None, name: str | None
    ) -> Iterator[tuple[ProjectRecord, str]]:
        for record in self._same_inode(directory, inode):
            if _is_same(record, directory, name):
                yield record, "it is the same directory"
        if self._gits and (has is None or ".git" in has):
            git = project_info.fingerprint(directory)
            for record in self._gits.get(git or "", ()):
                if name == record.name:
                    yield record, "it has the same git history and project name"

    def _same_inode(self, path: str, inode: int | None = None) -> Iterable[ProjectRecord]:
        """Return the records with the inode number of ``path``, which is read unless given."""
        if inode is None and self._inodes:
            status = status_of(path)
            inode = status.st_ino if status else None
        return self._inodes.get(inode, ()) if inode is not None else ()

    def _was_there(self, path: Path, record: ProjectRecord) -> bool:
        first_seen = self._known.get(path)
        return first_seen is not None and first_seen < record.last_seen


def _by_name(paths: Iterable[Path]) -> dict[str, list[Path]]:
    by_name: dict[str, list[Path]] = defaultdict(list)
    for path in dict.fromkeys(paths):
        by_name[folded(path.name)].append(path)
    return by_name


def _is_same(record: ProjectRecord, path: str, name: str | None = None) -> bool:
    """Return whether what lies at ``path`` with the recorded inode is the recorded project.

    Inode numbers are given out again, so the birth time decides; without one the name must agree,
    or something in it was there already when the project was last seen.
    """
    birth = birth_of(path)
    if record.birth is not None and birth is not None:
        return birth == record.birth
    if record.fsid is None or fsid_of(path) != record.fsid:
        return False
    same_last = os.path.basename(path) == record.path.name
    alike = same_last if name is None and record.name is None else name == record.name
    return alike or _older_than(path, record.last_seen)


def _older_than(directory: str, when: float) -> bool:
    """Return whether something in the directory has not been touched since ``when`` (seconds).

    By its change time, which no tool can set back: of a directory that was made later everything
    is newer.
    """
    try:
        with os.scandir(directory) as listing:
            times = [e.stat(follow_symlinks=False).st_ctime for e in islice(listing, _ENTRIES)]
    except OSError:
        return False
    return bool(times) and min(times) < when
