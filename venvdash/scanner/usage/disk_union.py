"""What several measured trees take on disk together: what they share counts once."""

from collections.abc import Iterable

from venvdash.scanner.usage.footprint import BLOCK
from venvdash.scanner.usage.selection_sum import Entry


def on_disk(entries: Iterable[Entry]) -> int:
    """Return the bytes on disk of different trees, none of which lies in another one.

    Inodes with links in several of them count once, and so do blocks that files share as far as
    the file system tells. Where it compresses, the sum may be too low by what shared files save.
    """
    total = 0
    seen: set[tuple[str, int, int]] = set()
    for entry in entries:
        footprint = entry.footprint()
        shared = [
            (("inode", entry.device, inode), size)
            for inode, size in zip(footprint.inodes, footprint.sizes, strict=True)
        ]
        if footprint.extents is not None:
            extents = footprint.extents
            shared += [
                (("extent", extents.identity, key), size)
                for key, size in zip(extents.keys, extents.sizes, strict=True)
            ]
        repeated = sum(size for place, size in shared if place in seen) * BLOCK
        total += max(entry.usage.on_disk - repeated, 0)
        seen.update(place for place, _ in shared)
    return total
