"""Opening a directory without entering a mount: openat2(2) with RESOLVE_NO_XDEV, Linux ≥ 5.6.

Unlike a look at the device number it also refuses a bind mount of the same device, and unlike a
look at mountinfo it does so at the moment of opening.
"""

import ctypes
import functools
import os
import sys
from collections.abc import Callable

_NUMBER = 437  # the same on every architecture
_NO_XDEV, _NO_MAGICLINKS, _NO_SYMLINKS = 1, 2, 4

Open = Callable[[str, int], int]


class _How(ctypes.Structure):
    _fields_ = (
        ("flags", ctypes.c_uint64),
        ("mode", ctypes.c_uint64),
        ("resolve", ctypes.c_uint64),
    )


@functools.cache
def opener(flags: int) -> Open | None:
    """Return a function that opens a name below a directory descriptor, None if unsupported.

    It raises OSError: EXDEV for what lies on another mount, ELOOP for a link.
    """
    if sys.platform != "linux":
        return None
    try:
        syscall = ctypes.CDLL(None, use_errno=True).syscall
    except (OSError, AttributeError):
        return None
    how = _How(flags, 0, _NO_XDEV | _NO_MAGICLINKS | _NO_SYMLINKS)
    size = ctypes.c_size_t(ctypes.sizeof(how))
    number, pointer = ctypes.c_long(_NUMBER), ctypes.byref(how)

    def call(name: str, dir_fd: int) -> int:
        descriptor: int = syscall(number, dir_fd, os.fsencode(name), pointer, size)
        if descriptor < 0:
            code = ctypes.get_errno()
            raise OSError(code, os.strerror(code), name)
        return descriptor

    # An old kernel says ENOSYS, a container that filters system calls says EPERM.
    try:
        root = os.open("/", os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.close(call(".", root))
        finally:
            os.close(root)
    except OSError:
        return None
    return call
