"""What a candidate proves: a pointer that leads here, a hash that fits, a gone project found again.

A hash costs a tenth of a millisecond, so only directories are hashed whose name, or whose project's
name, is the one in the name of an environment that nothing has proven yet.
"""

import os
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from venvdash.model import Claim, Direction, Environment, How, ProjectRecord, Sighting
from venvdash.scanner import projects
from venvdash.scanner.candidates import Candidate, Wanted
from venvdash.scanner.places import fsid_of
from venvdash.stores.base import Store, normalised


@dataclass(frozen=True, slots=True)
class Evidence:
    """What candidates proved; the fields are those of ``Facts``, ``names`` is for people."""

    claims: tuple[Claim, ...] = ()
    pointers: Mapping[Path, Path] = field(default_factory=dict)
    sightings: Mapping[Path, tuple[Sighting, ...]] = field(default_factory=dict)
    names: Mapping[Path, str] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.claims or self.pointers or self.sightings)


def wanted(environments: Iterable[Environment], unproven: Collection[Path]) -> Wanted:
    """Return the names to search for: those of the environments in ``unproven`` (their paths)."""
    of_projects: set[str] = set()
    of_scripts: set[str] = set()
    for environment in environments:
        name = environment.traits.project_name
        if environment.path in unproven and environment.traits.expects_project and name is not None:
            (of_scripts if environment.traits.script else of_projects).add(normalised(name))
    return Wanted(frozenset(of_projects), frozenset(of_scripts))


class Matcher:
    """Compares candidates with the environments of one scan.

    ``unproven`` are the paths of environments that no live claim of their own proves; ``gone`` the
    records of projects whose places are ABSENT; ``known`` maps projects that are recorded to when
    they were first seen, so that a copy which was always there is not taken for a moved original.
    Not for use by two threads at once. Nothing here raises.
    """

    def __init__(
        self,
        environments: Iterable[Environment],
        stores: Iterable[Store],
        *,
        unproven: Collection[Path] = (),
        gone: Iterable[ProjectRecord] = (),
        known: Mapping[Path, float] | None = None,
    ) -> None:
        self._stores = {store.name: store for store in stores}
        self._by_path: dict[str, Environment] = {}
        self._open: dict[tuple[bool, str], list[Environment]] = defaultdict(list)
        for environment in environments:
            self._add(environment, environment.path in unproven)
        self._known = dict(known or {})
        self._inodes: dict[int, list[ProjectRecord]] = defaultdict(list)
        self._gits: dict[str, list[ProjectRecord]] = defaultdict(list)
        for record in gone:
            if record.inode is not None and record.fsid is not None:
                self._inodes[record.inode].append(record)
            if record.git is not None:
                self._gits[record.git].append(record)

    def _add(self, environment: Environment, unproven: bool) -> None:
        traits = environment.traits
        if environment.target is None:  # a link in a store stands for another environment
            self._by_path[os.path.realpath(environment.path)] = environment
        if unproven and traits.expects_project and traits.project_name is not None:
            self._open[traits.script, normalised(traits.project_name)].append(environment)

    @property
    def wanted(self) -> Wanted:
        """The names that are still looked for."""
        return Wanted(
            frozenset(name for script, name in self._open if not script),
            frozenset(name for script, name in self._open if script),
        )

    def match(self, candidate: Candidate) -> Evidence:
        """Return all that one candidate proves."""
        directory = os.fspath(candidate.path)
        if candidate.script:
            return Evidence(tuple(self._hashed(candidate.path, True, [_stem(directory)])))
        name = self._name(candidate, directory)
        names = [os.path.basename(directory), *([name] if name else [])]
        links = self._links(candidate, directory)
        claims = [
            Claim(env.path, candidate.path, How.PROJECT_LINK, Direction.PROJECT, str(pointer))
            for pointer, env in links
        ]
        self._close_linked([env for _, env in links], names)
        claims += self._hashed(candidate.path, False, names)
        return Evidence(
            tuple(claims),
            {candidate.path: links[0][1].path} if links else {},
            self._sightings(candidate, directory, name),
            {candidate.path: name} if name else {},
        )

    def guess(self, path: Path, names: Iterable[str] = (), *, script: bool = False) -> list[Claim]:
        """Return the HASH claims for a known path, which need not exist.

        Its last part is tried, and ``names``: what the project there called itself.
        """
        last = _stem(os.fspath(path)) if script else path.name
        return list(self._hashed(path, script, [last, *names]))

    def _name(self, candidate: Candidate, directory: str) -> str | None:
        """Return ``[project].name``, read only where it may matter."""
        has = candidate.has
        matters = self._open or self._inodes or self._gits or (has and projects.VENV in has)
        return projects.name_of(directory) if matters and _may_have(has, "pyproject.toml") else None

    def _links(self, candidate: Candidate, directory: str) -> list[tuple[Path, Environment]]:
        pointers = (projects.VENV, projects.PYTHON_ENVS)
        if not any(_may_have(candidate.has, pointer) for pointer in pointers):
            return []
        found = [
            (link.pointer, self._by_path.get(os.fspath(link.environment)))
            for link in projects.links_of(directory)
        ]
        return [(pointer, env) for pointer, env in found if env is not None]

    def _hashed(self, path: Path, script: bool, names: Iterable[str]) -> Iterator[Claim]:
        for name in dict.fromkeys(normalised(name) for name in names):
            found = self._fitting(path, list(self._open.get((script, name), ())))
            self._close(claim.environment for claim in found)
            yield from found

    def _fitting(self, path: Path, environments: Iterable[Environment]) -> list[Claim]:
        found = []
        for env in environments:
            store = self._stores.get(env.store)
            if store is not None and store.fits(env, path):
                source = env.entry.name
                found.append(Claim(env.path, path, How.HASH, Direction.ENVIRONMENT, source))
        return found

    def _close_linked(self, linked: Iterable[Environment], names: Iterable[str]) -> None:
        """Stop looking for those that a project of the right name leads to."""
        right = {normalised(name) for name in names}
        self._close(e.path for e in linked if normalised(e.traits.project_name or "") in right)

    def _close(self, paths: Iterable[Path]) -> None:
        closed = set(paths)
        if not closed:
            return
        for key, environments in list(self._open.items()):
            left = [env for env in environments if env.path not in closed]
            if left:
                self._open[key] = left
            else:
                del self._open[key]

    def _sightings(
        self, candidate: Candidate, directory: str, name: str | None
    ) -> dict[Path, tuple[Sighting, ...]]:
        """Return the gone projects that this directory is, at another place."""
        found: dict[Path, tuple[Sighting, ...]] = {}
        for record, reason in self._recognised(candidate, directory, name):
            if record.path != candidate.path and not self._was_there(candidate.path, record):
                found.setdefault(record.path, (Sighting(candidate.path, reason),))
        return found

    def _recognised(
        self, candidate: Candidate, directory: str, name: str | None
    ) -> Iterator[tuple[ProjectRecord, str]]:
        if self._inodes:
            inode = candidate.inode if candidate.inode is not None else _inode(directory)
            for record in self._inodes.get(inode or -1, ()):
                # Inode numbers are given out again, so the name must agree as well.
                alike = name == record.name and (name or _last(record.path) == _last(directory))
                if alike and fsid_of(directory) == record.fsid:
                    yield record, "it is the same directory"
        if self._gits and _may_have(candidate.has, ".git"):
            git = projects.fingerprint(directory)
            for record in self._gits.get(git or "", ()):
                if name == record.name:
                    yield record, "it has the same git history and project name"

    def _was_there(self, path: Path, record: ProjectRecord) -> bool:
        first_seen = self._known.get(path)
        return first_seen is not None and first_seen < record.last_seen


def evidence(candidates: Iterable[Candidate], matcher: Matcher) -> Evidence:
    """Return what all ``candidates`` prove together."""
    claims: list[Claim] = []
    pointers: dict[Path, Path] = {}
    sightings: dict[Path, tuple[Sighting, ...]] = {}
    names: dict[Path, str] = {}
    for candidate in candidates:
        found = matcher.match(candidate)
        claims += found.claims
        pointers |= found.pointers
        names |= found.names
        for path, places in found.sightings.items():
            sightings[path] = (*sightings.get(path, ()), *places)
    return Evidence(tuple(claims), pointers, sightings, names)


def _may_have(has: frozenset[str] | None, name: str) -> bool:
    return has is None or name in has


def _stem(path: str) -> str:
    return os.path.splitext(os.path.basename(path))[0]


def _last(path: str | os.PathLike[str]) -> str:
    return os.path.basename(os.fspath(path))


def _inode(directory: str) -> int | None:
    try:
        return os.stat(directory).st_ino
    except (OSError, ValueError):
        return None
