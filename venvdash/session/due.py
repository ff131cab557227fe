"""Whether there is something to tidy up or to tell, found out cheaply: every listing asks."""

import os
import time
from pathlib import Path

from venvdash.actions import journal, places, rename_journal, untidied
from venvdash.system.atomic import PREFIX


def due(state: Path, keep: float) -> bool:
    """Return whether something was interrupted, or is in the trash for ``keep`` seconds.

    Only the places are looked at in which something was changed, as ``state`` has noted them; what
    is found there is read by nobody here, only looked for. What is to be told of something that
    was freed meanwhile counts, too. Raises nothing.
    """
    limit = time.time() - keep
    return untidied.anything(state) or any(_due(place, limit) for place in places.noted(state))


def _due(place: Path, limit: float) -> bool:
    try:
        with os.scandir(place) as listing:
            return any(_entry(entry, limit) for entry in listing)
    except OSError:
        return False


def _entry(entry: "os.DirEntry[str]", limit: float) -> bool:
    if not entry.is_dir(follow_symlinks=False):
        return False
    if entry.name.startswith(PREFIX) or os.path.lexists(
        os.path.join(entry.path, rename_journal.NAME)
    ):
        return True
    try:
        written = os.lstat(os.path.join(entry.path, journal.NAME)).st_mtime
    except OSError:
        written = None
    if entry.name.startswith(journal.PREFIX):
        return written is None or written < limit
    return written is not None
