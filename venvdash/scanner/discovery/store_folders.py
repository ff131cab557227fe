"""Lists the folders of the stores: directories that may be environments. Opens none of them."""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from venvdash.config import Config
from venvdash.model import NotEnvironment
from venvdash.stores import registry
from venvdash.stores.base import Store
from venvdash.stores.roots import Entry, Layout, Root
from venvdash.system import reads, responsiveness
from venvdash.system.machine import Machine
from venvdash.text import because

# Directories in an environment that never contain another one.
_INSIDE = frozenset({"lib", "lib64", "bin", "include", "share", "etc", "Lib", "Scripts", "Include"})
_MIRROR_DEPTH = 24  # directories; deeper than any project path that people have
_MIRROR_LIMIT = 200_000  # directories in one mirrored store
MARKS = ("pyvenv.cfg", "conda-meta")  # what makes a directory an environment
OURS = ".venvdash-"  # our temporary and trash names: no environments
JOURNALS = frozenset({"trash.toml", "rename.toml"})  # in an environment while that is changed


@dataclass(frozen=True, slots=True)
class ResolvedRoot:
    """A root with its real path, and the problem that keeps it from being read, if any."""

    root: Root
    real: Path
    exists: bool
    problem: str = ""

    @property
    def listed(self) -> Root:
        """The root at its real path."""
        return replace(self.root, path=self.real)


def roots(machine: Machine, config: Config) -> list[Root]:
    """Return the roots of all stores, in the order of the stores."""
    return [root for store in registry() for root in roots_of(store, machine, config)]


def roots_of(store: Store, machine: Machine, config: Config) -> Iterator[Root]:
    """Yield the roots of one store, whatever the current directory is.

    A relative path in a variable starts at HOME, and settings of projects do not count.
    """
    yield from store.roots(replace(machine, cwd=None), config)


def resolve(root: Root) -> ResolvedRoot:
    """Resolve the links of a root and check that it is a directory. Raises nothing."""
    try:
        real = Path(reads.realpath(root.path))
        status = reads.stat(real)
    except (FileNotFoundError, NotADirectoryError):
        return ResolvedRoot(root, root.path, exists=False)
    except (OSError, ValueError) as error:
        return ResolvedRoot(root, root.path, exists=False, problem=because(error))
    if not stat.S_ISDIR(status.st_mode):
        return ResolvedRoot(root, real, exists=True, problem="is not a directory")
    if real.parent == real:
        return ResolvedRoot(root, real, exists=True, problem="is the root of the file system")
    return ResolvedRoot(root, real, exists=True)


def answering_branches(machine: Machine, config: Config) -> tuple[list[ResolvedRoot], list[Path]]:
    """Resolve the roots that respond; return also the paths of those that do not."""
    every = roots(machine, config)
    silent = responsiveness.unresponsive(root.path for root in every)
    return [resolve(root) for root in every if root.path not in silent], silent


def entries(branch: ResolvedRoot) -> Iterator[Entry | NotEnvironment]:
    """Yield the entries of a store. Raises OSError if the root cannot be listed."""
    root = branch.listed
    store = next((store for store in registry() if store.name == root.store), None)
    chosen = store.prefixes(root) if store else None
    if chosen is not None:
        ours = (path for path in chosen if not path.name.startswith(OURS))
        return (_whole(Entry(path, path), store, root) for path in ours)
    if root.layout is Layout.SINGLE:
        return iter([Entry(root.path, root.path)])
    listed = _mirrored(root) if root.layout is Layout.MIRRORED else _flat(root, str(root.path), 1)
    return (_whole(one, store, root) for one in listed)


def _whole(one: Entry | NotEnvironment, store: Store | None, root: Root) -> Entry | NotEnvironment:
    """Return the entry with the directory that a deletion removes, as its store defines it."""
    if store is None or isinstance(one, NotEnvironment):
        return one
    return Entry(one.prefix, store.entry(one.prefix, root))


def _flat(root: Root, directory: str, level: int) -> Iterator[Entry | NotEnvironment]:
    with reads.scandir(directory) as listing:
        items = sorted(listing, key=lambda item: item.name)
    for item in items:
        if item.name.startswith(OURS):
            continue
        odd = _odd(item)
        if odd is None:
            continue
        if odd:
            yield NotEnvironment(Path(item.path), root.store, odd)
        elif level >= root.depth or _is_prefix(item.path) or item.is_symlink():
            path = Path(item.path)
            yield Entry(path, path)
        else:
            yield from _below(root, item.path, level)


def _below(root: Root, directory: str, level: int) -> Iterator[Entry | NotEnvironment]:
    """Yield the environments of a folder in a nested store, or the folder itself if it has none."""
    try:
        inner = list(_flat(root, directory, level + 1))
    except OSError as error:
        yield NotEnvironment(Path(directory), root.store, f"cannot be listed: {because(error)}")
        return
    prefixes = [one for one in inner if isinstance(one, Entry) and _is_prefix(str(one.prefix))]
    if prefixes:
        yield from prefixes
    else:
        path = Path(directory)
        yield Entry(path, path)  # reading it reports what is missing


def _odd(item: "os.DirEntry[str]") -> str | None:
    """Return "" for a directory or link, None for a plain file, else why it is no environment."""
    try:
        if item.is_symlink() or item.is_dir(follow_symlinks=False):
            return ""
        mode = item.stat(follow_symlinks=False).st_mode
    except OSError as error:
        return f"cannot be read: {because(error)}"
    if stat.S_ISREG(mode):
        return None  # hook scripts, lock files, indexes: the tools' own
    return "is a FIFO, socket or device"


def _mirrored(root: Root) -> Iterator[Entry | NotEnvironment]:
    reads.stat(root.path)  # a root that cannot be read is an error, a folder below is not
    pending = [(str(root.path), 0)]
    seen = 0
    while pending:
        directory, depth = pending.pop()
        seen += 1
        if seen > _MIRROR_LIMIT or depth > _MIRROR_DEPTH:
            yield NotEnvironment(
                Path(directory), root.store, "is nested too deeply and was not read"
            )
            if seen > _MIRROR_LIMIT:
                return
            continue
        try:
            with reads.scandir(directory) as listing:
                items = sorted(listing, key=lambda item: item.name, reverse=True)
        except OSError as error:
            yield NotEnvironment(Path(directory), root.store, f"cannot be listed: {because(error)}")
            continue
        prefix = any(item.name in MARKS for item in items)
        if prefix and depth:
            path = Path(directory)
            yield Entry(path, path)
        inner = [item.path for item in items if _walkable(item, prefix)]
        pending.extend((path, depth + 1) for path in inner)


def _walkable(item: "os.DirEntry[str]", prefix: bool) -> bool:
    if item.name.startswith(OURS) or (prefix and item.name in _INSIDE):
        return False
    try:
        return item.is_dir(follow_symlinks=False)
    except OSError:
        return False


def _is_prefix(directory: str) -> bool:
    """Return whether a venv (PEP 405) or a conda environment lies here."""
    return any(reads.lexists(os.path.join(directory, mark)) for mark in MARKS)
