"""What is installed in an environment, read from the names in its site-packages.

Listing a directory tells names and versions. Only where a ``*.pth`` file betrays an editable
install is PEP 610's ``direct_url.json`` opened: every editable install needs such a file.
"""

import os
from dataclasses import dataclass, field
from pathlib import Path

from venvdash.model import Package
from venvdash.stores.base import normalised
from venvdash.system.files import read_text

_DULL_PTH = frozenset(
    {"_virtualenv.pth", "distutils-precedence.pth", "a1_coverage.pth", "_uv_ephemeral_overlay.pth"}
)
_PTH_PREFIXES = ("_editable_impl_", "__editable__.", "__editable___")
_PTH_LINES = 200
_LIMIT = 64 * 1024  # bytes of a .pth or direct_url.json


@dataclass(frozen=True, slots=True)
class Editable:
    """A source tree that an environment imports from; ``name`` is None where no package says so.

    ``source`` is the project's directory where ``direct_url.json`` names it, else the directory
    that is put on ``sys.path``. ``file`` is what says so.
    """

    name: str | None
    source: Path
    file: Path


@dataclass(frozen=True, slots=True)
class Site:
    """What one site-packages directory holds; ``changed`` is its mtime in seconds."""

    packages: tuple[Package, ...] = ()
    editables: tuple[Editable, ...] = ()
    changed: float | None = None
    pth: tuple[str, ...] = field(default=())


def site_directory(prefix: str, version: str | None, listing: frozenset[str]) -> str | None:
    """Return the site-packages of an environment, or None where it has none."""
    if "Lib" in listing and "lib" not in listing:  # Windows
        return os.path.join(prefix, "Lib", "site-packages")
    library = os.path.join(prefix, "lib")
    if version:
        minor = ".".join(version.split(".")[:2])
        guess = os.path.join(library, f"python{minor}", "site-packages")
        if os.path.isdir(guess):
            return guess
    try:
        names = sorted(os.listdir(library))
    except OSError:
        return None
    for name in names:
        if name.startswith(("python", "pypy", "graalpy")):
            return os.path.join(library, name, "site-packages")
    return None


def read_site(directory: str) -> Site:
    """Read one site-packages directory; what cannot be read is left out."""
    infos: list[str] = []
    pths: list[str] = []
    try:
        changed = os.stat(directory).st_mtime
        names = os.listdir(directory)
    except (OSError, ValueError):
        return Site()
    for name in names:
        if name.endswith((".dist-info", ".egg-info")):
            infos.append(name)
        elif name.endswith(".pth") and name not in _DULL_PTH and not name.endswith("-nspkg.pth"):
            pths.append(name)
    packages = {name: _package(name) for name in sorted(infos)}
    editables = _editables(directory, packages, sorted(pths)) if pths else ()
    return Site(tuple(packages.values()), tuple(editables), changed, tuple(pths))


def origins(directory: str) -> tuple[Package, ...]:
    """Return the packages with their origin: opens every ``direct_url.json``."""
    try:
        infos = sorted(n for n in os.listdir(directory) if n.endswith((".dist-info", ".egg-info")))
    except OSError:
        return ()
    return tuple(_with_origin(directory, info)[0] for info in infos)


def _package(info: str) -> Package:
    stem = info.rsplit(".", 1)[0]
    name, _, rest = stem.partition("-")
    version = rest.split("-py", 1)[0] if info.endswith(".egg-info") else rest
    return Package(name, version)


def _with_origin(directory: str, info: str) -> tuple[Package, str | None]:
    """Return the package and, where it is editable, the directory of its source."""
    package = _package(info)
    text = read_text(os.path.join(directory, info, "direct_url.json"), _LIMIT)
    if text is None:
        return package, None
    import json

    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return package, None
    url = data.get("url") if isinstance(data, dict) else None
    if not isinstance(url, str):
        return package, None
    about = data.get("dir_info")
    editable = isinstance(about, dict) and about.get("editable") is True
    package = Package(package.name, package.version, url, editable)
    return package, file_url_path(url) if editable else None


def file_url_path(url: str) -> str | None:
    """Return the absolute path of a ``file://`` URL, or None."""
    from urllib.parse import unquote, urlsplit

    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    if parts.scheme != "file" or parts.netloc not in ("", "localhost"):
        return None
    path = unquote(parts.path, errors="surrogateescape")
    if os.name == "nt":
        path = path.lstrip("/")
    return path if os.path.isabs(path) and "\0" not in path else None


def _editables(directory: str, packages: dict[str, Package], pths: list[str]) -> list[Editable]:
    stems = {pth: _stem(pth) for pth in pths}
    by_name = {normalised(package.name): info for info, package in packages.items()}
    matched = {stem: by_name[stem] for stem in stems.values() if stem in by_name}
    # A .pth that no package's name fits may be any package's: look at all of them.
    all_match = len(matched) == len(set(stems.values()))
    found: list[Editable] = []
    known: set[str] = set()
    for info in matched.values() if all_match else list(packages):
        package, source = _with_origin(directory, info)
        if source:
            packages[info] = package
            known.add(normalised(package.name))
            file = Path(directory, info, "direct_url.json")
            found.append(Editable(package.name, Path(source), file))
    for pth, stem in stems.items():
        if stem not in known:
            name = packages[by_name[stem]].name if stem in by_name else None
            found.extend(e for e in _sources(directory, pth, name) if not _covered(e, found))
    return found


def _covered(editable: Editable, found: list[Editable]) -> bool:
    """Return whether a package's own ``direct_url.json`` already names this source tree."""
    return any(
        editable.source == other.source or other.source in editable.source.parents
        for other in found
    )


def _stem(pth: str) -> str:
    stem = pth[: -len(".pth")]
    for prefix in _PTH_PREFIXES:
        if stem.startswith(prefix):
            stem = stem[len(prefix) :]
            if prefix == "__editable__.":  # __editable__.NAME-VERSION.pth
                stem = stem.rsplit("-", 1)[0]
            break
    return normalised(stem)


def _sources(directory: str, pth: str, name: str | None) -> list[Editable]:
    """Return the directories that a .pth puts on ``sys.path`` outside the environment."""
    text = read_text(os.path.join(directory, pth), _LIMIT) or ""
    found = []
    for line in text.splitlines()[:_PTH_LINES]:
        path = line.strip()
        if not os.path.isabs(path) or "\0" in path or path.startswith(directory + os.sep):
            continue
        found.append(Editable(name, Path(project_of(path)), Path(directory, pth)))
    return found


def project_of(source: str) -> str:
    """Return the project that a directory on ``sys.path`` belongs to.

    The nearest directory upwards with a pyproject.toml or setup.py; where there is none (any
    more), the directory itself, or its parent for a ``src``.
    """
    directory = source
    for _ in range(3):
        for name in ("pyproject.toml", "setup.py", "setup.cfg"):
            if os.path.lexists(os.path.join(directory, name)):
                return directory
        directory = os.path.dirname(directory)
    return os.path.dirname(source) if os.path.basename(source) == "src" else source
