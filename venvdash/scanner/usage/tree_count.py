"""Counts one tree; as ``python -m venvdash.scanner.usage.tree_count`` the child that does so.

The child reads requests from stdin and writes answers to stdout until stdin ends (the parent is
gone or wants no more). Every frame is four fields in a request, one letter and one field in an
answer; a field is its length (4 bytes, little-endian) and its bytes.

Request: path · relative mount points inside, joined by NUL · remembered footprint or nothing ·
the file system's type, as the mount table has it.
Answers: ``.`` still working · ``r`` footprint, newly measured · ``u`` unchanged (the device's
number now in 8 bytes, a renewed footprint or nothing) · ``p`` cannot be measured, why.

Imports nothing heavy: two children start for a first listing.
"""

import gc
import os
import sys
import time
from collections.abc import Collection, Iterator, Sequence

from venvdash.scanner.usage import user_files
from venvdash.scanner.usage.extent_collector import Collector, File
from venvdash.scanner.usage.footprint import UNSURE, Footprint, blocks_of, unpack
from venvdash.scanner.usage.recheck import Tick, digest_of, is_young, recheck
from venvdash.system.extents import sharing
from venvdash.system.walk import Opened, walk
from venvdash.text import because

Entry = os.DirEntry[str] | os.DirEntry[bytes]
InodeInfo = tuple[int, int, int]  # links, size in bytes, blocks
Memo = dict[int, dict[int, InodeInfo]]  # by device and inode

_DIGESTS = 8  # directories so young that are worth a checksum each; more: measure again
_SAMPLES = 16
_KNOWN = 40_000  # inodes in a memo at most, some 10 MB
# Where a directory's listing has the very inode numbers that stat gives (overlays, FUSE and network
# file systems need not).
_TRUSTED = frozenset(
    ["apfs", "bcachefs", "btrfs", "ext2", "ext3", "ext4", "f2fs", "jfs", "tmpfs", "xfs", "zfs"]
)
_OFTEN = 256  # files between two ticks
_BEAT = 0.5  # seconds between two signs of life


def count(
    root: bytes,
    mounted: Collection[bytes] = (),
    tick: Tick = lambda: None,
    memo: Memo | None = None,
    fstype: str = "",
) -> Footprint:
    """Return the footprint of the tree at ``root``, without following links or crossing mounts.

    ``mounted``: mount points inside, relative to the root. ``tick`` is called for every directory
    and every 256 files, and may raise to stop the walk. ``memo`` spares looking again at inodes
    that an earlier tree had, where ``fstype``, the file system's type, is one whose directories
    tell inode numbers truly; give it only for trees measured within the same seconds. Raises
    OSError if the root cannot be opened.

    The sums are those of ``du -s`` and ``du -s --apparent-size``: each inode once, directories
    and links with their own size (du from coreutils 9.2 on leaves directories out of the
    apparent size; earlier ones and BSD's count them, and so do we).
    """
    known = memo if fstype in _TRUSTED and not mounted else None
    counting = _Counting(root, tick, known, fstype)
    for opened in walk(root, mounted=mounted, report=counting.report):
        tick()
        counting.directory(opened)
    return counting.result()


class _Counting:
    """The totals while a tree is walked."""

    def __init__(self, root: bytes, tick: Tick, memo: Memo | None, fstype: str) -> None:
        self.tick = tick
        self.user_files = user_files.UserFileSearch(root, tick)
        self.fstype = fstype
        self.collector: Collector | None = None
        self.memo = memo
        self.known: dict[int, InodeInfo] = {}
        self.now = time.time_ns()
        self.footprint = Footprint(0, 0, self.now / 1e9)
        # inode with several links -> those not seen yet, and 2**32 times all of them
        self.left: dict[int, int] = {}
        self.sizes: dict[int, int] = {}  # inode with several links -> blocks
        self.samples: list[tuple[bytes, int]] = []

    def report(self, error: OSError) -> None:
        """Count an error, and keep the message of the first one."""
        self.footprint.problems += 1
        if not self.footprint.problem:
            name = error.filename
            where = os.fsdecode(name) if isinstance(name, str | bytes) else ""
            reason = because(error)
            self.footprint.problem = f"{where}: {reason}" if where else reason

    def directory(self, opened: Opened) -> None:
        """Add one directory and the files in it."""
        footprint, status = self.footprint, opened.stat
        if not footprint.mtimes:
            footprint.device, footprint.inode = status.st_dev, status.st_ino
            if self.memo is not None:
                self.known = self.memo.setdefault(status.st_dev, {})
            system = sharing(opened.descriptor, self.fstype)
            self.collector = Collector(system) if system else None
        size = blocks_of(status)
        footprint.apparent += status.st_size
        footprint.blocks += size
        footprint.own += size
        self._list(opened)
        self._files(opened)

    def _files(self, opened: Opened) -> None:
        known, left, sizes = self.known, self.left, self.sizes
        footprint, collector = self.footprint, self.collector
        entries, linked = opened.files(), None
        unread = apparent = alone = joint = 0
        single: list[File] = []
        several: dict[int, File] = {}
        for entry in entries if len(entries) < _OFTEN else self._ticking(entries):
            inode = entry.inode()
            info = known.get(inode)
            if info is None:
                try:
                    status = entry.stat(follow_symlinks=False)
                except OSError as error:
                    unread += self._unread(error)
                    continue
                info = status.st_nlink, status.st_size, blocks_of(status)
                if info[0] < 2:  # 0 is what Windows says
                    apparent += info[1]
                    alone += info[2]
                    if collector:
                        single.append((entry, info[1], info[2]))
                    continue
                inode = self._identity(status, info)
            if inode in left:
                left[inode] -= 1
                continue
            links, size, sizes[inode] = info
            left[inode] = (links << 32) + links - 1  # two numbers in one take less memory
            apparent += size
            joint += info[2]
            linked = entry
            if collector:
                several[inode] = entry, size, info[2]
        files = len(entries) - unread
        footprint.files += files
        footprint.apparent += apparent
        footprint.blocks += alone + joint
        self.user_files.directory(opened.path, [entry.name for entry in entries], apparent)
        if collector:
            collector.directory(opened, single, several, files)
        else:
            footprint.own += alone
        if linked and opened.path is not None:
            self._sample(opened.path, linked.name, links)

    def _ticking(self, entries: Sequence[Entry]) -> Iterator[Entry]:
        """Yield the files of a large directory; ``tick`` is called for every 256 of them."""
        for start in range(0, len(entries), _OFTEN):
            self.tick()
            yield from entries[start : start + _OFTEN]

    def _unread(self, error: OSError) -> int:
        """Report a file that cannot be read; return 1, to subtract from the count."""
        if not isinstance(error, FileNotFoundError):  # gone by now: it takes no space
            self.report(error)
        return 1

    def _identity(self, status: os.stat_result, info: InodeInfo) -> int:
        """Return the inode of a file with several links, and keep what is known of it."""
        inode = status.st_ino
        if status.st_dev != self.footprint.device:  # layers of an overlay: not ours to compare
            return inode | (status.st_dev + 1) << 64
        if self.memo is not None and info[0] > 2 and len(self.known) < _KNOWN:
            # With two links the other one is most likely the cache's: not met again.
            self.known[inode] = info
        return inode

    def _sample(self, parent: bytes, name: str | bytes, links: int) -> None:
        """Keep one of a directory's shared files as a sample, for some of the directories."""
        at = len(self.footprint.mtimes)
        if at <= _SAMPLES or not at % _SAMPLES:
            path = os.fsencode(name)
            self.samples.append((parent + b"/" + path if parent else path, links))

    def _list(self, opened: Opened) -> None:
        """Record the directory, to detect later whether an entry was added or removed."""
        footprint, changed = self.footprint, opened.stat.st_mtime_ns
        if is_young(changed, self.now):
            changed = UNSURE
            try:  # before its files are counted: what comes in between shows next time
                if len(footprint.digests) < _DIGESTS:
                    footprint.digests[len(footprint.mtimes)] = digest_of(opened.where)
                else:
                    footprint.unlisted = True
            except OSError:
                footprint.unlisted = True
        footprint.unlisted |= opened.path is None
        footprint.directories.append(opened.path or b".")
        footprint.mtimes.append(changed)

    def result(self) -> Footprint:
        """Return the footprint; add nothing after this."""
        footprint, sizes, left = self.footprint, self.sizes, self.left
        if self.collector:
            self.collector.settle()
            sizes |= self.collector.linked
            for inode in self.collector.shared_inodes:
                del sizes[inode], left[inode]
        # Fewer than none are not seen yet where links came to it while it was counted.
        half, mask = 2**31, 2**32 - 1
        outside = sorted(inode for inode, both in left.items() if (both + half) & mask > half)
        held = sum(map(sizes.__getitem__, outside))
        footprint.own += sum(sizes.values()) - held
        while outside and outside[-1] >> 64:  # on an overlay's other layers
            outside.pop()
            footprint.unlisted = True
        both = list(map(left.__getitem__, outside))
        beyond = [one & mask for one in both]
        footprint.share(
            outside,
            list(map(sizes.__getitem__, outside)),
            beyond,
            [(one >> 32) - count for one, count in zip(both, beyond, strict=True)],
        )
        user = None if footprint.problems else self.user_files.result()
        if user is not None:
            footprint.user_files, footprint.user_size = user.files, user.size
            footprint.user_places, footprint.missing = user.places, user.missing
        step = len(self.samples) // _SAMPLES + 1
        footprint.samples = self.samples[::step]
        if self.collector:
            footprint.extents = self.collector.result(len(sizes) - len(outside))
            footprint.own += self.collector.own
            footprint.samples += self.collector.samples
            footprint.unlisted |= self.collector.unsettled
        footprint.stored = footprint.blocks
        if footprint.extents:
            shared = sum(footprint.extents.sizes)
            footprint.stored = footprint.own + footprint.extents.metadata + held + shared
        if footprint.problems or footprint.unlisted:
            footprint.unlisted = True
            footprint.directories, footprint.samples = [], []
            footprint.mtimes, footprint.digests = footprint.mtimes[:0], {}
        return footprint


def answer(
    path: bytes,
    mounted: Collection[bytes],
    remembered: bytes,
    tick: Tick,
    memo: Memo | None,
    fstype: str = "",
) -> bytes:
    """Return the answer to one request: its letter, then its field without the length."""
    old = unpack(remembered) if remembered and not mounted else None
    if old is not None:
        before = len(old.digests)
        if recheck(path, old, tick) is not None:
            device = old.device.to_bytes(8, "little")
            return b"u" + device + (old.pack() if len(old.digests) != before else b"")
    try:
        return b"r" + count(path, mounted, tick, memo, fstype).pack()
    except OSError as error:
        return b"p" + because(error).encode("utf-8", "replace")


class _Requests:
    """Reads requests from stdin, several at once where they have come."""

    def __init__(self) -> None:
        self._inbox = bytearray()

    def next(self) -> list[bytes] | None:
        """Return the four fields of the next request, None at the end."""
        fields, at = [], 0
        for _ in range(4):
            start = self._until(at + 4)
            end = start and self._until(start + int.from_bytes(self._inbox[at:start], "little"))
            if not end:
                return None
            fields.append(bytes(self._inbox[start:end]))
            at = end
        del self._inbox[:at]
        return fields

    def _until(self, end: int) -> int:
        """Read until there are so many bytes; return 0 if there are fewer."""
        while len(self._inbox) < end:
            part = os.read(0, 1 << 20)
            if not part:
                return 0
            self._inbox += part
        return end


def _send(answered: bytes) -> None:
    length = (len(answered) - 1).to_bytes(4, "little")
    rest = memoryview(answered[:1] + length + answered[1:])
    while rest:
        rest = rest[os.write(1, rest) :]


def main() -> None:
    """Answer requests until stdin ends."""
    if hasattr(os, "nice"):
        os.nice(5)
    gc.disable()  # nothing here makes cycles
    memo: Memo = {}
    beaten = time.monotonic()

    def beat() -> None:
        nonlocal beaten
        now = time.monotonic()
        if now - beaten > _BEAT:
            beaten = now
            _send(b".")  # fails when the parent is gone, which ends us

    try:
        requests = _Requests()
        while (request := requests.next()) is not None:
            path, mounted, remembered, fstype = request
            points = frozenset(mounted.split(b"\0")) if mounted else frozenset()
            _send(answer(path, points, remembered, beat, memo, fstype.decode()))
    except BrokenPipeError:
        sys.exit(0)


if __name__ == "__main__":
    main()
