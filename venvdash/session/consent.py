"""What is asked before a plan is carried out."""

from venvdash.model import Flag, Plan, Status

# Their project is gone or has another environment, or their tool can make them again.
_HARMLESS = (Status.ORPHAN, Status.INACTIVE, Status.TOOL)


def count_to_type(plan: Plan, *, now: bool) -> int | None:
    """Return the number that must be typed before a plan may begin, None where a yes will do.

    It is asked where several go that somebody may miss (unknown, named or linked, or with files
    of the user's), or with ``now`` one of these, as it cannot be had back.
    """
    delicate = [
        item
        for item in plan.items
        if item.row.verdict.status not in _HARMLESS or Flag.USER_FILES in item.row.environment.flags
    ]
    asked = len(delicate) > 1 or (now and delicate)
    return len(plan.items) if asked else None
