"""The files that the installer of one package recorded, and the space that they take."""

import os
import posixpath
import stat
from collections.abc import Iterable, Iterator
from contextlib import suppress

from venvdash.scanner import record_file
from venvdash.scanner.usage.footprint import BLOCK
from venvdash.system.foreground import give_way

_OFTEN = 512  # files between two turns of who answers keys

Inodes = dict[tuple[int, int], int]
"""The blocks of files by device and inode."""


def inodes_of(paths: Iterable[str]) -> Inodes:
    """Return the blocks of those paths that are regular files; links are not followed."""
    blocks_by_inode: Inodes = {}
    for number, path in enumerate(paths):
        if not number % _OFTEN:
            give_way()
        with suppress(OSError, ValueError):
            status = os.lstat(path)
            if stat.S_ISREG(status.st_mode):
                blocks_by_inode[status.st_dev, status.st_ino] = status.st_blocks
    return blocks_by_inode


def bytes_of(inodes: Inodes) -> int:
    """Return the allocated bytes of files."""
    return sum(inodes.values()) * BLOCK


def recorded_paths(prefix: str, site: str, info: str) -> Iterator[str]:
    """Yield the paths in the RECORD of ``info``, without those outside the environment.

    ``site`` is the site-packages in which ``info`` lies. Raises OSError and TooMuchError.
    """
    root = prefix.rstrip(os.sep) + os.sep
    for name in record_file.names(os.path.join(site, info, "RECORD")):
        if not name or name.startswith("/"):
            continue
        path = f"{site}/{name}"
        if name[0] == "." or "/." in name:
            path = posixpath.normpath(path)
        if path.startswith(root):
            yield path
