"""The layer of a directory on overlayfs, as in a container, and its file system.

overlayfs refuses with EXDEV to rename a directory that lies, at least in part, in a lower layer,
unless it was mounted with ``redirect_dir=on`` (docs.kernel.org/filesystems/overlayfs.html). stat(2)
does not show the layer; the file handle of an inode does (``struct ovl_fb`` in
fs/overlayfs/overlayfs.h), which every user may read since Linux 6.6. It contains the type of the
real inode's handle, which shows its file system (``enum fid_type`` in include/linux/exportfs.h).
"""

import ctypes
import os
import struct
import sys
from pathlib import Path
from typing import NamedTuple

from venvdash.system.mounts import Mounts

_DEFAULT = "/sys/module/overlay/parameters/redirect_dir"
_HANDLE = struct.Struct("=Ii")  # name_to_handle_at(2): bytes that follow, type
_ROOM = 128  # bytes of a handle, at most (MAX_HANDLE_SZ)
_AT_FDCWD, _AT_HANDLE_FID, _AT_EMPTY_PATH = -100, 0x200, 0x1000
_TYPE = 0xF8  # OVL_FILEID_V1
_MAGIC, _UPPER = 0xFB, 1 << 2  # OVL_FH_MAGIC, OVL_FH_FLAG_PATH_UPPER
_MAGIC_AT, _FLAGS_AT, _TYPE_AT = 4, 6, 7  # bytes into the handle
_FILE_SYSTEMS = {0x4D: "btrfs", 0x4E: "btrfs", 0x4F: "btrfs", 0x81: "xfs", 0x82: "xfs"}


class Layer(NamedTuple):
    """Whether a directory lies completely in the upper layer, and its file system.

    ``fstype`` is empty for a file system other than btrfs and XFS.
    """

    upper: bool
    fstype: str


def renamable(path: Path, mounts: Mounts) -> bool | None:
    """Return whether overlayfs can rename the directory at ``path``, None if unknown.

    Permissions and mounts are not considered.
    """
    mount = mounts.of(path)
    if mount is None or mount.fstype != "overlay":
        return True
    if mount.redirects or (mount.redirects is None and _by_default()):
        return True
    layer = layer_of(path)
    return layer.upper if layer else None


def layer_of(directory: Path | int) -> Layer | None:
    """Return the layer of a directory on overlayfs, by path or descriptor.

    None if unknown.
    """
    handle = _handle(directory)
    if handle is None or len(handle) <= _TYPE_AT or handle[_MAGIC_AT] != _MAGIC:
        return None
    return Layer(bool(handle[_FLAGS_AT] & _UPPER), _FILE_SYSTEMS.get(handle[_TYPE_AT], ""))


def _by_default() -> bool:
    """Return whether overlayfs renames directories of lower layers by default."""
    try:
        return Path(_DEFAULT).read_text().strip() == "Y"
    except OSError:
        return False


def _handle(file: Path | int) -> bytes | None:
    """Return the handle of a file, by path or descriptor; None if the kernel gives none."""
    if sys.platform != "linux":
        return None
    buffer = ctypes.create_string_buffer(_HANDLE.size + _ROOM)
    _HANDLE.pack_into(buffer, 0, _ROOM, 0)
    mount = ctypes.c_int()
    try:
        call = ctypes.CDLL(None, use_errno=True).name_to_handle_at
    except (OSError, AttributeError):
        return None
    if isinstance(file, int):
        where, path, flags = file, b"", _AT_HANDLE_FID | _AT_EMPTY_PATH
    else:
        where, path, flags = _AT_FDCWD, os.fsencode(file), _AT_HANDLE_FID
    if call(where, path, buffer, ctypes.byref(mount), flags):
        return None
    size, kind = _HANDLE.unpack_from(buffer, 0)
    return buffer.raw[_HANDLE.size : _HANDLE.size + size] if kind == _TYPE else None
