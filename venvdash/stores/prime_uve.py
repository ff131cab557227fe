"""prime-uve: environments of uv projects under the project's hash, with a registry.

Source: prime-uve 0.2.0 (https://github.com/kompre/prime-uve), run on Linux, and its ``core``. A
moved project is in the registry twice, and ``prime-uve list`` calls the first entry an orphan
although both name one environment.
"""

import json
import os
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from venvdash.config import Config
from venvdash.model import (
    Claim,
    Edit,
    Environment,
    Leftovers,
    Traits,
    Trashed,
    Use,
)
from venvdash.stores._name_hashes import sha256
from venvdash.stores._paths import literally, spellings
from venvdash.stores._tool_files import about, editable_text, former_pointers
from venvdash.stores.base import CleanupCommand, Kind, Reading, Store
from venvdash.stores.config_files import config_text, json_object, section, string
from venvdash.stores.links import Assignment, LinkEdits
from venvdash.stores.pyvenv_cfg import cfg_of
from venvdash.stores.roots import Layout, Root, RootOrigin
from venvdash.system import reads
from venvdash.system.files import UnreadableError, read_text, real
from venvdash.system.fingerprint import once_for_each_version
from venvdash.system.machine import Machine

_POINTER = ".env.uve"
_SETTING = "UV_PROJECT_ENVIRONMENT"
_BASE = "${PRIMEUVE_VENVS_PATH}"
_HOME = "${HOME}"
_POINTER_LIMIT = 64 * 1024  # bytes
_LOCK = "cache.lock"  # of the registry; the library filelock creates it
_DIGITS = 8
_NAME = re.compile(r"(?P<name>.+)_(?P<digest>[0-9a-f]{8})", re.DOTALL)
_REGISTRY_LIMIT = 8 * 1024 * 1024  # bytes; some 400 for each project
_ELSEWHERE = 500  # registered environments outside the store, at most


@dataclass(frozen=True, slots=True)
class _Known:
    """One registered environment: ``given`` with variables in it, ``path`` with their values."""

    project: Path
    given: str
    path: Path


class PrimeUveStore(Store):
    """Entries ``<project>_<8 hex>``; the digest is the start of the SHA-256 of the project's path.

    ``cache.json`` maps projects to environments, and a project's ``.env.uve`` names its own.
    """

    name = "prime-uve"
    kinds = (Kind("prime-uve", "environment made by prime-uve"),)
    rank = 14
    requires = ("pyproject.toml",)
    tested_with = "prime-uve 0.2.0"
    pointers = lock_files = (_POINTER,)
    hints = ("uv.lock",)
    wraps = ("uv",)  # `uve` is uv with the variables of ``.env.uve``
    linked = False  # projects have ``.env.uve``

    def roots(self, machine: Machine, config: Config) -> Iterator[Root]:
        """Yield PRIMEUVE_VENVS_PATH, the default, those of older releases, and what is registered.

        All of them, since environments stay where they are when the variable is changed.
        """
        registry = str(_data(machine) / "cache.json")
        older = [machine.home / name / "venvs" for name in ("prime-uve", ".prime-uve")]
        usual = [_cache(machine) / "venvs", *older]
        folders = [Root(path, self.name, pointer=registry) for path in usual]
        given = machine.variable("PRIMEUVE_VENVS_PATH")
        if given:
            path, source = literally(machine, given, tilde=True), "PRIMEUVE_VENVS_PATH"
            folders.insert(0, Root(path, self.name, RootOrigin.VARIABLE, source, pointer=registry))
        yield from folders
        for path in _elsewhere(registry, {root.path for root in folders}):
            yield Root(
                path, self.name, RootOrigin.CONFIG, registry, Layout.SINGLE, pointer=registry
            )

    def recognise(self, reading: Reading) -> Traits | None:
        """Return the traits of an environment in its own store, or of a registered one."""
        if reading.root.store != self.name:
            return None
        match = _NAME.fullmatch(reading.path.name)
        if match:
            name = match["name"]
            return Traits("prime-uve", name, project_name=name, digest=match["digest"])
        registered = reading.root.layout is Layout.SINGLE
        return Traits("prime-uve", reading.path.name) if registered else None

    def claims(self, reading: Reading) -> Iterator[Claim]:
        """Yield every project that the registry maps to this environment."""
        registry = reading.root.pointer
        if reading.root.store != self.name or registry is None:
            return
        for known in _registered(registry).get(reading.path.name, ()):
            here = known.given.startswith(f"{_BASE}/") and reading.root.layout is Layout.FLAT
            if here or reading.path in (known.path, real(known.path)):
                yield from reading.claim(known.project, registry)

    def pointer_targets(self, pointer: Path, text: str, roots: Sequence[Root]) -> Iterator[Path]:
        """Yield what UV_PROJECT_ENVIRONMENT in a ``.env.uve`` names, in every root."""
        value = _environment_setting(text)
        if value is None:
            return
        name = Path(value).name
        folders = [root.path for root in roots if root.layout is Layout.FLAT]
        if value == f"{_BASE}/{name}":
            yield from (folder / name for folder in folders)
        elif value.startswith(f"{_HOME}/"):
            below = value.removeprefix(_HOME)
            yield from (folder / name for folder in folders if f"{folder}/{name}".endswith(below))
        else:
            yield Path(value)  # absolute, or relative to the project

    def name_part(self, name: str) -> str:
        """Return a project's name as prime-uve writes it: other characters as single hyphens."""
        words = "".join(char if char.isalnum() else " " for char in name.lower()).split(" ")
        return "-".join(filter(None, words)) or "project"

    def digests(self, project: Path, environments: Iterable[Environment] = ()) -> list[str]:
        """Return the first 8 digits of the SHA-256 of the project's path."""
        return [sha256(path)[:_DIGITS] for path in spellings(project)]

    def use(self, project: Path, machine: Machine, config: Config) -> Use | None:
        """Return what ``uve`` would use: UV_PROJECT_ENVIRONMENT in ``.env.uve``.

        None without that: prime-uve sets it when it is started there.
        """
        value = _environment_setting(read_text(project / _POINTER, _POINTER_LIMIT) or "")
        if value is None:
            return None
        given = machine.variable("PRIMEUVE_VENVS_PATH")
        base = literally(machine, given, tilde=True) if given else _cache(machine) / "venvs"
        expanded = value.replace(_BASE, os.fspath(base)).replace(_HOME, os.fspath(machine.home))
        if "$" in expanded:
            return None
        path, why = real(project / expanded), f"its {_POINTER} names it"
        on = ("PRIMEUVE_VENVS_PATH", os.fspath(project / _POINTER))
        exists = cfg_of(path) is not None
        return Use("prime-uve", path, why, exists, not given, on, pointed=True)

    def cleanup_command(self, place: Path) -> CleanupCommand | None:
        """Return ``prime-uve prune --orphan``: it deletes every directory not in the registry.

        prime-uve 0.2.0, ``utils/venv.py``, ``scan_venv_directory``.
        """
        return CleanupCommand(place, "prime-uve prune --orphan")

    def leftovers(self, gone: Trashed, machine: Machine, config: Config) -> Leftovers:
        """Return the registry without the projects that it maps to this environment.

        A project that may also be mapped to an existing environment stays.
        """
        file = _data(machine) / "cache.json"
        roots = self.roots(machine, config)
        folders = [root.path for root in roots if root.layout is Layout.FLAT]
        try:
            before = editable_text(file, _REGISTRY_LIMIT)
            with about(file):
                after = _without(before, gone.original, folders) if before else None
        except UnreadableError as error:
            return Leftovers(problems=(str(error),))
        if after is None:
            return Leftovers()
        return Leftovers(edits=(Edit(file, before, after),), lock=file.with_name(_LOCK))

    def expected_entry(self, wanted: Assignment) -> Path | None:
        """Return the entry ``<project>_<digest>``, in the folder in which it lies."""
        project = wanted.project
        if project is None:
            return None
        name = f"{self.name_part(wanted.name or project.name)}_{sha256(str(project))[:_DIGITS]}"
        return wanted.environment.entry.with_name(name)

    def link_edits(self, wanted: Assignment) -> LinkEdits:
        """Return the registry and the ``.env.uve`` of the project, as ``prime-uve init`` writes."""
        edits = [
            Edit(file, text, _with_setting(text, None))
            for file, text in former_pointers(self, _POINTER, wanted)
        ]
        value = self._value(wanted)
        if wanted.project is not None and wanted.writes:
            file = wanted.project / _POINTER
            text = editable_text(file)
            if _environment_setting(text or "") != value:
                edits.append(Edit(file, text, _with_setting(text, value)))
        registry = Path(wanted.root.pointer) if wanted.root and wanted.root.pointer else None
        if registry is None:
            return LinkEdits(tuple(edits))
        before = editable_text(registry, _REGISTRY_LIMIT)
        with about(registry):
            after = _registry(before, wanted, value)
        if after != before:
            edits.append(Edit(registry, before, after))
        return LinkEdits(tuple(edits), registry.with_name(_LOCK))

    def _value(self, wanted: Assignment) -> str:
        """Return the new value of the setting; prime-uve's own folder is written as a variable."""
        first = wanted.roots[0] if wanted.roots else None
        own = first is not None and real(first.path) == real(wanted.entry.parent)
        return f"{_BASE}/{wanted.entry.name}" if own else str(wanted.entry)


def _cache(machine: Machine) -> Path:
    return _folder(machine, "Cache", "Caches", "XDG_CACHE_HOME", ".cache")


def _data(machine: Machine) -> Path:
    return _folder(machine, "Data", "Application Support", "XDG_DATA_HOME", ".local/share")


def _folder(machine: Machine, windows: str, macos: str, variable: str, default: str) -> Path:
    """Return prime-uve's folder; it accepts a relative path in an XDG variable, too."""
    if machine.platform == "win32":
        return machine.local_appdata / "prime-uve" / windows
    given = machine.variable(variable)
    if machine.platform == "darwin":
        return machine.home / "Library" / macos / "prime-uve"
    return (literally(machine, given) if given else machine.home / default) / "prime-uve"


def _registered(registry: str) -> Mapping[str, tuple[_Known, ...]]:
    """Return the entries of the registry by the environment's name; none if it is damaged."""
    try:
        status = reads.stat(registry)
    except (OSError, ValueError):
        return {}
    return _parsed(registry, status)


@once_for_each_version  # asked for every environment
def _parsed(registry: str) -> Mapping[str, tuple[_Known, ...]]:
    table = json_object(config_text(Path(registry), _REGISTRY_LIMIT), _REGISTRY_LIMIT)
    by_name: dict[str, list[_Known]] = defaultdict(list)
    for project, entry in section(table, "venvs").items():
        if (known := _known(project, entry)) is not None:
            by_name[known.path.name].append(known)
    return {name: tuple(known) for name, known in by_name.items()}


def _known(project: str, entry: Any) -> _Known | None:
    given = string(entry, "venv_path") or ""
    path = string(entry, "venv_path_expanded") or given
    usable = os.path.isabs(project) and os.path.isabs(path) and "\0" not in project
    return _Known(Path(project), given, Path(path)) if usable else None


def _without(text: str, gone: Path, folders: Sequence[Path]) -> str | None:
    """Return the registry without what it maps to ``gone``, None if that is nothing.

    Written as prime-uve writes it. Raises UnreadableError if it is damaged.
    """
    table, venvs = _tables(text)
    kept = {project: entry for project, entry in venvs.items() if not _names(entry, gone, folders)}
    if len(kept) == len(venvs):
        return None
    try:
        return json.dumps(table | {"venvs": kept}, indent=2)
    except RecursionError as error:
        raise UnreadableError("is damaged") from error


def _names(entry: Any, gone: Path, folders: Sequence[Path]) -> bool:
    """Return whether an entry of the registry may mean ``gone``, and nothing that exists."""
    given, expanded = string(entry, "venv_path") or "", string(entry, "venv_path_expanded")
    meant = [Path(expanded)] if expanded else []
    if given.startswith(f"{_BASE}/"):
        meant += [folder / given.removeprefix(f"{_BASE}/") for folder in folders]
    elif given:
        meant.append(Path(given))
    return not any(map(reads.lexists, meant)) and gone in {*meant, *map(real, meant)}


def _elsewhere(registry: str, folders: set[Path]) -> list[Path]:
    """Return what is registered outside ``folders``, by the text of the paths."""
    known = [one.path for ones in _registered(registry).values() for one in ones]
    far = dict.fromkeys(path for path in known if path.parent not in folders)
    return list(far)[:_ELSEWHERE]


def _registry(before: str | None, wanted: Assignment, value: str) -> str | None:
    """Return the registry with the environment for the project, and for others if it is shared.

    Raises UnreadableError if it is damaged.
    """
    table, venvs = _tables(before if before is not None else '{"version": "1.0"}')
    entries: dict[str, Any] = {}
    for former in wanted.former:
        entry = venvs.get(str(former))
        if isinstance(entry, dict) and Path(entry.get("venv_path") or "").name == (
            wanted.environment.entry.name
        ):
            entries = venvs.pop(str(former))
    if wanted.project is not None:
        known = venvs.get(str(wanted.project))
        entries = known if isinstance(known, dict) else entries
        venvs[str(wanted.project)] = entries | {
            "venv_path": value,
            "venv_path_expanded": str(wanted.entry),
            "project_name": wanted.name or wanted.project.name,
            "path_hash": sha256(str(wanted.project))[:_DIGITS],
        }
    after = json.dumps(table, indent=2)
    return before if before is not None and json.loads(before) == table else after


def _tables(text: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the registry and its table of environments. Raises UnreadableError if damaged."""
    table = json_object(text, _REGISTRY_LIMIT)
    venvs = table.setdefault("venvs", {}) if table is not None else None
    if table is None or not isinstance(venvs, dict):
        raise UnreadableError("is damaged")
    return table, venvs


def _with_setting(text: str | None, value: str | None) -> str | None:
    """Return an ``.env.uve`` with the environment set, or without it; None if nothing is left.

    Other lines stay.
    """
    lines = (text or "").splitlines(keepends=True)
    kept = [line for line in lines if line.partition("=")[0].strip() != _SETTING]
    if value is not None:
        kept.insert(0, f"{_SETTING}={value}\n")
    return "".join(kept) if value is not None or "".join(kept).strip() else None


def _environment_setting(text: str) -> str | None:
    """Return the last value of UV_PROJECT_ENVIRONMENT, as prime-uve reads its file."""
    value = None
    for line in text.splitlines():
        key, equals, rest = line.strip().partition("=")
        if equals and key.strip() == _SETTING:
            value = rest.strip().strip("\"'")
    return value if value and "\0" not in value else None


STORE = PrimeUveStore()
