"""What statuses, flags and locations mean, and where a project is: all that a list says."""

from collections.abc import Callable

from venvdash.model.status import Flag, Location, Status
from venvdash.model.summary import Summary

STATUS_MEANINGS = {
    Status.CHECKING: "searching for its project",
    Status.LINKED: "its project exists",
    Status.REPLACED: "its project exists and uses another environment",
    Status.MOVED: "its project was found elsewhere",
    Status.ORPHAN: "its project is gone",
    Status.UNREACHABLE: "cannot be checked: not mounted, not readable, on another computer",
    Status.DUPLICATE: "a copy with the identity of another environment",
    Status.UNKNOWN: "made for a project that was not found",
    Status.STANDALONE: "made by hand, no project expected",
    Status.TOOL: "belongs to an installed tool",
    Status.MISSING: "no environment: its project exists and would use one here",
}


NO_STORE = "no store"  # beside an environment that only a project leads to


LOCATION_MEANINGS = {
    Location.CENTRAL: "in a store",
    Location.LINKED: "in no store, a project points to it: rules skip it",
    Location.IN_PROJECT: "in its project's directory: rules skip it",
}


FLAG_MEANINGS = {
    Flag.BROKEN: "its interpreter is gone",
    Flag.DAMAGED: "files of its packages are missing, or a sync was interrupted",
    Flag.IN_USE: "a process is using it",
    Flag.LOCKED: "a tool holds its lock",
    Flag.PINNED: "by you; rules skip it",
    Flag.REFERENCED: "a kernel, service, shell or launcher refers to it",
    Flag.USER_FILES: "contains files that no package or tool installed",
    Flag.MOUNTS: "has something mounted on it or inside it",
    Flag.SHARED: "other computers can mount its file system: processes there cannot be detected",
    Flag.NOT_OWNED: "belongs to another user",
    Flag.READ_ONLY: "is not writable",
    Flag.ALIAS: "a symbolic link to an environment elsewhere",
    Flag.VOLATILE: "is in a cache that its tool clears: `uv cache prune` deletes it",
    Flag.DEBRIS: "contains leftovers of an interrupted venvdash operation",
}


def place_in_words(summary: Summary, short: Callable[[str], str]) -> str:
    """Return where its project is, and how many more it has; "" where nobody knows."""
    if summary.project is None:
        return ""
    shared = summary.status in (Status.LINKED, Status.REPLACED, Status.MISSING)
    more = len(summary.projects) - 1 if shared else 0
    place = short(summary.project)
    return f"{place} +{more}" if more > 0 else place
