"""Ends what a crash left of any change, before anything is listed or changed."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from venvdash.actions.process import uv_lock
from venvdash.actions.sync import preserve
from venvdash.actions.table import Table

if TYPE_CHECKING:
    from venvdash.actions.delete.restore import Trash

Step = Callable[[], list[str]]  # fixes something; returns a sentence for each thing fixed

LATE = "Recovery from a crash did not finish in time. The next start will try again."
HISTORY_LATE = "The history could not be updated in time. The next start will try again."


def steps_if_due(table: Table, trash: "Callable[[], Trash]") -> Iterator[tuple[Step, str]]:
    """Yield the steps that fix what was interrupted, in order, where something shows that.

    With each comes the sentence for one that does not end in time: what earlier steps fixed stays
    fixed, and no later one may follow. Call each before the next is asked for. Cheap where nothing
    was interrupted.
    """
    from venvdash.actions.delete.days_left import doubt
    from venvdash.actions.recovery.interrupted import due

    is_due: list[bool] = []

    def first() -> list[str]:
        sentences = recover_syncs(table)
        is_due.append(due(table.machine))
        return sentences

    yield first, LATE
    if any(is_due):
        yield from _steps(table, trash())
    yield lambda: list(filter(None, [doubt(table.machine)])), LATE


def always(table: Table, trash: "Trash") -> list[str]:
    """Fix what was interrupted, and begin to free what is in the trash for too long.

    Return a sentence for each thing. Where nothing may be changed, nothing is.
    """
    from venvdash.actions.safety.refusals import nothing_changes

    if any(nothing_changes(table.machine, untested=table.config.untested)):
        return []
    sentences = recover_syncs(table)
    for step, _ in _steps(table, trash):
        sentences += step()
    return sentences


def _steps(table: Table, trash: "Trash") -> list[tuple[Step, str]]:
    from venvdash.actions.history import settle
    from venvdash.actions.recovery.stores import recover_stores, recover_unlinked
    from venvdash.actions.relink import apply as relink_apply
    from venvdash.actions.relocate import across_disks

    def history() -> list[str]:
        settle.recover(table)
        settle.add_trashed(table)
        return []

    # Relinks and moves rename: what broke off of that comes first.
    return [
        (lambda: recover_stores(table.context()), LATE),
        (trash.expire, LATE),
        (lambda: relink_apply.recover(table), LATE),
        (lambda: recover_unlinked(table), LATE),
        (lambda: across_disks.recover(table), LATE),
        (history, HISTORY_LATE),
    ]


def recover_syncs(table: Table) -> list[str]:
    """Put back what a sync that was killed had saved; return a sentence for each environment."""
    uv_lock.recover(table.machine.state_directory)
    return preserve.recover(table.machine.state_directory)
