"""Subvolumes of btrfs, which have their own device numbers without being mounted."""

import os
import struct
import sys

_ROOT_INODES = (256, 2)  # of a subvolume; 2: an empty directory in the place of a nested one
_GET_FLAGS = 0x80089419  # BTRFS_IOC_SUBVOL_GETFLAGS, linux/btrfs.h
_READ_ONLY = 1 << 1  # BTRFS_SUBVOL_RDONLY


def is_read_only_subvolume(path: str) -> bool | None:
    """Return whether a btrfs subvolume is a read-only snapshot, None for any other directory."""
    if not sys.platform.startswith("linux"):
        return None
    import fcntl  # Windows has none

    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        if os.fstat(descriptor).st_ino not in _ROOT_INODES:
            return None
        flags = fcntl.ioctl(descriptor, _GET_FLAGS, struct.pack("Q", 0))
    except OSError:
        return None
    finally:
        os.close(descriptor)
    return bool(struct.unpack("Q", flags)[0] & _READ_ONLY)
