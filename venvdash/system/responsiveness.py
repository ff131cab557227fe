"""Which paths respond: one on a network mount whose server is gone blocks any access.

Check a path before a thread accesses it that must not block. The answer is soon outdated: a server
that responds now may be gone in a second.
"""

import os
from collections.abc import Iterable
from contextlib import suppress
from functools import partial
from pathlib import Path

from venvdash.system.mounts import Mounts
from venvdash.system.timeouts import Job, TimedOut, TimedRunner

PATIENCE = 5.0  # seconds for one path; a sleeping disk takes some to wake up
_AGAIN = 0.25  # seconds for one that did not respond before, in this process

_silent: set[Path] = set()  # paths and mount points that did not respond to the last check


def unresponsive(paths: Iterable[Path]) -> list[Path]:
    """Return which of these paths do not respond, in their order.

    A missing or unreadable path responds. On a network mount only the mount point is checked, so
    that many paths on a dead one take no longer than one path. Where there is no such mount, to
    which a link may lead, the mount points stand for all paths. Raises nothing.
    """
    wanted = list(dict.fromkeys(paths))
    mounts = Mounts.read()
    local = not mounts.any_network
    points: dict[Path, Path] = {}
    for path in wanted:
        mount = mounts.of(path)
        if mount is not None and not mount.automount and (mount.network or local):
            points[path] = Path(mount.point)
    dead = _ask(dict.fromkeys(points.values()))
    asked = (path for path in wanted if path not in points) if local else wanted
    dead |= _ask(path for path in asked if points.get(path) not in dead)
    return [path for path in wanted if path in dead or points.get(path) in dead]


def responds(path: Path) -> bool:
    """Return whether a path responds. Raises nothing."""
    return not unresponsive([path])


def was_unresponsive(path: Path) -> bool:
    """Return whether a path did not respond to the last check; it is not checked again."""
    return path in _silent


def _ask(paths: Iterable[Path]) -> set[Path]:
    asked = list(paths)
    silent: set[Path] = set()
    for known, patience in ((False, PATIENCE), (True, _AGAIN)):
        jobs = [Job(path, partial(_look, path)) for path in asked if (path in _silent) is known]
        if jobs:
            given_up = TimedRunner(patience, lambda: False).run(jobs)
            silent |= {one.path for one in given_up if isinstance(one, TimedOut)}
    _silent.difference_update(asked)
    _silent.update(silent)
    return silent


def _look(path: Path) -> Path:
    """Make the file system contact its server; the result does not matter."""
    ask = getattr(os, "statvfs", os.stat)  # attributes may be cached, statvfs is not
    with suppress(OSError, ValueError):
        ask(path)
    return path
