"""In which layer a directory lies on overlayfs, as in a container, and on which file system.

overlayfs answers EXDEV when a directory is renamed that lies, also in part, in a lower layer,
unless it was mounted with ``redirect_dir=on`` (docs.kernel.org/filesystems/overlayfs.html). Nothing
in stat(2) tells the layers apart; the file handle of an inode does (``struct ovl_fb`` in
fs/overlayfs/overlayfs.h), which every user may ask for since Linux 6.6. It has the type of the real
inode's handle in it, and by that its file system (``enum fid_type`` in include/linux/exportfs.h).
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
    """Where a directory lies: as a whole in the upper layer or not, and on which file system.

    ``fstype`` is empty for what is neither btrfs nor XFS.
    """

    upper: bool
    fstype: str


def renamable(path: Path, mounts: Mounts) -> bool | None:
    """Return whether the directory at ``path`` can be renamed; None where nobody can tell.

    Permissions and mounts are not asked for.
    """
    mount = mounts.of(path)
    if mount is None or mount.fstype != "overlay":
        return True
    if mount.redirects or (mount.redirects is None and _by_default()):
        return True
    layer = layer_of(path)
    return layer.upper if layer else None


def layer_of(directory: Path | int) -> Layer | None:
    """Return the layer of a directory on overlayfs, given by path or open.

    None where nobody can tell.
    """
    handle = _handle(directory)
    if handle is None or len(handle) <= _TYPE_AT or handle[_MAGIC_AT] != _MAGIC:
        return None
    return Layer(bool(handle[_FLAGS_AT] & _UPPER), _FILE_SYSTEMS.get(handle[_TYPE_AT], ""))


def _by_default() -> bool:
    """Return whether overlayfs renames directories of lower layers where no option says."""
    try:
        return Path(_DEFAULT).read_text().strip() == "Y"
    except OSError:
        return False


def _handle(file: Path | int) -> bytes | None:
    """Return the handle of a file, given by path or open; None where the kernel gives none."""
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
