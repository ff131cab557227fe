"""Matches a directory or script with the environments of a search."""

import hashlib
import os
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from venvdash.config import Config
from venvdash.model import Environment, Facts, Presence
from venvdash.records.directories import Question
from venvdash.scanner.discovery import store_folders
from venvdash.scanner.evidence.moved_projects import inside_stores
from venvdash.scanner.evidence.pointers import Pointers, named
from venvdash.scanner.evidence.project_settings import ProjectSettings
from venvdash.scanner.projects import project_info
from venvdash.scanner.search.findings import Hit
from venvdash.scanner.search.identities import EnvironmentPaths, RecordedProjects
from venvdash.scanner.search.mentions import SCRIPT_FOLDERS, SUFFIX, Mentions
from venvdash.scanner.search.names import SIGNS, Digests, ProjectNames
from venvdash.stores import registry
from venvdash.stores.base import normalised
from venvdash.stores.roots import Root
from venvdash.system.files import read_text
from venvdash.system.machine import Machine
from venvdash.text import short_path

_LINKS = frozenset([project_info.VENV, project_info.PYTHON_ENVS])
_INLINE = "# /// script"  # how the metadata of a script begins (PEP 723)
# Where distributions install packages: the name of a folder is no sign there.
_PACKAGED = ("/lib/", "/usr/include/", "/usr/lib/", "/usr/lib64/", "/usr/libexec/", "/usr/share/")
_TRASHES = ("/Trash/files/", "/.Trash/", "/.Trash-", "/$RECYCLE.BIN/", "/.Trashes/")


@dataclass(frozen=True, slots=True)
class Spellings:
    """Directories with a second path: (path, other path)."""

    pairs: tuple[tuple[str, str], ...] = ()

    def of(self, path: str) -> list[str]:
        """Return every path of a directory, the one given first."""
        paths = [path]
        for start, other in self.pairs:
            if path == start or path.startswith(start.rstrip("/") + "/"):
                paths.append(other.rstrip("/") + path[len(start.rstrip("/")) :])
        return paths


class DirectoryMatcher:
    """Looks in directories for uses of ``environments`` and collects them in ``hits``.

    ``telling`` are the names of entries that may say something; ``folders`` (folded) those of
    folders to read whatever they hold, ``scripts`` those of scripts; ``inodes`` and
    ``script_inodes`` are the inode numbers of recorded projects. Nothing here raises.
    """

    def __init__(
        self,
        machine: Machine,
        config: Config,
        environments: Sequence[Environment],
        facts: Facts | None,
        spellings: Spellings = Spellings(),
    ) -> None:
        self.hits: dict[Path, Hit] = {}
        self._home = machine.home
        self._spellings = spellings
        self._wanted = frozenset(environment.path for environment in environments)
        every = list(facts.environments.values()) if facts else []
        stores = registry()
        self._sought = EnvironmentPaths(environments)
        self._others = EnvironmentPaths(e for e in every if e.path not in self._wanted)
        self._recorded = RecordedProjects(environments, facts)
        self._digests = Digests(environments, stores)
        self._names = ProjectNames(environments, stores, facts)
        self._living = _living(facts) | inside_stores([*every, *environments])
        self._known = _known(environments, facts)
        self._pointers = Pointers(
            stores, _roots(machine, config), ProjectSettings(machine, named(every))
        )
        self._mentions = Mentions(environments, machine.home)
        self._environments = [e for e in every if e.path not in self._wanted and e.target is None]
        self.telling = self._pointers.telling | self._mentions.telling
        self.telling |= _LINKS | SIGNS | self._digests.required
        self.inodes = self._recorded.inodes
        self.script_inodes = frozenset(self._recorded.scripts)
        self.folders = self._names.folders | SCRIPT_FOLDERS
        self.scripts = Scripts(self._digests.stems, self._names.scripts)

    def question(self, *, follows: bool) -> Question:
        """Return what is looked for, to compare it with an earlier search."""
        telling = hashlib.blake2b("\0".join(sorted(self.telling)).encode(), digest_size=16)
        wanted = {
            "stems": self.scripts.stems,
            "files": self.scripts.names,
            "inodes": frozenset(map(str, self.script_inodes)),
            "links": frozenset(["followed"]) if follows else frozenset[str](),
        }
        return Question(telling.hexdigest(), wanted)

    def telling_among(self, names: Iterable[str]) -> list[str]:
        """Return the telling names among the entries of a directory."""
        telling = self.telling
        return [name for name in names if name in telling or name.endswith(SUFFIX)]

    @property
    def done(self) -> bool:
        """Whether something was found for every environment."""
        return len(self.hits) == len(self._wanted)

    def wants(self, name: str) -> bool:
        """Return whether a directory of this name is always read."""
        return name.lower() in SCRIPT_FOLDERS or self._names.wanted(name)

    def look(self, directory: str, has: Collection[str], inode: int | None) -> None:
        """Match a directory with the telling entries ``has``."""
        elsewhere = self._follow_pointers(directory, has) if has else False
        if inode is not None:
            for path in self._recorded.by_inode(directory, inode):
                self._hit(path, directory, "{} is the directory that was its project")
        if ".git" in has and self._recorded.has_repositories:
            for path in self._recorded.by_git(directory):
                self._hit(path, directory, "{} has its project's git history and name")
        if not self._digests.required.isdisjoint(has):
            self._try_digests(directory, has)
        packaged = directory.startswith(_PACKAGED)
        if not elsewhere and not packaged and directory not in self._living:
            named_so = list(self._names.of_folder(directory, has))
            if named_so and not os.path.lexists(os.path.join(directory, "pyvenv.cfg")):
                for path in named_so:
                    self._hit(path, directory, "{} has its project's name and may be that project")
        for named_in, path in self._mentions.of(directory, has):
            self._mention(path, directory, named_in)

    def look_at_environments(self, readable: Callable[[Path], bool]) -> None:
        """Match the path files of other environments that are ``readable``."""
        for other in self._environments:
            if readable(other.path):
                for file, path in self._mentions.of_environment(os.fspath(other.path)):
                    self._mention(path, os.fspath(other.path), file)

    def look_at_script(self, file: str, inode: int) -> None:
        """Match a file that may be a script."""
        for path in self._recorded.by_inode(file, inode):
            self._hit(path, file, "{} is the script that it was created for")
        if not self.scripts.may_be(os.path.basename(file)):
            return
        for spelling in self._spellings.of(file):
            for environment in self._digests.fitting_script(spelling):
                self._hit(environment.path, file, "its name has the hash of {}")
        if file in self._living:
            return
        named_so = [*self._names.of_script(file), *(e.path for e in self._digests.called(file))]
        if named_so and _INLINE in (read_text(file) or ""):
            for path in named_so:
                self._hit(path, file, "{} has its script's name and may be that script")

    def _follow_pointers(self, directory: str, has: Collection[str]) -> bool:
        """Match the pointers of a directory; return whether one names another environment."""
        elsewhere = False
        for file, target in self._targets(directory, has):
            path = self._sought.of(target)
            if path is not None:
                self._hit(path, directory, "{} points to it", file)
            elsewhere = elsewhere or self._others.of(target) is not None
        return elsewhere

    def _targets(self, directory: str, has: Collection[str]) -> Iterable[tuple[Path, str]]:
        if not _LINKS.isdisjoint(has):
            for link in project_info.links_of(directory):
                yield link.pointer, os.fspath(link.environment)
        for pointer in self._pointers.of(directory, has):
            yield pointer.file, pointer.real

    def _try_digests(self, directory: str, has: Collection[str]) -> None:
        for spelling in self._spellings.of(directory):
            for environment in self._digests.fitting(spelling, has):
                self._hit(environment.path, directory, "the hash in its name is that of {}")

    def _mention(self, environment: Path, place: str, file: str) -> None:
        """Add a hit for a file that names an environment, unless it lies in that environment."""
        inside = place == os.fspath(environment) or place.startswith(f"{environment}/")
        if not inside and environment not in self.hits:
            reason = f"{short_path(file, self._home)} refers to it."
            self.hits[environment] = Hit(environment, Path(place), reason, is_project=False)

    def _hit(self, environment: Path, project: str, says: str, file: Path | None = None) -> None:
        known = file is None and project in self._known.get(environment, ())
        if known or environment in self.hits or environment not in self._wanted:
            return  # known projects were considered for the list
        reason = says.format(short_path(file or project, self._home))
        if any(trash in project for trash in _TRASHES):
            reason += ", in the desktop's trash, from where it can be restored"
        reason = reason[0].upper() + reason[1:] + "."
        self.hits[environment] = Hit(environment, Path(project), reason)


@dataclass(frozen=True, slots=True)
class Scripts:
    """Names of scripts: ``stems`` as tools write them, ``names`` of files, folded."""

    stems: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.stems or self.names)

    def may_be(self, name: str) -> bool:
        """Return whether a file of this name may be a script that is looked for."""
        if name.lower() in self.names:
            return True
        stem, suffix = os.path.splitext(name)
        return suffix in ("", ".py") and bool(self.stems) and normalised(stem) in self.stems


def _living(facts: Facts | None) -> frozenset[str]:
    """Return the existing projects that are proven: what each uses is known.

    A place that was only found by its name proves nothing: it may still be the project.
    """
    return _existing(facts, facts.claimed) if facts else frozenset()


def _known(environments: Iterable[Environment], facts: Facts | None) -> dict[Path, frozenset[str]]:
    """Return for each environment the existing projects that it is known to belong to."""
    return {e.path: _existing(facts, [e.path]) for e in environments} if facts else {}


def _existing(facts: Facts, environments: Iterable[Path]) -> frozenset[str]:
    """Return the projects of environments that exist, links resolved."""
    claimed = {project for path in environments for project in facts.claimed.get(path, ())}
    places = [facts.places[project] for project in claimed if project in facts.places]
    present = [place for place in places if place.presence is Presence.PRESENT]
    return frozenset(os.fspath(place.real or place.path) for place in present)


def _roots(machine: Machine, config: Config) -> Mapping[str, Sequence[Root]]:
    """Return the roots of each store that exist and respond, links resolved."""
    roots: dict[str, list[Root]] = {}
    for branch in store_folders.answering_branches(machine, config)[0]:
        if branch.exists:
            root = replace(branch.root, path=branch.real)
            roots.setdefault(root.store, []).append(root)
    return roots
