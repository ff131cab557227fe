"""Whether a directory can be renamed: in a container, those of its image's layers cannot.

overlayfs answers EXDEV for a directory that lies, also in part, in a lower layer, unless it was
mounted with ``redirect_dir=on`` (docs.kernel.org/filesystems/overlayfs.html). Nothing in stat(2)
tells the layers apart; the file handle of an inode does (``struct ovl_fb`` in
fs/overlayfs/overlayfs.h), which every user may ask for since Linux 6.6.
"""

import ctypes
import os
import struct
import sys
from pathlib import Path

from venvdash.system.mounts import Mounts

_DEFAULT = "/sys/module/overlay/parameters/redirect_dir"
_HANDLE = struct.Struct("=Ii")  # name_to_handle_at(2): bytes that follow, type
_ROOM = 128  # bytes of a handle, at most (MAX_HANDLE_SZ)
_AT_FDCWD, _AT_HANDLE_FID = -100, 0x200
_TYPE = 0xF8  # OVL_FILEID_V1
_MAGIC, _UPPER = 0xFB, 1 << 2  # OVL_FH_MAGIC, OVL_FH_FLAG_PATH_UPPER
_MAGIC_AT, _FLAGS_AT = 4, 6  # bytes into the handle


def renamable(path: Path, mounts: Mounts) -> bool | None:
    """Return whether the directory at ``path`` can be renamed; None where nobody can tell.

    Permissions and mounts are not asked for.
    """
    mount = mounts.of(path)
    if mount is None or mount.fstype != "overlay":
        return True
    if mount.redirects or (mount.redirects is None and _by_default()):
        return True
    handle = _handle(path)
    if handle is None or len(handle) <= _FLAGS_AT or handle[_MAGIC_AT] != _MAGIC:
        return None
    return bool(handle[_FLAGS_AT] & _UPPER)


def _by_default() -> bool:
    """Return whether overlayfs renames directories of lower layers where no option says."""
    try:
        return Path(_DEFAULT).read_text().strip() == "Y"
    except OSError:
        return False


def _handle(path: Path) -> bytes | None:
    """Return the handle of a file, None where the kernel gives none."""
    if sys.platform != "linux":
        return None
    buffer = ctypes.create_string_buffer(_HANDLE.size + _ROOM)
    _HANDLE.pack_into(buffer, 0, _ROOM, 0)
    mount = ctypes.c_int()
    try:
        call = ctypes.CDLL(None, use_errno=True).name_to_handle_at
    except (OSError, AttributeError):
        return None
    if call(_AT_FDCWD, os.fsencode(path), buffer, ctypes.byref(mount), _AT_HANDLE_FID):
        return None
    size, kind = _HANDLE.unpack_from(buffer, 0)
    return buffer.raw[_HANDLE.size : _HANDLE.size + size] if kind == _TYPE else None
