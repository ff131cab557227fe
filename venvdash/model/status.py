"""The words for what is known of an environment, and for where a job with it stands."""

from enum import StrEnum


class Flag(StrEnum):
    """A fact about an environment; a flag never changes the status.

    Set when the environment is read: BROKEN, NOT_OWNED, READ_ONLY, ALIAS, VOLATILE, DEBRIS and
    PINNED. When other places were read, at the end of the search for projects: IN_USE,
    LOCKED (local file systems only), MOUNTS, SHARED and REFERENCED. When it was measured:
    USER_FILES and DAMAGED (also where a sync stopped half-way). Every plan to delete asks again.
    """

    BROKEN = "broken"  # its interpreter is gone
    DAMAGED = "damaged"  # files that RECORD or conda-meta names are gone, or a sync stopped
    IN_USE = "in-use"  # a process runs from it, or has a file in it open
    LOCKED = "locked"  # a program holds uv's lock on it
    PINNED = "pinned"  # by the user: no rule picks it
    REFERENCED = "referenced"  # a kernel, a service, a shell or a launcher names it
    USER_FILES = "user-files"  # files that no package, installer, tool or venvdash brought
    MOUNTS = "mounts"  # something is mounted on it or inside
    SHARED = "shared"  # other computers can mount its file system
    NOT_OWNED = "not-owned"
    READ_ONLY = "read-only"  # the file system is, or its directory may not be written
    ALIAS = "alias"  # a symbolic link in a store
    VOLATILE = "volatile"  # in a cache that its tool clears: `uv cache prune` deletes it
    DEBRIS = "debris"  # holds what an interrupted operation of venvdash left


class Location(StrEnum):
    """How an environment was found."""

    CENTRAL = "central"  # it lies in a store
    LINKED = "linked"  # a project points to it, and it lies in no store
    IN_PROJECT = "in-project"  # its project's directory holds it


class Status(StrEnum):
    """What is known about an environment's project."""

    CHECKING = "checking"
    LINKED = "linked"
    REPLACED = "replaced"
    MOVED = "moved"
    ORPHAN = "orphan"
    UNREACHABLE = "unreachable"
    DUPLICATE = "duplicate"
    UNKNOWN = "unknown"
    STANDALONE = "standalone"
    TOOL = "tool"
    MISSING = "missing"  # of a project whose environment is not there


class State(StrEnum):
    """Where one environment of a plan stands while the plan is carried out."""

    QUEUED = "queued"
    DELETING = "deleting"
    IN_TRASH = "in trash"
    FREED = "freed"  # nothing of it is left (a link that was removed counts as well)
    SKIPPED = "skipped"  # nothing was done to it: it is not as it was shown, or was cancelled
    FAILED = "failed"
    SYNCING = "syncing"
    RELINKING = "relinking"
    COPYING = "copying"
    CREATING = "creating"
    RENAMING = "renaming"
    MOVING = "moving"
    DONE = "done"
