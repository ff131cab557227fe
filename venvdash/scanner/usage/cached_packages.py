"""Reads what uv's cache holds, by package, without changing or executing anything.

Format: crates/uv-cache/src/lib.rs and its ``CacheBucket::remove`` of uv 0.13.9. A wheel is
unpacked in ``archive-v0/ID``; links to it lie in ``wheels-vN/{pypi,index/*,url/*}/NAME`` and in
``sdists-vN``. `uv cache clean NAME` removes the directories of that name, and each archive to which
no link is left. For sdists from a URL, a path or git, ``metadata.msgpack`` has the name.
"""

import os
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from venvdash.model.cached_packages import CacheContents, CachedPackage
from venvdash.scanner.usage.footprint import BLOCK, blocks_of
from venvdash.system.files import names_in, read_head
from venvdash.system.walk import symlinks, walk

Tick = Callable[[], None]

ARCHIVES = "archive-v0"
_ENVIRONMENTS = "environments-v"  # these are rows of the list
_NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_VERSION = re.compile(r"\d[\w.!+]*", re.ASCII)
_HEAD = 512  # bytes of metadata.msgpack


@dataclass(slots=True)
class _Size:
    """The bytes that some trees take, and how many of them links from elsewhere hold."""

    on_disk: int = 0
    linked: int = 0

    def add(self, other: "_Size") -> None:
        self.on_disk += other.on_disk
        self.linked += other.linked


@dataclass(slots=True)
class _Package:
    """What the cache has under one name, while it is read."""

    versions: set[str] = field(default_factory=set)
    entries: list[str] = field(default_factory=list)
    archives: set[str] = field(default_factory=set)


def read_cache(cache: Path, *, clones: bool, tick: Tick = lambda: None) -> CacheContents:
    """Return what a uv cache holds; what cannot be read is left out.

    ``clones``: its file system shares blocks between copies. ``tick`` is called for each directory
    and may raise to stop.
    """
    root = os.path.realpath(cache)
    packages: defaultdict[str, _Package] = defaultdict(_Package)
    for name, entry in _entries(root):
        packages[name].entries.append(entry)
    owners = _owners(root, packages)
    store = f"{root}/{ARCHIVES}"
    archives = {name: _size(f"{store}/{name}", tick) for name in names_in(store)}
    whole = _Size()
    for bucket in names_in(root):
        if bucket != ARCHIVES and not bucket.startswith(_ENVIRONMENTS):
            whole.add(_size(f"{root}/{bucket}", tick))
    for size in archives.values():
        whole.add(size)
    cached = []
    for name, package in sorted(packages.items()):
        own = sorted(one for one in package.archives if owners[one] == {name} and one in archives)
        parts = [(f"{store}/{one}", archives[one]) for one in own]
        parts += [(entry, _size(entry, tick)) for entry in package.entries]
        cached.append(_cached(name, package, parts))
    return CacheContents(Path(root), tuple(cached), whole.on_disk, whole.linked, clones)


def _cached(name: str, package: _Package, parts: Sequence[tuple[str, _Size]]) -> CachedPackage:
    total = _Size()
    for _, size in parts:
        total.add(size)
    return CachedPackage(
        name,
        tuple(sorted(package.versions)),
        total.on_disk,
        total.linked,
        frozenset(package.archives),
        tuple((Path(path), size.on_disk - size.linked) for path, size in parts),
    )


def _entries(root: str) -> Iterator[tuple[str, str]]:
    """Yield what `uv cache clean NAME` removes beside archives: the name, and a path."""
    wheels, sources, answers = (_newest(root, kind) for kind in ("wheels", "sdists", "simple"))
    for folder in (f"{wheels}/pypi", *_each(wheels, "index"), *_each(wheels, "url")):
        yield from _named(folder)
    for folder in (f"{sources}/pypi", *_each(sources, "index")):
        yield from _named(folder)
    for folder in (*_each(sources, "url"), *_each(sources, "path")):
        names = {_name_in(f"{revision}/metadata.msgpack") for revision in _paths_in(folder)}
        yield from ((name, folder) for name in names if name)
    for repository in _each(sources, "git"):
        for revision in _paths_in(repository):
            if name := _name_in(f"{revision}/metadata.msgpack"):
                yield name, revision
    for folder in (f"{answers}/pypi", *_each(answers, "index")):
        yield from _named(folder, ".rkyv")


def _newest(root: str, kind: str) -> str:
    """Return the bucket of a kind with the highest number: the one that a current uv uses."""
    prefix = f"{kind}-v"
    numbers = [name.removeprefix(prefix) for name in names_in(root) if name.startswith(prefix)]
    number = max((int(one) for one in numbers if one.isdecimal()), default=0)
    return f"{root}/{prefix}{number}"


def _each(bucket: str, kind: str) -> list[str]:
    """Return the directories of a kind: one for each index, URL, path or repository."""
    return _paths_in(f"{bucket}/{kind}")


def _paths_in(folder: str) -> list[str]:
    return [f"{folder}/{name}" for name in names_in(folder)]


def _named(folder: str, suffix: str = "") -> Iterator[tuple[str, str]]:
    """Yield the names of the packages for which a directory has an entry, and its path."""
    for entry in names_in(folder):
        name = entry.removesuffix(suffix)
        if entry.endswith(suffix) and _NAME.fullmatch(name):
            yield name, f"{folder}/{entry}"


def _name_in(file: str) -> str:
    """Return the package that a ``metadata.msgpack`` describes, "" if it cannot be told.

    That is an array of MessagePack whose first value is the normalised name.
    """
    data = read_head(file, _HEAD)[1]
    if len(data) < 3 or not 0x91 <= data[0] <= 0x9F:  # an array of 1 to 15 values
        return ""
    if 0xA0 <= data[1] <= 0xBF:  # a string of up to 31 bytes
        name = data[2 : 2 + (data[1] & 0x1F)]
    elif data[1] == 0xD9:  # a string of up to 255 bytes
        name = data[3 : 3 + data[2]]
    else:
        return ""
    text = name.decode("ascii", "replace")
    return text if _NAME.fullmatch(text) else ""


def _owners(root: str, packages: Mapping[str, _Package]) -> dict[str, set[str]]:
    """Return under which names links to each archive lie, "" for a link elsewhere.

    Adds the archives and versions of each package to ``packages``.
    """
    names = {entry: name for name, package in packages.items() for entry in package.entries}
    owners: defaultdict[str, set[str]] = defaultdict(set)
    for bucket in (_newest(root, "wheels"), _newest(root, "sdists")):
        for path in _links(bucket):
            folder, archive = os.path.split(os.path.realpath(path))
            if folder != f"{root}/{ARCHIVES}":
                continue
            name = _owner(path, names)
            owners[archive].add(name)
            if name:
                packages[name].archives.add(archive)
                version = _VERSION.match(os.path.basename(path))
                packages[name].versions.update([version[0]] if version else [])
    return owners


def _owner(path: str, names: Mapping[str, str]) -> str:
    """Return the package in whose directory a link lies, "" if it is in none's."""
    folder = os.path.dirname(path)
    while folder != os.path.dirname(folder):
        if folder in names:
            return names[folder]
        folder = os.path.dirname(folder)
    return ""


def _links(bucket: str) -> Iterator[str]:
    """Yield the symbolic links in a bucket; uv looks for none in unpacked sources."""
    try:
        for folders, name in symlinks(os.fsencode(bucket)):
            if "src" not in folders:
                yield os.path.join(bucket, *folders, name)
    except OSError:
        """No such bucket: no links."""


def _size(path: str, tick: Tick) -> _Size:
    """Return what a tree or a file takes, each inode once; 0 for what cannot be read."""
    size = _Size()
    shared: dict[int, tuple[int, int]] = {}  # inode -> its links that were not met, its bytes
    try:
        status = os.lstat(path)
        if not os.path.isdir(path):
            return _Size(_taken(status), _taken(status) if status.st_nlink > 1 else 0)
        for opened in walk(os.fsencode(path)):
            tick()
            size.on_disk += _taken(opened.stat)
            for entry in opened.files():
                _count(entry.stat(follow_symlinks=False), size, shared)
    except OSError:
        """It went away, or cannot be read: what was counted until then stands."""
    size.linked = sum(taken for left, taken in shared.values() if left)
    return size


def _count(status: os.stat_result, size: _Size, shared: dict[int, tuple[int, int]]) -> None:
    """Add a file to ``size``, and to ``shared`` if it has several links."""
    taken = _taken(status)
    if status.st_nlink > 1:
        known = shared.get(status.st_ino)
        left = known[0] if known else status.st_nlink
        shared[status.st_ino] = left - 1, taken
        if known:
            return
    size.on_disk += taken


def _taken(status: os.stat_result) -> int:
    return blocks_of(status) * BLOCK
