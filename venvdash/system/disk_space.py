"""How full file systems are."""

import shutil
from collections.abc import Iterable
from pathlib import Path

from venvdash.model import DiskSpace

_LOW_BYTES = 1024**3
_LOW_SHARE = 20  # a twentieth


def nearly_full(directories: Iterable[Path]) -> DiskSpace | None:
    """Return the fullest file system that has under 1 GiB or 5 % free; None where none has.

    ``directories`` are on the file systems to look at. Those that cannot be asked are left out.
    """
    spaces = [space for directory in directories if (space := _space(directory)) and _low(space)]
    return min(spaces, key=lambda space: space.free, default=None)


def _space(directory: Path) -> DiskSpace | None:
    try:
        found = shutil.disk_usage(directory)
    except OSError:
        return None
    return DiskSpace(directory, found.free, found.total)


def _low(space: DiskSpace) -> bool:
    return space.free < _LOW_BYTES or space.free * _LOW_SHARE < space.total
