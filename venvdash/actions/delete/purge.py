"""Freeing what lies in the trash, for good; ``freeing`` starts the process that does it.

What is freed is a directory named ``.venvdash-trash-…`` of our own that holds the journal which
deleting put into it. Before the first file goes the journal is renamed to ``purge.toml`` (which
needs no room on a full disk), and it stays to the last: however freeing is stopped, the rest is in
the trash, known to be past restoring, and the next start goes on with it. A lock on the directory
keeps others out: who restores takes it too (``locks.lock_directory``) and reads the journal then.
"""

import errno
import os
import stat
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from venvdash.actions.delete import tool_leftovers
from venvdash.actions.errors import ChangedError
from venvdash.actions.journals import trash_journal
from venvdash.model import Removal, Trashed
from venvdash.scanner.usage.footprint import BLOCK
from venvdash.scanner.usage.tree_count import count
from venvdash.system.directory import Directory
from venvdash.system.extents import KINDS, settle
from venvdash.system.files import UnreadableError, own_uid, read_regular
from venvdash.system.foreground import give_way
from venvdash.system.locks import lock_directory
from venvdash.system.mounts import Mounts
from venvdash.system.parallel_removal import empty_together
from venvdash.system.removal import Removed, Tell, allocated
from venvdash.system.removal_by_path import empty_by_path
from venvdash.system.responsiveness import was_unresponsive
from venvdash.system.tree_opener import mount_id, open_directory, open_up
from venvdash.text import because, visible

LEFT = "purge-problems.txt"  # in the trash directory: what could not be removed, a line each
_LEFT_LIMIT = 64 * 1024  # bytes
_LAST = ("pyvenv.cfg", trash_journal.BEGUN)  # these go at the end, in this order
_WAIT = 0.25  # seconds; whoever only asks whether it is locked lets go sooner
_SETTLED = 60  # seconds
_SHOWN = 20


@dataclass(frozen=True, slots=True)
class PurgeResult:
    """What became of one directory of the trash.

    ``freed_bytes``: allocated bytes of inodes whose last link went; ``own_bytes`` of them were
    taken by deleting it. ``gone``: nothing is left of it. ``busy``: another process is freeing or
    restoring it. ``problems``: why it is still there, in sentences made visible.
    """

    path: Path
    freed_bytes: int = 0
    own_bytes: int = 0
    gone: bool = False
    busy: bool = False
    problems: tuple[str, ...] = ()


class _RefusedError(Exception):
    """The directory is not to be touched; the text says why."""


class _BusyError(Exception):
    """Another process has it."""


def purge(path: Path, *, processes: int = 1, tell: Tell = lambda freed: None) -> PurgeResult:
    """Remove one directory of the trash for good, and say what came back and what stays.

    Nothing is touched unless the directory is one that ``journal`` was written into, ours, and
    nothing is mounted in it. Directories of our own that may not be read or written are made so.
    ``tell`` hears of the bytes freed so far as they grow. ``processes`` at once, at most, are at
    work. Never raises OSError.
    """
    try:
        with _locked(path) as (parent, entry):
            return _free(path, parent, entry, processes, tell)
    except FileNotFoundError:
        return PurgeResult(path, gone=True)
    except _BusyError:
        return PurgeResult(path, busy=True, problems=("another venvdash process is using it",))
    except _RefusedError as refused:
        return PurgeResult(path, problems=(str(refused),))
    except OSError as error:
        return PurgeResult(path, problems=(visible(because(error)),))


def running(path: Path) -> bool:
    """Return whether somebody is freeing (or restoring) this directory of the trash now."""
    try:
        with lock_directory(path, shared=True) as lock:
            return lock.busy
    except OSError:
        return False


def problems(path: Path) -> tuple[str, ...]:
    """Return what could not be removed when this directory was last freed; made visible."""
    try:
        data = read_regular(path / LEFT, _LEFT_LIMIT, owner=own_uid(), or_root=True)
    except (OSError, UnreadableError):
        return ()
    return tuple(visible(line) for line in data.decode("utf-8", "replace").splitlines())


def unfinished(roots: Iterable[Path]) -> list[Path]:
    """Return the directories of the trash in ``roots`` that were being freed when that ended.

    Empty ones are among them, unless made just now; those being freed at the moment are not.
    """
    paths = []
    for root in roots:
        with suppress(OSError), os.scandir(root) as entries:
            for entry in entries:
                path, ours = Path(entry.path), entry.name.startswith(trash_journal.PREFIX)
                if not entry.is_dir(follow_symlinks=False) or was_unresponsive(path):
                    continue
                if (_begun(path) if ours else in_place(path)) and not running(path):
                    paths.append(path)
    return paths


def in_place(path: Path) -> bool:
    """Return whether an environment is being freed where it lies. Raises nothing."""
    give_way()
    if not os.path.lexists(path / trash_journal.BEGUN):
        return False
    try:
        with Directory(path) as directory:
            return trash_journal.in_place(directory) is not None
    except OSError:
        return False


def _begun(path: Path) -> bool:
    try:
        names = os.listdir(path)
        if trash_journal.BEGUN in names and trash_journal.NAME not in names:
            return True
        # Empty it is also for the moment between its making and its journal.
        return not names and os.stat(path).st_mtime < time.time() - _SETTLED
    except OSError:
        return False


@contextmanager
def _locked(path: Path) -> Iterator[tuple[Directory, Directory]]:
    """Yield the store's directory and the one in the trash, both open, the latter locked.

    Raises _RefusedError, _BusyError, or OSError: FileNotFoundError if it is not there.
    """
    if not path.is_absolute() or not (path.name.startswith(trash_journal.PREFIX) or in_place(path)):
        raise _RefusedError("it is not in the trash")
    with Directory(Path(os.path.realpath(path.parent))) as parent:
        status = parent.look(path.name)
        if not stat.S_ISDIR(status.st_mode):
            raise _RefusedError("it is not a directory")
        if hasattr(os, "geteuid") and status.st_uid != os.geteuid():
            raise _RefusedError("it belongs to another user")
        if parent.descriptor is not None:
            os.close(open_directory(path.name, parent.descriptor))  # makes it readable if need be
        with parent.open(path.name) as entry, lock_directory(entry.handle, wait=_WAIT) as lock:
            if lock.busy:
                raise _BusyError
            # While we waited for the lock it may have been restored.
            if not os.path.samestat(parent.look(path.name), entry.status()):
                raise FileNotFoundError(errno.ENOENT, "it was renamed", str(path))
            yield parent, entry


def _free(
    path: Path, parent: Directory, entry: Directory, processes: int, tell: Tell
) -> PurgeResult:
    mounts = Mounts.read()
    _check_mounts(parent, entry, mounts)
    if entry.descriptor is not None:
        open_up(entry.descriptor, entry.status())
    trashed = _check_journal(entry)
    _begin(entry)
    if trashed is not None and trashed.how == Removal.IN_PLACE:
        _unlink(trashed)
    comes_back = _what_comes_back(entry, mounts)
    removed = _empty(entry, processes, comes_back.telling(tell) if comes_back else tell)
    if comes_back:
        removed.freed = comes_back.bytes(removed.freed, removed.failures)
    if not removed.failures:
        emptied = tool_leftovers.tidy(trashed) if trashed else ()
        own = _own(entry, trashed)
        _finish(parent, entry, path.name, removed)
    if not removed.failures:
        tool_leftovers.remove_empty(emptied)
        return PurgeResult(path, removed.freed, own, gone=True)
    problems = _said(removed)
    with suppress(OSError):
        entry.write(LEFT, "\n".join(problems).encode("utf-8", "replace"), LEFT + ".new")
    return PurgeResult(path, removed.freed, problems=problems)


def _unlink(trashed: Trashed) -> None:
    """Remove what in its project points to an environment that was never in the trash."""
    from venvdash.actions.safety import project_links  # deleting has usually removed them

    for link in trashed.links:
        with suppress(ChangedError, OSError):
            project_links.remove(link)
    for edit in trashed.edits:
        with suppress(ChangedError, OSError):
            project_links.remove_file(edit)


def _check_mounts(parent: Directory, entry: Directory, mounts: Mounts) -> None:
    """Raise _RefusedError if anything is mounted on the directory or in it."""
    above, here = parent.descriptor, entry.descriptor
    apart = parent.status().st_dev != entry.status().st_dev
    if apart or (above is not None and here is not None and mount_id(above) != mount_id(here)):
        raise _RefusedError("a file system is mounted on it")
    mounted = mounts.below(entry.real())
    if mounted:
        points = ", ".join(visible(mount.point) for mount in mounted[:_SHOWN])
        raise _RefusedError(f"a file system is mounted in it: {points}; unmount it first")


def _check_journal(entry: Directory) -> Trashed | None:
    """Return what the journal says; raise _RefusedError unless venvdash put this into the trash."""
    try:
        trashed = trash_journal.read(entry)
    except trash_journal.JournalError as error:
        reason = f"its {trash_journal.NAME} {visible(str(error))}; inspect it yourself"
        raise _RefusedError(reason) from error
    # Without a journal only what freeing leaves that was stopped before its very last step.
    if trashed is None and entry.names():
        raise _RefusedError(
            f"it has no {trash_journal.NAME}, so venvdash did not move it to the trash"
        )
    return trashed


def _begin(entry: Directory) -> None:
    """Give the journal the name that says that this cannot be restored. Raises OSError.

    Not flushed to the disk: file systems with a journal keep the order of what follows, and to
    flush would write out all that is about to be removed.
    """
    if not entry.has(trash_journal.NAME):
        return
    here = entry.descriptor
    if here is None:
        os.replace(entry.path / trash_journal.NAME, entry.path / trash_journal.BEGUN)
    else:
        os.replace(trash_journal.NAME, trash_journal.BEGUN, src_dir_fd=here, dst_dir_fd=here)


@dataclass(frozen=True, slots=True)
class _ComesBack:
    """What a tree gives back where files share blocks: ``back`` of the ``taken`` bytes of it."""

    taken: int
    back: int

    def bytes(self, freed: int, left: int) -> int:
        """Return what comes back with inodes of ``freed`` bytes; ``left``: how many names stay."""
        return min(freed * self.back // self.taken, self.back) if left else self.back

    def telling(self, tell: Tell) -> Tell:
        """Return ``tell`` for who counts what inodes take."""
        return lambda freed: tell(self.bytes(freed, 1))


def _what_comes_back(entry: Directory, mounts: Mounts) -> _ComesBack | None:
    """Return what removing a tree gives back; None where that is what its inodes take.

    Looked at when it begins, for what others held before may be held by nobody else now.
    """
    mount = mounts.of(entry.real())
    if mount is None or mount.fstype not in KINDS:
        return None
    settle(os.fspath(entry.path), mount.fstype)
    try:
        footprint = count(os.fsencode(entry.real()), fstype=mount.fstype)
    except OSError:
        return None
    if footprint.extents is None:
        return None
    return _ComesBack(max(footprint.blocks, 1) * BLOCK, footprint.reclaimable() * BLOCK)


def _empty(entry: Directory, processes: int, tell: Tell) -> Removed:
    if entry.descriptor is None:
        return empty_by_path(os.fspath(entry.path), keep=_LAST, tell=tell)
    return empty_together(entry.descriptor, processes, keep=_LAST, tell=tell)


def _finish(parent: Directory, entry: Directory, name: str, removed: Removed) -> None:
    """Remove what was kept to the last and the directory itself; errors are noted."""
    step = ""
    try:
        for step in _LAST:
            if entry.has(step):
                status = entry.look(step)
                entry.unlink(step)
                if status.st_nlink == 1:
                    removed.freed += allocated(status)
        step = ""
        status = entry.status()
        parent.remove(name)
        removed.freed += allocated(status)
    except FileNotFoundError:
        pass  # `uv cache prune` was quicker
    except OSError as error:
        removed.fail(step, error)


def _own(entry: Directory, trashed: Trashed | None) -> int:
    """Return the bytes that deleting took: of the journal, and of the directory made for a link."""
    own = 0
    with suppress(OSError):
        own += allocated(entry.look(trash_journal.BEGUN))
        own += allocated(entry.status()) if trashed and trashed.how == Removal.UNLINK else 0
    return own


def _said(removed: Removed) -> tuple[str, ...]:
    shown = [
        f"{visible(problem.path, 512) or 'the directory itself'}: {visible(problem.reason)}"
        for problem in removed.problems[:_SHOWN]
    ]
    more = removed.failures - len(shown)
    return (*shown, f"and {more} more") if more else tuple(shown)
