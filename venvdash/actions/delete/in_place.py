"""Freeing an environment where it lies, for good: where there is no trash, or no room for one.

A journal (``purge.toml``) is written into it first. From then on it counts as deleted, and whoever
finds it goes on: ``purge`` removes its project's links and all that is in it. On a disk so full
that no journal can be written, a link of the same name takes its place, which needs no room; files
of the environment go until the journal fits.
"""

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import suppress

from venvdash.actions.journals import trash_journal
from venvdash.model import Trashed
from venvdash.records.sidecar import NAME as SIDECAR
from venvdash.system.directory import Directory
from venvdash.system.walk import walk

FULL = (errno.ENOSPC, errno.EDQUOT)
NO_TRASH = (
    "It is in a layer of a container image, where directories cannot be renamed, so it "
    "cannot be moved to "
    "the trash. Use `--now` to delete it permanently."
)


def begin(entry: Directory, trashed: Trashed) -> None:
    """Write into an environment that it is being freed. Raises OSError; nothing is removed then."""
    try:
        trash_journal.begin(entry, trashed)
        return
    except OSError as error:
        if error.errno not in FULL:
            raise
    trash_journal.mark(entry)
    for _ in _removed(entry):
        with suppress(OSError):
            trash_journal.begin(entry, trashed)
            return


def write_with_room(entry: Directory, trashed: Trashed) -> None:
    """Write ``trash.toml``; on a full disk in the room of what can be made again. Raises OSError.

    That is our own sidecar (the index holds all that it does), and what Python compiles by itself.
    """
    full = OSError()
    for _ in _room(entry):
        try:
            trash_journal.write(entry, trashed)
            return
        except OSError as error:
            if error.errno not in FULL:
                raise
            full = error
    raise full


def _room(entry: Directory) -> Iterator[None]:
    """Yield at once, and after each file that was removed to make room. Raises OSError."""
    yield
    if entry.has(SIDECAR):
        entry.unlink(SIDECAR)
        entry.sync()
        yield
    for opened, name in _files(entry):
        if name.endswith(".pyc") and _recompiled(opened, name):
            os.unlink(name, dir_fd=opened)
            yield


def _recompiled(folder: int, name: str) -> bool:
    """Return whether Python makes a compiled file again: its source lies beside its folder."""
    try:
        os.stat(f"../{name.partition('.')[0]}.py", dir_fd=folder)
        return os.path.basename(os.readlink(f"/proc/self/fd/{folder}")) == "__pycache__"
    except OSError:
        return False


def _removed(entry: Directory) -> Iterator[None]:
    """Remove file after file, what tells that it is an environment last; yield after each."""
    for opened, name in _files(entry):
        with suppress(OSError):
            os.unlink(name, dir_fd=opened)
            yield


def _files(entry: Directory) -> Iterator[tuple[int, str]]:
    """Yield the files below an environment whose removal gives room: directory, name."""
    if entry.descriptor is None:
        return
    for opened in walk(os.fsencode(entry.real())):
        for found in opened.files():
            with suppress(OSError):
                status = found.stat(follow_symlinks=False)
                if opened.path and stat.S_ISREG(status.st_mode) and status.st_nlink == 1:
                    yield opened.descriptor, os.fsdecode(found.name)
