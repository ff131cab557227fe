"""Folders that hold environments and belong to no store.

Found by a bounded walk of HOME and of the user's scratch folders for ``pyvenv.cfg``; nothing is
opened. An environment inside a project directory belongs to that project and does not count. Runs
only on request, never for a list.
"""

import os
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from venvdash.model.packaging import PROJECT_SIGNS, VENV_NAMES
from venvdash.scanner.discovery.store_folders import MARKS, OURS
from venvdash.stores.roots import Layout, Root
from venvdash.system import responsiveness
from venvdash.system.files import names_in
from venvdash.system.machine import Machine
from venvdash.system.mounts import Mounts

SECONDS = 5.0  # for the whole walk; a HOME with 150 environments takes a hundredth of that
_TOTAL = 50_000  # directories in one walk
_DEPTH = 12  # directories below HOME: room for a mirrored path
_ENTRIES = 5_000  # looked at in one directory
_MOST = 2_000  # environments
_SAMPLES, _SAMPLED = 3, 60  # environments of one folder, and folders, whose layout is looked at
_NEVER_ENTERED = frozenset(
    [
        *("node_modules", "site-packages", "__pycache__", "__pypackages__", "Library", "AppData"),
        *("snap", ".git", ".hg", "Trash", ".Trash", ".cargo", ".rustup", ".npm", ".gradle", ".m2"),
    ]
)
_PROJECT = frozenset(PROJECT_SIGNS)
_CACHE = "CACHEDIR.TAG"
_SHARED_TOPS = ("/scratch", "/data", "/work", "/local", "/projects")  # with a folder for each user


@dataclass(frozen=True, slots=True)
class EnvironmentFolder:
    """A folder that holds environments and is not a store.

    ``base`` is the directory whose tree a mirrored folder mirrors, None for a flat one.
    """

    path: Path
    layout: Layout
    base: Path | None
    environments: int


@dataclass(frozen=True, slots=True)
class _Listed:
    """What the walk needs to know about a directory."""

    marked: bool
    project: bool
    cache: bool
    inner: tuple[str, ...]
    files: bool  # whether anything but directories lies in it


def find(
    machine: Machine,
    roots: Iterable[Root],
    *,
    seconds: float = SECONDS,
) -> list[EnvironmentFolder]:
    """Return the folders of environments outside ``roots``, those with the most environments first.

    Stops after ``seconds`` and skips directories that do not respond. Raises nothing.
    """
    known = _real_paths(root.path for root in roots)
    end = time.monotonic() + seconds
    walk = _Walk(_tops(machine), known, lambda: time.monotonic() > end)
    return _grouped(list(walk.environments()), walk, machine)


def _real_paths(paths: Iterable[Path]) -> frozenset[str]:
    """Return the paths with links resolved; unchanged if they do not respond."""
    wanted = list(paths)
    silent = set(responsiveness.unresponsive(wanted))
    return frozenset(str(path) if path in silent else os.path.realpath(path) for path in wanted)


def look_into(folder: Path, machine: Machine) -> EnvironmentFolder | None:
    """Return the layout of the environments in ``folder``, None without any. Raises nothing."""
    top, end = os.path.realpath(folder), time.monotonic() + SECONDS
    environments = list(_Walk([top], frozenset(), lambda: time.monotonic() > end).environments())
    if not environments:
        return None
    bases = Counter(
        base
        for one in _some(environments)
        for root, base in _mirrors(one, machine)
        if root == Path(top)
    )
    flat = sum(one.parent == Path(top) for one in environments)
    if bases or not flat:
        base = bases.most_common(1)[0][0] if bases else None
        return EnvironmentFolder(folder, Layout.MIRRORED, base, len(environments))
    return EnvironmentFolder(folder, Layout.FLAT, None, flat)


class _Walk:
    """A breadth-first walk from some top directories.

    ``known`` are the stores, which are not entered. ``directories`` has the number of
    subdirectories by directory.
    """

    def __init__(
        self, tops: Iterable[str], known: frozenset[str], stopped: Callable[[], bool]
    ) -> None:
        self.known = known
        self._stopped = stopped
        self._mounts = Mounts.read()
        self._tops = list(dict.fromkeys(tops))
        self.directories: dict[str, int] = {}

    def environments(self) -> Iterator[Path]:
        """Yield environments outside stores and projects; for ``NAME/.venv`` it is ``NAME``."""
        pending = deque((top, 0, False) for top in self._tops)
        tops, seen, count = set(self._tops), set(self._tops), 0
        while pending and len(seen) < _TOTAL and count < _MOST and not self._stopped():
            directory, depth, alone = pending.popleft()
            listed = _listed(directory)
            if listed is None:
                continue
            if listed.marked:
                unnamed = os.path.basename(directory) in VENV_NAMES
                if directory not in tops and (alone or not unnamed):
                    count += 1
                    yield Path(os.path.dirname(directory) if unnamed else directory)
                continue
            if directory not in tops and (listed.project or listed.cache):
                continue
            self.directories[directory] = len(listed.inner)
            if depth < _DEPTH:
                for path in listed.inner:
                    if path not in seen and self._enters(path):
                        seen.add(path)
                        pending.append((path, depth + 1, not listed.files))

    def _enters(self, path: str) -> bool:
        if path in self.known:
            return False
        mount = self._mounts.points.get(path)
        return mount is None or not mount.network


def _tops(machine: Machine) -> Iterator[str]:
    tops = [machine.home]
    tops += [path for name in ("SCRATCH", "WORK") if (path := machine.path_variable(name))]
    user = machine.variable("USER") or machine.variable("LOGNAME") or ""
    if user and os.path.basename(user) == user and machine.platform == "linux":
        tops += [Path(top, user) for top in _SHARED_TOPS]
    silent = responsiveness.unresponsive(tops)
    for path in tops:
        if path in silent:
            continue
        place = os.path.realpath(path)
        if len(Path(place).parts) > 1 and os.path.isdir(place):
            yield place


def _listed(directory: str) -> _Listed | None:
    names: set[str] = set()
    inner: list[str] = []
    files = False
    try:
        with os.scandir(directory) as listing:
            for entry in islice(listing, _ENTRIES):
                name = entry.name
                names.add(name)
                if not entry.is_dir(follow_symlinks=False):
                    files = True
                elif name not in _NEVER_ENTERED and not name.startswith(OURS):
                    inner.append(entry.path)
    except OSError:
        return None
    marked = any(mark in names for mark in MARKS)
    project = not _PROJECT.isdisjoint(names)
    return _Listed(marked, project, _CACHE in names, tuple(sorted(inner)), files)


def _grouped(
    environments: Sequence[Path], walk: _Walk, machine: Machine
) -> list[EnvironmentFolder]:
    """Return the folders that contain the environments; a mirrored one takes all below it."""
    mirrored = _mirrored(environments, walk, machine)
    counts: Counter[Path] = Counter()
    flat: Counter[Path] = Counter()
    for path in environments:
        above = next((root for root in mirrored if path.is_relative_to(root)), None)
        if above is not None:
            counts[above] += 1
        else:
            flat[path.parent] += 1
    folders = [
        EnvironmentFolder(root, Layout.MIRRORED, mirrored[root], n) for root, n in counts.items()
    ]
    for folder, count in flat.items():
        # A folder with many other directories is not a folder of environments.
        many = count * 2 >= walk.directories.get(os.fspath(folder), 0)
        if many and _may_be(folder, walk, machine):
            folders.append(EnvironmentFolder(folder, Layout.FLAT, None, count))
    return sorted(folders, key=lambda folder: (-folder.environments, folder.path))


def _mirrored(environments: Sequence[Path], walk: _Walk, machine: Machine) -> dict[Path, Path]:
    """Return the mirrored folders with the directory they mirror; none contains another."""
    counts: Counter[tuple[Path, Path]] = Counter()
    for path in _some(environments):
        first = next(iter(_mirrors(path, machine)), None)
        if first is not None and _may_be(first[0], walk, machine):
            counts[first] += 1
    chosen: dict[Path, Path] = {}
    for (root, base), _ in counts.most_common():
        if not any(root.is_relative_to(one) or one.is_relative_to(root) for one in chosen):
            chosen[root] = base
    return chosen


def _may_be(folder: Path, walk: _Walk, machine: Machine) -> bool:
    """Return whether a folder may be suggested: it does not contain HOME or a store."""
    home = os.path.realpath(machine.home)
    inside = any(Path(other).is_relative_to(folder) for other in (home, *walk.known))
    return not inside and len(folder.parts) > 2


def _some(environments: Sequence[Path]) -> Iterator[Path]:
    """Yield a few environments of each folder as samples of its layout."""
    seen: Counter[Path] = Counter()
    for path in environments:
        seen[path.parent] += 1
        if seen[path.parent] <= _SAMPLES and len(seen) <= _SAMPLED:
            yield path


def _mirrors(path: Path, machine: Machine) -> Iterator[tuple[Path, Path]]:
    """Yield each (root, base) by which a path may mirror a project path, the surest first.

    A path that contains the path of HOME is the surest. Otherwise the project must exist and lie
    at least two directories below the base.
    """
    home = Path(os.path.realpath(machine.home))
    parts, inside = path.parts, home.parts[1:]
    for at in range(2, len(parts) - len(inside)):
        if parts[at : at + len(inside)] == inside:
            yield Path(*parts[:at]), Path(home.anchor)
    bases = [home, *_folders(home)]
    for at in range(2, len(parts) - 1):
        root = Path(*parts[:at])
        for base in bases:
            project = base.joinpath(*parts[at:])
            if not project.is_relative_to(root) and os.path.isdir(project):
                yield root, base


def _folders(home: Path) -> list[Path]:
    names = [name for name in names_in(home) if not name.startswith(".")]
    return [home / name for name in names[:50]]
