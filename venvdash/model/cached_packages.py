"""What uv's cache holds, by package."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class CachedPackage:
    """All versions of one package in uv's cache; sizes are bytes on disk.

    ``name`` is normalised. ``linked`` is the part of ``on_disk`` that files outside the cache hold
    with hard links: `uv cache clean` of the package frees the rest. ``archives`` are the names of
    its unpacked wheels, ``parts`` all that uv removes with it, each with the bytes that this frees.
    """

    name: str
    versions: tuple[str, ...]
    on_disk: int
    linked: int
    archives: frozenset[str]
    parts: tuple[tuple[Path, int], ...]

    @property
    def reclaimable(self) -> int:
        """The bytes that cleaning it frees, and nothing else."""
        return self.on_disk - self.linked


@dataclass(frozen=True, slots=True)
class CacheContents:
    """What uv's cache holds without the environments in it; sizes are bytes on disk.

    ``linked`` is the part of ``on_disk`` that files outside the cache hold with hard links.
    ``at_most``: files may share blocks with others, so that less is freed than is said.
    """

    path: Path
    packages: tuple[CachedPackage, ...] = ()
    on_disk: int = 0
    linked: int = 0
    at_most: bool = False


@dataclass(frozen=True, slots=True)
class CacheUse:
    """What uv's cache holds, and which of its packages environments have.

    ``users`` are the numbers of environments that have a package, by its normalised name, those in
    projects and the trash included. ``held`` are the bytes that environments hold: by hard links,
    as the target of links, or as a package that they share by blocks where the file system can.
    ``free`` are the packages that no environment has or links to: cleaning them touches none.
    ``unread`` says what could not be read, "" for nothing; then no package is known to be free.
    ``linking`` is the setting that makes uv install packages as links into the cache, "" for none:
    environments that are not listed may then link to what no listed one does.
    """

    contents: CacheContents
    users: Mapping[str, int]
    held: int
    free: tuple[CachedPackage, ...] = ()
    unread: str = ""
    linking: str = ""

    @property
    def reclaimable(self) -> int:
        """The bytes that cleaning all free packages gives back."""
        return sum(package.reclaimable for package in self.free)
