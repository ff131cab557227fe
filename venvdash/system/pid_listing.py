"""Which processes there are, listed again only where one may have started since.

Linux gives numbers to processes and threads in turn, and tells the last one without a list of all
of them (proc(5), ``/proc/loadavg``). As long as that number stays the same, nothing has started.
"""

import os
import sys
import time
from functools import cache

YOUNG = 0.1  # seconds until a process that was given its number is visible, and runs its program

_LOADAVG = "/proc/loadavg"


class PidListing:
    """The numbers of all processes. One thread at a time."""

    def __init__(self) -> None:
        self._newest: int | None = None
        self._since = self._listed = 0.0
        self._pids: list[int] = []

    def current(self) -> list[int]:
        """Return them all; the same list as before if none can have started since.

        Some of that list may have ended.
        """
        now, newest = time.monotonic(), _newest()
        if newest != self._newest:
            self._newest, self._since = newest, now
        if newest is None or self._listed - self._since < YOUNG:
            self._listed, self._pids = now, _pids()
        return self._pids


def _pids() -> list[int]:
    if sys.platform == "linux":
        return [int(entry) for entry in os.listdir("/proc") if entry.isdecimal()]
    import psutil  # slow to import, and Linux does not need it

    return psutil.pids()


def _newest() -> int | None:
    """Return the last number that was given to a process or a thread, None where nobody tells."""
    if not _own_namespace():
        return None
    try:
        descriptor = os.open(_LOADAVG, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        if os.fstat(descriptor).st_dev != os.stat("/proc").st_dev:
            return None  # lxcfs mounts its own file there, which is seconds behind
        return int(os.read(descriptor, 256).split()[4]) or None  # 0 in gVisor
    except (OSError, ValueError, IndexError):
        return None
    finally:
        os.close(descriptor)


@cache
def _own_namespace() -> bool:
    """Return whether /proc shows the processes among which we are counted (pid_namespaces(7)).

    It may be that of a computer, seen from a container. Then each of them has given us a number.
    """
    try:
        with open("/proc/self/status", "rb") as file:
            lines = [line.split() for line in file if line.startswith(b"NSpid:")]
        return lines == [[b"NSpid:", b"%d" % os.getpid()]]
    except OSError:
        return False
