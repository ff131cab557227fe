"""Files in a project that name its environment, written by the stores' tools or other programs.

They are read as text, bounded, and never run. A path counts only if a known environment lies
there.
"""

import os
import stat
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import islice
from pathlib import Path

from venvdash.model import Environment
from venvdash.scanner.evidence.project_settings import ProjectSettings
from venvdash.stores import registry
from venvdash.stores.base import Store
from venvdash.stores.roots import Root
from venvdash.system import reads
from venvdash.system.files import read_text
from venvdash.system.machine import Machine

_LIMIT = 64 * 1024  # bytes of one pointer
_NAMED = 64  # environments that one pointer may name


@dataclass(frozen=True, slots=True)
class Pointer:
    """A file in a project and one path that it names; ``real`` has its links resolved.

    ``current``: the tool itself reads it to choose its environment.
    """

    file: Path
    real: str
    current: bool


class Pointers:
    """Reads the pointers of ``stores`` in projects; ``roots`` are their directories by store.

    Pass only stores that have environments. ``settings`` reads what belongs to no
    store. With a ``machine`` the settings of projects are read, too. Nothing here raises.
    """

    def __init__(
        self,
        stores: Iterable[Store] = (),
        roots: Mapping[str, Sequence[Root]] | None = None,
        settings: ProjectSettings | None = None,
        machine: Machine | None = None,
    ) -> None:
        self._project_settings = settings
        self._machine = machine
        self._settings = [(name, s) for s in registry() for name in s.settings] if machine else []
        self._stores: dict[str, list[Store]] = {}
        for store in stores:
            for name in store.pointers:
                self._stores.setdefault(name, []).append(store)
        files = dict.fromkeys((*self._stores, *(settings.files if settings else ())))
        self._files = [(name.split("/", 1)[0], name) for name in files]
        self._roots = roots or {}
        self._real = cache(real)  # many projects name the same few

    @property
    def telling(self) -> frozenset[str]:
        """The names of directory entries that may be, or contain, a pointer."""
        return frozenset(first for first, _ in (*self._files, *self._settings))

    def of(self, directory: str, has: Collection[str] | None = None) -> Iterator[Pointer]:
        """Yield the pointers of a project; ``has`` are its telling entries, if known."""
        for first, name in self._files:
            if has is None or first in has:
                text = _text(f"{directory}/{name}")
                if text is not None:
                    yield from self._read(name, directory, text)

    def folders(self, directory: str, has: Collection[str] | None) -> Iterator[Root]:
        """Yield the folders of environments in the settings of a project."""
        for name, store in self._settings:
            if self._machine is not None and (has is None or name in has):
                yield from store.project_roots(Path(directory), self._machine)

    def _read(self, name: str, directory: str, text: str) -> Iterator[Pointer]:
        file = Path(directory, name)
        for store in self._stores.get(name, ()):
            roots = self._roots.get(store.name, ())
            for path in islice(store.pointer_targets(file, text, roots), _NAMED):
                yield from self._leading(file, os.path.join(file.parent, path), True)
        if self._project_settings is not None and name in self._project_settings.files:
            for named_path in islice(self._project_settings.read(name, directory, text), _NAMED):
                yield from self._leading(file, named_path, False)

    def _leading(self, file: Path, path: str, current: bool) -> Iterator[Pointer]:
        resolved = self._real(path)
        if resolved:
            yield Pointer(file, resolved, current)


def named(environments: Iterable[Environment]) -> dict[str, str]:
    """Return the environments with a unique name that the user chose, by that name."""
    by_name: dict[str, list[str]] = {}
    for environment in environments:
        if environment.target is None and environment.traits.digest is None:
            by_name.setdefault(environment.traits.name, []).append(os.fspath(environment.path))
    return {name: paths[0] for name, paths in by_name.items() if len(paths) == 1}


def _text(file: str) -> str | None:
    """Return the text of a pointer; for a link to a directory, that directory."""
    try:
        text = read_text(file, _LIMIT)  # not through a link
        if text is not None or not stat.S_ISLNK(reads.lstat(file).st_mode):
            return text
        target = reads.realpath(file)
        return target if reads.isdir(target) else read_text(target, _LIMIT)
    except (OSError, ValueError):
        return None


def real(path: str) -> str | None:
    """Return a directory with its links resolved, None if there is none."""
    try:
        return reads.realpath(path) if reads.isdir(path) else None
    except (OSError, ValueError):
        return None
