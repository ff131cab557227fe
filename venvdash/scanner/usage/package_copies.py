"""Packages that lie on the disk more than once: one version, in several environments, as copies.

The files of a package are those that its installer recorded (``RECORD``). Files that environments
share by hard links are one file. Blocks that a file system shares between copies are not seen.
"""

import heapq
import os
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass

from venvdash.model import Environment
from venvdash.model.packaging import canonical_name
from venvdash.scanner import record_file
from venvdash.scanner.discovery.site_packages import site_directory
from venvdash.scanner.usage.footprint import BLOCK
from venvdash.scanner.usage.package_files import Inodes, inodes_of
from venvdash.system.files import names_in

_EXAMINED = 50  # versions: those that would take the most space if each were a copy


@dataclass(frozen=True, slots=True)
class PackageCopies:
    """One version of a package that several environments hold, not all by links to one file.

    ``on_disk``: the bytes of all its files, each inode once. ``extra``: those beyond the largest
    copy, which is what one copy for all would save.
    """

    name: str
    version: str
    environments: int
    on_disk: int
    extra: int


def package_copies(environments: Iterable[Environment]) -> list[PackageCopies]:
    """Return what lies on the disk more than once, what could be saved most of first.

    It reads RECORD files and the sizes of the files in them; what cannot be read is left out.
    """
    holders: dict[tuple[str, str], list[tuple[str, str]]] = defaultdict(list)
    for environment in environments:
        for (name, version), place in _packages(environment):
            holders[name, version].append(place)
    several = [(key, places) for key, places in holders.items() if len(places) > 1]
    largest = heapq.nlargest(
        _EXAMINED, several, key=lambda one: _recorded(*one[1][0]) * (len(one[1]) - 1)
    )
    copies = [_copies(key, places) for key, places in largest]
    return sorted((one for one in copies if one.extra), key=lambda one: (-one.extra, one.name))


def _packages(environment: Environment) -> Iterator[tuple[tuple[str, str], tuple[str, str]]]:
    """Yield normalised name and version of each package, with its site-packages and metadata."""
    if environment.target is not None:
        return
    prefix = os.fspath(environment.path)
    site = site_directory(prefix, environment.python, frozenset(names_in(prefix)))
    for package in environment.packages if site else ():
        if not package.editable:
            info = f"{package.name}-{package.version}.dist-info"
            yield (canonical_name(package.name), package.version), (site or "", info)


def _recorded(site: str, info: str) -> int:
    """Return the bytes of a package as its RECORD has them, 0 if that cannot be read."""
    with suppress(OSError, ValueError, record_file.TooMuchError):
        sizes = record_file.sizes(os.path.join(site, info, "RECORD"))
        return sum(size for size in sizes.values() if size)
    return 0


def _copies(key: tuple[str, str], places: Iterable[tuple[str, str]]) -> PackageCopies:
    copies = [_files(site, info) for site, info in places]
    every = {inode: blocks for files in copies for inode, blocks in files.items()}
    total = sum(every.values()) * BLOCK
    largest = max(sum(files.values()) for files in copies) * BLOCK
    return PackageCopies(*key, sum(map(bool, copies)), total, total - largest)


def _files(site: str, info: str) -> Inodes:
    """Return the blocks of the recorded files of a package by device and inode.

    Left out are files outside site-packages, since a RECORD can name anything, and the metadata:
    installers write that for each environment.
    """
    try:
        names = record_file.names(os.path.join(site, info, "RECORD"))
    except (OSError, ValueError, record_file.TooMuchError):
        return {}
    return inodes_of(
        f"{site}/{name}"
        for name in names
        if not name.startswith(("/", f"{info}/")) and ".." not in name.split("/")
    )
