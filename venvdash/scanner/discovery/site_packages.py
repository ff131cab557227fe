"""What is installed in an environment, read from the names in its site-packages.

The listing gives names and versions. ``direct_url.json`` (PEP 610) is opened only for packages
that may be editable installs, or may be the project itself.
"""

import os
from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache

from venvdash.model import Package
from venvdash.model.packaging import canonical_name, minor_version
from venvdash.scanner.discovery.editable_installs import (
    Editable,
    EditableTraces,
    editables,
    with_origin,
)
from venvdash.system import reads
from venvdash.system.files import names_in

_IGNORED_PTH = frozenset(
    {"_virtualenv.pth", "distutils-precedence.pth", "a1_coverage.pth", "_uv_ephemeral_overlay.pth"}
)


@dataclass(frozen=True, slots=True)
class Site:
    """What one site-packages directory holds; ``changed`` is its mtime in seconds.

    ``readable`` is False where it could not be listed.
    """

    packages: tuple[Package, ...] = ()
    editables: tuple[Editable, ...] = ()
    changed: float | None = None
    readable: bool = True


def site_directory(prefix: str, version: str | None, listing: frozenset[str]) -> str | None:
    """Return the site-packages of an environment, or None."""
    if "Lib" in listing and "lib" not in listing:  # Windows
        return os.path.join(prefix, "Lib", "site-packages")
    library = os.path.join(prefix, "lib")
    if version:
        minor = minor_version(version)
        guess = os.path.join(library, f"python{minor}", "site-packages")
        if reads.isdir(guess):
            return guess
    for name in names_in(library):
        if name.startswith(("python", "pypy", "graalpy")):
            return os.path.join(library, name, "site-packages")
    return None


def read_site(directory: str, likely: Collection[str] = ()) -> Site:
    """Read one site-packages directory; what cannot be read is left out.

    ``likely`` are the normalised names of packages whose metadata is read in any case, since they
    may be editable installs.
    """
    infos: list[str] = []
    pths: list[str] = []
    links: list[str] = []
    egg_links: list[str] = []
    try:
        changed = reads.stat(directory).st_mtime
        with reads.scandir(directory) as listing:
            for entry in listing:
                name = entry.name
                if name.endswith((".dist-info", ".egg-info")):
                    infos.append(name)
                elif name.endswith(".pth"):
                    if name not in _IGNORED_PTH and not name.endswith("-nspkg.pth"):
                        pths.append(name)
                elif name.endswith(".egg-link"):
                    egg_links.append(name)
                elif entry.is_symlink():
                    links.append(name.removesuffix(".py"))
    except (OSError, ValueError):
        return Site(readable=False)
    packages = {name: name_and_version(name) for name in sorted(infos)}
    traces = EditableTraces(
        tuple(sorted(pths)), tuple(sorted(links)), tuple(sorted(egg_links)), frozenset(likely)
    )
    installs = editables(directory, packages, traces)
    return Site(tuple(packages.values()), installs, changed)


def origins(directory: str) -> tuple[Package, ...]:
    """Return the packages with their origin: opens every ``direct_url.json``."""
    infos = [n for n in names_in(directory) if n.endswith((".dist-info", ".egg-info"))]
    return tuple(with_origin(directory, info, name_and_version(info))[0] for info in infos)


def installed(prefix: str, version: str | None) -> list[tuple[str, str | None]]:
    """Return the normalised name of each package, and where its ``WHEEL`` links to, resolved.

    That is None where it is no link. With link-mode "symlink" uv (0.13.9) links every file that a
    wheel brought to its cache. Raises OSError or ValueError if the environment cannot be read.
    """
    site = site_directory(prefix, version, frozenset(reads.listdir(prefix)))
    packages: list[tuple[str, str | None]] = []
    for info in reads.listdir(site) if site else ():
        if info.endswith((".dist-info", ".egg-info")):
            file = os.path.join(site or "", info, "WHEEL")
            target = reads.realpath(file) if reads.islink(file) else None
            packages.append((canonical_name(name_and_version(info).name), target))
    return packages


def linked_into(prefix: str, version: str | None, directory: str) -> bool:
    """Return whether packages of an environment are symbolic links into ``directory``, resolved."""
    inside = directory.rstrip(os.sep) + os.sep
    try:
        return any(target and target.startswith(inside) for _, target in installed(prefix, version))
    except (OSError, ValueError):
        return False


@lru_cache(maxsize=4096)  # environments share them
def name_and_version(info: str) -> Package:
    """Return the package that the name of a ``*.dist-info`` or ``*.egg-info`` describes."""
    name, _, rest = info.rsplit(".", 1)[0].partition("-")
    version = rest.split("-py", 1)[0] if info.endswith(".egg-info") else rest
    return Package(name, version)
