"""Searches the places where people and tools keep projects, in one bounded pass.

No configuration is needed. A link in HOME or in a folder of projects is followed, links in its
target are not. Network mounts are entered only if a proven project, HOME or a configured root lies
on them. Hot loops use ``str``, not ``Path``.
"""

import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import islice
from pathlib import Path

from venvdash.config import Config
from venvdash.scanner.projects import project_info, recent_projects
from venvdash.scanner.projects.presence import folded
from venvdash.stores.base import normalised
from venvdash.system import reads
from venvdash.system.machine import Machine
from venvdash.system.mounts import Mounts, resolved
from venvdash.system.real_paths import RealPaths
from venvdash.system.shared_paths import shared_path

_DEPTH = 3  # directories below a folder that holds projects
_OTHER_DEPTH = 2  # below any other folder of HOME, if a project is missing
_ROOTS_DEPTH = 6  # below one that the user named
_TOTAL = 60_000  # directories in one search
_ENTRIES = 20_000  # entries looked at in one directory
_LINKS = 500  # that are followed
_HOME_FOLDERS = "home folders"

# Entries that make a directory a project, or point from it to an environment.
_TELLING = frozenset(
    [
        project_info.VENV,
        project_info.PYTHON_ENVS,
        ".git",
        "Pipfile",
        "pyproject.toml",
        "requirements.txt",
        "setup.cfg",
        "setup.py",
    ]
)
_ENVIRONMENT = frozenset(["pyvenv.cfg", "conda-meta"])
_NEVER_ENTERED = frozenset(
    ["node_modules", "site-packages", "__pycache__", "__pypackages__", "Library", "AppData", "snap"]
)
# First-level folders of HOME that hold projects, in lower case.
_PROJECT_FOLDERS = frozenset(
    [
        *("code", "src", "source", "sources", "dev", "develop", "development", "developer"),
        *("projects", "project", "work", "workspace", "workspaces", "repos", "repositories"),
        *("git", "github", "gitlab", "ghq", "documents", "desktop", "python", "scratch"),
        *("pycharmprojects", "ideaprojects", "dataspellprojects", "notebooks", "lab"),
    ]
)


_is_junction: Callable[[str], bool] | None = (
    getattr(os.path, "isjunction", None) if os.name == "nt" else None
)


@dataclass(frozen=True, slots=True)
class SearchTargets:
    """What the search looks for.

    ``names`` of projects and ``scripts`` (without ``.py``) are those in the names of unproven
    environments, as one of ``parts`` makes them. ``telling`` are entries of projects that point to
    environments. ``inodes``, ``gone`` (folded names) and ``files`` (folded names of scripts) are
    those of missing projects.
    """

    names: frozenset[str] = frozenset()
    scripts: frozenset[str] = frozenset()
    parts: tuple[Callable[[str], str], ...] = (normalised,)
    telling: frozenset[str] = frozenset()
    inodes: frozenset[int] = frozenset()
    gone: frozenset[str] = frozenset()
    files: frozenset[str] = frozenset()

    @property
    def misses(self) -> bool:
        """Whether any project is missing, so that more folders are searched."""
        return bool(self.inodes or self.names or self.scripts or self.gone or self.files)

    def name(self, name: str) -> bool:
        """Return whether a project of this name is looked for."""
        return bool(self.names) and any(part(name) in self.names for part in self.parts)

    def script(self, name: str, inode: int) -> bool:
        """Return whether a file may be a script that is looked for.

        It needs no ``.py``: its first line may start ``uv run --script``.
        """
        if inode in self.inodes or folded(name) in self.files:
            return True
        stem, suffix = os.path.splitext(name)
        return suffix in ("", ".py") and any(part(stem) in self.scripts for part in self.parts)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A directory that may be a project, or a script that an environment may be made for.

    ``why`` is the source of the path; ``has`` are its telling entries (None: not read), ``inode``
    is its inode number if the search has read it.
    """

    path: Path
    why: str
    has: frozenset[str] | None = None
    inode: int | None = None
    script: bool = False


@dataclass(frozen=True, slots=True)
class _Start:
    path: str
    depth: int
    why: str
    trusted: bool = False  # may lie on a network mount


class CandidateSearch:
    """A search for projects: iterate over it for the candidates, each directory once.

    ``known`` are the projects that claims and records name, existing or not, without those that did
    not respond. Directories are read while iterating, and nothing is raised. Afterwards
    ``searched`` has the number of directories read for each source, ``skipped`` the starting points
    on network mounts, and ``cut_short`` says that the limit on directories was reached.
    """

    def __init__(
        self,
        machine: Machine,
        config: Config,
        known: Sequence[Path] = (),
        wanted: SearchTargets = SearchTargets(),
        cancelled: Callable[[], bool] = lambda: False,
        mounts: Mounts | None = None,
    ) -> None:
        self.searched: Counter[str] = Counter()
        self.skipped: list[str] = []
        self.cut_short = False
        self._machine, self._config = machine, config
        self._known = [os.fspath(path) for path in known]
        self._wanted, self._cancelled = wanted, cancelled
        self._mounts = mounts if mounts is not None else Mounts.read()
        proven = [self._mounts.of(path) for path in (*self._known, os.fspath(machine.home))]
        self._allowed = frozenset(mount.point for mount in proven if mount is not None)
        self._seen: dict[str, int] = {}
        self._real = RealPaths()
        self._links: list[tuple[str, int]] = []
        self._telling = _TELLING | self._wanted.telling
        self._wants = cache(wanted.name)  # many directories have the same name

    @property
    def directories(self) -> int:
        """The number of directories that were read."""
        return len(self._seen)

    def __iter__(self) -> Iterator[Candidate]:
        home = os.fspath(self._machine.home)  # a link may lead to a directory above it
        for start in self._starts():
            if self._cancelled() or self.cut_short:
                return
            path = self._resolved(start)
            if path is None:
                self.skipped.append(start.path)
            elif path == start.path or not home.startswith(path.rstrip("/") + "/"):
                yield from self._below(path, start)

    def _resolved(self, start: _Start) -> str | None:
        if not start.trusted and self._mounts.any_network:
            return resolved(start.path, self._mounts, self._allowed)
        try:
            return self._real.of(start.path)
        except (OSError, ValueError):
            return None

    def _starts(self) -> Iterator[_Start]:
        """Yield the starting points, the likeliest first, so that rows are decided early."""
        home = os.fspath(self._machine.home)
        yield from self._beside_known()
        yield from self._current_repository(home)
        for path in self._known:
            yield from (_Start(tree, 0, "git worktrees") for tree in project_info.worktrees(path))
        for root in self._config.project_roots:
            path = os.fspath(self._machine.expand(root))
            yield _Start(path, _ROOTS_DEPTH, "project_roots", trusted=True)
        for tool, path in recent_projects.directories(self._machine):
            yield _Start(path, 0, tool)
        for name in ("SCRATCH", "WORK"):
            scratch = self._machine.path_variable(name)
            if scratch is not None and len(scratch.parts) > 1:
                yield _Start(os.fspath(scratch), _DEPTH, f"${name}")
        yield from self._home_folders(home)

    def _beside_known(self) -> Iterator[_Start]:
        for path in self._known:
            yield _Start(path, 0, "known projects", trusted=True)
        for parent in dict.fromkeys(os.path.dirname(path) for path in self._known):
            if parent != os.path.dirname(parent):
                yield _Start(parent, 1, "beside known projects")

    def _current_repository(self, home: str) -> Iterator[_Start]:
        if self._machine.cwd is None:
            return
        here = current = os.fspath(self._machine.cwd)
        top = None
        while current not in (home, os.path.dirname(current)):
            if any(reads.lexists(os.path.join(current, n)) for n in (".git", "pyproject.toml")):
                yield _Start(current, 0, "current directory")
                top = current
            current = os.path.dirname(current)
        if here not in (home, os.path.dirname(here)):
            yield _Start(here, 1, "current directory")
        if top is not None:
            yield _Start(top, 2, "current directory")
            yield from (_Start(tree, 0, "git worktrees") for tree in project_info.worktrees(top))

    def _home_folders(self, home: str) -> Iterator[_Start]:
        yield _Start(home, 0, _HOME_FOLDERS)
        try:
            with reads.scandir(home) as listing:
                enters = (e.name for e in islice(listing, _ENTRIES) if _enters(e, links=True))
                folders = sorted(enters)
        except OSError:
            return
        # If a project is missing, search all folders.
        wanted = self._wanted
        other = _OTHER_DEPTH if wanted.misses else 0
        for name in folders:
            depth = _DEPTH if name.lower() in _PROJECT_FOLDERS else other
            yield _Start(os.path.join(home, name), depth, _HOME_FOLDERS)
        if wanted.scripts or wanted.files:
            yield from self._programs(home)
        for path, depth in self._links:  # met in the folders above
            yield _Start(path, depth, "linked folders")

    def _programs(self, home: str) -> Iterator[_Start]:
        """Yield the user's folders on PATH, for scripts without a suffix."""
        folders = (self._machine.variable("PATH") or "").split(os.pathsep)
        for folder in dict.fromkeys([f"{home}/bin", f"{home}/.local/bin", *folders]):
            if folder.startswith(f"{home}/"):
                yield _Start(folder, 0, "folders of programs")

    def _below(self, path: str, start: _Start) -> Iterator[Candidate]:
        pending: list[tuple[str, int, int | None]] = [(path, start.depth, None)]
        while pending and not self._cancelled():
            directory, depth, inode = pending.pop()
            before = self._seen.get(directory)
            if before is not None and before >= depth:
                continue
            if self.directories >= _TOTAL:
                self.cut_short = True
                return
            self._seen[directory] = depth
            listed = self._listed(directory, depth, start.why == _HOME_FOLDERS)
            if listed is None:
                continue
            has, inner, scripts = listed
            if before is None:
                self.searched[start.why] += 1
                if has or self._is_wanted(directory, inode):
                    yield Candidate(shared_path(directory), start.why, frozenset(has), inode)
                for script in scripts:
                    yield Candidate(Path(directory, script), start.why, script=True)
            for name, number in inner:
                pending.append((os.path.join(directory, name), depth - 1, number))

    def _listed(
        self, directory: str, depth: int, links: bool
    ) -> tuple[list[str], list[tuple[str, int]], list[str]] | None:
        """Return (telling entries, directories to enter, wanted scripts); None for an environment.

        With ``links``, links to other folders are noted.
        """
        enter = depth > 0
        has: list[str] = []
        inner: list[tuple[str, int]] = []
        scripts: list[str] = []
        wanted, telling = self._wanted, self._telling
        files = bool(wanted.scripts or wanted.files or wanted.inodes)
        try:
            with reads.scandir(directory) as listing:
                for entry in islice(listing, _ENTRIES):
                    name = entry.name
                    if name in telling:
                        has.append(name)
                    elif name in _ENVIRONMENT:
                        return None
                    elif enter and _enters(entry) and not self._forbidden(entry.path):
                        inner.append((name, entry.inode()))
                    elif enter and links and name[0] != "." and entry.is_symlink():
                        if len(self._links) < _LINKS:
                            self._links.append((entry.path, depth - 1))
                    elif files and _is_file(entry) and wanted.script(name, entry.inode()):
                        scripts.append(name)
        except OSError:
            return None
        return has, inner, scripts

    def _is_wanted(self, directory: str, inode: int | None) -> bool:
        if inode is not None and inode in self._wanted.inodes:
            return True
        return bool(self._wanted.names) and self._wants(os.path.basename(directory))

    def _forbidden(self, path: str) -> bool:
        mount = self._mounts.points.get(path)
        return mount is not None and mount.network and mount.point not in self._allowed


def _is_file(entry: "os.DirEntry[str]") -> bool:
    try:
        return entry.is_file(follow_symlinks=False)
    except OSError:
        return False


def _enters(entry: "os.DirEntry[str]", *, links: bool = False) -> bool:
    """Return whether an entry is a directory that may hold projects, or a link (with ``links``)."""
    name = entry.name
    if name[0] == "." or name in _NEVER_ENTERED:
        return False
    if _is_junction is not None and _is_junction(entry.path):
        return False
    try:
        return entry.is_dir(follow_symlinks=False) or (links and entry.is_symlink())
    except OSError:
        return False
