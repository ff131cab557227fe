"""Missing projects, recognised at another place.

A directory or script is recognised by its inode and birth time, or by the first commit of its
repository. Its name is weaker: it proves nothing, but as long as a folder of that name exists, the
project may not be gone.
"""

import os
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path

from venvdash.model import Environment, ProjectRecord, Sighting
from venvdash.scanner.projects import project_info
from venvdash.scanner.projects.presence import folded, fsid_of
from venvdash.system import reads
from venvdash.system.birth_time import birth_of
from venvdash.system.files import read_text, status_of

_ENTRIES = 1000  # read in one directory to estimate its age
_INLINE = "# /// script"  # start of a script's metadata (PEP 723)


def inside_stores(environments: Iterable[Environment]) -> frozenset[str]:
    """Return the directories of environments, and the directories above them in their stores."""
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
    """The projects that are not at their places.

    ``records`` are the recorded ones, ``directories`` and ``scripts`` all that claims name.
    ``known`` maps recorded projects to when they were first seen (seconds), so that an old copy is
    not taken for a moved original. ``others`` are directories that are no such project: inside
    stores, or the project of an environment.
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
        """Return the missing projects that a directory is, or may be.

        ``has`` are its telling entries (None: not read), ``name`` is its name in pyproject.toml.
        ``in_use``: it points to an environment, so a name alone is no sign.
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
        """Return the missing scripts that a file is, or may be."""
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
    """Return whether ``path``, which has the recorded inode number, is the recorded project.

    Inode numbers are reused, so the birth time decides. Without one the name must agree, or an
    entry must be older than the last time the project was seen.
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
    """Return whether an entry of the directory was last changed before ``when`` (seconds).

    Uses the change time, which no tool can set back: in a newer directory all entries are newer.
    """
    reads.note_more()  # the times of entries are not noted
    try:
        with reads.scandir(directory) as listing:
            times = [e.stat(follow_symlinks=False).st_ctime for e in islice(listing, _ENTRIES)]
    except OSError:
        return False
    return bool(times) and min(times) < when
