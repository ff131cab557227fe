"""Reads one directory and returns the environment in it. Runs nothing that it finds there."""

import errno
import os
import re
import stat
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path

from venvdash.model import (
    Claim,
    Direction,
    Environment,
    EvidenceKind,
    Flag,
    NotEnvironment,
    Traits,
)
from venvdash.records.inspections import Inspection
from venvdash.scanner.discovery import conda_meta
from venvdash.scanner.discovery.conda_meta import NotAnEnvironmentError
from venvdash.scanner.discovery.editable_claims import editable_claims, own_names
from venvdash.scanner.discovery.inspection_cache import InspectionCache, Now
from venvdash.scanner.discovery.inspection_cache import now as read_each_time
from venvdash.scanner.discovery.site_packages import Site, read_site, site_directory
from venvdash.scanner.discovery.store_folders import JOURNALS, OURS
from venvdash.stores import registry
from venvdash.stores.base import Reading, Store
from venvdash.stores.pyvenv_cfg import parse_cfg
from venvdash.stores.roots import Entry, Root
from venvdash.system import reads
from venvdash.system.files import open_quietly, read_text
from venvdash.system.shared_paths import shared_path
from venvdash.text import because

FREEING = "purge.toml"  # lies in what is being freed for good: see ``actions.purge``
_CFG_LIMIT = 64 * 1024  # bytes; the largest that tools write is a few hundred
_ACTIVATED = re.compile(
    r"^[ \t]*(?:export )?VIRTUAL_ENV=(?P<quote>[\"']?)(?P<path>/[^\"'$\n]+)(?P=quote)\s*$",
    re.MULTILINE,
)
_IMPLEMENTATIONS = {"cpython": "CPython", "pypy": "PyPy", "graalpy": "GraalPy"}


@dataclass(frozen=True, slots=True)
class Inspected:
    """An environment with the claims in its own files."""

    environment: Environment
    claims: tuple[Claim, ...]


@dataclass(frozen=True, slots=True)
class _Prefix:
    """The basic data of an environment; ``meta`` is set if conda-meta replaces pyvenv.cfg."""

    cfg: dict[str, str]
    names: frozenset[str]
    made: float
    now: Now
    home: Path
    meta: conda_meta.Meta | None = None

    @property
    def version(self) -> str | None:
        return self.meta.python if self.meta else _version(self.cfg)


def inspect(
    entry: Entry, root: Root, uid: int | None, cache: InspectionCache | None = None
) -> Inspected | NotEnvironment:
    """Read the environment at ``entry``, or return why there is none. Raises nothing.

    ``uid`` is the user who should own it, None on systems without user ids. What ``cache``
    remembers is not read again; what it may remember is added to it.
    """
    try:
        known = cache.get(entry, root) if cache else None
        if known is not None:
            return _assembled(*known, entry, root, uid)
        if reads.islink(entry.prefix):
            return _alias(entry, root, uid)
        with reads.recorded() if cache else nullcontext() as noted:
            inspection, now = _read(entry, root)
        if cache and noted:
            cache.add(entry, root, inspection, noted)
        return _assembled(inspection, now, entry, root, uid)
    except NotAnEnvironmentError as error:
        return NotEnvironment(entry.prefix, root.store, str(error))
    except (OSError, ValueError) as error:
        return NotEnvironment(entry.prefix, root.store, f"cannot be read: {because(error)}")


def inspect_moved(entry: Entry, original: Entry, root: Root) -> Environment | None:
    """Return the environment at ``entry`` as it was at ``original``, its place in a store.

    For a search for the project of one in the trash: it has its name and Python, but no packages
    and no flags. None if it cannot be read; raises nothing.
    """
    try:
        prefix = _look(str(entry.prefix))
        fingerprint = prefix.now.fingerprint
        was = Reading(original.prefix, original.entry, root, prefix.cfg, prefix.names, fingerprint)
        store, traits = _recognised(was)
    except (NotAnEnvironmentError, OSError, ValueError):
        return None
    directory = site_directory(str(entry.prefix), prefix.version, prefix.names)
    return Environment(
        path=original.prefix,
        entry=original.entry,
        root=root.path,
        store=store.name,
        traits=traits,
        fingerprint=fingerprint,
        python=prefix.version or (_library_version(directory) if directory else None),
        implementation=_implementation(prefix.cfg, directory),
        base=prefix.home,
        prompt=prefix.cfg.get("prompt"),
    )


def _alias(entry: Entry, root: Root, uid: int | None) -> Inspected:
    """Read the target of a link in a store; the link itself is the entry."""
    target = Path(reads.realpath(entry.prefix))
    try:
        reads.target_exists(target)
    except (FileNotFoundError, NotADirectoryError):
        raise NotAnEnvironmentError(f"is a broken link to {reads.readlink(entry.prefix)}") from None
    real = Entry(target, target)
    inspection, now = _read(real, root)
    inner = _assembled(inspection, now, real, root, uid)
    environment = replace(
        inner.environment,
        path=entry.prefix,
        entry=entry.entry,
        target=target,
        traits=replace(inner.environment.traits, name=entry.prefix.name, keeps_sidecar=False),
        flags=inner.environment.flags | {Flag.ALIAS},
        sidecar=False,
    )
    claims = [replace(claim, environment=entry.prefix) for claim in inner.claims]
    return Inspected(environment, tuple(claims))


def _read(entry: Entry, root: Root) -> tuple[Inspection, Now]:
    """Read the files of an environment."""
    path = str(entry.prefix)
    prefix = _look(path)
    reading = Reading(
        entry.prefix, entry.entry, root, prefix.cfg, prefix.names, prefix.now.fingerprint
    )
    store, traits = _recognised(reading)
    version, prompt = prefix.version, prefix.cfg.get("prompt")
    directory = site_directory(path, version, prefix.names)
    site = read_site(directory, own_names(traits, prompt)) if directory else Site(readable=False)
    if version is None and directory and not prefix.meta:
        version = _library_version(directory)
    meta, claims = prefix.meta, list(store.claims(reading))
    made_at = _made_at(prefix.cfg) or store.made_at(reading)
    if made_at is None and any(claim.how is EvidenceKind.POINTER for claim in claims):
        # Two may carry one pointer: then it matters which of them was copied.
        made_at = _activated(path, prefix.names)
    used = store.last_used(reading) or 0.0
    inspection = Inspection(
        store=store.name,
        traits=traits,
        home=str(prefix.home),
        python=version,
        implementation=_implementation(prefix.cfg, directory),
        prompt=prompt,
        creator=meta.creator if meta else _creator(prefix.cfg),
        made_at=str(made_at) if made_at else None,
        interpreter=_interpreter(prefix),
        made=prefix.made,
        changed=max(meta.changed if meta else prefix.made, site.changed or 0.0),
        sidecar="venvdash.toml" in prefix.names,
        unfinished=not prefix.names.isdisjoint(JOURNALS)
        or any(name.startswith(OURS) for name in prefix.names),
        packages=meta.with_site(site.packages) if meta else site.packages,
        packages_known=site.readable or (prefix.meta is not None and directory is None),
        claims=tuple((str(c.project), c.how, c.source) for c in claims),
        editables=tuple((e.name, str(e.source), str(e.file)) for e in site.editables),
    )
    return inspection, replace(prefix.now, used=max(prefix.now.used, used))


def _assembled(
    inspection: Inspection, now: Now, entry: Entry, root: Root, uid: int | None
) -> Inspected:
    """Return the environment of an inspection, with what is read of it each time."""
    path, traits = entry.prefix, inspection.traits
    environment = Environment(
        path=path,
        entry=entry.entry,
        root=root.path,
        store=inspection.store,
        traits=traits,
        fingerprint=now.fingerprint,
        python=inspection.python,
        implementation=inspection.implementation,
        base=shared_path(inspection.home),
        prompt=inspection.prompt,
        creator=inspection.creator,
        made_at=Path(inspection.made_at) if inspection.made_at else None,
        packages=inspection.packages,
        packages_known=inspection.packages_known,
        created=inspection.made,
        changed=inspection.changed,
        used=max(inspection.changed, now.used),
        flags=_flags(inspection, now, entry, uid),
        sidecar=inspection.sidecar,
    )
    claims = [
        Claim(path, shared_path(project), how, Direction.ENVIRONMENT, source)
        for project, how, source in inspection.claims
    ]
    if inspection.editables:
        claims += editable_claims(environment, inspection.editables)
    return Inspected(environment, tuple(claims))


def _look(path: str) -> _Prefix:
    """Read the listing and pyvenv.cfg of a directory, with the times from before the reading."""
    file = os.path.join(path, "pyvenv.cfg")
    status = reads.stat(path)
    if not stat.S_ISDIR(status.st_mode):
        raise NotAnEnvironmentError("is not a directory")
    names = frozenset(reads.listdir(path))
    if FREEING in names:
        raise NotAnEnvironmentError("is being deleted")
    if "pyvenv.cfg" not in names and conda_meta.NAME in names:
        return _conda(path, status, names)
    if "pyvenv.cfg" not in names:
        raise NotAnEnvironmentError(_without_cfg(names))
    reads.note(file, reads.Read.ACCESS_TIME)
    descriptor = open_quietly(file)
    try:
        cfg = os.fstat(descriptor)
        if not stat.S_ISREG(cfg.st_mode):
            raise NotAnEnvironmentError("its pyvenv.cfg is not a regular file")
        if cfg.st_size > _CFG_LIMIT:
            raise NotAnEnvironmentError(f"its pyvenv.cfg is larger than {_CFG_LIMIT // 1024} KiB")
        text = os.read(descriptor, _CFG_LIMIT).decode("utf-8", "surrogateescape")
    finally:
        os.close(descriptor)
    keys = parse_cfg(text)
    if not os.path.isabs(keys.get("home", "")) or "\0" in text:
        raise NotAnEnvironmentError("its pyvenv.cfg names no interpreter (`home`)")
    if not names & {"bin", "Scripts", "lib", "Lib"}:
        raise NotAnEnvironmentError("has a pyvenv.cfg, but neither bin nor lib")
    made = getattr(cfg, "st_birthtime", cfg.st_mtime)
    return _Prefix(keys, names, made, read_each_time(status, cfg), Path(keys["home"]))


def _conda(path: str, status: os.stat_result, names: frozenset[str]) -> _Prefix:
    """Read a conda or pixi environment, whose interpreter is one of its packages."""
    meta = conda_meta.read(path, status.st_ino, names)
    now = Now(meta.fingerprint, status.st_uid, 0.0)
    return _Prefix({}, names, meta.made, now, Path(path), meta)


def _without_cfg(names: frozenset[str]) -> str:
    if not names:
        return "is empty"
    if names & {"bin", "Scripts", "lib", "Lib"} and names <= {
        "bin", "Scripts", "lib", "Lib", "lib64", "include", "Include", "share", ".lock",
        ".gitignore", "CACHEDIR.TAG", "venvdash.toml",
    }:  # fmt: skip
        return "looks like the remains of an environment: it has no pyvenv.cfg"
    return "contains no pyvenv.cfg"


def _recognised(reading: Reading) -> tuple[Store, Traits]:
    for store in registry():
        traits = store.recognise(reading)
        if traits is not None:
            return store, traits
    raise NotAnEnvironmentError("is not an environment of any known tool")


def _version(cfg: Mapping[str, str]) -> str | None:
    """Return X.Y.Z (or X.Y) from ``version_info`` (uv, virtualenv) or ``version`` (venv)."""
    parts = (cfg.get("version_info") or cfg.get("version") or "").split(".")[:3]
    return ".".join(parts) if len(parts) > 1 and all(p.isdigit() for p in parts[:2]) else None


def _library_version(site: str) -> str | None:
    """Return X.Y from ``lib/pythonX.Y/site-packages``."""
    version = os.path.basename(os.path.dirname(site)).lstrip("abcdefghijklmnopqrstuvwxyz")
    return version if version[:1].isdigit() else None


def _implementation(cfg: Mapping[str, str], site: str | None) -> str | None:
    name = cfg.get("implementation", "").lower()
    if not name and site:
        library = os.path.basename(os.path.dirname(site)).rstrip("0123456789.t")
        name = {"python": "cpython"}.get(library, library)
    return _IMPLEMENTATIONS.get(name, cfg.get("implementation"))


def _creator(cfg: Mapping[str, str]) -> str | None:
    for tool in ("uv", "virtualenv"):
        if tool in cfg:
            return f"{tool} {cfg[tool]}"
    return "venv" if "-m venv " in cfg.get("command", "") else None


def _made_at(cfg: Mapping[str, str]) -> Path | None:
    """Return the destination in the key ``command``, which venv and virtualenv write."""
    _, module, rest = cfg.get("command", "").partition(" -m ")
    if not module or not rest.startswith(("venv ", "virtualenv ")):
        return None
    at = rest.rfind(" /")
    return Path(rest[at + 1 :]) if at >= 0 else None


def _activated(path: str, names: frozenset[str]) -> Path | None:
    """Return the path in ``bin/activate``, for environments without ``command``. Raises nothing.

    ``path`` is the environment, ``names`` are the entries in it.
    """
    folder = "bin" if "bin" in names else "Scripts"
    text = read_text(os.path.join(path, folder, "activate"), _CFG_LIMIT)
    return named_place(text) if text else None


def named_place(text: str) -> Path | None:
    """Return the path in an activation script for sh, or None."""
    match = _ACTIVATED.search(text)
    return Path(match["path"]) if match else None


def _flags(inspection: Inspection, now: Now, entry: Entry, uid: int | None) -> frozenset[Flag]:
    flags, path = set(), str(entry.prefix)
    if uid is not None and now.owner != uid:
        flags.add(Flag.NOT_OWNED)
    if _interpreter_gone(path, inspection):
        flags.add(Flag.BROKEN)
    if not reads.access(path, os.W_OK, effective_ids=_EFFECTIVE):
        flags.add(Flag.READ_ONLY)
    if inspection.traits.volatile:
        flags.add(Flag.VOLATILE)
    if inspection.unfinished or _changing(entry):
        flags.add(Flag.DEBRIS)
    return frozenset(flags)


_EFFECTIVE = os.access in os.supports_effective_ids


def _changing(entry: Entry) -> bool:
    """Return whether a journal of venvdash lies beside an environment in a directory of its own."""
    apart = entry.entry != entry.prefix
    return apart and any(reads.lexists(entry.entry / name) for name in JOURNALS)


def _interpreter(prefix: _Prefix) -> str:
    """Return where in an environment its Python should be, "" if it is for another language."""
    if prefix.meta and prefix.meta.python is None:
        return ""
    if prefix.meta and "bin" not in prefix.names:  # Windows
        return "python.exe"
    return os.path.join("Scripts", "python.exe") if "Scripts" in prefix.names else "bin/python"


def _interpreter_gone(path: str, inspection: Inspection) -> bool:
    if not inspection.interpreter:
        return False
    try:
        reads.target_exists(f"{path}{os.sep}{inspection.interpreter}")
        reads.target_exists(inspection.home)
    except (FileNotFoundError, NotADirectoryError):
        return True
    except (OSError, ValueError) as error:
        return getattr(error, "errno", None) == errno.ELOOP  # a link to itself
    return False
