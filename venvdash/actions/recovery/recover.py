"""Ends what a crash left of any change, before anything is listed or changed."""

from venvdash.actions.delete.restore import Trash
from venvdash.actions.sync.apply import recover as recover_syncs
from venvdash.actions.table import Table


def if_due(table: Table, trash: Trash) -> list[str]:
    """Fix what was interrupted, where something shows that; return a sentence for each thing.

    What the user must know about the clock is among these. Cheap where nothing was interrupted.
    """
    from venvdash.actions.delete.days_left import doubt
    from venvdash.actions.recovery.interrupted import due

    said = recover_syncs(table)
    said += _recovered(table, trash) if due(table.machine) else []
    said += [sentence] if (sentence := doubt(table.machine)) else []
    return said


def always(table: Table, trash: Trash) -> list[str]:
    """Fix what was interrupted, and begin to free what is in the trash for too long.

    Return a sentence for each thing. With another user's HOME nothing is touched.
    """
    if table.machine.foreign_home is not None:
        return []
    return [*recover_syncs(table), *_recovered(table, trash)]


def _recovered(table: Table, trash: Trash) -> list[str]:
    from venvdash.actions.history import settle
    from venvdash.actions.recovery.stores import recover_stores
    from venvdash.actions.relink import apply as relink_apply
    from venvdash.actions.relocate import across_disks

    # Relinks and moves rename: what broke off of that comes first.
    said = recover_stores(table.context())
    said += trash.expire()
    said += [*relink_apply.recover(table), *across_disks.recover(table)]
    settle.recover(table)
    settle.add_trashed(table)
    return said
