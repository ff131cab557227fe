"""Names for shell completion, as they are remembered, instead of a scan."""

import threading

from venvdash.records.answers import NamesFile, plain_names
from venvdash.session.core import Session
from venvdash.system.files import UnreadableError

_PATIENCE = 2.0  # seconds


def names(session: Session, typed: str) -> list[str]:
    """Return the names of environments that begin with ``typed`` and need no quotes.

    They are those of the last scan; without one there is a scan of at most two seconds.
    """
    state = session.machine.state_directory
    try:
        return NamesFile(state).beginning(typed)
    except (OSError, ValueError, UnreadableError):
        pass
    enough = threading.Event()
    timer = threading.Timer(_PATIENCE, enough.set)
    timer.start()
    for _ in session.scan(usage=False, cancel=enough):
        pass
    timer.cancel()
    return plain_names(((str(row.path), row.name) for row in session.rows.values()), typed)
