"""What lies on disk: environments, their packages and their disk usage."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from venvdash.model.status import Flag, Location


@dataclass(frozen=True, slots=True)
class Package:
    """An installed distribution, read from its ``*.dist-info``.

    ``origin`` is the URL of PEP 610's ``direct_url.json``, None for one from an index.
    """

    name: str
    version: str
    origin: str | None = None
    editable: bool = False


@dataclass(frozen=True, slots=True)
class EnvironmentIdentity:
    """Distinguishes an environment from a later one at the same path.

    The inode alone is not enough: uv recreates an environment under the same one.
    """

    inode: int
    cfg_inode: int
    cfg_mtime_ns: int
    cfg_ctime_ns: int


@dataclass(frozen=True, slots=True)
class Traits:
    """What a store recognises of one of its environments.

    ``name`` is the environment's own name for people. ``project_name`` is the part of the name
    that the tool made from the project's name, ``digest`` the part it made from its path; both
    None where the tool makes no such name. ``made_for``: the name of the project that it was made
    for, where only traces inside it tell that there is one. ``per_interpreter``: the tool
    creates one for each Python and keeps a pointer to the current one. ``tool``: the only command
    that may remove it. ``keeps_sidecar``: False if no sidecar may be written into it.
    """

    kind: str
    name: str
    project_name: str | None = None
    digest: str | None = None
    per_interpreter: bool = False
    made_for: str | None = None
    script: bool = False
    tool: str | None = None
    volatile: bool = False
    keeps_sidecar: bool = True

    @property
    def expects_project(self) -> bool:
        """Whether its name, or a trace inside, says that it was made for a project."""
        return self.digest is not None or self.made_for is not None


@dataclass(frozen=True, slots=True)
class Environment:
    """A virtual environment on disk, read without running anything in it.

    ``path`` is the prefix (the directory of ``pyvenv.cfg``), ``entry`` what would be renamed or
    deleted, ``root`` the store's directory. ``base`` is the directory of the interpreter it was
    created from (``home`` in pyvenv.cfg), ``made_at`` its original path if that is recorded.
    ``packages_known`` is False where site-packages could not be listed.
    ``changed`` comes from pyvenv.cfg and site-packages, never from the root directory, which our
    sidecar changes; ``used`` is the newest trace of use that the environment itself holds.
    """

    path: Path
    entry: Path
    root: Path
    store: str
    traits: Traits
    fingerprint: EnvironmentIdentity
    python: str | None = None
    implementation: str | None = None
    base: Path | None = None
    prompt: str | None = None
    creator: str | None = None
    made_at: Path | None = None
    packages: tuple[Package, ...] = ()
    packages_known: bool = True
    created: float | None = None
    changed: float | None = None
    used: float | None = None
    flags: frozenset[Flag] = frozenset()
    sidecar: bool = False
    target: Path | None = None  # where an alias leads
    location: Location = Location.CENTRAL


@dataclass(frozen=True, slots=True)
class NotEnvironment:
    """Something in a store that is no environment: listed separately, never changed."""

    path: Path
    store: str
    reason: str


class UserPlace(StrEnum):
    """The kind of file or directory that holds files of the user."""

    FILE = "file"
    DIRECTORY = "directory"
    CHECKOUT = "git checkout"
    ENVIRONMENT = "environment"


@dataclass(frozen=True, slots=True)
class UserFiles:
    """Files in an environment that no package, installer, tool or venvdash brought.

    ``size`` is in bytes. ``places`` are the first of the outermost files and directories that
    hold them, relative to the environment.
    """

    count: int = 0
    size: int = 0
    places: tuple[tuple[str, UserPlace], ...] = ()


@dataclass(frozen=True, slots=True)
class Usage:
    """Disk usage in bytes.

    ``apparent``: the sum of file sizes. ``on_disk``: allocated blocks, each inode once, and each
    block that files share once where the file system tells that (btrfs, XFS). ``reclaimable``:
    what deleting this environment alone gives back. ``cache_held``: what only links outside all
    known environments (usually uv's cache) still hold after that; None until all environments
    are measured. ``exact`` is False where the file system shares blocks between files or the
    figure may have aged, ``at_most`` True where ``reclaimable`` is an upper bound, because that
    file system does not tell what is shared, or compresses. ``user_files`` and ``missing_files``
    (of packages, by their RECORD) are found by the same walk; None where not all could be read.
    """

    apparent: int
    on_disk: int
    reclaimable: int
    files: int
    cache_held: int | None = None
    exact: bool = True
    measured: float = 0.0
    user_files: UserFiles | None = None
    missing_files: int | None = None
    at_most: bool = False
