"""The trash: what lies there, restoring it, and what a crash has left.

All is told by the journal (``trash.toml``) in the directory itself; nothing else is needed.
"""

import errno
import os
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path

from venvdash.actions.context import Context
from venvdash.actions.delete import purge, trash_folder, trash_locations
from venvdash.actions.errors import ChangedError, FailedError, words
from venvdash.actions.journals import trash_journal
from venvdash.actions.journals.trash_journal import JournalError
from venvdash.actions.prefix.repair import RepairError, leftovers, refusal, repair
from venvdash.actions.safety import project_links, steps
from venvdash.actions.safety.rollback import Rollback, locked
from venvdash.model import Outcome, Removal, Result, Trashed
from venvdash.system import locks, responsiveness
from venvdash.system.directory import Directory
from venvdash.text import visible

_MOST_NAMES = 1000
# Errors after which the same may succeed later; those of permission only if it was just asked for.
TRANSIENT = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EMFILE, errno.ENFILE})
_DENIED = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})


def find(context: Context) -> list[Trashed]:
    """Return what lies in the trash, the newest first.

    Also what is being freed (``purging``), until it is gone. Raises nothing.
    """
    trash = []
    for place, stores in trash_locations.with_stores(context).items():
        for directory in opened_children(place, trash=True):
            with directory:
                trashed = read_open(directory)
                if trashed is not None and has_content(directory, trashed):
                    until = trash_folder.lasts_until(place, stores or (_store_of(trashed),))
                    trash.append(replace(trashed, lasts_until=until))
        trash += _freed_in_place(place)
    return sorted(trash, key=lambda trashed: -trashed.since)


def _freed_in_place(place: Path) -> Iterator[Trashed]:
    """Yield what was to be freed where it lies, and is still there."""
    try:
        names = sorted(os.listdir(place))
    except OSError:
        return
    for name in names:
        path = place / name
        if name.startswith(trash_journal.PREFIX) or responsiveness.was_unresponsive(path):
            continue
        if not purge.in_place(path):
            continue
        if (trashed := read(path)) is not None:
            yield trashed


def _store_of(trashed: Trashed) -> str:
    """Return the name of the store that declares its kind, "" for none."""
    from venvdash.stores import of_kind  # imports every store

    store = of_kind(trashed.kind)
    return store.name if store else ""


def read(path: Path) -> Trashed | None:
    """Return what the trash directory at ``path`` says, None where that is none."""
    try:
        with Directory(path) as directory:
            return read_open(directory)
    except OSError:
        return None


def free_name(trashed: Trashed) -> str:
    """Return a name under which it can be restored: its own, or one like it that is not taken."""
    name, place = trashed.entry, trash_folder.restored_to(trashed.path, trashed.original)
    for number in range(_MOST_NAMES):
        offered = name if number == 0 else _numbered(name, number)
        if not os.path.lexists(place / offered):
            return offered
    return f"{name[:200]}-{os.urandom(4).hex()}"


def restore(trashed: Trashed, name: str | None = None) -> Result:
    """Put it back where it was: the same directory, with its project's links.

    ``name`` gives it another name in the same directory; links, which led to its own, are not made
    then. What is there by now is left alone and said. Raises nothing.
    """
    wanted = trashed.entry if name is None else name
    if not wanted or os.path.basename(wanted) != wanted or wanted in (".", ".."):
        return _result(trashed, Outcome.SKIPPED, "That is not a valid directory name.")
    if wanted.startswith(".venvdash-"):
        return _result(trashed, Outcome.SKIPPED, "This name is reserved for venvdash.")
    if silent := responsiveness.unresponsive([trashed.path.parent, trashed.original.parent]):
        reason = f"{visible(silent[0])} does not respond. The environment is still in the trash."
        return _result(trashed, Outcome.FAILED, reason, trash=trashed.path)
    try:
        return _restore(trashed, wanted)
    except ChangedError as error:
        return _result(trashed, Outcome.SKIPPED, str(error))
    except FileNotFoundError:
        return _result(trashed, Outcome.SKIPPED, "It is no longer in the trash.")
    except FailedError as error:
        return _result(trashed, Outcome.FAILED, str(error), trash=trashed.path)
    except (OSError, JournalError) as error:
        reason = f"{_why(error, trashed)}. It is still in the trash."
        return _result(trashed, Outcome.FAILED, reason, trash=trashed.path)


def _why(error: Exception, trashed: Trashed) -> str:
    """Return why it could not be restored, without the last full stop."""
    back = trash_folder.restored_to(trashed.path, trashed.original)
    if getattr(error, "errno", None) not in (errno.EXDEV, errno.EROFS):
        return words(error)
    for place in dict.fromkeys((back, trashed.path.parent)):
        with suppress(OSError, AttributeError):  # Windows has no statvfs
            if os.statvfs(place).f_flag & os.ST_RDONLY:
                return (
                    f"{visible(place)} is mounted read-only. Make it writable, "
                    "for example with `mount -o remount,rw`, and try again"
                )
    return (
        f"{visible(back)} is now on a different file system from the trash. Restore "
        "the original mount, or unmount what hides it, and try again"
    )


def _restore(trashed: Trashed, name: str) -> Result:
    with ExitStack() as stack:
        folder = stack.enter_context(trash_folder.opened(trashed.path.parent))
        place = folder
        if trash_folder.is_own(trashed.path.parent):
            back = trash_folder.restored_to(trashed.path, trashed.original)
            trash_folder.make_again(back, folder)
            place = stack.enter_context(Directory(back))
            stack.enter_context(locked(place))
        stack.enter_context(locked(folder))
        box = stack.enter_context(folder.open(trashed.path.name))
        handle = box.path if box.descriptor is None else box.descriptor
        if stack.enter_context(locks.lock_directory(handle)).busy:
            raise ChangedError("It is being deleted permanently.")
        now = trash_journal.read(box)
        if now is None or now.purging:
            raise ChangedError("Part of it has been deleted permanently, so it cannot be restored.")
        if now.how == Removal.UNFINISHED:
            raise ChangedError("It was never complete, so there is nothing to restore.")
        if place.has(name):
            offered = free_name(now)
            reason = f"The name {visible(name)} is taken. You can restore it as {visible(offered)}."
            return _result(trashed, Outcome.SKIPPED, reason, trash=trashed.path)
        steps.step("restoring")
        if now.how == Removal.UNLINK:
            _restore_alias(place, folder, box, name)
            notes: list[str] = []
        else:
            folder.rename(box.path.name, name, place)
            steps.step("restored")
            notes = end_journal(box, now, place.path / name, TRANSIENT | _DENIED)
        place.sync()
        folder.sync()
        steps.step("settled")
        return _result(trashed, Outcome.DONE, " ".join(f"{note}." for note in notes))


def _restore_alias(place: Directory, folder: Directory, box: Directory, name: str) -> None:
    with Rollback() as back:
        box.rename(trash_journal.LINK, name, place)
        back.add(lambda: place.rename(name, trash_journal.LINK, box))
        steps.step("restored")
    remove_container(folder, box)


def remove_container(folder: Directory, box: Directory) -> None:
    """Remove a trash directory in which nothing is left but the journal."""
    with suppress(OSError):
        trash_journal.remove(box)
        folder.remove(box.path.name)


def end_journal(
    directory: Directory, trashed: Trashed, place: Path, again: frozenset[int]
) -> list[str]:
    """Restore the links of what is in its place, and end its journal; return what could not be.

    After an error whose number is in ``again`` the journal stays, and the next start tries again.
    """
    notes, later = [], False
    if place.name == trashed.entry:
        for path, restore in (
            *((link.path, partial(project_links.restore, link, place)) for link in trashed.links),
            *(
                (edit.path, partial(project_links.restore_file, edit, place))
                for edit in trashed.edits
            ),
        ):
            if not responsiveness.responds(path.parent):
                notes.append(f"{path} was not restored: {path.parent} does not respond")
                later = True
                continue
            try:
                notes.append(restore())
            except OSError as error:
                notes.append(words(error))
                later = later or error.errno in again
        steps.step("linked")
    else:
        notes.append(_repair_paths(place, trashed.original))
        notes += [
            f"{link.path} was not restored: it pointed to the old name" for link in trashed.links
        ]
    if later:
        notes.append("venvdash will try again at its next start")
    else:
        mode = directory.status().st_mode & 0o7777
        trash_journal.remove(directory)
        if trashed.mode & 0o700 != 0o700 and mode == trashed.mode | 0o700:
            directory.permit(trashed.mode)
    return [visible(note) for note in notes if note]


def _repair_paths(place: Path, original: Path) -> str:
    """Make what was restored under another name refer to that; return what prevents it."""
    try:
        if not refusal(place) and os.path.lexists(place / "pyvenv.cfg"):
            repair(place, original, place)
            if not leftovers(place, original):
                return ""
    except (OSError, RepairError):
        pass  # it is restored all the same
    return "Its scripts still refer to its old path"


def has_content(box: Directory, trashed: Trashed) -> bool:
    """Return whether a trash directory holds what its journal says, or a part of it."""
    try:
        return trashed.how != Removal.UNLINK or trashed.purging or box.has(trash_journal.LINK)
    except OSError:
        return True


def read_open(directory: Directory) -> Trashed | None:
    """Return what an open trash directory records, None if it is unreadable or not trusted."""
    try:
        return trash_journal.read(directory)
    except (JournalError, OSError):
        return None


def opened_children(place: Path, *, trash: bool) -> Iterator[Directory]:
    """Yield the trash directories in ``place``, or the others; each is open, to be closed."""
    try:
        with os.scandir(place) as listing:
            names = sorted(
                entry.name
                for entry in listing
                if entry.name.startswith(trash_journal.PREFIX) == trash
                and entry.is_dir(follow_symlinks=False)
                and not responsiveness.was_unresponsive(place / entry.name)
            )
    except OSError:
        return
    for name in names:
        with suppress(OSError):
            yield Directory(place / name)


def _numbered(name: str, number: int) -> str:
    suffix = "-restored" if number == 1 else f"-restored-{number}"
    kept = os.fsencode(name)[: 255 - len(suffix)]
    return os.fsdecode(kept) + suffix


def _result(
    trashed: Trashed, outcome: Outcome, reason: str, *, trash: Path | None = None
) -> Result:
    return Result(
        path=trashed.original,
        name=trashed.name,
        outcome=outcome,
        reason=reason,
        trash=trash,
        on_disk=trashed.on_disk,
        reclaimable=trashed.reclaimable,
    )
