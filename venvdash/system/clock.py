"""The wall clock, which can be set to any time, and the time since the system started.

Only the second one measures durations. It includes the time that the computer sleeps
(clock_gettime(2), CLOCK_BOOTTIME; macOS's CLOCK_MONOTONIC and Windows' counter do so, too).
"""

import time
from dataclasses import dataclass

_BOOT_ID = "/proc/sys/kernel/random/boot_id"  # random(4): a new one after each start
_SINCE_START = getattr(time, "CLOCK_BOOTTIME", getattr(time, "CLOCK_MONOTONIC", None))

SKEW = (
    300.0  # seconds by which the clock of a file server may be ahead of ours, or a look too early
)


@dataclass(frozen=True, slots=True)
class Moment:
    """``wall``: seconds since the epoch. ``boot``: seconds since the system was started.

    ``boot_id`` identifies the start, "" if the system has no such id: then a smaller ``boot`` than
    before means another start.
    """

    wall: float
    boot: float
    boot_id: str = ""


def now() -> Moment:
    """Return the present moment."""
    try:
        with open(_BOOT_ID) as file:
            boot_id = file.read(64).strip()
    except OSError:
        boot_id = ""
    boot = time.monotonic() if _SINCE_START is None else time.clock_gettime(_SINCE_START)
    return Moment(time.time(), boot, boot_id)
