"""What a crash has left of any change: fixed before anything is listed or changed."""

from typing import TYPE_CHECKING

from venvdash.session.syncing import recover

if TYPE_CHECKING:
    from venvdash.session.core import Session
    from venvdash.session.trash import Trash


def if_due(session: "Session", trash: "Trash") -> list[str]:
    """Fix what was interrupted, where something shows that; return a sentence for each thing.

    What is to be known of the clock is among these. Cheap where nothing was interrupted.
    """
    from venvdash.actions.move_stages import due as moves_due
    from venvdash.actions.relink_stages import due
    from venvdash.session.expiring import doubt

    said = [*trash.tidy_if_due(), *recover(session)]
    said += [sentence] if (sentence := doubt(session.machine)) else []
    if due(session.machine.state_directory):
        from venvdash.session import relinking

        said += relinking.recover(session)
    if moves_due(session.machine.state_directory):
        from venvdash.session import moving

        said += moving.recover(session)
    return said


def always(session: "Session", trash: "Trash") -> list[str]:
    """Fix what was interrupted, and begin to free what is in the trash for too long.

    Return a sentence for each thing. With another user's HOME nothing is touched.
    """
    if session.machine.foreign_home is not None:
        return []
    from venvdash.session import moving, relinking

    return [*trash.tidy(), *relinking.recover(session), *moving.recover(session)]
