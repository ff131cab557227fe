"""The end of what lies in the trash: counted in days, announced, and begun; and what dates tell.

Dates decide nothing here, since clocks are set: see ``records.day_count``.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from venvdash.actions.table import Table
from venvdash.model import Trashed
from venvdash.records import trash_days
from venvdash.records.day_count import DAY
from venvdash.records.trash_days import TrashDays
from venvdash.system.machine import Machine
from venvdash.text import counted, visible

_NAMED = 3  # environments in an announcement


def expire(table: Table, trashed: Sequence[Trashed]) -> tuple[list[str], list[Path]]:
    """Count the days of what was found in the trash; return what to announce, and what to free.

    Where that cannot be remembered, or the settings are in doubt, nothing is freed.
    """
    if not table.remembers or table.config.unsafe:
        return [], []
    state, keep = table.machine.state_directory, table.config.trash.keep
    waiting = [one for one in trashed if not one.purging]
    days = trash_days.as_of(state, table.machine.clock())
    days, ending, expired = days.holding(one.path for one in waiting).checked_now(keep)
    if not trash_days.store(state, days):
        return [], []
    names = [visible(one.name, 64) for one in waiting if one.path in set(ending)]
    return [_announcement(names)] if names else [], expired


def with_days_left(table: Table, trashed: Iterable[Trashed]) -> list[Trashed]:
    """Return what was found in the trash with the days after which each is freed."""
    days, keep = _days(table.machine), table.config.trash.keep
    return [replace(one, days_left=days.left(one.path, keep)) for one in trashed]


def _announcement(names: Sequence[str]) -> str:
    shown = ", ".join(names[:_NAMED])
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return (
        f"{counted(len(names), 'environment')} in the trash ({shown}{more}) will be deleted "
        "permanently tomorrow; use `venvdash restore` to keep what you need."
    )


def ages_as_of(machine: Machine) -> float:
    """Return the time (in seconds) with which rules compare dates; 0.0 where it is in doubt.

    Then nothing is old. That lasts for a day of the boot clock after the wall clock has jumped
    ahead: it may be wrong, and everything looks older than it is.
    """
    return 0.0 if _days(machine).count.doubt else machine.clock().wall


def doubt(machine: Machine) -> str:
    """Return a sentence on the doubt that ``ages_as_of`` has, "" for none."""
    count = _days(machine).count
    if not count.doubt:
        return ""
    ahead = counted(round(count.jump / DAY), "day")
    hours = counted(max(round(count.doubt / 3600), 1), "hour")
    return (
        f"The clock is {ahead} ahead of the expected time, so recently used environments "
        f"may look old. Rules with an age select nothing for {hours}."
    )


def _days(machine: Machine) -> TrashDays:
    return trash_days.as_of(machine.state_directory, machine.clock())
