"""The result of measuring one tree, and the packed form in which it is stored.

A footprint holds the totals, the directories with their modification times (with which an
unchanged tree is recognised later) and the inodes that have links outside the tree. The form is
for this program and this machine only, with a version in it. Loaded by the child processes: no
imports beyond small C modules.
"""

import os
import struct
import sys
import zlib
from array import array
from collections.abc import Callable
from itertools import accumulate
from operator import attrgetter, sub

from venvdash.scanner.usage import extents
from venvdash.scanner.usage.extents import Extents, PackedReader

BLOCK = 512  # bytes; the unit of st_blocks, whatever the file system's own block is
UNSURE = -(2**63)  # in place of a modification time that is too recent to rely on

_MAGIC = b"vdu5" + sys.byteorder[:1].encode()
# device, root inode, measured, apparent, blocks, stored blocks, own blocks, files, problems,
# first shared inode, wide, unlisted, directories, shared, samples, digests, path bytes,
# sample bytes, problem bytes, user files, their size, missing files, place bytes, bytes of extents
_HEADER = struct.Struct("<QQdQQQQQQQBBIIIIQIIqQIIQ")
_LIMIT = 32 * 1024 * 1024  # bytes, packed; 100,000 files take some 100 KB
_BODY_LIMIT = 128 * 1024 * 1024  # bytes, unpacked


def _rounded(status: os.stat_result) -> int:
    """Return the blocks of a file in clusters of 4 KiB, for systems without ``st_blocks``."""
    return (status.st_size + 4095) // 4096 * 8


# Returns the allocated blocks of a status.
blocks_of: Callable[[os.stat_result], int] = (
    attrgetter("st_blocks") if hasattr(os.stat_result, "st_blocks") else _rounded
)


class Footprint:
    """One measured tree. ``blocks`` count 512 bytes each.

    ``blocks``: allocated, each inode once. ``stored``: the same where files do not share blocks;
    elsewhere with metadata, what the tree shares with itself once, and what is compressed as it is
    stored. ``own``: blocks of inodes all of whose links lie in the
    tree, directories included. ``files``: entries that are no directories, each link counted.
    ``inodes`` (ascending) are those with links outside the tree, ``sizes`` their blocks,
    ``outside`` the number of those links, ``inside`` that of the links in the tree.
    ``directories`` are relative paths, ``mtimes`` belong to them; ``digests`` maps the index of a
    directory whose time is UNSURE to its content's checksum. ``samples`` are relative paths of
    some shared files with their link counts: 0 for files that share blocks with another inode, 1
    for files that do not. ``extents`` is None where the file system does not share blocks between
    files; elsewhere ``own`` leaves out metadata, and blocks that other files or snapshots hold.
    ``unlisted``: the tree cannot be recognised later (too young, too deep, not written to the disk
    yet, or not all of it was seen).

    ``user_files``: files that nothing known brought (see ``user_files``), -1 where that cannot be
    known, ``user_size`` their bytes, ``user_places`` the first places where they lie, each a letter
    for its kind and a relative path. ``missing``: recorded files of packages that are not there.
    """

    __slots__ = (
        "apparent", "blocks", "device", "digests", "directories", "extents", "files", "inode",
        "inodes", "inside", "measured", "missing", "mtimes", "outside", "own", "problem",
        "problems", "samples", "sizes", "stored", "unlisted", "user_files", "user_places",
        "user_size",
    )  # fmt: skip

    def __init__(self, device: int, inode: int, measured: float) -> None:
        self.device = device
        self.inode = inode
        self.measured = measured
        self.apparent = self.blocks = self.stored = self.own = self.files = self.problems = 0
        self.problem = ""
        self.user_files, self.user_size, self.missing = -1, 0, 0
        self.user_places: list[bytes] = []
        self.inodes: array[int] = array("Q")
        self.sizes: array[int] = array("I")
        self.outside: array[int] = array("I")
        self.inside: array[int] = array("I")
        self.directories: list[bytes] = []
        self.mtimes: array[int] = array("q")
        self.digests: dict[int, int] = {}
        self.samples: list[tuple[bytes, int]] = []
        self.unlisted = False
        self.extents: Extents | None = None

    def reclaimable(self) -> int:
        """Return the blocks that deleting the tree frees."""
        extents_ = self.extents
        return self.own + (extents_.metadata if extents_ and not extents_.held() else 0)

    def share(
        self, inodes: list[int], sizes: list[int], outside: list[int], inside: list[int]
    ) -> None:
        """Set the inodes with links outside (ascending), and the values of each."""
        self.inodes = array("Q", inodes)
        wide = bool(inodes) and max(max(sizes), max(outside), max(inside)) >= 2**32
        self.sizes = array("Q" if wide else "I", sizes)
        self.outside = array("Q" if wide else "I", outside)
        self.inside = array("Q" if wide else "I", inside)

    def pack(self) -> bytes:
        """Return the packed form, for ``unpack``."""
        steps = list(map(sub, self.inodes[1:], self.inodes))
        wide = self.sizes.typecode == "Q" or (bool(steps) and max(steps) >= 2**32)
        code = "Q" if wide else "I"
        paths = b"\0".join(self.directories)
        names = b"\0".join(path for path, _ in self.samples)
        problem = self.problem.encode("utf-8", "replace")[:1000]
        places = b"\0".join(self.user_places)
        extents_ = self.extents.pack() if self.extents else b""
        header = _HEADER.pack(
            self.device, self.inode, self.measured, self.apparent, self.blocks, self.stored,
            self.own, self.files, self.problems, self.inodes[0] if self.inodes else 0, wide,
            self.unlisted, len(self.directories), len(self.inodes), len(self.samples),
            len(self.digests),
            len(paths), len(names), len(problem),
            self.user_files, self.user_size, self.missing, len(places), len(extents_),
        )  # fmt: skip
        body = b"".join((
            self.mtimes.tobytes(),
            array("Q", (links for _, links in self.samples)).tobytes(),
            array("Q", self.digests.keys()).tobytes(),
            array("Q", self.digests.values()).tobytes(),
            array(code, steps).tobytes(),
            array(code, self.sizes).tobytes(),
            array(code, self.outside).tobytes(),
            array(code, self.inside).tobytes(),
            paths, names, problem, places, extents_,
        ))  # fmt: skip
        # The checksum in zlib's trailer covers the header too, so that no flipped bit gets by.
        # The default takes 256 KiB of memory, ten times as long to get as a small tree to pack.
        deflate = zlib.compressobj(1, zlib.DEFLATED, 12, 4)
        return _MAGIC + deflate.compress(header + body) + deflate.flush()


def unpack(packed: bytes, *, listing: bool = True) -> Footprint | None:
    """Return the footprint, or None for anything that ``pack`` of this version did not write.

    Without ``listing`` the names of directories and samples are left out.
    """
    if not packed.startswith(_MAGIC) or len(packed) > _LIMIT:
        return None
    try:
        inflate = zlib.decompressobj()
        data = inflate.decompress(memoryview(packed)[len(_MAGIC) :], _BODY_LIMIT)
        if not inflate.eof or inflate.unused_data:
            return None
        return _read(data, listing)
    except (zlib.error, struct.error, ValueError, OverflowError, IndexError, MemoryError):
        return None


def _read(data: bytes, listing: bool) -> Footprint | None:
    (
        device, inode, measured, apparent, blocks, stored, own, files, problems, first, wide,
        unlisted, directories, shared, samples, digests, path_bytes, name_bytes, problem_bytes,
        user_files, user_size, missing, place_bytes, extent_bytes,
    ) = _HEADER.unpack_from(data)  # fmt: skip
    footprint = Footprint(device, inode, measured)
    footprint.apparent, footprint.blocks, footprint.stored, footprint.own = (
        apparent,
        blocks,
        stored,
        own,
    )
    footprint.files, footprint.problems, footprint.unlisted = files, problems, bool(unlisted)
    reader = PackedReader(data, _HEADER.size)
    footprint.mtimes = reader.numbers("q", directories)
    links = reader.numbers("Q", samples)
    indices, sums = reader.numbers("Q", digests), reader.numbers("Q", digests)
    code = "Q" if wide else "I"
    if shared:
        footprint.inodes = array("Q", accumulate(reader.numbers(code, shared - 1), initial=first))
    footprint.sizes, footprint.outside = reader.numbers(code, shared), reader.numbers(code, shared)
    footprint.inside = reader.numbers(code, shared)
    paths, names = reader.take(path_bytes), reader.take(name_bytes)
    if listing:
        footprint.directories = _names(paths, directories)
        footprint.samples = list(zip(_names(names, samples), links, strict=True))
    footprint.digests = dict(zip(indices, sums, strict=True))
    footprint.problem = reader.take(problem_bytes).decode("utf-8", "replace")
    footprint.user_files, footprint.user_size, footprint.missing = user_files, user_size, missing
    places = reader.take(place_bytes)
    footprint.user_places = places.split(b"\0") if places else []
    if extent_bytes:
        footprint.extents = extents.unpack(reader.take(extent_bytes))
    sane = own <= blocks and all(index < directories for index in indices)
    sane = sane and all(place[:1] in b"fdge" and len(place) > 1 for place in footprint.user_places)
    return footprint if sane and reader.at == len(data) else None


def _names(joined: bytes, count: int) -> list[bytes]:
    names = joined.split(b"\0") if count else []
    if len(names) != count:
        raise ValueError("names do not fit their count")
    return names
