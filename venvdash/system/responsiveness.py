"""Which places answer: one on a network mount whose server is gone blocks whoever looks at it.

Ask before a thread that must not be blocked looks there. It cannot be told for long: a server that
answers now may be gone in a second.
"""

import os
from collections.abc import Iterable
from contextlib import suppress
from functools import partial
from pathlib import Path

from venvdash.system.mounts import Mounts
from venvdash.system.timeouts import Job, TimedOut, TimedRunner

PATIENCE = 5.0  # seconds for one place; a disk that sleeps takes some to wake up
_AGAIN = 0.25  # seconds for one that did not respond before, in this process

_silent: set[Path] = set()  # places and mount points that did not respond when last asked


def unresponsive(paths: Iterable[Path]) -> list[Path]:
    """Return which of these paths do not answer, in their order.

    What does not exist, or may not be read, answers. Of a network mount only the mount point is
    asked, so that many paths on a dead one take no longer than one path. Raises nothing.
    """
    wanted = list(dict.fromkeys(paths))
    mounts = Mounts.read()
    points: dict[Path, Path] = {}
    for path in wanted:
        mount = mounts.of(path)
        if mount is not None and mount.network and not mount.automount:
            points[path] = Path(mount.point)
    dead = _ask(dict.fromkeys(points.values()))
    dead |= _ask(path for path in wanted if points.get(path) not in dead)
    return [path for path in wanted if path in dead or points.get(path) in dead]


def responds(path: Path) -> bool:
    """Return whether a path answers. Raises nothing."""
    return not unresponsive([path])


def was_unresponsive(path: Path) -> bool:
    """Return whether a path did not respond when it was asked last; it is not asked again."""
    return path in _silent


def _ask(paths: Iterable[Path]) -> set[Path]:
    asked = list(paths)
    found: set[Path] = set()
    for known, patience in ((False, PATIENCE), (True, _AGAIN)):
        jobs = [Job(path, partial(_look, path)) for path in asked if (path in _silent) is known]
        if jobs:
            given_up = TimedRunner(patience, lambda: False).run(jobs)
            found |= {one.path for one in given_up if isinstance(one, TimedOut)}
    _silent.difference_update(asked)
    _silent.update(found)
    return found


def _look(path: Path) -> Path:
    """Make the file system ask its server; what that says does not matter."""
    ask = getattr(os, "statvfs", os.stat)  # attributes may be cached, figures of the disk are not
    with suppress(OSError, ValueError):
        ask(path)
    return path
