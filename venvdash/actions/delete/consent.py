"""What must be typed before a plan to delete is carried out."""

from venvdash.model import Plan, Status

# Their project is gone or has another environment, or their tool can make them again.
_HARMLESS = (Status.ORPHAN, Status.REPLACED, Status.TOOL)


def names_to_type(plan: Plan) -> tuple[str, ...]:
    """Return the names that must always be typed, in the plan's order.

    A plan says for each environment that holds what nobody can restore why it asks for that
    (``Item.confirm``).
    """
    return tuple(dict.fromkeys(item.row.name for item in plan.items if item.confirm))


def words_to_type(plan: Plan, *, now: bool) -> tuple[str, ...]:
    """Return what must be typed on a terminal, one after the other; nothing where a yes will do.

    Names where the plan asks for them. Otherwise the number of environments where several go that
    somebody may miss (unknown, named or linked), or with ``now`` one of these, as it cannot be
    restored.
    """
    names = names_to_type(plan)
    if names:
        return names
    delicate = [item for item in plan.items if item.row.verdict.status not in _HARMLESS]
    asked = len(delicate) > 1 or (now and delicate)
    return (str(len(plan.items)),) if asked else ()
