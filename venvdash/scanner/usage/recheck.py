"""Checks whether a tree is unchanged since it was measured, without measuring it again.

Loaded by the child processes that measure: no imports beyond small C modules.
"""

import os
import time
import zlib
from collections.abc import Callable

from venvdash.scanner.usage.extents import key_of
from venvdash.scanner.usage.footprint import UNSURE, Footprint, blocks_of
from venvdash.system.extents import extents
from venvdash.system.walk import opened_directory

Tick = Callable[[], None]

_YOUNG = 2_000_000_000  # ns; as in git's index, a younger time may hide a second change
_OFTEN = 256  # directories between two ticks


def is_young(changed: int, now: int) -> bool:
    """Return whether a directory changed too shortly before ``now`` (both in ns) to trust that."""
    return changed > now - _YOUNG


def digest_of(where: int | bytes) -> int:
    """Return a checksum over what lies directly in a directory: names, inodes and sizes."""
    lines = []
    with os.scandir(where) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                lines.append(f"{entry.name!r}/")
            else:
                status = entry.stat(follow_symlinks=False)
                facts = (
                    entry.name,
                    status.st_ino,
                    status.st_size,
                    blocks_of(status),
                    status.st_nlink,
                )
                lines.append(repr(facts))
    return zlib.crc32("\n".join(sorted(lines)).encode("utf-8", "surrogateescape"))


def recheck(root: bytes, old: Footprint, tick: Tick = lambda: None) -> Footprint | None:
    """Return the footprint if the tree is still as remembered, None if it must be measured.

    Looks at the directories' modification times, at the content of those that were too young when
    they were measured, and at the link counts of a few shared files. A file that was written to in
    place, or linked from elsewhere, changes none of these: sizes may have aged. Returns ``old``
    itself when there is nothing new to remember. Never raises OSError. What is mounted inside is
    not seen: where there is such a mount, measure.
    """
    if old.unlisted or not old.directories:
        return None
    try:
        with opened_directory(root) as descriptor:
            status = os.fstat(descriptor)
            if status.st_ino != old.inode:
                return None
            old.device = status.st_dev  # device numbers do not last over a reboot
            return _compared(descriptor, old, tick)
    except OSError:
        return None


def _compared(descriptor: int, old: Footprint, tick: Tick) -> Footprint | None:
    look, paths, mtimes = os.stat, old.directories, old.mtimes
    for start in range(0, len(paths), _OFTEN):
        tick()
        part = slice(start, start + _OFTEN)
        times = [
            look(path, dir_fd=descriptor, follow_symlinks=False).st_mtime_ns for path in paths[part]
        ]
        for index in old.digests:
            if part.start <= index < part.stop:
                times[index - start] = UNSURE
        if times != mtimes[part].tolist():
            return None
    if not all(_as_before(descriptor, path, links) for path, links in old.samples):
        return None
    now = time.time_ns()
    for index, known in list(old.digests.items()):
        with opened_directory(old.directories[index], descriptor) as inner:
            status = os.fstat(inner)
            if digest_of(inner) != known:
                return None
        if not is_young(status.st_mtime_ns, now):
            old.mtimes[index] = status.st_mtime_ns
            del old.digests[index]
    return old


def _as_before(descriptor: int, path: bytes, links: int) -> bool:
    """Return whether a sample of a footprint has as many links, or shares blocks, as it did."""
    if links < 2:
        return bool(key_of(extents(path, descriptor))) == (links == 0)
    return os.stat(path, dir_fd=descriptor, follow_symlinks=False).st_nlink == links
