"""The nouns of venvdash: frozen values without any I/O.

Sizes are bytes, times are seconds since the epoch (``time.time()``), paths are absolute.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path


class Status(StrEnum):
    """What is known about an environment's project."""

    CHECKING = "checking"
    LINKED = "linked"
    INACTIVE = "inactive"
    MOVED = "moved"
    ORPHAN = "orphan"
    UNREACHABLE = "unreachable"
    DISPUTED = "disputed"
    UNKNOWN = "unknown"
    NAMED = "named"
    TOOL = "tool"


class Flag(StrEnum):
    """What else is worth knowing; a flag never changes the status."""

    BROKEN = "broken"  # its interpreter is gone
    INCOMPLETE = "incomplete"  # RECORD names files that are not there
    IN_USE = "in-use"
    LOCKED = "locked"
    PINNED = "pinned"
    REFERENCED = "referenced"  # a kernel, a service or a launcher names it
    USER_FILES = "user-files"
    MOUNTS = "mounts"
    NOT_OWNED = "not-owned"
    READ_ONLY = "read-only"
    ALIAS = "alias"  # a symbolic link in a store
    VOLATILE = "volatile"  # in uv's cache: `uv cache prune` would take it
    DEBRIS = "debris"


class How(StrEnum):
    """How a claim knows the project of an environment, best first."""

    USER = "user"  # the user said so
    POINTER = "pointer"  # a file that the tool keeps: .project, project.json …
    PROJECT_LINK = "project-link"  # the project's .venv leads here
    HASH = "hash"  # the tool's hash, recomputed for the project's path
    EDITABLE = "editable"  # the project itself is installed in editable mode
    MIRROR = "mirror"  # the store mirrors the project's path
    SIBLING = "sibling"  # another environment with the same hash
    MENTION = "mention"  # named inside, but proves nothing (never decides)


class Direction(StrEnum):
    """Which side a claim was read from."""

    ENVIRONMENT = "environment"  # something in the environment names the project
    PROJECT = "project"  # something in the project leads to the environment
    RECORD = "record"  # venvdash saw it before and remembers


@dataclass(frozen=True, slots=True)
class Claim:
    """One piece of evidence that an environment belongs to a project.

    ``project`` is the project's directory, or the script of a script environment. ``source`` is
    the file or link that says so, for people. ``seen`` is when it was last seen to hold, None
    for now.
    """

    environment: Path
    project: Path
    how: How
    direction: Direction
    source: str = ""
    seen: float | None = None

    @property
    def proves(self) -> bool:
        """Whether the claim may decide a verdict."""
        return self.how is not How.MENTION


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
class Fingerprint:
    """Tells an environment from one made later under the same path.

    An inode alone proves nothing: uv re-creates an environment under the same one.
    """

    inode: int
    cfg_inode: int
    cfg_mtime_ns: int
    cfg_ctime_ns: int


@dataclass(frozen=True, slots=True)
class Traits:
    """What a store says of one of its environments.

    ``name`` is the environment's own name for people. ``project_name`` is the part of the name
    that the tool made from the project's name, ``digest`` the part it made from its path; both
    None where the tool makes no such name. ``per_interpreter``: the tool makes one for each
    Python and keeps a pointer to the current one. ``tool``: the command that alone may remove
    it. ``keeps_sidecar``: False where the directory is somebody else's to the last file.
    """

    kind: str
    name: str
    project_name: str | None = None
    digest: str | None = None
    per_interpreter: bool = False
    script: bool = False
    tool: str | None = None
    volatile: bool = False
    keeps_sidecar: bool = True

    @property
    def expects_project(self) -> bool:
        """Whether the name says that it was made for a project."""
        return self.digest is not None


@dataclass(frozen=True, slots=True)
class Environment:
    """A virtual environment as it lies on disk; nothing in it was run to learn this.

    ``path`` is the prefix (the directory of ``pyvenv.cfg``), ``entry`` what would be renamed or
    deleted, ``root`` the store's directory. ``base`` is the directory of the interpreter it was
    made from (``home`` in pyvenv.cfg), ``made_at`` the place it was made at if that is recorded.
    ``changed`` comes from pyvenv.cfg and site-packages, never from the root directory, which our
    sidecar changes; ``used`` is the newest trace of use that the environment itself holds.
    """

    path: Path
    entry: Path
    root: Path
    store: str
    traits: Traits
    fingerprint: Fingerprint
    python: str | None = None
    implementation: str | None = None
    base: Path | None = None
    prompt: str | None = None
    creator: str | None = None
    made_at: Path | None = None
    packages: tuple[Package, ...] = ()
    created: float | None = None
    changed: float | None = None
    used: float | None = None
    flags: frozenset[Flag] = frozenset()
    sidecar: bool = False
    target: Path | None = None  # where an alias leads


@dataclass(frozen=True, slots=True)
class NotEnvironment:
    """Something in a store that is no environment: shown apart, never acted on."""

    path: Path
    store: str
    reason: str


class Presence(StrEnum):
    """Whether a recorded place is there; only ENOENT and ENOTDIR count as absent."""

    PRESENT = "present"
    ABSENT = "absent"
    UNREACHABLE = "unreachable"


@dataclass(frozen=True, slots=True)
class Place:
    """What was found where a project should be.

    ``reason`` says for people what stands against it: which directory is missing, which one may
    not be read, what is not mounted. ``ancestor_mtime`` is the mtime of the nearest existing
    ancestor of an absent place: it went no later than that.
    """

    path: Path
    presence: Presence
    reason: str = ""
    real: Path | None = None
    inode: int | None = None
    fsid: int | None = None
    ancestor_mtime: float | None = None


@dataclass(frozen=True, slots=True)
class ProjectRecord:
    """A project as venvdash last saw it, to recognise it after a move or miss it after its end.

    ``fsid`` is ``statvfs().f_fsid`` (device numbers do not last over a reboot), ``git`` the
    fingerprint of the repository's first commit (see ``scanner.projects``), ``host`` the id of the
    machine that saw it.
    """

    path: Path
    how: How
    real: Path | None = None
    inode: int | None = None
    fsid: int | None = None
    mount_point: str | None = None
    mount_source: str | None = None
    name: str | None = None
    git: str | None = None
    host: str | None = None
    first_seen: float = 0.0
    last_seen: float = 0.0


@dataclass(frozen=True, slots=True)
class Record:
    """What venvdash remembers of one environment, in its sidecar and in the index."""

    identity: str
    path: Path
    fingerprint: Fingerprint
    projects: tuple[ProjectRecord, ...] = ()
    note: str = ""
    tags: tuple[str, ...] = ()
    pinned: bool = False
    last_sync: float | None = None
    last_shell: float | None = None
    first_seen: float = 0.0
    last_seen: float = 0.0


class Relation(StrEnum):
    """How an environment on disk relates to what is remembered under its id or its path."""

    NEW = "new"  # never seen
    SAME = "same"
    RENAMED = "renamed"  # same id, other path, nothing at the old one
    RESTORED = "restored"  # same path and id, other inodes: back from a backup
    RECREATED = "recreated"  # same path, other id or none, other fingerprint: a hint, no proof
    COPY = "copy"  # carries the id of an environment that is still there


@dataclass(frozen=True, slots=True)
class Memory:
    """The record that applies to an environment, and how far it may be trusted."""

    record: Record
    relation: Relation
    original: Path | None = None  # of a copy: the environment whose identity it carries


@dataclass(frozen=True, slots=True)
class Sighting:
    """A gone project found at another place: it still points here, or it is the same directory."""

    place: Path
    reason: str


@dataclass(frozen=True, slots=True)
class Facts:
    """All that a verdict may know besides the claims; gathered by the scanner.

    ``pointers`` maps a project to the environment that its own pointer leads to, if that exists.
    ``sightings`` maps a gone project to where it was found. ``searched`` counts the directories
    looked through, ``settled`` says that this search has ended.
    """

    environments: Mapping[Path, Environment]
    places: Mapping[Path, Place] = field(default_factory=dict)
    memories: Mapping[Path, Memory] = field(default_factory=dict)
    pointers: Mapping[Path, Path] = field(default_factory=dict)
    sightings: Mapping[Path, tuple[Sighting, ...]] = field(default_factory=dict)
    searched: int = 0
    settled: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was decided about one environment, and why, in one sentence that a user can check.

    ``projects``: the directories it belongs to, the one to show first. ``evidence``: how the first
    was proven. ``place``: where a moved project is now.
    """

    status: Status
    reason: str
    projects: tuple[Path, ...] = ()
    evidence: How | None = None
    claims: tuple[Claim, ...] = ()
    place: Path | None = None

    @property
    def project(self) -> Path | None:
        """The project to show first."""
        return self.projects[0] if self.projects else None


@dataclass(frozen=True, slots=True)
class Usage:
    """Disk usage in bytes.

    ``apparent``: the sum of file sizes. ``on_disk``: allocated blocks, each inode once. ``frees``:
    what deleting this environment alone gives back. ``cache_held``: what only links outside all
    known environments (as a rule uv's cache) still hold after that; None until all environments
    are measured. ``exact`` is False where the file system clones blocks or the figure may have
    aged.
    """

    apparent: int
    on_disk: int
    frees: int
    files: int
    cache_held: int | None = None
    exact: bool = True
    measured: float = 0.0


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the list: everything known about one environment."""

    environment: Environment
    verdict: Verdict
    name: str
    usage: Usage | None = None
    record: Record | None = None
    used: float | None = None
    here: bool = False  # belongs to the project of the current directory

    @property
    def path(self) -> Path:
        """The environment's prefix, which is what identifies the row."""
        return self.environment.path


class Action(StrEnum):
    """What a plan would do."""

    DELETE = "delete"
    SYNC = "sync"
    RELINK = "relink"
    COPY = "copy"
    RENAME = "rename"
    MOVE = "move"


@dataclass(frozen=True, slots=True)
class Edit:
    """A change to a file of somebody else's: its whole text before and after (None: no file)."""

    path: Path
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class Link:
    """A symbolic link and the text in it, as ``os.readlink`` gives it."""

    path: Path
    target: str


class Removal(StrEnum):
    """How an environment is removed."""

    TRASH = "trash"  # renamed to a sibling, from where it can be had back
    UNLINK = "unlink"  # an alias: the link alone goes, its target is untouched
    TOOL = "tool"  # by the tool's own command, which cannot be undone


@dataclass(frozen=True, slots=True)
class Item:
    """One environment that a plan would act on.

    ``links`` are the project's links that lead here and go with it, ``edits`` the files that name
    it and are changed with it. ``how`` is a ``Removal``. ``only_here`` are packages that could not
    be had again: from local paths or wheels, or named by no lockfile of the project.
    """

    row: Row
    only_here: tuple[Package, ...] = ()
    edits: tuple[Edit, ...] = ()
    links: tuple[Link, ...] = ()
    how: str = Removal.TRASH


@dataclass(frozen=True, slots=True)
class Refusal:
    """One environment that a plan leaves alone, and why."""

    path: Path
    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What would be done, shown before it is: the dialog, the dry run and JSON all draw this.

    ``frees`` and ``cache_held`` are of the union: blocks shared inside the selection count once.
    ``unreadable`` processes could not be looked at, so they may use what no use was seen of.
    """

    action: Action
    items: tuple[Item, ...]
    refused: tuple[Refusal, ...] = ()
    frees: int = 0
    cache_held: int = 0
    packages_only_in_cache: tuple[str, ...] = ()
    unreadable: int = 0


class Outcome(StrEnum):
    """What became of one item."""

    DONE = "done"
    SKIPPED = "skipped"  # nothing was changed
    FAILED = "failed"  # the reason says in what state it is


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one environment, and why.

    ``reason`` is a sentence; for what is done it tells what else there is to know, or nothing.
    ``trash`` is where it lies now, None where it is not in the trash. ``on_disk`` and ``frees``
    are bytes as last measured, 0 where they never were.
    """

    path: Path
    name: str
    outcome: Outcome
    reason: str = ""
    trash: Path | None = None
    on_disk: int = 0
    frees: int = 0


@dataclass(frozen=True, slots=True)
class Trashed:
    """An environment in the trash, as its ``trash.toml`` tells.

    ``path`` is the trash directory, ``original`` where the entry was, ``name`` what the row was
    called, ``since`` when it was deleted. ``status`` and ``reason`` are those that it had.
    ``inode`` is the entry's own, ``mode`` its permissions. ``purging``: freeing it has begun, so
    it cannot be had back.
    """

    path: Path
    original: Path
    name: str
    project: Path | None = None
    since: float = 0.0
    on_disk: int = 0
    frees: int = 0
    links: tuple[Link, ...] = ()
    edits: tuple[Edit, ...] = ()
    status: str = ""
    reason: str = ""
    kind: str = ""
    how: str = Removal.TRASH
    inode: int = 0
    mode: int = 0
    purging: bool = False

    @property
    def entry(self) -> str:
        """The name that the entry had in its directory."""
        return self.original.name
