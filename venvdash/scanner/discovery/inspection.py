"""Reads one directory and returns the environment in it. Runs nothing that it finds there."""

import errno
import os
import re
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from venvdash.model import (
    Claim,
    Direction,
    Environment,
    EvidenceKind,
    Fingerprint,
    Flag,
    NotEnvironment,
    Traits,
)
from venvdash.scanner.discovery import conda_meta
from venvdash.scanner.discovery.conda_meta import NotAnEnvironmentError
from venvdash.scanner.discovery.editable_installs import Editable
from venvdash.scanner.discovery.site_packages import Site, read_site, site_directory
from venvdash.scanner.discovery.store_folders import JOURNALS, OURS
from venvdash.stores import registry
from venvdash.stores.base import Reading, Store, normalised
from venvdash.stores.pyvenv_cfg import parse_cfg
from venvdash.stores.roots import Entry, Root
from venvdash.system.files import open_quietly, read_text
from venvdash.text import because

FREEING = "purge.toml"  # lies in what is being freed for good: see ``actions.purge``
_CFG_LIMIT = 64 * 1024  # bytes; the largest that tools write is a few hundred
_ACTIVATED = re.compile(
    r"^[ \t]*(?:export )?VIRTUAL_ENV=(?P<quote>[\"']?)(?P<path>/[^\"'$\n]+)(?P=quote)\s*$",
    re.MULTILINE,
)
_IMPLEMENTATIONS = {"cpython": "CPython", "pypy": "PyPy", "graalpy": "GraalPy"}
_ANCESTORS = 8  # directories above an editable source that may be its workspace's root


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
    fingerprint: Fingerprint
    owner: int
    made: float
    accessed: float | None
    home: Path
    meta: conda_meta.Meta | None = None

    @property
    def version(self) -> str | None:
        return self.meta.python if self.meta else _version(self.cfg)


def inspect(entry: Entry, root: Root, uid: int | None) -> Inspected | NotEnvironment:
    """Read the environment at ``entry``, or return why there is none. Raises nothing.

    ``uid`` is the user who should own it, None on systems without user ids.
    """
    try:
        if os.path.islink(entry.prefix):
            return _alias(entry, root, uid)
        return _directory(entry, root, uid)
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
        was = Reading(
            original.prefix, original.entry, root, prefix.cfg, prefix.names, prefix.fingerprint
        )
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
        fingerprint=prefix.fingerprint,
        python=prefix.version or (_library_version(directory) if directory else None),
        implementation=_implementation(prefix.cfg, directory),
        base=prefix.home,
        prompt=prefix.cfg.get("prompt"),
    )


def _alias(entry: Entry, root: Root, uid: int | None) -> Inspected:
    """Read the target of a link in a store; the link itself is the entry."""
    target = Path(os.path.realpath(entry.prefix))
    try:
        os.stat(target)
    except (FileNotFoundError, NotADirectoryError):
        raise NotAnEnvironmentError(f"is a broken link to {os.readlink(entry.prefix)}") from None
    inner = _directory(Entry(target, target), root, uid)
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


def _directory(entry: Entry, root: Root, uid: int | None) -> Inspected:
    prefix = _look(str(entry.prefix))
    reading = Reading(entry.prefix, entry.entry, root, prefix.cfg, prefix.names, prefix.fingerprint)
    store, traits = _recognised(reading)
    version = prefix.version
    directory = site_directory(str(entry.prefix), version, prefix.names)
    own = _own_names(traits, prefix.cfg.get("prompt"))
    site = read_site(directory, own) if directory else Site()
    if version is None and directory and not prefix.meta:
        version = _library_version(directory)
    meta = prefix.meta
    changed = max(meta.changed if meta else prefix.made, site.changed or 0.0)
    environment = Environment(
        path=entry.prefix,
        entry=entry.entry,
        root=root.path,
        store=store.name,
        traits=traits,
        fingerprint=prefix.fingerprint,
        python=version,
        implementation=_implementation(prefix.cfg, directory),
        base=prefix.home,
        prompt=prefix.cfg.get("prompt"),
        creator=meta.creator if meta else _creator(prefix.cfg),
        made_at=_made_at(prefix.cfg) or store.made_at(reading),
        packages=meta.with_site(site.packages) if meta else site.packages,
        created=prefix.made,
        changed=changed,
        used=max(changed, prefix.accessed or 0.0, store.last_used(reading) or 0.0),
        flags=_flags(entry, prefix, traits, uid),
        sidecar="venvdash.toml" in prefix.names,
    )
    claims = [*store.claims(reading), *_editable_claims(environment, store, site.editables)]
    if environment.made_at is None and any(claim.how is EvidenceKind.POINTER for claim in claims):
        # Two may carry one pointer: then it matters which of them was copied.
        environment = replace(environment, made_at=_activated(str(entry.prefix), prefix.names))
    return Inspected(environment, tuple(claims))


def _look(path: str) -> _Prefix:
    """Read the listing and pyvenv.cfg of a directory, with the times from before the reading."""
    status = os.stat(path)
    if not stat.S_ISDIR(status.st_mode):
        raise NotAnEnvironmentError("is not a directory")
    names = frozenset(os.listdir(path))
    if FREEING in names:
        raise NotAnEnvironmentError("is being deleted")
    if "pyvenv.cfg" not in names and conda_meta.NAME in names:
        return _conda(path, status, names)
    if "pyvenv.cfg" not in names:
        raise NotAnEnvironmentError(_without_cfg(names))
    descriptor = open_quietly(os.path.join(path, "pyvenv.cfg"))
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
    fingerprint = Fingerprint(status.st_ino, cfg.st_ino, cfg.st_mtime_ns, cfg.st_ctime_ns)
    made = getattr(cfg, "st_birthtime", cfg.st_mtime)
    accessed, home = _access_time(cfg), Path(keys["home"])
    return _Prefix(keys, names, fingerprint, status.st_uid, made, accessed, home)


def _conda(path: str, status: os.stat_result, names: frozenset[str]) -> _Prefix:
    """Read a conda or pixi environment, whose interpreter is one of its packages."""
    meta = conda_meta.read(path, status.st_ino, names)
    uid, home = status.st_uid, Path(path)
    return _Prefix({}, names, meta.fingerprint, uid, meta.made, None, home, meta)


def _access_time(cfg: os.stat_result) -> float | None:
    """Return when the environment's Python was last started, None if reading it changes that.

    Only a file's owner may read it without updating its access time.
    """
    if not hasattr(os, "O_NOATIME"):
        return cfg.st_atime
    return cfg.st_atime if os.geteuid() in (0, cfg.st_uid) else None


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


def _flags(entry: Entry, prefix: _Prefix, traits: Traits, uid: int | None) -> frozenset[Flag]:
    flags, path = set(), str(entry.prefix)
    if uid is not None and prefix.owner != uid:
        flags.add(Flag.NOT_OWNED)
    if _interpreter_gone(path, prefix):
        flags.add(Flag.BROKEN)
    if not os.access(path, os.W_OK, effective_ids=_EFFECTIVE):
        flags.add(Flag.READ_ONLY)
    if traits.volatile:
        flags.add(Flag.VOLATILE)
    if _unfinished(entry, prefix.names):
        flags.add(Flag.DEBRIS)
    return frozenset(flags)


_EFFECTIVE = os.access in os.supports_effective_ids


def _unfinished(entry: Entry, names: frozenset[str]) -> bool:
    """Return whether it contains a journal or a temporary file of venvdash."""
    if not names.isdisjoint(JOURNALS) or any(name.startswith(OURS) for name in names):
        return True
    apart = entry.entry != entry.prefix
    return apart and any(os.path.lexists(entry.entry / name) for name in JOURNALS)


def _interpreter_gone(path: str, prefix: _Prefix) -> bool:
    if prefix.meta and prefix.meta.python is None:
        return False  # made for another language
    python = ("Scripts", "python.exe") if "Scripts" in prefix.names else ("bin", "python")
    if prefix.meta and "bin" not in prefix.names:  # Windows
        python = ("", "python.exe")
    try:
        os.stat(os.path.join(path, *python))
        os.stat(prefix.home)
    except (FileNotFoundError, NotADirectoryError):
        return True
    except (OSError, ValueError) as error:
        return getattr(error, "errno", None) == errno.ELOOP  # a link to itself
    return False


def _editable_claims(
    environment: Environment, store: Store, editables: tuple[Editable, ...]
) -> Iterator[Claim]:
    """Yield a claim for each source tree that is installed in editable mode.

    It is a proof if the hash in the environment's name fits its directory, or if the package has
    the environment's name. Otherwise it is a mention: any library can be installed that way. In an
    environment that no tool made for one project, one package of its name proves all of them.
    """
    traits = environment.traits
    names = _own_names(traits, environment.prompt)
    own = [
        editable.name is not None
        and (
            normalised(editable.name) in names
            or store.name_part(editable.name) == traits.project_name
        )
        for editable in editables
    ]
    shared = traits.digest is None and any(own)
    for editable, named in zip(editables, own, strict=True):
        hashed = _hashed(environment, store, editable.source)
        how = EvidenceKind.EDITABLE if named or shared else EvidenceKind.MENTION
        if hashed:
            how = EvidenceKind.HASH
        project = hashed or editable.source
        yield Claim(environment.path, project, how, Direction.ENVIRONMENT, str(editable.file))


def _own_names(traits: Traits, prompt: str | None) -> set[str]:
    """Return the names that the package of the environment's own project may have."""
    return {normalised(name) for name in (traits.project_name, traits.name, prompt) if name}


def _hashed(environment: Environment, store: Store, source: Path) -> Path | None:
    """Return the directory, at or above ``source``, whose hash is in the environment's name."""
    if environment.traits.digest is None:
        return None
    for directory in (source, *list(source.parents)[:_ANCESTORS]):
        if store.fits(environment, directory):
            return directory
    return None
