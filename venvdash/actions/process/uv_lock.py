"""Asking uv what it would do leaves nothing: the lock file that uv makes meanwhile goes again.

Also `uv sync --dry-run` makes ``.lock`` in an environment that has none. A note in our state lets
the next start remove it where venvdash was killed before it could. What uv looks up meanwhile
(interpreters, metadata of packages) stays in uv's own cache, as after every command of uv's: with
another cache a plan would need the network.
"""

import hashlib
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from venvdash.system import responsiveness
from venvdash.system.files import UnreadableError
from venvdash.system.locks import LOCK_NAME, lock_environment
from venvdash.system.state_files import StateFolder

_FOLDER = "planning"  # in our state
_LONGEST = 16 * 1024  # bytes of a note


@contextmanager
def leaving_no_lock(prefix: Path, state: Path | None) -> Iterator[None]:
    """Remove uv's lock file at the end of the block, where there is none at its beginning.

    With ``state`` None nothing is noted for the case that this process is killed.
    """
    if os.path.lexists(prefix / LOCK_NAME):
        yield
        return
    notes = StateFolder(state, _FOLDER) if state is not None else None
    name = hashlib.blake2b(os.fsencode(prefix), digest_size=16).hexdigest()
    if notes is not None:
        with suppress(OSError):
            notes.write(name, os.fsencode(prefix))
    try:
        yield
    finally:
        if _removed(prefix) and notes is not None:
            with suppress(OSError):
                notes.remove(name)


def recover(state: Path) -> None:
    """Remove the lock files that plans left which were killed. Raises nothing."""
    notes = StateFolder(state, _FOLDER)
    try:
        names = notes.names()
    except OSError:
        return
    for name in names:
        with suppress(OSError, UnreadableError, ValueError):
            prefix = Path(os.fsdecode(notes.read(name, _LONGEST)))
            if prefix.is_absolute() and not responsiveness.responds(prefix.parent):
                continue
            if not prefix.is_absolute() or _removed(prefix):
                notes.remove(name)


def _removed(prefix: Path) -> bool:
    """Remove an empty lock file that no process holds; return whether nothing is left to do."""
    try:
        with lock_environment(prefix) as lock:
            if lock.busy:  # uv works in it
                return False
            file = prefix / LOCK_NAME
            status = os.lstat(file)
            if lock.held and stat.S_ISREG(status.st_mode) and not status.st_size:
                os.unlink(file)
    except OSError:  # nothing is there, or it is not ours to remove
        pass
    return True
