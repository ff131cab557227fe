"""What inspecting each environment read, remembered with the fingerprints of what it was read from.

One file in the state directory for each host, since a HOME may be shared and inodes may not be. It
is only a shortcut: one that is missing, damaged or from another version is as none.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from venvdash import __version__
from venvdash.model import EvidenceKind, Package, Traits
from venvdash.system.foreground import in_turns
from venvdash.system.state_files import StateFolder

_FOLDER = "inspections"
_FORMAT = 2
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


def read(state: Path, host: str) -> dict[str, Inspection]:
    """Return the inspections of the last scan by the path of the environment. Raises nothing."""
    import json

    try:
        text = StateFolder(state, _FOLDER).read(f"{host}.json", _LIMIT)
        data = json.loads(text)
        if b"\\u0000" in text or data["format"] != [_FORMAT, __version__, _user()]:
            return {}
        packages = [Package(*_checked(one, (str, str, (str,), bool))) for one in data["packages"]]
        settings = [_text(one) for one in data["settings"]]
        return {
            _text(path): _inspection(values, packages, settings)
            for path, values in in_turns(data["environments"].items())
        }
    except Exception:  # whatever is wrong with it, it is read from the disk instead
        return {}


def write(state: Path, host: str, inspections: Mapping[str, Inspection]) -> None:
    """Replace the file. Raises OSError."""
    import json

    packages: dict[Package, int] = {}
    settings: dict[str, int] = {}
    environments = {
        path: [
            one.files,
            one.stats,
            settings.setdefault(one.settings, len(settings)),
            one.store,
            [getattr(one.traits, name) for name in Traits.__slots__],
            [getattr(one, name) for name in _PLAIN],
            [packages.setdefault(package, len(packages)) for package in one.packages],
            one.claims,
            one.editables,
        ]
        for path, one in inspections.items()
    }
    data = {
        "format": [_FORMAT, __version__, _user()],
        "settings": list(settings),
        "packages": [[p.name, p.version, p.origin, p.editable] for p in packages],
        "environments": environments,
    }
    text = json.dumps(data, separators=(",", ":"))
    StateFolder(state, _FOLDER).write(f"{host}.json", text.encode())


_PLAIN = (
    *("home", "python", "implementation", "prompt", "creator", "made_at", "interpreter"),
    *("made", "changed", "sidecar", "unfinished", "packages_known"),
)
_KINDS = (str, (str,), (str,), (str,), (str,), (str,), str, float, float, bool, bool, bool)
_EVIDENCE = {str(kind): kind for kind in EvidenceKind}


def _inspection(values: Any, packages: list[Package], settings: list[str]) -> Inspection:
    """Return the checked inspection. Raises any exception where something is wrong."""
    files, stats, setting, store, traits, plain, installed, claims, editables = values
    if not set(map(type, stats)) <= {int} or len(stats) != 5 * len(files):
        raise ValueError
    if min(installed, default=0) < 0 or setting < 0:
        raise ValueError
    return Inspection(
        store=_text(store),
        traits=Traits(*_checked(traits, _TRAITS)),
        packages=tuple([packages[number] for number in installed]),
        claims=tuple([(_path(at), _EVIDENCE[how], _text(file)) for at, how, file in claims]),
        editables=tuple([(n and _text(n), _path(at), _text(file)) for n, at, file in editables]),
        files=tuple([_path(file) for file in files]),
        stats=tuple(stats),
        settings=settings[setting],
        **dict(zip(_PLAIN, _checked(plain, _KINDS), strict=True)),
    )


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


def _path(value: Any) -> str:
    if type(value) is not str or value[:1] != "/":
        raise ValueError
    return value


def _user() -> int:
    return os.geteuid() if hasattr(os, "geteuid") else -1
