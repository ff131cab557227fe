"""What in a project leads to its environment: the files that each store's tool leaves there.

They are read as text, bounded, and never run. What they name counts only where a known environment
lies there, so a stray path can invent nothing.
"""

import os
import stat
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from venvdash.stores.base import Root, Store
from venvdash.system.files import read_text

_LIMIT = 64 * 1024  # bytes of one pointer
_LEADS = 64  # environments that one pointer may name


@dataclass(frozen=True, slots=True)
class Pointer:
    """A file in a project and one path that it names; ``real`` has its links resolved."""

    file: Path
    real: str


class Pointers:
    """Reads the pointers of ``stores`` in projects; ``roots`` are their directories by store.

    Only stores that have environments need to be asked. Nothing here raises.
    """

    def __init__(
        self, stores: Iterable[Store] = (), roots: Mapping[str, Sequence[Root]] | None = None
    ) -> None:
        self._stores: dict[str, list[Store]] = {}
        for store in stores:
            for name in store.pointers:
                self._stores.setdefault(name, []).append(store)
        self._roots = roots or {}
        self._real = cache(real)  # many projects name the same few

    @property
    def telling(self) -> frozenset[str]:
        """The entries of a directory that say that there may be a pointer."""
        return frozenset(_first(name) for name in self._stores)

    def of(self, directory: str, has: Collection[str] | None = None) -> Iterator[Pointer]:
        """Yield where the pointers of a project lead; ``has`` are its telling entries, if known."""
        for name, stores in self._stores.items():
            if has is not None and _first(name) not in has:
                continue
            file = os.path.join(directory, *name.split("/"))
            text = _text(file)
            if text is None:
                continue
            for store in stores:
                yield from self._led(store, Path(file), text)

    def _led(self, store: Store, file: Path, text: str) -> Iterator[Pointer]:
        roots = self._roots.get(store.name, ())
        for path, _ in zip(store.pointed(file, text, roots), range(_LEADS), strict=False):
            found = self._real(os.path.join(file.parent, path))
            if found:
                yield Pointer(file, found)


def _first(name: str) -> str:
    return name.split("/", 1)[0]


def _text(file: str) -> str | None:
    """Return what a pointer holds: its text, for a link to a directory that directory's path."""
    try:
        mode = os.lstat(file).st_mode
        if not stat.S_ISLNK(mode):
            return read_text(file, _LIMIT) if stat.S_ISREG(mode) else None
        target = os.path.realpath(file)
        return target if os.path.isdir(target) else read_text(target, _LIMIT)
    except (OSError, ValueError):
        return None


def real(path: str) -> str | None:
    """Return a path with its links resolved, None where it is none of this system."""
    try:
        return os.path.realpath(path)
    except (OSError, ValueError):
        return None
