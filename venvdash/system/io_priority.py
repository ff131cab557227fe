"""Idle I/O priority: the disk serves such a thread only if no other process uses it."""

import contextlib
import ctypes
import functools
import platform
import sys

_WHO_PROCESS = 1  # IOPRIO_WHO_PROCESS; with 0 the calling thread, ioprio_set(2)
_IDLE = 3 << 13  # IOPRIO_CLASS_IDLE
_NUMBERS = {"x86_64": 251, "aarch64": 30, "riscv64": 30, "loongarch64": 30, "ppc64le": 273}


def read_when_idle() -> None:
    """Give the calling thread idle I/O priority on Linux, and do nothing elsewhere."""
    number = _number()
    if number:
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).syscall(number, _WHO_PROCESS, 0, _IDLE)


@functools.cache
def _number() -> int:
    """Return the number of the system call, 0 if unknown."""
    known = sys.platform.startswith("linux") and sys.maxsize > 2**32
    return _NUMBERS.get(platform.machine(), 0) if known else 0
