"""What inspecting each environment read, remembered with the fingerprints of what it was read from.

One file in the state directory for each host, since a HOME may be shared and inodes may not be. It
is only a shortcut: one that is missing, damaged or from another version is as none. It has one line
for each environment, so that no more than one is decoded at a time: all take much memory. It is
kept as one block, which the system gets back: what thousands of small ones leave, it does not.
"""

import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from copy import copy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from venvdash import __version__
from venvdash.model import EvidenceKind, Package, Traits
from venvdash.system.foreground import give_way, in_turns
from venvdash.system.state_files import StateFolder

_FOLDER = "inspections"
_FORMAT = 3
_SPARE = 1_000  # packages that may be remembered though no environment has them
_BETWEEN = b"\t"  # a path and its inspection; JSON has none that is not escaped
_LIMIT = 256 * 1024 * 1024  # bytes; 10,000 environments need 12 MB
_TRAITS = (str, str, (str,), (str,), bool, (str,), bool, (str,), bool, bool)


@dataclass(frozen=True, slots=True)
class Inspection:
    """What the files of an environment say of it, which a later scan need not read again.

    ``files`` are all of them: the prefix first, then pyvenv.cfg. ``stats`` has the five numbers of
    the fingerprint of each, zeros for one that does not exist.
    ``settings`` is what else the answer depends on: how the store's root is configured.
    ``interpreter`` is the path inside of the Python that should exist, "" for none. ``changed`` and
    ``made`` are in seconds since the epoch. ``claims`` are (project, kind of evidence, source),
    ``editables`` (name, source, file).
    """

    store: str
    traits: Traits
    home: str
    python: str | None
    implementation: str | None
    prompt: str | None
    creator: str | None
    made_at: str | None
    interpreter: str
    made: float
    changed: float
    sidecar: bool
    unfinished: bool
    packages: tuple[Package, ...]
    packages_known: bool
    claims: tuple[tuple[str, EvidenceKind, str], ...]
    editables: tuple[tuple[str | None, str, str], ...]
    files: tuple[str, ...] = ()
    stats: tuple[int, ...] = ()
    settings: str = ""


class Inspections(Mapping[str, Inspection]):
    """Inspections by the path of the environment, decoded when they are asked for.

    What is damaged is not found.
    """

    def __init__(self) -> None:
        """Begin with none."""
        self._data = b""  # a file
        self._starts: dict[str, int] = {}  # where the inspection of each path begins in it
        self._added: dict[str, bytes] = {}  # what is in no file yet
        self._packages: dict[Package, int] = {}
        self._settings: dict[str, int] = {}
        self._in_use = 0  # how many of the packages were in use when that was last counted
        # The same by number, and lists of packages that many environments have.
        self._package_of: list[Package] = []
        self._setting_of: list[str] = []
        self._installed: dict[tuple[int, ...], tuple[Package, ...]] = {}

    def __getitem__(self, path: str) -> Inspection:
        line = self._line(path)
        try:
            return self._decoded(json.loads(line))
        except Exception as error:  # whatever is wrong with it, it is read from the disk instead
            raise KeyError(path) from error

    def __iter__(self) -> Iterator[str]:
        yield from self._starts
        yield from self._added

    def __len__(self) -> int:
        return len(self._starts) + len(self._added)

    def _line(self, path: str) -> bytes:
        if path in self._added:
            return self._added[path]
        start = self._starts[path]
        end = self._data.find(b"\n", start)
        return self._data[start:] if end < 0 else self._data[start:end]

    def add(self, path: str, inspection: Inspection) -> None:
        """Add an inspection."""
        one = inspection
        values = [
            one.files,
            one.stats,
            self._setting(one.settings),
            one.store,
            [getattr(one.traits, name) for name in Traits.__slots__],
            [getattr(one, name) for name in _PLAIN],
            [self._package(package) for package in one.packages],
            one.claims,
            one.editables,
        ]
        self._starts.pop(path, None)
        self._added[path] = _json(values)

    def updated(self, unchanged: Iterable[str], added: Mapping[str, Inspection]) -> "Inspections":
        """Return the inspections of ``unchanged`` paths, and ``added``. Uses up this object."""
        updated = copy(self)
        kept = set(unchanged)
        updated._starts = {path: start for path, start in self._starts.items() if path in kept}
        updated._added = {path: line for path, line in self._added.items() if path in kept}
        for path, inspection in added.items():
            updated.add(path, inspection)
        if len(updated._package_of) <= 2 * updated._in_use + _SPARE:
            return updated
        fresh = Inspections()
        for path, inspection in in_turns(updated.items()):
            fresh.add(path, inspection)
        fresh._in_use = len(fresh._package_of)
        return fresh

    def _setting(self, settings: str) -> int:
        if settings not in self._settings:
            self._settings[settings] = len(self._setting_of)
            self._setting_of.append(settings)
        return self._settings[settings]

    def _package(self, package: Package) -> int:
        if package not in self._packages:
            self._packages[package] = len(self._package_of)
            self._package_of.append(package)
        return self._packages[package]

    def _decoded(self, values: Any) -> Inspection:
        """Return the checked inspection. Raises any exception where something is wrong."""
        files, stats, setting, store, traits, plain, installed, claims, editables = values
        if not set(map(type, stats)) <= {int} or len(stats) != 5 * len(files):
            raise ValueError
        if min(installed, default=0) < 0 or setting < 0:
            raise ValueError
        numbers = tuple(installed)
        if numbers not in self._installed:
            self._installed[numbers] = tuple([self._package_of[number] for number in numbers])
        return Inspection(
            store=_shared(_text(store)),
            traits=Traits(*map(_shared, _checked(traits, _TRAITS))),
            packages=self._installed[numbers],
            claims=tuple([(_path(at), _EVIDENCE[how], _text(file)) for at, how, file in claims]),
            editables=tuple(
                [(n and _text(n), _path(at), _text(file)) for n, at, file in editables]
            ),
            files=tuple([_path(file) for file in files]),
            stats=tuple(stats),
            settings=self._setting_of[setting],
            **dict(zip(_PLAIN, map(_shared, _checked(plain, _KINDS)), strict=True)),
        )

    def encoded(self) -> Iterator[bytes]:
        """Yield the lines of the file."""
        yield _json(
            {
                "format": [_FORMAT, __version__, _user()],
                "in_use": self._in_use,
                "settings": self._setting_of,
                "packages": [[p.name, p.version, p.origin, p.editable] for p in self._package_of],
            }
        )
        for path in self:
            yield _json(path) + _BETWEEN + self._line(path)

    @classmethod
    def of(cls, data: bytes) -> "Inspections":
        """Return those in a file. Raises any exception where something is wrong."""
        inspections = cls()
        end = data.find(b"\n")
        known = json.loads(data if end < 0 else data[:end])
        if b"\\u0000" in data or known["format"] != [_FORMAT, __version__, _user()]:
            raise ValueError
        inspections._in_use = _number(known["in_use"])
        for package in known["packages"]:
            inspections._package(Package(*_checked(package, (str, str, (str,), bool))))
        for settings in known["settings"]:
            inspections._setting(_text(settings))
        inspections._data = data
        while end >= 0:
            give_way()
            start = end + 1
            values = data.index(_BETWEEN, start) + len(_BETWEEN)
            inspections._starts[_path(json.loads(data[start : values - len(_BETWEEN)]))] = values
            end = data.find(b"\n", values)
        return inspections


def read(state: Path, host: str) -> Inspections:
    """Return the inspections of the last scan. Raises nothing."""
    try:
        return Inspections.of(StateFolder(state, _FOLDER).read(host, _LIMIT))
    except Exception:  # whatever is wrong with it, it is read from the disk instead
        return Inspections()


def write(state: Path, host: str, inspections: Inspections) -> None:
    """Replace the file. Raises OSError."""
    StateFolder(state, _FOLDER).write(host, b"\n".join(inspections.encoded()))


def _json(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def _shared(value: Any) -> Any:
    """Return a string as it is in memory once, and anything else as it is."""
    return sys.intern(value) if type(value) is str else value


_PLAIN = (
    *("home", "python", "implementation", "prompt", "creator", "made_at", "interpreter"),
    *("made", "changed", "sidecar", "unfinished", "packages_known"),
)
_KINDS = (str, (str,), (str,), (str,), (str,), (str,), str, float, float, bool, bool, bool)
_EVIDENCE = {str(kind): kind for kind in EvidenceKind}


_known_types: set[tuple[tuple[Any, ...], ...]] = set()  # (kinds, types of values) that are right


def _checked(values: list[Any], kinds: tuple[Any, ...]) -> list[Any]:
    """Return the values if each is of its kind; a kind in a tuple allows None, too."""
    types = tuple(map(type, values))
    if (kinds, types) not in _known_types:
        for value, kind in zip(types, kinds, strict=True):
            if value is not kind and not (type(kind) is tuple and value in (type(None), kind[0])):
                raise ValueError
        _known_types.add((kinds, types))
    return values


def _text(value: Any) -> str:
    if type(value) is not str:
        raise ValueError
    return value


def _number(value: Any) -> int:
    if type(value) is not int or value < 0:
        raise ValueError
    return value


def _path(value: Any) -> str:
    if type(value) is not str or value[:1] != "/":
        raise ValueError
    return value


def _user() -> int:
    return os.geteuid() if hasattr(os, "geteuid") else -1
