"""The words of the history of changes."""

from pathlib import Path

from venvdash.model import Action, Result
from venvdash.records.history import Change, ChangedEnvironment
from venvdash.text import counted, short_path, visible

_UNDOING = {
    Action.DELETE: "restoring",
    Action.RESTORE: "undoing the restore",
    Action.COPY: "undoing the copy",
    Action.NEW: "undoing the creation",
    Action.RENAME: "undoing the rename",
    Action.MOVE: "undoing the move",
    Action.RELINK: "undoing the relink",
    Action.UNLINK: "undoing the unlink",
    Action.USE: "undoing the link",
    Action.FORGET: "undoing the forget",
}
_PAST = {
    Action.DELETE: "deleted",
    Action.RESTORE: "restored",
    Action.COPY: "copied",
    Action.NEW: "created",
    Action.RENAME: "renamed",
    Action.MOVE: "moved",
    Action.RELINK: "relinked",
    Action.UNLINK: "unlinked",
    Action.USE: "linked",
    Action.SYNC: "synced",
    Action.FORGET: "forgotten",
}
_NAMED = 3  # environments in a sentence


def undoing(action: Action) -> str:
    """Return what is being done while a change is undone."""
    return _UNDOING.get(action, "undoing")


def names(change: Change, most: int = 1) -> str:
    """Return the names of a change's environments, the first ``most`` of them."""
    shown = ", ".join(visible(one.name, 48) for one in change.environments[:most])
    more = len(change.environments) - most
    return f"{shown} and {more} more" if more > 0 else shown


def what_changed(change: Change, home: Path) -> str:
    """Return what a change did: from where to where, or from which project to which."""
    (one, *others) = change.environments
    match change.action:
        case Action.DELETE | Action.RESTORE | Action.NEW:
            if others:
                return counted(len(change.environments), "environment")
            return short_path(one.path, home)
        case Action.FORGET:
            return f"{_short(one.project, home)} has no environment"
        case Action.SYNC:
            return f"had {counted(len(one.packages), 'package')}"
        case Action.USE:
            return f"in {_short(one.target, home)}"
        case Action.RELINK | Action.UNLINK:
            return f"{_short(one.project, home)} -> {_short(one.target, home)}"
    if one.place and one.place.parent == one.path.parent:
        return f"{short_path(one.path, home)} -> {visible(one.place.name)}"
    return f"{short_path(one.path, home)} -> {_short(one.place, home)}"


def question(change: Change, ago: str) -> str:
    """Return which change it is that would be undone; ``ago`` is how long ago it was made."""
    return f"{names(change, _NAMED)}, {_PAST[change.action]} {ago}"


def undone(change: Change, result: Result, home: Path) -> str:
    """Return what undoing a change has done to one of its environments, a sentence."""
    name = visible(result.name, 64)
    match change.action:
        case Action.DELETE:
            return f"Restored {name}."
        case Action.RESTORE | Action.COPY | Action.NEW:
            return f"Moved {name} to the trash."
        case Action.FORGET:
            return f"{name} is listed again while its environment is missing."
    place = short_path(result.place or result.path, home)
    return f"Undid the {change.action} of {name}: {place}"


def packages_before(one: ChangedEnvironment) -> list[str]:
    """Return the packages that an environment had, a line each."""
    return [
        f"{visible(package.name, 128)} {visible(package.version, 64)}"
        + (f" from {visible(package.origin, 256)}" if package.origin else "")
        for package in one.packages
    ]


def _short(path: Path | None, home: Path) -> str:
    return short_path(path, home) if path else "none"
