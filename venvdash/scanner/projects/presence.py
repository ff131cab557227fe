"""Whether a project's directory is present, absent, or unreachable.

``os.path.exists`` cannot tell absent from unreachable, so it is not used. Only ENOENT and ENOTDIR
can mean absent, and only if the nearest existing ancestor is readable and lies on the file system
where the directory was: an unplugged disk leaves an empty directory behind.

These calls may hang on a dead network server: run them through ``system.timeouts``.
"""

import errno
import os
import stat
import unicodedata
from dataclasses import replace
from functools import cache, lru_cache
from itertools import islice
from pathlib import Path

from venvdash.model import EvidenceKind, Place, Presence, ProjectRecord
from venvdash.system import reads
from venvdash.system.birth_time import birth_of
from venvdash.system.mounts import Mount, Mounts, plugged
from venvdash.system.real_paths import RealPaths
from venvdash.system.shared_paths import shared_path
from venvdash.text import because, visible

_ENTRIES = 20_000  # of one directory, looked at for another spelling
_LISTINGS = 16  # directories whose entries are kept
_WORDS = {
    errno.EACCES: "cannot be read (no permission)",
    errno.EPERM: "cannot be read (not permitted)",
    errno.EIO: "cannot be read (input/output error)",
    errno.ELOOP: "cannot be followed (its links form a loop)",
    errno.ENAMETOOLONG: "cannot be read (its name is too long)",
    errno.ETIMEDOUT: "does not respond (timed out)",
    errno.ENOTCONN: "does not respond (not connected)",
    errno.ENODEV: "cannot be read (its device no longer exists)",
    errno.ENXIO: "cannot be read (its device no longer exists)",
}
# Not every system has these.
for _name, _said in {
    "ESTALE": "cannot be read (the server no longer knows it)",
    "EHOSTDOWN": "does not respond (the server is down)",
    "EHOSTUNREACH": "does not respond (the server cannot be reached)",
    "ENOKEY": "cannot be read (it is encrypted, and the key is not available)",
}.items():
    if hasattr(errno, _name):
        _WORDS[getattr(errno, _name)] = _said


def look(
    path: Path,
    mounts: Mounts,
    record: ProjectRecord | None = None,
    host: str | None = None,
    *,
    script: bool | None = None,
) -> Place:
    """Return whether the project at ``path`` is present, as ``Looker.look`` does for many."""
    return Looker(mounts, host).look(path, record, script=script)


class Looker:
    """Looks at many places; what is read of a directory above them is read once.

    Use one for each scan: it does not notice later changes of a directory above.
    """

    def __init__(self, mounts: Mounts, host: str | None) -> None:
        """Take the mounts as they are now, and the id of this machine."""
        self._mounts = mounts
        self._host = host
        self._real = RealPaths()
        self._nearest = cache(_nearest)
        self._never_used = cache(_never_used)
        self._spellings = lru_cache(_LISTINGS)(_spellings)
        self._fsids: dict[int, int | None] = {}

    def look(
        self, path: Path, record: ProjectRecord | None = None, *, script: bool | None = None
    ) -> Place:
        """Return whether the project at ``path`` is present.

        ``record`` is how it was last seen, None if it never was. ``script`` says whether a file or
        a directory is expected, None if either will do; the wrong one counts as unreachable.
        Raises nothing; may hang on a dead network mount.
        """
        try:
            status = reads.identity(path)
        except (FileNotFoundError, NotADirectoryError):
            return self._absent(path, record)
        except (OSError, ValueError) as error:
            return _out_of_reach(path, f"{visible(path)} {words(error)}")
        if script is not None and script == stat.S_ISDIR(status.st_mode):
            now, then = ("directory", "script") if script else ("file", "directory")
            return _out_of_reach(path, f"{visible(path)} is now a {now}, but a {then} was expected")
        if status.st_dev not in self._fsids:
            self._fsids[status.st_dev] = fsid_of(path)
        real = self._real.of(path)
        return Place(
            path,
            Presence.PRESENT,
            real=path if real == str(path) else shared_path(real),
            inode=status.st_ino,
            fsid=self._fsids[status.st_dev],
            birth=birth_of(path),
        )

    def _absent(self, path: Path, record: ProjectRecord | None) -> Place:
        """Return the place for a path that does not exist: absent, or unreachable."""
        # With links resolved, to check the mount on which the project would lie.
        try:
            real = self._real.of(path)
        except (OSError, ValueError) as error:
            return _out_of_reach(path, f"{visible(path)} {words(error)}")
        nearest = self._nearest(os.path.dirname(real))
        if isinstance(nearest, str):
            return _out_of_reach(path, nearest)
        if nearest is None:
            return _out_of_reach(path, f"{visible(real)} is on a drive that does not exist")
        ancestor, mtime = nearest
        doubt = self._doubt(real, record, ancestor)
        if doubt:
            return _out_of_reach(path, doubt)
        reason = _what_is_missing(path, real, ancestor)
        respelled = self._respelled(real, ancestor)
        return Place(
            path,
            Presence.ABSENT,
            reason,
            real=Path(real),
            ancestor_mtime=mtime,
            respelled=Path(respelled) if respelled else None,
        )

    def _respelled(self, real: str, ancestor: Path) -> str | None:
        """Return the path that differs in case or Unicode normalisation alone, None without one."""
        existing = os.fspath(ancestor)
        for part in os.path.relpath(real, ancestor).split(os.sep):
            same = self._spellings(existing).get(folded(part))
            if same is None:
                return None
            existing = os.path.join(existing, same)
        return existing

    def _doubt(self, real: str, record: ProjectRecord | None, ancestor: Path) -> str | None:
        """Return why ``real`` may exist though it is not found, None if it is absent."""
        mount = self._mounts.of(real)
        if (
            record is not None
            and record.host not in (None, self._host)
            and (mount is None or not mount.network or mount.source != record.mount_source)
        ):
            return f"{visible(real)} was last seen on another computer"
        if record is not None and record.mount_point is not None:
            return _other_mount(real, mount, record, self._mounts, ancestor)
        missing = self._mounts.missing(real)
        if missing:
            return f"{visible(missing)} is not mounted"
        if ancestor == Path(ancestor.anchor):
            # Whole top-level folders are disks and volumes more often than they are deleted.
            top = ancestor / Path(real).parts[1]
            return f"{visible(top)} does not exist: it may be a disk that is not mounted"
        if self._never_used(ancestor):
            return f"{visible(ancestor)} has always been empty: its disk may not be mounted"
        return None


def record_of(
    place: Place,
    how: EvidenceKind,
    mounts: Mounts,
    *,
    now: float,
    host: str | None = None,
    name: str | None = None,
    git: str | None = None,
    before: ProjectRecord | None = None,
) -> ProjectRecord:
    """Return the record of an existing project.

    ``place`` must be PRESENT; ``name`` and ``git`` come from ``project_info``. ``now`` is in
    seconds since the epoch; ``before`` is the earlier record, whose first time is kept.
    """
    real = place.real or place.path
    mount = mounts.of(real)
    return ProjectRecord(
        path=place.path,
        how=how,
        real=real,
        inode=place.inode,
        fsid=place.fsid,
        birth=place.birth,
        mount_point=mount.point if mount else None,
        mount_source=mount.source if mount else None,
        name=name,
        git=git,
        host=host,
        first_seen=before.first_seen if before and before.first_seen else now,
        last_seen=now,
    )


def folded(text: str) -> str:
    """Return a name or path for comparison without case and Unicode normalisation."""
    return text.lower() if text.isascii() else unicodedata.normalize("NFC", text).casefold()


def fsid_of(path: str | os.PathLike[str]) -> int | None:
    """Return ``statvfs().f_fsid``, which outlives a reboot on most file systems, or None."""
    if not hasattr(os, "statvfs"):
        return None
    try:
        return os.statvfs(path).f_fsid or None  # 0: this file system has none
    except OSError:
        return None


def words(error: Exception) -> str:
    """Return an error in words, as the rest of a sentence that begins with the path."""
    if isinstance(error, OSError) and error.errno is not None:
        return _WORDS.get(error.errno) or f"cannot be read ({because(error)})"
    return "cannot be read (not a valid path)"


def _out_of_reach(path: Path, reason: str) -> Place:
    return Place(path, Presence.UNREACHABLE, reason)


def _spellings(directory: str) -> dict[str, str]:
    """Return the names in a directory by their folded form; empty if it cannot be listed."""
    try:
        with reads.scandir(directory) as listing:
            names = [entry.name for entry in islice(listing, _ENTRIES)]
    except OSError:
        return {}
    return {folded(name): name for name in sorted(names, reverse=True)}


def _what_is_missing(path: Path, real: str, ancestor: Path) -> str:
    """Return a clause that names the topmost missing directory, and its parent that exists."""
    rest = os.path.relpath(real, ancestor).split(os.sep)
    missing = os.path.join(ancestor, rest[0])
    leads = f"{visible(path)} points to " if real != os.path.normpath(path) else ""
    if reads.lexists(missing):
        return f"{leads}{visible(real)}, which cannot exist: {visible(missing)} is a file"
    if missing == real:
        which = ", which" if leads else ""
        return f"{leads}{visible(real)}{which} does not exist, though {visible(ancestor)} does"
    there = f"{visible(missing)} does not exist, though {visible(ancestor)} does"
    return f"{leads}{visible(real)}: {there}"


def _nearest(directory: str) -> tuple[Path, float] | str | None:
    """Return the nearest existing directory at or above ``directory`` and its mtime.

    Else why it is unknown, or None if nothing above exists.
    """
    current = directory
    while True:
        try:
            status = reads.stat(current)
        except (FileNotFoundError, NotADirectoryError):
            status = None
        except (OSError, ValueError) as error:
            return f"{visible(current)} {words(error)}"
        if status is not None and stat.S_ISDIR(status.st_mode):
            if _readable(current):
                return Path(current), status.st_mtime
            return f"{visible(current)} {_WORDS[errno.EACCES]}"
        parent = os.path.dirname(current)
        if parent == current:
            return None
        current = parent


def _readable(directory: str) -> bool:
    effective = os.access in os.supports_effective_ids
    return reads.access(directory, os.R_OK | os.X_OK, effective_ids=effective)


def found_at(place: Place, mounts: Mounts, *, now: float) -> ProjectRecord:
    """Return the record of a place where a missing project was found.

    It has no identity, since that directory need not be the project.
    """
    where = replace(place, inode=None, birth=None)
    return record_of(where, EvidenceKind.MENTION, mounts, now=now)


def _never_used(directory: Path) -> bool:
    """Return whether a directory was always empty, as the mount point of a disk is.

    Adding or removing an entry changes the mtime, which is then later than the birth time.
    """
    try:
        status = reads.stat(directory)
        with reads.scandir(directory) as listing:
            if next(listing, None) is not None:
                return False
    except OSError:
        return False
    birth = birth_of(directory)
    return birth is not None and status.st_mtime_ns == birth


def _other_mount(
    real: str, mount: Mount | None, record: ProjectRecord, mounts: Mounts, ancestor: Path
) -> str | None:
    """Return how the mount differs from the recorded one, None if it is the same."""
    point = visible(record.mount_point or "")
    if record.mount_point not in mounts.points:
        return f"{point} is not mounted"
    if mount is None or mount.point != record.mount_point:
        return f"{visible(real)} is on a different file system than when it was last seen"
    if mount.automount:
        return f"{point} is mounted on demand and is not mounted now"
    now = fsid_of(ancestor)
    known = record.fsid is not None and now is not None
    if known and record.fsid == now:
        return None
    # Device names change over a reboot and in-memory file systems get new ids, so either agreement
    # will do; where disks are plugged in and out, another id is another disk.
    if mount.source != record.mount_source and mount.point != "/":
        return f"a different file system is mounted at {point} than when it was last seen"
    if known and plugged(real):
        return f"a different disk is mounted at {point} than when it was last seen"
    return None
