"""What a candidate proves: a pointer, a hash that fits, or a missing project found again.

A hash takes a tenth of a millisecond, so only directories are hashed whose name, or whose
project's name, is the one in the name of an unproven environment.
"""

import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from venvdash.model import Claim, Direction, Environment, EvidenceKind, Sighting
from venvdash.scanner.evidence.moved_projects import MissingProjects
from venvdash.scanner.evidence.pointers import Pointers
from venvdash.scanner.evidence.project_links import LinkedFolder, ProjectLink, is_outside
from venvdash.scanner.projects import project_info
from venvdash.scanner.projects.candidates import Candidate, SearchTargets
from venvdash.stores.base import Store, name_maker, normalised
from venvdash.system import reads
from venvdash.system.real_paths import RealPaths


@dataclass(frozen=True, slots=True)
class Evidence:
    """What candidates prove; the fields are those of ``Facts``, and ``names`` of projects.

    ``links_outside`` are pointers to paths that are not listed environments, ``folders`` are
    folders of environments in the settings of projects.
    """

    claims: tuple[Claim, ...] = ()
    pointers: Mapping[Path, Path] = field(default_factory=dict)
    sightings: Mapping[Path, tuple[Sighting, ...]] = field(default_factory=dict)
    names: Mapping[Path, str] = field(default_factory=dict)
    links_outside: tuple[ProjectLink, ...] = ()
    folders: tuple[LinkedFolder, ...] = ()

    def __bool__(self) -> bool:
        proven = self.claims or self.pointers or self.sightings
        return bool(proven or self.links_outside or self.folders)


_NAMELESS = ""  # a tool may use a fixed word for projects without a name
_Part = Callable[[str], str]
_Open = dict[_Part, dict[tuple[bool, str], list[Environment]]]  # by the rule for names


class Matcher:
    """Compares candidates with the environments of one scan.

    ``unproven`` are the environments that no claim of an existing project proves, ``missed`` the
    missing projects; ``pointers`` reads the files that tools leave in projects. Not thread-safe.
    Raises nothing.
    """

    def __init__(
        self,
        environments: Iterable[Environment],
        stores: Iterable[Store],
        *,
        unproven: Collection[Path] = (),
        missed: MissingProjects | None = None,
        pointers: Pointers | None = None,
    ) -> None:
        self._stores = {store.name: store for store in stores}
        self._pointers = pointers or Pointers()
        self._telling = self._pointers.telling
        self._by_path: dict[str, Environment] = {}
        self._open: _Open = {}
        self._keys: dict[Path, list[tuple[_Part, tuple[bool, str]]]] = {}  # where each is open
        self._real = RealPaths()
        for environment in environments:
            self.add(environment, unproven=environment.path in unproven)
        self._missed = missed or MissingProjects()

    def add(self, environment: Environment, *, unproven: bool) -> None:
        """Add an environment to compare later candidates with."""
        traits = environment.traits
        if environment.target is None:  # a link in a store stands for another environment
            self._by_path[self._real.of(environment.path)] = environment
        if not unproven:
            return
        # ``project_name`` is already as the tool writes it.
        name = traits.project_name if traits.expects_project else None
        part = self._part(environment)
        if name is None and (store := self._stores.get(environment.store)) is not None:
            name, part = store.guessed_name(environment), normalised
        if name is not None:
            key = (traits.script, name)
            self._open.setdefault(part, {}).setdefault(key, []).append(environment)
            self._keys.setdefault(environment.path, []).append((part, key))

    def _part(self, environment: Environment) -> _Part:
        return name_maker(self._stores.get(environment.store))

    @property
    def wanted(self) -> SearchTargets:
        """The names that are still looked for, and the entries that may be pointers."""
        names = [key for open_ones in self._open.values() for key in open_ones]
        return SearchTargets(
            frozenset(name for script, name in names if not script),
            frozenset(name for script, name in names if script),
            tuple(self._open) or (normalised,),
            self._telling,
            self._missed.inodes,
            self._missed.names,
            self._missed.scripts,
        )

    def match(self, candidate: Candidate) -> Evidence:
        """Return all that one candidate proves."""
        directory = os.fspath(candidate.path)
        if candidate.script:
            hashed = tuple(self._hashed(candidate.path, True, [_stem(directory)]))
            return Evidence(hashed, sightings={} if hashed else self._missed.script(candidate.path))
        name = self._name(candidate, directory)
        names = [os.path.basename(directory), name or _NAMELESS]
        links_outside: dict[str, ProjectLink] = {}
        links = self._links(candidate, directory, links_outside)
        pointed, current = self._pointed(candidate, directory, links_outside)
        claims = [
            Claim(
                env.path, candidate.path, EvidenceKind.PROJECT_LINK, Direction.PROJECT, str(pointer)
            )
            for pointer, env in (*links, *pointed)
        ]
        self._close_linked([env for _, env in (*links, *pointed)], names)
        used = [env.path for _, env in links]
        used += current
        claims += self._hashed(candidate.path, False, names)
        return Evidence(
            tuple(claims),
            {candidate.path: used[0]} if used else {},
            self._missed.directory(
                candidate.path,
                candidate.has,
                candidate.inode,
                name,
                in_use=bool(claims or links_outside),
            ),
            {candidate.path: name} if name else {},
            tuple(links_outside.values()),
            tuple(
                LinkedFolder(candidate.path, r)
                for r in self._pointers.folders(directory, candidate.has)
            ),
        )

    def guess(self, path: Path, names: Sequence[str] = (), *, script: bool = False) -> list[Claim]:
        """Return the HASH claims for a known path, which need not exist.

        Tries its last part and ``names``, the recorded names of the project.
        """
        last = _stem(os.fspath(path)) if script else path.name
        return list(self._hashed(path, script, [last, *(names or [_NAMELESS])]))

    def _name(self, candidate: Candidate, directory: str) -> str | None:
        """Return ``[project].name``, read only if it can matter."""
        has = candidate.has
        matters = self._open or self._missed or (has and project_info.VENV in has)
        return (
            project_info.name_of(directory)
            if matters and _may_have(has, "pyproject.toml")
            else None
        )

    def _links(
        self, candidate: Candidate, directory: str, links_outside: dict[str, ProjectLink]
    ) -> list[tuple[Path, Environment]]:
        pointers = (project_info.VENV, project_info.PYTHON_ENVS)
        if not any(_may_have(candidate.has, pointer) for pointer in pointers):
            return []
        linked = []
        for link in project_info.links_of(directory):
            target = os.fspath(link.environment)
            environment = self._by_path.get(target)
            if environment is not None:
                linked.append((link.pointer, environment))
            else:
                uses = link.pointer.name == project_info.VENV
                _note_link(links_outside, candidate.path, link.pointer, target, uses=uses)
        return linked

    def _pointed(
        self, candidate: Candidate, directory: str, links_outside: dict[str, ProjectLink]
    ) -> tuple[list[tuple[Path, Environment]], list[Path]]:
        """Return the environments that files in the project name, and which of them are in use.

        Only environments made per interpreter can be in use instead of others.
        """
        has = candidate.has
        if has is not None and self._telling.isdisjoint(has):
            return [], []
        pointed: dict[tuple[Path, Path], tuple[Path, Environment]] = {}
        current = []
        for pointer in self._pointers.of(directory, has):
            environment = self._by_path.get(pointer.real)
            if environment is None:
                _note_link(links_outside, candidate.path, pointer.file, pointer.real)
            else:
                pointed[pointer.file, environment.path] = pointer.file, environment
                if pointer.current and environment.traits.per_interpreter:
                    current.append(environment.path)
        return list(pointed.values()), current

    def _hashed(self, path: Path, script: bool, names: Iterable[str]) -> Iterator[Claim]:
        claims: list[Claim] = []
        names = tuple(dict.fromkeys(names))
        for part, open_ones in self._open.items():
            for name in {part(name): None for name in names}:
                claims += self._fitting(path, open_ones.get((script, name), ()))
        self._close(claim.environment for claim in claims)
        yield from claims

    def _fitting(self, path: Path, environments: Iterable[Environment]) -> list[Claim]:
        claims = []
        for env in environments:
            store = self._stores.get(env.store)
            if store is not None and store.fits(env, path):
                source = env.entry.name
                claims.append(
                    Claim(env.path, path, EvidenceKind.HASH, Direction.ENVIRONMENT, source)
                )
        return claims

    def _close_linked(self, linked: Iterable[Environment], names: Iterable[str]) -> None:
        """Stop looking for environments that a project of the right name links to."""
        names = list(names)
        self._close(
            env.path
            for env in linked
            if (env.traits.project_name or "") in map(self._part(env), names)
        )

    def _close(self, paths: Iterable[Path]) -> None:
        for path in paths:
            for part, key in self._keys.pop(path, ()):
                open_ones = self._open[part]
                open_ones[key] = [env for env in open_ones[key] if env.path != path]
                if not open_ones[key]:
                    del open_ones[key]
                if not open_ones:
                    del self._open[part]


def evidence(candidates: Iterable[Candidate], matcher: Matcher) -> Evidence:
    """Return the evidence of all ``candidates`` together."""
    claims: list[Claim] = []
    pointers: dict[Path, Path] = {}
    sightings: dict[Path, tuple[Sighting, ...]] = {}
    names: dict[Path, str] = {}
    links_outside: list[ProjectLink] = []
    folders: list[LinkedFolder] = []
    for candidate in candidates:
        proven = matcher.match(candidate)
        claims += proven.claims
        pointers |= proven.pointers
        names |= proven.names
        links_outside += proven.links_outside
        folders += proven.folders
        for path, places in proven.sightings.items():
            sightings[path] = (*sightings.get(path, ()), *places)
    return Evidence(tuple(claims), pointers, sightings, names, tuple(links_outside), tuple(folders))


def _note_link(
    links_outside: dict[str, ProjectLink],
    project: Path,
    pointer: Path,
    target: str,
    *,
    uses: bool = False,
) -> None:
    """Note a pointer whose target lies outside its project; the first one counts."""
    if target not in links_outside and is_outside(reads.realpath(project), target):
        links_outside[target] = ProjectLink(project, pointer, Path(target), uses)


def _may_have(has: frozenset[str] | None, name: str) -> bool:
    return has is None or name in has


def _stem(path: str) -> str:
    return os.path.splitext(os.path.basename(path))[0]
