"""The folder that an environment is moved to when it is deleted, and how that folder is opened.

Usually it is the directory that the environment lies in. If a command of the tool deletes
everything there (``Store.cleanup_command``), the trash would last until the next ``uv cache
prune``. Then it is a folder of venvdash on the same file system: in its data directory, or beside
the directory that the tool deletes. Own folders have mode 0700, belong to the user, and are never
opened through a link. What lies in one goes back to ``Trashed.original``; what lies beside other
environments stays in that directory, wherever that was moved meanwhile.
"""

import errno
import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from venvdash.actions.errors import ChangedError
from venvdash.model import TrashFolder
from venvdash.system.directory import Directory
from venvdash.system.files import own_uid, real
from venvdash.system.machine import Machine
from venvdash.system.tree_opener import mount_id
from venvdash.text import visible

if TYPE_CHECKING:
    from venvdash.stores.base import CleanupCommand

_OWN = ".venvdash-deleted-"  # and the user's number; freedesktop.org's trash names folders so
_PRIVATE = 0o700


def choose(place: Path, stores: Iterable[str], machine: Machine) -> TrashFolder:
    """Return the folder for what is deleted from ``place``, a directory without links in its path.

    ``stores`` are the names of the stores that look there. Creates nothing, raises nothing.
    """
    clearing = _clearing(place, stores)
    if clearing is None:
        return TrashFolder(place)
    for folder in _outside(clearing.directory, machine):
        if not folder.is_relative_to(real(clearing.directory)) and _usable(folder, place):
            return TrashFolder(folder, own=True)
    return TrashFolder(place, lasts_until=clearing.command)


def lasts_until(place: Path, stores: Iterable[str]) -> str:
    """Return the tool's command that deletes what lies in ``place``, "" for none."""
    clearing = None if is_own(place) else _clearing(place, stores)
    return clearing.command if clearing else ""


def existing(places: Iterable[tuple[Path, Iterable[str]]], machine: Machine) -> Iterator[Path]:
    """Yield our own folders that are there, where the trash of these places may lie.

    Each place with the names of the stores that look there.
    """
    folders = {real(machine.data_directory) / _name(): None}
    for place, stores in places:
        clearing = _clearing(place, stores)
        if clearing is not None:
            folders |= dict.fromkeys(_outside(clearing.directory, machine))
    for folder in folders:
        with suppress(OSError):
            opened(folder).close()
            yield folder


def is_own(folder: Path) -> bool:
    """Return whether a directory that holds trash is a folder of our own, outside the stores."""
    return folder.name == _name()


def opened(folder: Path) -> Directory:
    """Open a directory that holds trash. Raises OSError; PermissionError if others may write it.

    That is checked of folders of our own only: a store is as its tool made it.
    """
    directory = Directory(folder if is_own(folder) else real(folder))
    if is_own(folder):
        try:
            _check(directory)
        except OSError:
            directory.close()
            raise
    return directory


def made(folder: TrashFolder) -> Directory:
    """Open it as ``opened`` does, and create it first if it is our own. Raises OSError."""
    if folder.own:
        folder.path.parent.mkdir(mode=_PRIVATE, parents=True, exist_ok=True)
        with suppress(FileExistsError):
            os.mkdir(folder.path, _PRIVATE)
    return opened(folder.path)


def restored_to(trash: Path, original: Path) -> Path:
    """Return the directory that the trash directory ``trash`` goes back to.

    ``original`` is where it was.
    """
    return real(original.parent) if is_own(trash.parent) else trash.parent


def make_again(place: Path, folder: Directory) -> None:
    """Create the directory of a store that its tool has deleted meanwhile; ``folder`` is open.

    Raises ChangedError where another file system is mounted on the way to it, and OSError.
    """
    if os.path.isdir(place):
        return
    if not _same_file_system(_nearest(place), folder.handle):
        shown = visible(place)
        raise ChangedError(f"{shown} does not exist, or its file system is not mounted.")
    place.mkdir(parents=True, exist_ok=True)


def _clearing(place: Path, stores: Iterable[str]) -> "CleanupCommand | None":
    from venvdash.stores import of_name  # imports every store

    commands = (store.cleanup_command(place) for name in stores if (store := of_name(name)))
    return next((clearing for clearing in commands if clearing is not None), None)


def _outside(cleared: Path, machine: Machine) -> Iterator[Path]:
    yield real(machine.data_directory) / _name()
    yield real(cleared).parent / _name()


def _name() -> str:
    uid = own_uid()
    return _OWN + ("user" if uid is None else str(uid))


def _usable(folder: Path, place: Path) -> bool:
    """Return whether ``folder`` can be opened or made, and what is in ``place`` renamed to it."""
    try:
        if os.path.lexists(folder):
            opened(folder).close()
        nearest = _nearest(folder)
        trusted = os.stat(nearest).st_uid in (own_uid(), 0) or own_uid() is None
        return (
            trusted and os.access(nearest, os.W_OK | os.X_OK) and _same_file_system(nearest, place)
        )
    except OSError:
        return False


def _nearest(path: Path) -> Path:
    """Return the nearest directory at or above ``path`` that is there."""
    return next(above for above in (path, *path.parents) if os.path.isdir(above))


def _same_file_system(one: Path, other: "int | Path") -> bool:
    """Return whether directories can be renamed from one to the other. Raises OSError.

    rename(2): not even between two mounts of one file system.
    """
    with Directory(one) as first:
        if isinstance(other, int):
            return _mount(first.handle) == _mount(other)
        with Directory(other) as second:
            return _mount(first.handle) == _mount(second.handle)


def _mount(handle: "int | Path") -> tuple[int, bytes | None]:
    mount = mount_id(handle) if isinstance(handle, int) else None
    return os.stat(handle).st_dev, mount


def _check(directory: Directory) -> None:
    status = directory.status()
    if own_uid() is not None and status.st_uid != own_uid():
        raise PermissionError(errno.EPERM, "it belongs to another user", str(directory.path))
    if stat.S_IMODE(status.st_mode) != _PRIVATE:
        directory.permit(_PRIVATE)
