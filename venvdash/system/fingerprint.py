"""Whether a file or directory is unchanged since it was read, without reading it again.

The rule is git's (racy-git.txt in its documentation): what changes again within one tick of the
file system's clock looks unchanged, so what was changed less than two seconds ago is not
remembered.
"""

import os
import time
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple, TypeVar

from venvdash.system.foreground import give_way

T = TypeVar("T")

RACY = 2_000_000_000  # nanoseconds; FAT and some servers count time in steps of two seconds


class Fingerprint(NamedTuple):
    """The parts of stat(2) that change with the content. Times are in nanoseconds.

    ``size`` is in bytes. A directory's fingerprint changes when an entry is added, removed or
    renamed, not when something changes inside an entry.
    """

    device: int
    inode: int
    size: int
    modified: int
    changed: int

    @property
    def newest(self) -> int:
        """The later of both times; a copied or unpacked file may have been modified long ago."""
        return max(self.modified, self.changed)


def current(path: str | os.PathLike[str], *, follow: bool = True) -> Fingerprint | None:
    """Return the fingerprint of what lies at ``path``, None if nothing does or it is unreadable.

    ``follow``: of the target, where it is a link.
    """
    give_way()
    try:
        status = os.stat(path, follow_symlinks=follow)
    except (OSError, ValueError):
        return None
    return of_stat(status)


def of_stat(status: os.stat_result) -> Fingerprint:
    """Return the fingerprint in what stat(2) returned."""
    return Fingerprint(
        status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns
    )


def settled(fingerprint: Fingerprint, now: int) -> bool:
    """Return whether a later change would show in it; ``now`` in nanoseconds since the epoch.

    ``now`` is the time before the content was read. False for times in the future: the clock may
    have been set back.
    """
    return fingerprint.newest + RACY <= now


def once_for_each_version(parse: Callable[[str], T]) -> Callable[[str, os.stat_result], T]:
    """Return a function that parses a file only once while it is unchanged.

    Its second argument is what stat(2) returned for the file before the call.
    """

    @lru_cache(maxsize=8)
    def remembered(path: str, _version: Fingerprint) -> T:
        return parse(path)

    def parsed(path: str, status: os.stat_result) -> T:
        version = of_stat(status)
        return remembered(path, version) if settled(version, time.time_ns()) else parse(path)

    return parsed
