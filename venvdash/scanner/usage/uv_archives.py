"""Whether uv's cache holds the blocks that an environment shares.

A file system reports that blocks are shared, but not with what. uv unpacks every wheel once, into
``archive-v0/ID`` of its cache, with the tree that ``site-packages`` gets, and clones the files from
there. So for each package the same file is looked for in the archives that have its name, and the
two are compared by where they lie.
"""

import os
from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path

from venvdash.scanner.usage.extents import (
    HELD_BY_CACHE,
    HELD_BY_NOBODY,
    HELD_BY_OTHERS,
    Extents,
    key_of,
)
from venvdash.system.extents import extents, sharing
from venvdash.system.walk import opened_directory

_ARCHIVES = "archive-v0"
_PACKAGES = b"site-packages/"
_SCRIPTS = b"bin/"
_DATA, _INFO = b".data", b".dist-info"
_MOST = 64  # archives that are compared for one package: versions of it, and their builds


class Archives:
    """The unpacked wheels in a uv cache on a file system of type ``fstype``; read on demand.

    ``tick`` is called for each archive that is read, and may raise to stop.
    """

    def __init__(
        self, cache: Path | None, fstype: str, tick: Callable[[], None] = lambda: None
    ) -> None:
        self._tick = tick
        self._root = os.fsencode(cache / _ARCHIVES) if cache else b""
        self._fstype = fstype
        self._by_name: dict[bytes, list[bytes]] | None = None
        self._copied: dict[bytes, bool] = {}  # archive -> whether something has a copy of it
        self._known: dict[tuple[bytes, int], int] = {}

    @cached_property
    def stamp(self) -> int:
        """Changes when an archive is added or removed; 0 if there is no cache."""
        return self._seen[0]

    @cached_property
    def _seen(self) -> tuple[int, int | None]:
        """The stamp, and the file system's identity."""
        try:
            with opened_directory(self._root) as root:
                system = sharing(root, self._fstype)
                return os.fstat(root).st_mtime_ns, system.identity if system else None
        except OSError:
            return 0, None

    def states(self, shared: Extents) -> bytes:
        """Return what else holds each group: the cache, the cache and others, or nothing."""
        if shared.identity != self._seen[1]:
            return bytes([HELD_BY_NOBODY]) * len(shared.names)
        states = bytearray()
        for name, key in zip(shared.names, shared.samples, strict=True):
            inner = _in_archive(name)
            asked = inner, key
            if asked not in self._known:
                self._known[asked] = self._state(inner, key) if inner else HELD_BY_NOBODY
            states.append(self._known[asked])
        return bytes(states)

    def _state(self, inner: bytes, key: int) -> int:
        for archive, path in self._candidates(inner):
            self._tick()
            if self._key(archive, path) == key:
                return HELD_BY_OTHERS if self._is_copied(archive) else HELD_BY_CACHE
        return HELD_BY_NOBODY

    def _candidates(self, inner: bytes) -> Iterator[tuple[bytes, bytes]]:
        """Yield archives that may have a file, and its path in each."""
        named = self._archives()
        if inner.startswith(_SCRIPTS):  # a wheel has programs in NAME.data/scripts
            for name in [name for name in named if name.endswith(_DATA)]:
                path = name + b"/scripts/" + inner.removeprefix(_SCRIPTS)
                yield from ((archive, path) for archive in named[name][:_MOST])
            return
        for archive in named.get(inner.partition(b"/")[0], [])[:_MOST]:
            yield archive, inner

    def _archives(self) -> dict[bytes, list[bytes]]:
        """Return the archives by each name that lies at their top."""
        if self._by_name is None:
            by_name: dict[bytes, list[bytes]] = {}
            for archive in _listed(self._root):
                self._tick()
                for name in _listed(self._root + b"/" + archive):
                    by_name.setdefault(name, []).append(archive)
            self._by_name = by_name
        return self._by_name

    def _key(self, archive: bytes, path: bytes) -> int:
        try:
            with opened_directory(self._root + b"/" + archive) as root:
                return key_of(extents(path, root))
        except OSError:
            return 0

    def _is_copied(self, archive: bytes) -> bool:
        """Return whether something, such as a snapshot, holds a copy of an archive.

        Then its RECORD is shared, which uv writes separately into each environment.
        """
        if archive not in self._copied:
            names = _listed(self._root + b"/" + archive)
            infos = [name for name in names if name.endswith(_INFO)]
            self._copied[archive] = any(self._key(archive, name + b"/RECORD") for name in infos)
        return self._copied[archive]


def _in_archive(name: bytes) -> bytes:
    """Return the path in its wheel of a file in an environment; b"" if it has none."""
    _, separator, inner = name.rpartition(_PACKAGES)
    if separator:
        return inner
    return name if name.startswith(_SCRIPTS) else b""


def _listed(directory: bytes) -> list[bytes]:
    try:
        return os.listdir(directory)
    except OSError:
        return []
