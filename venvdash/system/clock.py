"""What the clocks say: the wall clock, which anybody may set, and the time since the start.

Only the second one measures how long something took. It goes on while the computer sleeps
(clock_gettime(2), CLOCK_BOOTTIME; macOS's CLOCK_MONOTONIC and Windows' counter do so, too).
"""

import time
from dataclasses import dataclass

_BOOT_ID = "/proc/sys/kernel/random/boot_id"  # random(4): another one after each start
_SINCE_START = getattr(time, "CLOCK_BOOTTIME", getattr(time, "CLOCK_MONOTONIC", None))

SKEW = (
    300.0  # seconds by which the clock of a file server may be ahead of ours, or a look too early
)


@dataclass(frozen=True, slots=True)
class Moment:
    """``wall``: seconds since the epoch. ``boot``: seconds since the system was started.

    ``boot_id`` tells one start from another, "" where the system has no such id: a smaller
    ``boot`` than before is another start then.
    """

    wall: float
    boot: float
    boot_id: str = ""


def now() -> Moment:
    """Return what the clocks say now."""
    try:
        with open(_BOOT_ID) as file:
            boot_id = file.read(64).strip()
    except OSError:
        boot_id = ""
    boot = time.monotonic() if _SINCE_START is None else time.clock_gettime(_SINCE_START)
    return Moment(time.time(), boot, boot_id)
