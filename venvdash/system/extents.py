"""The extents of files on file systems that share blocks: btrfs and XFS (Linux).

overlayfs on top of one of them reports them, too.

A copy of a file may share all of its blocks with the original while ``st_blocks`` counts them in
full. FS_IOC_FIEMAP (Documentation/filesystems/fiemap.rst of Linux) returns for each extent of an
open file where it lies and whether it is shared, without privileges. It does not return with which
files, nor with how many.

Has no slow imports: the child processes that measure load it.
"""

import os
import struct
import sys
import time

if sys.platform != "win32":
    from fcntl import ioctl as _ioctl
else:

    def _ioctl(*_: object) -> int:
        raise OSError("not available on Windows")


SHARED = 0x2000  # FIEMAP_EXTENT_SHARED: another file, or a snapshot, holds these blocks too
INLINE = 0x200  # FIEMAP_EXTENT_DATA_INLINE: the data lies in the metadata
ENCODED = 0x8  # FIEMAP_EXTENT_ENCODED: compressed; the length is that of what is read
PLACELESS = 0x6  # FIEMAP_EXTENT_UNKNOWN or _DELALLOC: not written yet, so nobody shares it
_LAST = 0x1

_FIEMAP = 0xC020660B
_REQUEST = struct.Struct("=QQLLLL")  # start, length, flags, mapped, room, reserved
_EXTENT = struct.Struct("=QQQ16xL12x")  # logical, physical, length, flags
_ROOM = 64  # extents that one call returns at most
_HEADER = _REQUEST.size

_BTRFS_FS_INFO = 0x8400941F
_BTRFS_SPACE_INFO = 0xC0109414
_XFS_GEOMETRY = 0x8100587E  # version 5, Linux 5.2
_XFS_REFLINK = 1 << 20
_METADATA, _DATA = 4, 1  # block group types of btrfs
_COPIES = {1 << 4: 2, 1 << 5: 2, 1 << 6: 2, 1 << 9: 3, 1 << 10: 4}  # RAID1, DUP, RAID10, 1C3, 1C4

_SETTLING, _PAUSE = 50, 0.01  # checks, and seconds between them

KINDS = frozenset(["btrfs", "overlay", "xfs"])  # what ``sharing`` knows

_READ = os.O_RDONLY
for _flag in ("O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC"):
    _READ |= getattr(os, _flag, 0)

Extent = tuple[int, int, int]  # physical offset and length in bytes, flags


class Sharing:
    """A file system that shares blocks between files.

    ``identity`` is the same for all subvolumes. Files of up to ``inline`` bytes lie in the
    metadata. ``per_name`` and ``per_inode``: approximate bytes of metadata that the removal of a
    name and of an inode frees; ``copies``: how often each byte of metadata is stored. If it
    ``compresses``, files may take less space once they are written. ``sure`` is False if files may
    lie in a lower layer of overlayfs: removing them frees nothing.
    """

    __slots__ = ("compresses", "copies", "identity", "inline", "per_inode", "per_name", "sure")

    def __init__(
        self,
        identity: int,
        *,
        inline: int = 0,
        per_name: int = 0,
        per_inode: int = 0,
        copies: float = 1.0,
        compresses: bool = False,
        sure: bool = True,
    ) -> None:
        self.identity = identity
        self.inline = inline
        self.per_name = per_name
        self.per_inode = per_inode
        self.copies = copies
        self.compresses = compresses
        self.sure = sure


def sharing(descriptor: int, fstype: str) -> Sharing | None:
    """Return how the file system of an open directory shares blocks, None if it does not.

    None also for file systems other than ``KINDS``. Never raises OSError.
    """
    if fstype not in KINDS or sys.platform != "linux":
        return None
    try:
        return {"btrfs": _btrfs, "overlay": _overlay, "xfs": _xfs}[fstype](descriptor)
    except OSError:
        return Sharing(os.fstat(descriptor).st_dev)


def settle(path: str, fstype: str) -> None:
    """Wait until XFS has freed the blocks of removed files, half a second at most.

    It frees them after the removal, and sooner if its free space is read (Linux 5.19). Until then
    the files that shared the blocks still seem to share them. Never raises OSError.
    """
    if fstype not in ("overlay", "xfs") or sys.platform == "win32":
        return
    before = -1
    for _ in range(_SETTLING):
        try:
            free = os.statvfs(path).f_bfree
        except OSError:
            return
        if free == before:
            return
        before = free
        time.sleep(_PAUSE)


def _btrfs(descriptor: int) -> Sharing:
    """Return how btrfs shares blocks.

    Files of up to 2048 bytes are inline by default (mount option ``max_inline``, btrfs(5)). The
    metadata of an inode and a name is the size of their items (linux/btrfs_tree.h), with 25 bytes
    for each item's head: of a name DIR_ITEM, DIR_INDEX and INODE_REF, of an inode INODE_ITEM,
    EXTENT_DATA and the reference to its extent.
    """
    answer = bytearray(1024)
    _ioctl(descriptor, _BTRFS_FS_INFO, answer)
    identity = int.from_bytes(answer[16:24], "little")
    copies = _btrfs_copies(descriptor)
    return Sharing(
        identity, inline=2048, per_name=205, per_inode=320, copies=copies, compresses=True
    )


def _btrfs_copies(descriptor: int) -> float:
    """Return the copies of metadata relative to those of data, which statfs counts."""
    room = 32
    answer = bytearray(16 + 24 * room)
    struct.pack_into("=QQ", answer, 0, room, 0)
    _ioctl(descriptor, _BTRFS_SPACE_INFO, answer)
    found = min(struct.unpack_from("=Q", answer, 8)[0], room)
    copies = {_DATA: 1, _METADATA: 1}
    for number in range(found):
        flags = struct.unpack_from("=Q", answer, 16 + 24 * number)[0]
        many = max([1, *(count for bit, count in _COPIES.items() if flags & bit)])
        for kind in copies:
            if flags & kind:
                copies[kind] = max(copies[kind], many)
    return copies[_METADATA] / copies[_DATA]


def _xfs(descriptor: int) -> Sharing | None:
    answer = bytearray(256)
    _ioctl(descriptor, _XFS_GEOMETRY, answer)
    (inode_size,) = struct.unpack_from("=L", answer, 24)
    (flags,) = struct.unpack_from("=L", answer, 92)
    if not flags & _XFS_REFLINK:
        return None
    return Sharing(os.fstat(descriptor).st_dev, per_inode=inode_size)


def _overlay(descriptor: int) -> Sharing | None:
    """Return the sharing of the layers; None for an upper layer on another file system."""
    from venvdash.system.overlayfs import layer_of

    layer = layer_of(descriptor)
    if layer and layer.upper and not layer.fstype:
        return None
    return Sharing(
        os.fstat(descriptor).st_dev,
        compresses=layer is None or layer.fstype == "btrfs",
        sure=layer is not None and layer.upper,
    )


_EMPTY = _REQUEST.pack(0, 2**64 - 1, 0, 0, _ROOM, 0) + bytes(_ROOM * _EXTENT.size)


def extents(path: str | bytes, directory: int) -> list[Extent]:
    """Return the extents of a regular file, by its path below an open directory.

    Holes have none. Data that is not written yet has the flags of ``PLACELESS``.
    Raises OSError.
    """
    descriptor = os.open(path, _READ, dir_fd=directory)
    try:
        answer = bytearray(_EMPTY)
        _ioctl(descriptor, _FIEMAP, answer)
        mapped = int.from_bytes(answer[20:24], sys.byteorder)
        if mapped == 1:  # as of most files
            return [_EXTENT.unpack_from(answer, _HEADER)[1:]]
        return _all(descriptor, answer, mapped)
    finally:
        os.close(descriptor)


def _all(descriptor: int, answer: bytearray, mapped: int) -> list[Extent]:
    mapped_extents: list[Extent] = []
    while mapped:
        for at in range(_HEADER, _HEADER + mapped * _EXTENT.size, _EXTENT.size):
            logical, physical, length, flags = _EXTENT.unpack_from(answer, at)
            mapped_extents.append((physical, length, flags))
        start = logical + length
        if flags & _LAST or mapped < _ROOM:
            break
        _REQUEST.pack_into(answer, 0, start, 2**64 - 1 - start, 0, 0, _ROOM, 0)
        _ioctl(descriptor, _FIEMAP, answer)
        mapped = int.from_bytes(answer[20:24], sys.byteorder)
    return mapped_extents
