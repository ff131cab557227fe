"""Files of the user's that were created in an environment after its plan was made.

The plan measured each environment and counted such files. Just before one is deleted, the times of
its directories tell whether anything was added since; only where they do, its files are counted
again.
"""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from venvdash.actions.errors import ChangedError
from venvdash.actions.journals import trash_journal
from venvdash.model import UserFiles
from venvdash.records import sidecar
from venvdash.scanner.usage.footprint import Footprint, unpack
from venvdash.scanner.usage.recheck import digest_of
from venvdash.system.locks import LOCK_NAME
from venvdash.system.walk import open_directory, opened_directory
from venvdash.text import visible

_MARGIN = 2.0  # seconds; a directory that changed so shortly before it was read is read again
_WRITTEN_BY_US = frozenset({sidecar.NAME, trash_journal.NAME, LOCK_NAME})
_SHOWN = 3  # places in a sentence

EntryNames = frozenset[tuple[str, int]]


@dataclass(frozen=True, slots=True)
class MeasuredContents:
    """What an environment's entry held when it was measured for a plan.

    ``footprint`` is packed, empty where there is none. ``names`` are the names directly in the
    entry with their inodes, None where they may have changed between the measuring and the plan:
    the entry itself cannot be judged by its times, since venvdash writes into it.
    """

    user_files: UserFiles
    footprint: bytes = b""
    names: EntryNames | None = None

    @classmethod
    def of(cls, entry: Path, user_files: UserFiles, footprint: bytes) -> "MeasuredContents":
        """Return what ``entry`` holds. Raises nothing."""
        footprint_then = unpack(footprint, listing=False) if footprint else None
        if footprint_then is None or footprint_then.unlisted or not footprint_then.mtimes:
            return cls(user_files)
        try:
            names = _names(entry)
            status = os.lstat(entry)
        except OSError:
            return cls(user_files)
        same = _unchanged(status, footprint_then.mtimes[0], footprint_then) or _same_content(
            entry, footprint_then
        )
        return cls(user_files, footprint, names if same else None)

    def unchanged(self, entry: Path) -> bool:
        """Return whether nothing was added to or taken out of any directory since; cheap."""
        footprint = unpack(self.footprint) if self.names is not None else None
        return footprint is not None and self._as_measured(entry, footprint)

    def created_since(self, entry: Path) -> str:
        """Return where the user has created files since, "" where nowhere.

        ``entry`` is where the environment lies now. Raises ChangedError where nobody can tell.
        """
        if self.unchanged(entry):
            return ""
        now = _counted(entry)
        if not now.count or now == self.user_files:
            return ""
        places = [path for path, kind in now.places if (path, kind) not in self.user_files.places]
        return _listed(places or [path for path, _ in now.places])

    def _as_measured(self, entry: Path, footprint: Footprint) -> bool:
        """Return whether the times of all directories show that nothing was added to any."""
        try:
            if _names(entry) != self.names:
                return False
            descriptor = open_directory(os.fsencode(entry))
        except OSError:
            return False
        try:
            below = zip(footprint.directories[1:], footprint.mtimes[1:], strict=True)
            return all(
                _unchanged(
                    os.stat(path, dir_fd=descriptor, follow_symlinks=False), mtime, footprint
                )
                for path, mtime in below
            )
        except OSError:
            return False
        finally:
            os.close(descriptor)


def check(contents: MeasuredContents | None, entry: Path, *, by_rule: bool, for_good: bool) -> str:
    """Return a sentence about files that the user created since the plan was made, "" for none.

    ``contents`` is None where there is nothing to compare with. Raises ChangedError where they
    forbid the deletion: a rule picked the environment, or it could not be restored.
    """
    if contents is None:
        return ""
    try:
        places = contents.created_since(entry)
    except ChangedError:
        if by_rule or for_good:
            raise
        return ""
    if not places:
        return ""
    came = f"You created files in it after the plan was shown ({places})"
    if by_rule:
        raise ChangedError(f"{came}: to delete it anyway, name it explicitly.")
    if for_good:
        raise ChangedError(f"{came}: it was not deleted permanently.")
    return f"{came}: they were moved to the trash with it."


def _unchanged(status: os.stat_result, mtime: int, footprint: Footprint) -> bool:
    """Return whether a directory is as it was read; programs can set a mtime back, no ctime."""
    latest = int((footprint.measured - _MARGIN) * 1e9)
    return status.st_mtime_ns == mtime and status.st_ctime_ns < latest


def _same_content(entry: Path, footprint: Footprint) -> bool:
    """Return whether the entry itself, changed just before it was measured, is as it was then."""
    try:
        with opened_directory(os.fsencode(entry)) as descriptor:
            return 0 in footprint.digests and digest_of(descriptor) == footprint.digests[0]
    except OSError:
        return False


def _names(entry: Path) -> EntryNames:
    """Return what lies directly in an entry, without files of our own. Raises OSError."""
    with os.scandir(entry) as listing:
        return frozenset(
            (one.name, one.inode()) for one in listing if one.name not in _WRITTEN_BY_US
        )


def _counted(entry: Path) -> UserFiles:
    """Count the user's files again. Raises ChangedError if they cannot be read."""
    from venvdash.scanner.usage.environment_usage import user_files_of
    from venvdash.scanner.usage.tree_count import count

    try:
        user_files = user_files_of(count(os.fsencode(entry)))
    except OSError:
        user_files = None
    if user_files is None:
        raise ChangedError("Cannot check whether you created files in it since the plan was shown.")
    return user_files


def _listed(places: Iterable[str]) -> str:
    shown = [visible(place, 128) for place in places]
    more = f" and {len(shown) - _SHOWN} more" if len(shown) > _SHOWN else ""
    return ", ".join(shown[:_SHOWN]) + more
