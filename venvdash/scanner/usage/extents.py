"""The shared blocks of a tree, on a file system that shares blocks between files (btrfs, XFS).

``stat`` counts shared extents in full, though deleting the file does not free them. ``Extents`` is
the result of ``extent_collector`` for a tree: for each file with shared blocks a key that all its
copies have in common.

Loaded by the child processes that measure: no imports beyond small C modules.
"""

import struct
from array import array
from collections.abc import Callable
from itertools import accumulate
from operator import sub

from venvdash.system.extents import SHARED, Extent

BLOCK = 512  # bytes, as st_blocks counts

HELD_BY_NOBODY, HELD_BY_CACHE, HELD_BY_OTHERS = range(3)

# file system, metadata, shared files, groups, own marks, flags, bytes of group names
_HEADER = struct.Struct("<QQIIIIBBIQ")


class Extents:
    """The files of a tree that share blocks; sizes in blocks of 512 bytes.

    ``identity`` is the file system's, over all its subvolumes. ``keys`` (ascending) identify the
    shared blocks of a file, ``sizes`` are their number, ``groups`` the number of its group: the
    files that were installed together, usually a package. Of each group ``names`` has a relative
    path and ``samples`` the key of that file. ``metadata``: estimated blocks of metadata that
    deleting the tree frees.

    ``own_marks`` counts files that installers always write and that share nothing, ``shared_marks``
    has the keys of such files that do share: then something holds a copy of the whole tree.
    ``compressed``: sizes are upper bounds. ``unsure``: some extents could not be read, or may lie
    in a lower layer, or may shrink when they are written.

    ``states`` says for each group who else holds it, one of ``HELD_BY_…``, as of ``stamp`` (see
    ``uv_archives``); empty until that was read.
    """

    __slots__ = (
        "compressed", "groups", "identity", "keys", "metadata", "names", "own_marks", "samples",
        "shared_marks", "sizes", "stamp", "states", "unsure",
    )  # fmt: skip

    def __init__(self, identity: int, metadata: int = 0) -> None:
        self.identity = identity
        self.metadata = metadata
        self.keys: array[int] = array("Q")
        self.sizes: array[int] = array("Q")
        self.groups: array[int] = array("I")
        self.names: list[bytes] = []
        self.samples: array[int] = array("Q")
        self.own_marks = 0
        self.shared_marks: array[int] = array("Q")
        self.compressed = self.unsure = False
        self.states = b""
        self.stamp = 0

    def held(self, known: Callable[[int], bool] = lambda key: False) -> bool:
        """Return whether something unknown holds the whole tree: a snapshot, or a copy.

        ``known`` returns whether another known tree has a key, too.
        """
        return sum(not known(key) for key in self.shared_marks) > self.own_marks

    def state(self, index: int) -> int:
        """Return who else is known to hold the file at an index of ``keys``."""
        group = self.groups[index]
        return self.states[group] if group < len(self.states) else HELD_BY_NOBODY

    def pack(self) -> bytes:
        """Return the form that ``unpack`` reads."""
        names = b"\0".join(self.names)
        flags = self.compressed + 2 * self.unsure
        steps = array("Q", map(sub, self.keys[1:], self.keys))
        return b"".join((
            _HEADER.pack(
                self.identity, self.metadata, len(self.keys), len(self.names), self.own_marks,
                len(self.shared_marks), flags, bool(self.states), len(names), self.stamp,
            ),
            self.keys[:1].tobytes(), steps.tobytes(), self.sizes.tobytes(), self.groups.tobytes(),
            self.samples.tobytes(), self.shared_marks.tobytes(), self.states, names,
        ))  # fmt: skip


class PackedReader:
    """Reads bytes and arrays one after the other; raises ValueError at the end of the data."""

    __slots__ = ("at", "data")

    def __init__(self, data: bytes, at: int) -> None:
        self.data = data
        self.at = at

    def take(self, length: int) -> bytes:
        """Return the next bytes."""
        part = self.data[self.at : self.at + length]
        if len(part) != length:
            raise ValueError("too short")
        self.at += length
        return part

    def numbers(self, code: str, count: int) -> "array[int]":
        """Return the next numbers, of an array's type."""
        result: array[int] = array(code)
        result.frombytes(self.take(count * result.itemsize))
        return result


def unpack(data: bytes) -> Extents:
    """Return what ``pack`` wrote. Raises ValueError or struct.error for anything else."""
    (
        identity, metadata, count, groups, own, shared, flags, known, name_bytes, stamp
    ) = _HEADER.unpack_from(data)  # fmt: skip
    reader = PackedReader(data, _HEADER.size)
    numbers = reader.numbers
    result = Extents(identity, metadata)
    result.keys = array("Q", accumulate(numbers("Q", count)))
    result.sizes, result.groups = numbers("Q", count), numbers("I", count)
    result.samples, result.shared_marks = numbers("Q", groups), numbers("Q", shared)
    result.states = numbers("B", groups if known else 0).tobytes()
    names = reader.take(name_bytes)
    result.names = names.split(b"\0") if groups else []
    result.own_marks, result.stamp = own, stamp
    result.compressed, result.unsure = bool(flags & 1), bool(flags & 2)
    if reader.at != len(data) or len(result.names) != groups:
        raise ValueError("does not fit")
    if any(group >= groups for group in result.groups):
        raise ValueError("no such group")
    return result


def key_of(extents: list[Extent]) -> int:
    """Return the key of a file: where its first shared extent lies, 0 if none is shared."""
    return next((physical for physical, _, flags in extents if flags & SHARED), 0)
