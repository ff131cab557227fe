"""How full file systems are, and the user's quotas there."""

import os
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

from venvdash.model.plans import DiskSpace, Limit
from venvdash.system import quota
from venvdash.system.machine import Machine
from venvdash.system.mounts import Mounts

_LOW_BYTES = 1024**3
_LOW_SHARE = 20  # a twentieth


def nearly_full(machine: Machine, directories: Iterable[Path]) -> DiskSpace | None:
    """Return the limit that is closest where one is nearly reached (``low``), None where none is.

    ``directories`` are on the file systems to look at.
    """
    low_spaces = [space for space in spaces(machine, directories) if low(space)]
    return min(low_spaces, key=lambda space: space.free / space.total, default=None)


def low(space: DiskSpace) -> bool:
    """Return whether under 5 % are left, or of a file system under 1 GiB."""
    little = space.limit is Limit.BYTES and space.free < _LOW_BYTES
    return little or space.free * _LOW_SHARE < space.total


def spaces(machine: Machine, directories: Iterable[Path]) -> list[DiskSpace]:
    """Return what is free on the file systems of directories, and of the user's quotas there.

    Those that cannot be asked are left out. `quota` is started for each, if there is one.
    """
    mounts, measured = Mounts.read(), list[DiskSpace]()
    seen = set[object]()
    for directory in sorted(directories):
        mount = mounts.of(directory)
        place = mount.point if mount is not None else directory
        if place not in seen:
            seen.add(place)
            measured += _of_file_system(directory)
            measured += _quotas(machine, directory, Path(place))
    return measured


def _of_file_system(directory: Path) -> Iterator[DiskSpace]:
    try:
        usage = shutil.disk_usage(directory)
        yield DiskSpace(directory, usage.free, usage.total, usage.used)
        if hasattr(os, "statvfs"):
            status = os.statvfs(directory)
            if status.f_files > 0:  # others, such as btrfs, make inodes as they are needed
                used = status.f_files - status.f_ffree
                yield DiskSpace(directory, status.f_favail, status.f_files, used, Limit.INODES)
    except OSError:
        return


def _quotas(machine: Machine, directory: Path, mount: Path) -> Iterator[DiskSpace]:
    quotas = quota.ask(machine, mount)
    for limit, one in zip((Limit.QUOTA, Limit.FILE_QUOTA), quotas or (), strict=False):
        if one is not None:
            yield DiskSpace(directory, one.free, one.total, one.used, limit)
