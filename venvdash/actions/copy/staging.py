"""Where environments are made: in a directory beside their place, until they are whole.

It is called ``.venvdash-tmp-`` and random letters and tells who is at work in it, so that what a
crash leaves is known for what it is; such a thing is moved to the trash at the next start. Nothing
bears the final name before it is whole.
"""

import os
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

from venvdash.actions.copy.copy_tree import extent
from venvdash.actions.delete import trash_locations
from venvdash.actions.errors import ChangedError
from venvdash.actions.journals import toml_file, trash_journal
from venvdash.actions.journals.toml_file import JournalError, TomlFile
from venvdash.actions.safety import project_links, steps
from venvdash.actions.safety.placement import UNNOTED
from venvdash.actions.safety.rollback import locked
from venvdash.model import Flag, Removal, Trashed
from venvdash.scanner.projects.project_info import VENV
from venvdash.system import locks
from venvdash.system.atomic import PREFIX
from venvdash.system.codec import Codec
from venvdash.system.directory import Directory
from venvdash.system.files import read_text, real
from venvdash.system.process_identity import ProcessIdentity
from venvdash.system.removal import empty_directory
from venvdash.system.removal_by_path import empty_by_path
from venvdash.text import visible

NOTE = "owner.toml"
_TEMPORARY = PREFIX + "owner"
_SETTLED = 60.0  # seconds after which nobody is about to write the note any more


@dataclass(frozen=True, slots=True)
class Note:
    """What a directory says of the environment that is made in it: for which place, by whom.

    ``project``: it is to be linked to this once it lies in its place, with the inode ``inode``; if
    that is interrupted it is taken back.
    """

    target: Path
    owner: ProcessIdentity
    project: Path | None = None
    inode: int = 0


_FILE = TomlFile(Codec(Note), "venvdash is creating an environment here.")


class Staging:
    """A directory of its own for an environment that is to lie at ``target``.

    Use it as a context manager: at its end everything in it is removed that was not put into its
    place. The directory of ``target`` must be there. Raises ChangedError and OSError.
    """

    def __init__(self, target: Path, state: Path) -> None:
        self.target = target
        self._stack = ExitStack()
        try:
            place = self._place = self._stack.enter_context(Directory(target.parent))
            if not trash_locations.note(state, place.path):
                raise ChangedError(UNNOTED)
            self._name = PREFIX + os.urandom(8).hex()
            place.make(self._name)
            self._stack.callback(self._remove)
            self._box = self._stack.enter_context(place.open(self._name))
            self._stack.enter_context(locks.lock_directory(self._box.handle))
            _FILE.write(self._box, NOTE, Note(target, ProcessIdentity.current()), _TEMPORARY)
        except BaseException:
            self._stack.close()
            raise
        steps.step("making")

    @property
    def path(self) -> Path:
        """Where the environment is made; it is called as it will be."""
        return self._box.path / self.target.name

    def __enter__(self) -> "Staging":
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def begin_again(self) -> None:
        """Remove what was made so far."""
        _empty(self._box, keep=(NOTE,))

    def put(self, *, durable: bool = False, project: Path | None = None) -> None:
        """Put the environment into its place. Raises FileExistsError if that is taken by now.

        ``durable``: all of it is written to the disk before. ``project``: it is taken back if this
        process ends before the project is linked to it and the staging has ended.
        """
        if project is not None:
            inode = self._box.look(self.target.name).st_ino
            note = Note(self.target, ProcessIdentity.current(), project, inode)
            _FILE.write(self._box, NOTE, note, _TEMPORARY)
        if durable:
            self._box.flush()
        with locked(self._place):
            self._box.rename(self.target.name, self.target.name, self._place)
            self._place.sync()
        steps.step("put")

    def take_back(self) -> None:
        """Take out of its place what was put there. Raises OSError."""
        with locked(self._place):
            self._place.rename(self.target.name, self.target.name, self._box)

    def _remove(self) -> None:
        with suppress(OSError):
            with self._place.open(self._name) as box:
                _empty(box)
            self._place.remove(self._name)


def _empty(box: Directory, keep: tuple[str, ...] = ()) -> None:
    if box.descriptor is None:
        empty_by_path(os.fspath(box.path), keep=keep)
    else:
        empty_directory(box.descriptor, keep=keep)


def discard(path: Path, inode: int, aside: str) -> None:
    """Remove the environment at ``path`` if it has this inode number; it must not be in use.

    It is called ``aside`` first, in the same directory. Calling it again ends what was interrupted.
    Raises ChangedError and OSError.
    """
    with Directory(real(path.parent)) as place, locked(place):
        if place.has(path.name) and place.look(path.name).st_ino == inode:
            place.rename(path.name, aside)
            place.sync()
            steps.step("set aside")
        if place.has(aside) and place.look(aside).st_ino == inode:
            with place.open(aside) as box:
                _empty(box)
            place.remove(aside)


def trash_unfinished(place: Directory, name: str, *, relinked: bool) -> Iterator[str]:
    """Move to the trash what a crash left in the making, called ``name`` in a locked ``place``.

    Yields a sentence on it. What somebody is at work on stays; without ``relinked`` (interrupted
    relinks have been ended) also what was to be linked to its project. Raises OSError.
    """
    with place.open(name) as box, locks.lock_directory(box.handle) as lock:
        if lock.busy:
            return
        try:
            note = _FILE.read(box, NOTE)
        except JournalError:
            return  # none of ours
        names = box.names()
        if note is not None and note.project is not None and not note.owner.alive():
            if not relinked:
                return
            _take_back(place, box, note, note.project)
            names = box.names()
        if note is None or note.owner.alive() or set(names) <= {NOTE, _TEMPORARY}:
            _sweep(place, box, note)
            return
        trash = trash_journal.PREFIX + name.removeprefix(PREFIX)
        trash_journal.write(box, _trashed(note, box))
        place.rename(name, trash)
        place.sync()
    yield (
        f"{visible(note.target)}: its creation was interrupted. The incomplete files were moved to "
        "the trash; `venvdash trash empty` deletes them permanently."
    )


def _take_back(place: Directory, box: Directory, note: Note, project: Path) -> None:
    """Take an environment out of its place again if its project was not linked to it."""
    name = note.target.name
    if note.target.parent != place.path or not place.has(name):
        return
    link = project / VENV
    led = (real(link), Path(project_links.named_by(link, read_text(link) or "")))
    if place.look(name).st_ino == note.inode and real(note.target) not in led:
        place.rename(name, name, box)


def _sweep(place: Directory, box: Directory, note: Note | None) -> None:
    """Remove a directory in which nothing was made, unless somebody may be about to."""
    if note is not None and note.owner.alive():
        return
    young = time.time() - box.status().st_mtime < _SETTLED
    if note is None and (young or not set(box.names()) <= {_TEMPORARY}):
        return
    toml_file.remove(box, NOTE, _TEMPORARY)
    place.remove(box.path.name)


def _trashed(note: Note, box: Directory) -> Trashed:
    status, size = box.status(), extent(box.path)
    return Trashed(
        path=box.path,
        original=note.target,
        name=note.target.name,
        since=time.time(),
        on_disk=size.size,
        reclaimable=size.own_size,
        status=Flag.DEBRIS.value,
        reason="It is incomplete: its creation was interrupted.",
        how=Removal.UNFINISHED,
        inode=status.st_ino,
        mode=status.st_mode & 0o7777,
    )
