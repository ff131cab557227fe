"""What a tool still keeps of an environment that is freed: taken out of the tool's own files.

The purge does it when nothing is left but the journal, so that it is done again if it is killed
meanwhile. A file is changed only while it holds what was read, and only as long as no other
environment is in the place of the one that went, nor may be restored there. What cannot be changed
is left as it is and noted for the user: the environment is gone all the same.
"""

import os
import stat
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, suppress
from functools import lru_cache, partial
from pathlib import Path

from venvdash import config
from venvdash.actions.delete import pending_messages, trash_folder
from venvdash.actions.errors import ChangedError, words
from venvdash.actions.journals import trash_journal
from venvdash.actions.safety import file_swap, project_links, steps
from venvdash.actions.safety.rollback import locked
from venvdash.model import Edit, Leftovers, Removal, Trashed
from venvdash.stores.base import Store
from venvdash.system import locks
from venvdash.system.directory import Directory
from venvdash.system.files import own_uid
from venvdash.system.machine import Machine
from venvdash.system.timeouts import Failed, Job, TimedOut, TimedRunner

_PATIENCE = 30.0  # seconds; a project may lie on a network that is gone
_LOCKED = 5.0  # seconds that the tool may hold its lock
_ATTEMPTS = 3  # at a file that changes meanwhile


def tidy(gone: Trashed, machine: Machine | None = None) -> tuple[Path, ...]:
    """Take what is being freed out of its tool's files; raises nothing.

    Returns the directories that were made for it, for ``remove_empty`` once it is gone.
    """
    from venvdash.stores import of_kind  # imports every store

    whole = gone.how in (Removal.TRASH, Removal.IN_PLACE)
    store = of_kind(gone.kind) if gone.kind and whole else None
    if store is None:
        return ()
    machine = machine or Machine.current()
    empty: tuple[Path, ...] = ()
    problems: tuple[str, ...] = ()
    job = Job(gone.original, lambda: _tidy(store, gone, machine))
    for answer in TimedRunner(_PATIENCE, lambda: False).run([job]):
        if isinstance(answer, TimedOut):
            problems = (f"{gone.project or gone.original.parent} does not respond",)
        elif isinstance(answer, Failed):
            problems = (words(answer.error),)
        else:
            empty, problems = answer
    if problems:
        sentences = [_sentence(gone, store, problem) for problem in problems]
        pending_messages.note(machine.state_directory, gone.path, sentences)
    steps.step("tidied")
    return empty


def remove_empty(folders: Sequence[Path]) -> None:
    """Remove those directories of ours that hold nothing, in this order. Raises nothing."""
    for folder in folders:
        with suppress(OSError), Directory(Path(os.path.realpath(folder.parent))) as parent:
            status = parent.look(folder.name)
            if stat.S_ISDIR(status.st_mode) and own_uid() in (None, status.st_uid):
                parent.remove(folder.name)  # of an empty directory only


def _tidy(
    store: Store, gone: Trashed, machine: Machine
) -> tuple[tuple[Path, ...], tuple[str, ...]]:
    """Return the directories that may be empty, and what could not be done."""
    settings = _config(machine)
    ask = partial(store.leftovers, gone, machine, settings)
    leftovers = Leftovers() if _replaced(gone) else ask()
    if leftovers == Leftovers() or _may_come_back(gone):
        return (), ()
    try:
        with ExitStack() as stack:
            _lock(leftovers, stack)
            problems = _again(lambda: _apply(ask(), gone))
    except ChangedError as error:
        problems = (str(error).rstrip("."),)
    return tuple(_passing(leftovers.empty, machine, settings)), problems


def _passing(folders: Sequence[Path], machine: Machine, settings: config.Config) -> Iterator[Path]:
    """Yield the directories that no store looks at by itself: those stay, empty or not."""
    if not folders:
        return
    from venvdash.scanner.discovery import store_folders

    kept = {os.path.realpath(root.path) for root in store_folders.roots(machine, settings)}
    kept.add(os.path.realpath(machine.home))
    yield from (folder for folder in folders if os.path.realpath(folder) not in kept)


def _again(apply: Callable[[], tuple[str, ...]]) -> tuple[str, ...]:
    """Retry when something has changed meanwhile; finally raise that ChangedError."""
    for left in reversed(range(_ATTEMPTS)):
        try:
            return apply()
        except ChangedError:
            if not left:
                raise
    return ()


def _lock(leftovers: Leftovers, stack: ExitStack) -> None:
    """Keep the tool, if it takes locks, and other venvdash away. Raises ChangedError."""
    rewritten = [edit.path for edit in leftovers.edits if edit.after is not None]
    if leftovers.lock is not None:
        lock = stack.enter_context(locks.lock_named(leftovers.lock, wait=_LOCKED))
        if not lock.held:
            raise ChangedError(f"{rewritten[0]}: {lock.reason}")
    for folder in sorted({os.path.realpath(file.parent) for file in rewritten}):
        stack.enter_context(locked(stack.enter_context(Directory(Path(folder)))))


def _apply(leftovers: Leftovers, gone: Trashed) -> tuple[str, ...]:
    """Make the changes; return what could not be. Raises ChangedError to be asked again."""
    problems = [*leftovers.problems]
    if _replaced(gone):
        return ()
    for edit in leftovers.edits:
        try:
            _change(edit, gone)
        except OSError as error:
            problems.append(f"{edit.path}: {words(error)}")
    for link in leftovers.links:
        try:
            project_links.remove(link)
        except OSError as error:
            problems.append(f"{link.path}: {words(error)}")
    return tuple(problems)


def _change(edit: Edit, gone: Trashed) -> None:
    """Write or remove a file if it is as it was read. Raises ChangedError and OSError."""
    if edit.after is None:
        project_links.remove_file(edit)
        return

    def check() -> None:
        steps.step("compared")
        if _replaced(gone):
            raise ChangedError(f"{edit.path} is being changed by another program")

    try:
        file_swap.put(file_swap.of_edit(edit), check=check)
    except ChangedError as error:
        raise ChangedError(f"{edit.path} is being changed by another program") from error
    steps.step("rewritten")


def _replaced(gone: Trashed) -> bool:
    """Return whether there is something in its place, or the store itself was moved."""
    back = trash_folder.restored_to(gone.path, gone.original)
    moved = os.path.realpath(gone.original.parent) != os.path.realpath(back)
    return moved or os.path.lexists(gone.original)


def _may_come_back(gone: Trashed) -> bool:
    """Return whether another one of the same place lies in the trash and may be restored."""
    return any(
        _original(path, inode) == gone.original
        for folder in dict.fromkeys([gone.path.parent, gone.original.parent])
        for path, inode in _whole(folder)
        if path != os.fspath(gone.path)
    )


def _whole(folder: Path) -> Iterator[tuple[str, int]]:
    """Yield the path and inode of each trash directory in ``folder`` of which nothing is freed."""
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            marked = entry.name.startswith(trash_journal.PREFIX)
            if marked and os.path.lexists(os.path.join(entry.path, trash_journal.NAME)):
                yield entry.path, entry.inode()


@lru_cache(maxsize=10_000)  # asked for each that is freed: of a thousand, a thousand times
def _original(path: str, _inode: int) -> Path | None:
    try:
        with Directory(Path(path)) as directory:
            trashed = trash_journal.read(directory)
    except (OSError, trash_journal.JournalError):
        return None
    return trashed.original if trashed else None


def _config(machine: Machine) -> config.Config:
    return config.of(machine)


def _sentence(gone: Trashed, store: Store, problem: str) -> str:
    return (
        f"{gone.name} was deleted permanently, but {store.title} may still list it: "
        f"{problem}. That file was left unchanged."
    )
