"""The packages of one environment: sizes, sources and requirements. Runs nothing of them.

It reads the metadata and the file list of every package, which takes too long for a list.
"""

import os
from collections import defaultdict
from collections.abc import Iterable, Mapping

from venvdash.model import Environment, Package
from venvdash.model.installed import InstalledPackage, PackageSource
from venvdash.model.packaging import canonical_name
from venvdash.scanner.discovery.editable_installs import direct_url, from_url
from venvdash.scanner.discovery.requirements import (
    markers_for,
    required_lines,
    required_names,
)
from venvdash.scanner.discovery.site_packages import name_and_version, site_directory
from venvdash.scanner.record_file import TooMuchError
from venvdash.scanner.usage.installed_files import files_of_conda
from venvdash.scanner.usage.package_files import bytes_of, inodes_of, recorded_paths
from venvdash.system.files import names_in
from venvdash.system.foreground import give_way

_META = "conda-meta"
_MOST_FILES = 500_000  # of one environment
_SOURCES = {
    "archive_info": PackageSource.ARCHIVE,
    "dir_info": PackageSource.DIRECTORY,
    "vcs_info": PackageSource.VCS,
}


def site_of(environment: Environment) -> str | None:
    """Return the site-packages directory of an environment, None where it has none."""
    prefix = str(environment.target or environment.path)
    return site_directory(prefix, environment.python, frozenset(names_in(prefix)))


def installed_packages(environment: Environment) -> tuple[InstalledPackage, ...]:
    """Return the packages of an environment, in its order. What cannot be read is left out."""
    prefix, site = str(environment.target or environment.path), site_of(environment)
    infos = _infos(site) if site else {}
    conda = _conda_records(prefix)
    lines = {}
    for name, metadata in infos.items():
        found = required_lines(os.path.join(site or "", metadata))
        if found is not None:
            lines[name] = found
    markers = markers_for(environment.python, environment.implementation)
    required = required_names(lines, markers)
    users: dict[str, set[str]] = defaultdict(set)
    for user, names in required.items():
        for one in names:
            users[one].add(user)
    packages, sizes = [], _Sizes(prefix, site)
    for package in environment.packages:
        give_way()
        name = canonical_name(package.name)
        info = infos.get(name)
        record = conda.get((package.name, package.version))
        read, source = package, PackageSource.INDEX
        if record is not None:
            source = PackageSource.CONDA
        elif site and info:
            read, source = _origin(site, info, package)
        packages.append(
            InstalledPackage(
                package=read,
                source=source,
                on_disk=sizes.of(info, record),
                requires=tuple(sorted(required[name])) if name in required else None,
                required_by=tuple(sorted(users[name])),
            )
        )
    return tuple(packages)


def _infos(site: str) -> dict[str, str]:
    """Return the name of the metadata in a site-packages by the normalised name of its package."""
    names = (name for name in names_in(site) if name.endswith((".dist-info", ".egg-info")))
    return {canonical_name(name_and_version(name).name): name for name in names}


def _conda_records(prefix: str) -> Mapping[tuple[str, str], str]:
    """Return the files of conda's own records by the name and version of their package."""
    record_files = {}
    for file in names_in(os.path.join(prefix, _META)):
        parts = file.removesuffix(".json").rsplit("-", 2)
        if file.endswith(".json") and len(parts) == 3:
            record_files[parts[0], parts[1]] = os.path.join(prefix, _META, file)
    return record_files


def _origin(site: str, info: str, package: Package) -> tuple[Package, PackageSource]:
    """Return a package with its origin, and what kind of source that is (PEP 610)."""
    data = direct_url(site, info)
    if data is None:
        return package, PackageSource.EDITABLE if package.editable else PackageSource.INDEX
    package, _ = from_url(package, data)
    if package.editable:
        return package, PackageSource.EDITABLE
    vcs = data.get("vcs_info")
    if isinstance(vcs, dict) and vcs.get("vcs") == "git":
        return package, PackageSource.GIT
    key = next((key for key in _SOURCES if key in data), "archive_info")
    return package, _SOURCES[key]


class _Sizes:
    """The sizes of packages, as long as they have not recorded more files than are looked at."""

    def __init__(self, prefix: str, site: str | None) -> None:
        self._prefix, self._site = prefix, site
        self._left = _MOST_FILES

    def of(self, info: str | None, record: str | None) -> int | None:
        """Return the bytes on disk of the recorded files of a package; None where none are.

        ``info`` is its metadata in site-packages, ``record`` the file that conda wrote about it.
        """
        try:
            paths = list(self._paths(info, record))
        except (OSError, ValueError, TooMuchError):
            return None
        self._left -= len(paths)
        return bytes_of(inodes_of(paths)) if paths and self._left >= 0 else None

    def _paths(self, info: str | None, record: str | None) -> Iterable[str]:
        if record is not None:
            root = os.path.join(self._prefix, "")
            return (f"{root}{name}" for name in files_of_conda(record) if _inside(name))
        if self._site and info and info.endswith(".dist-info"):
            return recorded_paths(self._prefix, self._site, info)
        return ()


def _inside(name: object) -> bool:
    return isinstance(name, str) and name[:1] not in ("", "/") and ".." not in name.split("/")
