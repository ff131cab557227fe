"""What pieces of a text are, so that the dashboard and the command line colour them alike."""

from enum import StrEnum

from venvdash.model.status import Status


class Role(StrEnum):
    """What a piece of text is. ``STATUS`` stands for the role of the line's status."""

    PLAIN = "plain"
    STRONG = "strong"
    MUTED = "muted"
    SUCCESS = "success"
    WARNING = "warning"
    ERROR = "error"
    ACCENT = "accent"
    STATUS = "status"
    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    REINSTALLED = "reinstalled"


STATUS_ROLES = {
    Status.LINKED: Role.SUCCESS,
    Status.ORPHAN: Role.ERROR,
    Status.MOVED: Role.WARNING,
    Status.MISSING: Role.WARNING,
    Status.UNREACHABLE: Role.WARNING,
    Status.DUPLICATE: Role.WARNING,
    Status.UNKNOWN: Role.ACCENT,
}


def role_of(status: Status | None) -> Role:
    """Return the role of a status; None has the plain one."""
    return STATUS_ROLES.get(status, Role.PLAIN) if status is not None else Role.PLAIN
