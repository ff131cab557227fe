"""The environments and their recorded projects by identity, not by the text of a path.

One directory may have several paths: by bind mounts, case or Unicode normalisation. Its device and
inode are the same.
"""

import os
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from venvdash.model import Environment, Facts, ProjectRecord
from venvdash.scanner.projects import project_info
from venvdash.scanner.projects.presence import folded, fsid_of
from venvdash.system.birth_time import birth_of
from venvdash.system.files import status_of


class EnvironmentPaths:
    """The directories of environments, by device and inode."""

    def __init__(self, environments: Iterable[Environment]) -> None:
        self._by_identity: dict[tuple[int, int], Path] = {}
        self._by_text: dict[str, Path] = {}
        for environment in environments:
            path = environment.path
            self._by_text[folded(os.fspath(path))] = path
            status = status_of(path)
            if status is not None:
                self._by_identity[status.st_dev, status.st_ino] = path

    def of(self, path: str) -> Path | None:
        """Return the environment at a path, under any spelling, or None."""
        status = status_of(path)
        if status is None:
            return self._by_text.get(folded(os.path.normpath(path)))
        return self._by_identity.get((status.st_dev, status.st_ino))


@dataclass(frozen=True, slots=True)
class _Sought:
    environment: Path
    record: ProjectRecord


class RecordedProjects:
    """The directories and scripts that are recorded as projects of the environments."""

    def __init__(self, environments: Iterable[Environment], facts: Facts | None) -> None:
        self._by_inode: dict[int, list[_Sought]] = defaultdict(list)
        self._by_git: dict[str, list[_Sought]] = defaultdict(list)
        self.scripts: set[int] = set()  # the inode numbers of files
        for environment in environments:
            for record in records_of(environment, facts):
                sought = _Sought(environment.path, record)
                if record.inode is not None:
                    self._by_inode[record.inode].append(sought)
                    if environment.traits.script:
                        self.scripts.add(record.inode)
                if record.git is not None:
                    self._by_git[record.git].append(sought)
        self.inodes = frozenset(self._by_inode)
        self.has_repositories = bool(self._by_git)

    def by_inode(self, path: str, inode: int) -> list[Path]:
        """Return the environments whose recorded project is the one at ``path``.

        Inode numbers are reused: the birth times decide, or without them the project's name or the
        first commit of its repository.
        """
        sought = self._by_inode.get(inode)
        if not sought:
            return []
        birth = birth_of(path)
        return [one.environment for one in sought if _is(one.record, path, birth)]

    def by_git(self, directory: str) -> list[Path]:
        """Return the environments whose recorded project has this history and this name."""
        sought = self._by_git.get(project_info.fingerprint(directory) or "", ())
        if not sought:
            return []
        name = project_info.name_of(directory)
        return [one.environment for one in sought if one.record.name == name]


def records_of(environment: Environment, facts: Facts | None) -> Iterable[ProjectRecord]:
    """Return the records of an environment's projects."""
    memory = facts.memories.get(environment.path) if facts else None
    return memory.record.projects if memory else ()


def _is(record: ProjectRecord, path: str, birth: int | None) -> bool:
    if record.birth is not None and birth is not None:
        return record.birth == birth
    fsid = fsid_of(path)
    if record.fsid is not None and fsid is not None and record.fsid != fsid:
        return False
    if not os.path.isdir(path):
        return os.path.basename(path) == record.path.name
    alike = os.path.basename(path) == record.path.name
    alike = alike or (record.name is not None and project_info.name_of(path) == record.name)
    return alike or (record.git is not None and project_info.fingerprint(path) == record.git)
