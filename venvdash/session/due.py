"""Whether there is something to tidy up or to tell, found out cheaply: every listing asks."""

import os
from pathlib import Path

from venvdash.actions import freed_notes, journal, places, rename_journal, untidied
from venvdash.records import trash_days
from venvdash.records.trash_days import TrashDays
from venvdash.system import answering
from venvdash.system.atomic import PREFIX
from venvdash.system.clock import Moment


def due(state: Path, now: Moment) -> bool:
    """Return whether something was interrupted, or has to be counted in the trash.

    Only the places are looked at in which something was changed, as ``state`` has noted them; what
    is found there is read by nobody here, only looked for. What is to be told of something that
    was freed meanwhile counts, too. Raises nothing.
    """
    days = trash_days.looked(state, now)
    if untidied.anything(state) or any(freed_notes.noted(state)):
        return True
    return any(_due(place, days) for place in places.noted(state))


def _due(place: Path, days: TrashDays) -> bool:
    try:
        with os.scandir(place) as listing:
            return any(_entry(entry, days) for entry in listing)
    except OSError:
        return False


def _entry(entry: "os.DirEntry[str]", days: TrashDays) -> bool:
    if not entry.is_dir(follow_symlinks=False) or answering.was_silent(Path(entry.path)):
        return False
    names = (rename_journal.NAME, journal.BEGUN)
    if entry.name.startswith(PREFIX) or any(
        os.path.lexists(os.path.join(entry.path, name)) for name in names
    ):
        return True
    written = os.path.lexists(os.path.join(entry.path, journal.NAME))
    if entry.name.startswith(journal.PREFIX):
        return not written or days.new_day or Path(entry.path) not in days.waiting
    return written
