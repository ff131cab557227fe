"""Whether there is something to tidy up or to tell, found out cheaply: every listing asks."""

import os
from pathlib import Path

from venvdash.actions.delete import freed_notes, pending_messages, trash_locations
from venvdash.actions.journals import move_stages, relink_stages, rename_journal, trash_journal
from venvdash.records import trash_days
from venvdash.records.trash_days import TrashDays
from venvdash.system import responsiveness
from venvdash.system.atomic import PREFIX
from venvdash.system.machine import Machine


def due(machine: Machine) -> bool:
    """Return whether something was interrupted, or has to be counted in the trash.

    Looks only at the places in which something was changed, as the state folder has noted, and
    reads nothing there. What the user must know about something that was freed counts, too. Raises
    nothing.
    """
    state = machine.state_directory
    days = trash_days.looked(state, machine.clock())
    if relink_stages.due(state) or move_stages.due(state):
        return True
    if pending_messages.anything(state) or any(freed_notes.noted(state)):
        return True
    return any(_due(place, days) for place in trash_locations.noted(state))


def _due(place: Path, days: TrashDays) -> bool:
    try:
        with os.scandir(place) as listing:
            return any(_entry(entry, days) for entry in listing)
    except OSError:
        return False


def _entry(entry: "os.DirEntry[str]", days: TrashDays) -> bool:
    if not entry.is_dir(follow_symlinks=False) or responsiveness.was_unresponsive(Path(entry.path)):
        return False
    names = (rename_journal.NAME, trash_journal.BEGUN)
    if entry.name.startswith(PREFIX) or any(
        os.path.lexists(os.path.join(entry.path, name)) for name in names
    ):
        return True
    written = os.path.lexists(os.path.join(entry.path, trash_journal.NAME))
    if entry.name.startswith(trash_journal.PREFIX):
        return not written or days.new_day or Path(entry.path) not in days.waiting
    return written
