"""Where trash may lie: in every directory that holds environments, and in folders of our own.

Trash lies beside what it was, or in a folder of ours (``trash_folder``), so most of it is found by
looking through the stores. A store may no longer be looked at, though: its project is gone, a
variable is not set. So deleting notes the directory, outside the environments; the notes are hints
only, what counts is the journal.
"""

import os
import time
from collections import deque
from collections.abc import Iterator
from pathlib import Path

from venvdash.actions.context import Context
from venvdash.actions.delete import trash_folder
from venvdash.scanner.discovery.store_folders import MARKS, OURS
from venvdash.stores.roots import Layout, Root
from venvdash.system import responsiveness
from venvdash.system.files import UnreadableError
from venvdash.system.foreground import give_way
from venvdash.system.state_files import StateFolder

_NOTES = "trash"  # in the state directory: one small file for each place
_LONGEST = 16 * 1024  # bytes of a note
_DEEPEST = 24  # levels of a mirrored store
_MOST = 50_000  # directories of one store
_SECONDS = 2.0  # for one store; what was deleted from here is noted, and found all the same
_AGAIN = 0.25  # … that took longer before, in this process
_INSIDE = frozenset({"lib", "lib64", "bin", "include", "share", "etc", "Lib", "Scripts", "Include"})


_cut_off: set[Path] = set()  # stores that were too large for these limits when last looked through


def note(state: Path, place: Path) -> bool:
    """Remember that trash, or something unfinished, may lie in ``place``; return whether it is.

    False where the note cannot be written: only a listing that looks into ``place`` finds it then.
    """
    import hashlib

    data = os.fsencode(place)
    name = hashlib.blake2b(data, digest_size=16).hexdigest()
    notes = StateFolder(state, _NOTES)
    try:
        if _read(notes, name) != data:
            notes.write(name, data)
    except OSError:
        return False
    return True


def noted(state: Path) -> Iterator[Path]:
    """Yield the places that were noted and answer; notes of places that are gone are dropped."""
    notes = StateFolder(state, _NOTES)
    places = _in_notes(notes)
    silent = responsiveness.unresponsive(places.values())
    for name, place in places.items():
        try:
            if place in silent:
                continue
            if os.path.isdir(place):
                yield place
            elif not os.path.lexists(place):
                notes.remove(name)
        except (OSError, ValueError):
            continue


def silent(context: Context) -> list[Path]:
    """Return the places that may hold trash and do not respond; they are not searched."""
    notes = StateFolder(context.machine.state_directory, _NOTES)
    return list(
        dict.fromkeys([*context.silent, *responsiveness.unresponsive(_in_notes(notes).values())])
    )


def _in_notes(notes: StateFolder) -> dict[str, Path]:
    """Return the place that each note names, by the note's name. Raises nothing."""
    try:
        names = notes.names()
    except OSError:
        return {}
    places = {name: Path(os.fsdecode(_read(notes, name) or b"")) for name in names}
    return {name: place for name, place in places.items() if place.is_absolute()}


def _read(notes: StateFolder, name: str) -> bytes | None:
    try:
        return notes.read(name, _LONGEST)
    except (OSError, UnreadableError):
        return None


def with_stores(context: Context) -> dict[Path, tuple[str, ...]]:
    """Return these directories, each with the names of the stores that look there.

    What does not respond is not among them.
    """
    stores_by_place: dict[Path, tuple[str, ...]] = {}
    inside = (mount for real in context.roots for mount in context.mounts.below(real))
    responsiveness.unresponsive(Path(mount.point) for mount in inside if mount.network)
    for real, roots in context.roots.items():
        for root in roots:
            for place in _of(real, root):
                stores_by_place[place] = (*stores_by_place.get(place, ()), root.store)
    for place in trash_folder.existing(stores_by_place.items(), context.machine):
        stores_by_place.setdefault(place, ())
    for place in noted(context.machine.state_directory):
        stores_by_place.setdefault(place, ())
    return stores_by_place


def cut_off(context: Context) -> list[Path]:
    """Return the stores that are too large to have been looked through whole, the last time."""
    return sorted(real for real in context.roots if real in _cut_off)


def _of(real: Path, root: Root) -> Iterator[Path]:
    if root.layout is Layout.SINGLE:
        yield real.parent
    elif root.layout is Layout.MIRRORED:
        yield from _below(real, _DEEPEST, nested=True)
    else:
        yield from _below(real, root.depth, nested=False)


def _below(top: Path, depth: int, *, nested: bool) -> Iterator[Path]:
    """Yield ``top`` and the directories in it, ``depth`` levels in all, that may hold environments.

    ``nested``: environments, too, may hold environments. It ends early where that takes too long.
    """
    pending = deque([(str(top), 1)])
    count = 0
    until = time.monotonic() + (_AGAIN if top in _cut_off else _SECONDS)
    _cut_off.discard(top)
    while pending:
        if count >= _MOST or time.monotonic() >= until:
            _cut_off.add(top)
            return
        directory, level = pending.popleft()  # near the top lies more than deep below
        if responsiveness.was_unresponsive(Path(directory)):
            continue
        count += 1
        give_way()
        try:
            with os.scandir(directory) as listing:
                entries = [entry for entry in listing if entry.is_dir(follow_symlinks=False)]
        except OSError:
            continue
        prefix = level > 1 and any(os.path.lexists(os.path.join(directory, mark)) for mark in MARKS)
        if prefix and not nested:
            continue
        yield Path(directory)
        if level >= depth:
            continue
        for entry in entries:
            if entry.name.startswith(OURS) or (prefix and entry.name in _INSIDE):
                continue
            pending.append((entry.path, level + 1))
