"""Which project an environment belongs to: claims, what is remembered, the verdict."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from venvdash.model.environments import Environment, EnvironmentIdentity
from venvdash.model.status import Status
from venvdash.model.tools import ProjectTools


class EvidenceKind(StrEnum):
    """How a claim knows the project of an environment, best first."""

    USER = "user"  # the user said so
    POINTER = "pointer"  # a file that the tool keeps: .project, project.json …
    PROJECT_LINK = "project-link"  # the project's .venv points to it
    HASH = "hash"  # the tool's hash, recomputed for the project's path
    EDITABLE = "editable"  # the project itself is installed in editable mode
    MIRROR = "mirror"  # the store mirrors the project's path
    SIBLING = "sibling"  # another environment with the same hash
    MENTION = "mention"  # named inside, but proves nothing (never decides)
    DENIED = "denied"  # the user said that it does not belong there


class Direction(StrEnum):
    """Which side a claim was read from."""

    ENVIRONMENT = "environment"  # something in the environment names the project
    PROJECT = "project"  # something in the project points to the environment
    RECORD = "record"  # venvdash saw it before and remembers


@dataclass(frozen=True, slots=True)
class Claim:
    """One piece of evidence that an environment belongs to a project.

    ``project`` is the project's directory, or the script of a script environment. ``source`` is
    the file or link that shows it, for messages. ``seen`` is when it last held, in seconds since
    the epoch, None for now.
    """

    environment: Path
    project: Path
    how: EvidenceKind
    direction: Direction
    source: str = ""
    seen: float | None = None

    @property
    def proves(self) -> bool:
        """Whether the claim may decide a verdict."""
        return self.how not in (EvidenceKind.MENTION, EvidenceKind.DENIED)


class Presence(StrEnum):
    """Whether a recorded place is there; only ENOENT and ENOTDIR count as absent."""

    PRESENT = "present"
    ABSENT = "absent"
    UNREACHABLE = "unreachable"


@dataclass(frozen=True, slots=True)
class Place:
    """What was found where a project should be.

    ``reason`` is a clause for messages: which directory is missing or unreadable, what is not
    mounted. ``ancestor_mtime`` is the mtime of the nearest existing ancestor of an absent place:
    it was removed no later than that. ``respelled`` is an existing path that differs from an absent
    place's only in case or Unicode normalisation.
    """

    path: Path
    presence: Presence
    reason: str = ""
    real: Path | None = None
    inode: int | None = None
    fsid: int | None = None
    birth: int | None = None
    ancestor_mtime: float | None = None
    respelled: Path | None = None


@dataclass(frozen=True, slots=True)
class ProjectRecord:
    """A project as venvdash last saw it, to recognise it after a move.

    ``fsid`` is ``statvfs().f_fsid`` (device numbers change at a reboot), ``birth`` when the inode
    was created, in nanoseconds since the epoch (inode numbers are reused), ``git`` the
    fingerprint of the repository's first commit (see ``scanner.projects.project_info``), ``host``
    the id of the machine that saw it.
    """

    path: Path
    how: EvidenceKind
    real: Path | None = None
    inode: int | None = None
    fsid: int | None = None
    birth: int | None = None
    mount_point: str | None = None
    mount_source: str | None = None
    name: str | None = None
    git: str | None = None
    host: str | None = None
    first_seen: float = 0.0
    last_seen: float = 0.0


@dataclass(frozen=True, slots=True)
class Record:
    """What venvdash remembers of one environment, in its sidecar and in the index.

    ``unfinished``: the digest of its packages when a sync of it was interrupted.
    ``copied_from``: the environment that it is a copy of. ``python`` is its version when it was
    last seen and ``base`` the directory of its interpreter, both kept in the index only.
    """

    identity: str
    path: Path
    fingerprint: EnvironmentIdentity
    projects: tuple[ProjectRecord, ...] = ()
    note: str = ""
    pinned: bool = False
    last_sync: float | None = None
    last_shell: float | None = None
    unfinished: str | None = None
    first_seen: float = 0.0
    last_seen: float = 0.0
    copied_from: Path | None = None
    python: str | None = None
    base: Path | None = None


@dataclass(frozen=True, slots=True)
class MissingEnvironment:
    """An environment that a living project's tool would use, and that is not there.

    ``path`` is where it would be, without links. ``store``: the name of the store there, "" for
    none. ``link`` is the file in the project that names it, None where only a record does.
    ``record`` is what is remembered of it, None if it was never seen.
    """

    path: Path
    project: Path
    reason: str
    store: str = ""
    link: Path | None = None
    record: Record | None = None


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
    """The record of an environment, and how it relates to what lies on disk."""

    record: Record
    relation: Relation
    original: Path | None = None  # of a copy: the environment whose identity it carries


@dataclass(frozen=True, slots=True)
class Sighting:
    """A missing project found at another path: it still points here, or is the same directory."""

    place: Path
    reason: str


@dataclass(frozen=True, slots=True)
class FoundAgain:
    """What an earlier search found for an environment, and what still exists.

    ``reason`` is a sentence, ``place`` where its project may be, None if something names it.
    """

    reason: str
    place: Path | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything that verdicts are based on besides claims; the scanner collects it.

    ``claimed`` maps an environment to every project that a proof names, also a remembered one.
    ``pointers`` maps a project to the environment that its own pointer names, if that exists.
    ``tools`` maps a project to its tools, where it is not plain which environment it uses.
    ``sightings`` maps a gone project to where it was found, ``found_again`` an environment to what
    a search before a deletion found for it. ``searched`` counts the directories
    looked through, ``settled`` says that this search has ended. ``now`` is when all this was
    read, in seconds since the epoch; later times prove no order.
    """

    environments: Mapping[Path, Environment]
    places: Mapping[Path, Place] = field(default_factory=dict)
    memories: Mapping[Path, Memory] = field(default_factory=dict)
    pointers: Mapping[Path, Path] = field(default_factory=dict)
    sightings: Mapping[Path, tuple[Sighting, ...]] = field(default_factory=dict)
    searched: int = 0
    settled: bool = False
    tools: Mapping[Path, ProjectTools] = field(default_factory=dict)
    claimed: Mapping[Path, tuple[Path, ...]] = field(default_factory=dict)
    now: float = math.inf
    found_again: Mapping[Path, FoundAgain] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was decided about one environment, and why, in one sentence that a user can check.

    ``projects``: the directories it belongs to; the first one is shown. ``evidence``: how that was
    proven. ``place``: where a moved project is now.
    """

    status: Status
    reason: str
    projects: tuple[Path, ...] = ()
    evidence: EvidenceKind | None = None
    claims: tuple[Claim, ...] = ()
    place: Path | None = None

    @property
    def project(self) -> Path | None:
        """The project that is shown."""
        return self.projects[0] if self.projects else None
