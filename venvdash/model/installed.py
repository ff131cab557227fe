"""What is known of each package that one environment has installed."""

from dataclasses import dataclass
from enum import StrEnum

from venvdash.model.environments import Package


class PackageSource(StrEnum):
    """Where an installer took a package from."""

    INDEX = "index"
    EDITABLE = "editable"
    DIRECTORY = "directory"
    ARCHIVE = "archive"
    GIT = "git"
    VCS = "vcs"  # another version control system
    CONDA = "conda"


@dataclass(frozen=True, slots=True)
class OtherVersion:
    """Another version of a package, and in how many other environments that is installed."""

    version: str
    environments: int


@dataclass(frozen=True, slots=True)
class InstalledPackage:
    """A package of one environment, with what takes too long to read for a list.

    ``on_disk``: allocated bytes of its recorded files, each inode once and without what Python
    compiles; None where no list of files could be read. ``requires`` and ``required_by`` are
    normalised names, sorted: what its metadata requires on this Python and platform, with the
    extras that other packages in the environment ask for. ``requires`` is None where its metadata
    could not be read. ``elsewhere``: other versions in other environments, the most frequent first.
    """

    package: Package
    source: PackageSource
    on_disk: int | None = None
    requires: tuple[str, ...] | None = None
    required_by: tuple[str, ...] = ()
    elsewhere: tuple[OtherVersion, ...] = ()

    @property
    def name(self) -> str:
        """The name as its metadata writes it."""
        return self.package.name
