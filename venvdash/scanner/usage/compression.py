"""Estimates the size of compressed files on btrfs without privileges.

FS_IOC_FIEMAP returns where a compressed extent begins and its uncompressed length, up to 128 KiB.
Only root can read its size on disk (BTRFS_IOC_TREE_SEARCH, as compsize does). But it ends before
the next extent begins, and the files of a package are mostly written one after the other, so the
starts bound the sizes closely. Extents without a known successor, and files that were not examined,
count by the ratio of the others.

Loaded by the child processes that measure: no imports beyond small C modules.
"""

from bisect import bisect_right
from collections.abc import Iterable

from venvdash.scanner.usage.extents import BLOCK
from venvdash.system.extents import ENCODED, INLINE, SHARED, Extent

_PAGE = 4096  # bytes: what an extent takes is a multiple of that
_INLINE = 2048  # bytes of a compressed file in the metadata, at most


class Compression:
    """The sizes of compressed extents; call ``note`` for all known extents first."""

    def __init__(self) -> None:
        self._starts: set[int] = set()
        self._encoded: set[tuple[int, int]] = set()  # start and length
        self._sorted: list[int] = []
        self._ratio = 1.0

    def note(self, extents: list[Extent]) -> None:
        """Record the extents of a file."""
        for start, length, flags in extents:
            if not flags & INLINE:
                self._starts.add(start)
                if flags & ENCODED:
                    self._encoded.add((start, length))

    def settle(self) -> None:
        """Compute the ratio for extents without a bound. Do not call ``note`` after this."""
        self._sorted = sorted(self._starts)
        bounds = [(self._bound(*span), span[1]) for span in self._encoded]
        bounded = [(bound, length) for bound, length in bounds if bound < length]
        if bounded:
            self._ratio = sum(bound for bound, _ in bounded) / sum(length for _, length in bounded)

    def of(self, extents: list[Extent]) -> tuple[int, int]:
        """Return the bytes of a file's extents on disk, and how many of them are shared."""
        takes = shared = 0
        for start, length, flags in extents:
            size = self._size(start, length) if flags & ENCODED else length
            takes += size
            shared += size if flags & SHARED else 0
        return takes, shared

    def like(self, extents: list[Extent], lengths: Iterable[int]) -> int:
        """Return the blocks of files with these lengths, at the ratio of a known file."""
        length = sum(extent[1] for extent in extents)
        ratio = self.of(extents)[0] / length if length else 1.0
        return sum(map(_pages, (one * ratio for one in lengths))) // BLOCK

    def _bound(self, start: int, length: int) -> int:
        """Return the largest possible size of an extent: its length, or the gap to the next one."""
        at = bisect_right(self._sorted, start)
        return min(length, self._sorted[at] - start) if at < len(self._sorted) else length

    def _size(self, start: int, length: int) -> int:
        bound = self._bound(start, length)
        return bound if bound < length else min(_pages(length * self._ratio), length)


def squeezed(length: int) -> int:
    """Return the estimated size of small compressed files in the metadata, in bytes.

    It cannot be read. Files of Python packages measured 0.40 of their length with zstd, and 0.54
    with lzo, the weakest method; 5/8 is above both.
    """
    return length * 5 // 8


def inline(length: int) -> int:
    """Return the size of one compressed file in the metadata, at most what fits there."""
    return min(squeezed(length), _INLINE)


def _pages(length: float) -> int:
    return int(-(-length // _PAGE) * _PAGE)
