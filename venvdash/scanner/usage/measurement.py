"""Measures environments: their size, what deleting them frees, and what uv's cache keeps.

The values, in bytes:

- ``on_disk``: allocated blocks (``st_blocks`` times 512), every inode once, directories and the
  root included: ``du -s --block-size=1``. On btrfs and XFS what is shared within the tree counts
  once, compressed files count as they are stored, and metadata is included, so that it is never
  less than ``reclaimable``.
- ``apparent``: sizes, every inode once: ``du -s --apparent-size --block-size=1``. Directories and
  symbolic links count with their own size, as in du before coreutils 9.2.
- ``reclaimable``: blocks of the inodes all of whose links lie in the environment, with directories.
  On btrfs and XFS without those that other files or snapshots share, and with the metadata that
  is freed.
- ``cache_held``: blocks of the inodes that have links here and otherwise only outside all measured
  environments; and blocks that are shared with uv's cache and no other environment. What two
  environments share is in neither: it stays as long as the other does.
- ``files``: entries that are no directories; two links to one inode are two.

A tree is never left through a link or a mount. An alias (a path that is a link) costs nothing.

``at_most`` is True if blocks may be shared and the file system cannot tell (zfs, apfs …), if it
compresses, and if the extents of a file could not be read. ``exact`` is False where the file
system may share blocks between inodes (btrfs, xfs, zfs, apfs …), where part of the tree could not
be read, on Windows, and where the environment was recognised as unchanged and shares inodes: the
times of its directories vouch for ``on_disk``, ``apparent`` and ``files``, but a link count changes
when a link elsewhere comes or goes, and no time in here tells.
A few shared files are looked at for that; most often this shows that the cache was cleaned or a
sibling deleted, but it proves nothing. Where nothing was shared, remembered figures count as
exact: they are wrong only where somebody has linked to such a file from elsewhere since, or
written to it in place.
"""

import os
import stat
from array import array
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path

from venvdash.model import Usage, UserFiles
from venvdash.scanner.usage import child_processes, shared_blocks
from venvdash.scanner.usage.environment_usage import partly, usage_of
from venvdash.scanner.usage.extents import Extents
from venvdash.scanner.usage.footprint import BLOCK, Footprint, unpack
from venvdash.scanner.usage.inode_owners import InodeOwners
from venvdash.scanner.usage.recheck import Tick, recheck
from venvdash.scanner.usage.tree_count import Memo, count
from venvdash.scanner.usage.usage_index import UsageIndex
from venvdash.scanner.usage.uv_archives import Archives
from venvdash.scanner.usage.workload import TooMuchError, Workload
from venvdash.system.extents import KINDS
from venvdash.system.mounts import Mounts
from venvdash.text import because

_SAMPLES = 8  # files whose blocks are not in uv's cache
_NOTHING = Usage(
    apparent=0, on_disk=0, reclaimable=0, files=0, user_files=UserFiles(), missing_files=0
)


@dataclass(frozen=True, slots=True)
class Measurement:
    """One environment's usage.

    ``remember`` is the footprint to store and pass as ``remembered`` next time; None if unchanged.
    ``problem`` says what could not be read; the usage does not include it.
    """

    path: Path
    usage: Usage
    remember: bytes | None
    problem: str = ""


class _CancelledError(Exception):
    """Raised out of a walk."""


@dataclass(slots=True)
class _Measured:
    """What the second pass needs of an environment; arrays only if one lies in another."""

    usage: Usage
    same: int = -1  # the index of the first path to this directory (bind mounts)
    device: int = 0
    inodes: "array[int]" = field(default_factory=lambda: array("Q"))
    sizes: "array[int]" = field(default_factory=lambda: array("Q"))
    outside: "array[int]" = field(default_factory=lambda: array("Q"))
    extents: Extents | None = None
    failed: bool = False


def measure(
    paths: Sequence[Path],
    remembered: Mapping[Path, bytes],
    cancelled: Callable[[], bool],
    *,
    mounts: Mounts | None = None,
    usage_index: UsageIndex | None = None,
    cache: Path | None = None,
) -> Iterator[Measurement]:
    """Measure environments; yield one Sized for each as it is measured, then a second for each.

    In the first ``usage.cache_held`` is None; the second has it, and neither ``remember`` nor
    ``problem``. Give all known environments: what is not in ``paths`` counts as outside, as a
    cache does. ``paths`` are absolute and real up to the last name. ``remembered`` holds what
    ``Measurement.remember`` was; anything else in there is ignored.

    Never raises for what is on disk. ``cancelled`` is called often; if True this ends within 100
    ms without yielding more. A tree on a file system that does not respond for ten seconds is given
    up and reported, and so are the others on the same network mount. What was measured is entered
    in ``usage_index``, for the sums of several. ``cache`` is uv's: asked what it holds where files
    share blocks.
    """
    mounts = mounts or Mounts.read()
    measuring = _Measuring(paths, remembered, cancelled, mounts, usage_index)
    measuring.archives = shared_blocks.archives_of(cache, mounts, measuring.tick)
    try:
        yield from measuring.first()
        if not cancelled():
            yield from measuring.second()
    except _CancelledError:
        return


class _Measuring:
    def __init__(
        self,
        paths: Sequence[Path],
        remembered: Mapping[Path, bytes],
        cancelled: Callable[[], bool],
        mounts: Mounts,
        usage_index: UsageIndex | None = None,
    ) -> None:
        self.usage_index = usage_index
        self.paths = list(dict.fromkeys(paths))
        self.remembered = remembered
        self.cancelled = cancelled
        self.mounts = mounts
        self.within = _nested(self.paths)
        self.outer = set(self.within.values())
        self.measured: dict[int, _Measured] = {}
        self.memo: Memo = {}
        self.inode_owners = InodeOwners(self.tick)
        self.extents = InodeOwners(self.tick)  # keys in the place of inodes, by file system
        self.archives = Archives(None, "")
        self.first_of: dict[tuple[int, int], int] = {}

    def tick(self) -> None:
        """Stop a walk in this process if cancelled."""
        if self.cancelled():
            raise _CancelledError

    # The first pass: each on its own.

    def first(self) -> Iterator[Measurement]:
        jobs, trees = [], []
        for index, path in enumerate(self.paths):
            self.tick()
            group = self._group(path)
            if (
                group and child_processes.available()
            ):  # a question to a dead server must not stop us
                jobs.append(self._job(index, group))
            elif (done := self._cheaply(index)) is not None:
                yield done
            else:
                trees.append(index)
        if not jobs:
            trees = yield from self._while_few(trees)
        yield from self._by_children([*jobs, *map(self._job, trees)])

    def _while_few(self, trees: list[int]) -> Generator[Measurement, None, list[int]]:
        """Measure trees in this process; return those that children will have measured sooner."""
        workload = Workload(len(trees), self.tick)
        tick = workload.directory if child_processes.available() else self.tick
        for at, index in enumerate(trees):
            try:
                measured = self._here(index, tick)
            except TooMuchError:
                return trees[at:]
            workload.ended(measured.usage.files)
            yield measured
        return []

    def _group(self, path: Path) -> str:
        """Return the mount point of the network file system that the path is on, or ""."""
        if not self.mounts.any_network:
            return ""
        mount = self.mounts.of(path)
        return mount.point if mount and mount.network else ""

    def _job(self, index: int, group: str = "") -> child_processes.Job:
        path = self.paths[index]
        mounted = b"\0".join(self._mounted(path))
        remembered = self.remembered.get(path, b"") if group else b""
        return child_processes.Job(
            index, os.fsencode(path), mounted, remembered, group, self._fstype(path)
        )

    def _fstype(self, path: Path) -> str:
        mount = self.mounts.of(path)
        return mount.fstype if mount is not None else ""

    def _mounted(self, path: Path) -> list[bytes]:
        return [
            os.fsencode(os.path.relpath(mount.point, path)) for mount in self.mounts.below(path)
        ]

    def _cheaply(self, index: int) -> Measurement | None:
        """Return the measurement of an alias, a non-directory or an unchanged environment."""
        path = self.paths[index]
        try:
            mode = os.lstat(path).st_mode
        except OSError as error:
            return self._failure(index, because(error))
        if stat.S_ISLNK(mode):
            self.measured[index] = _Measured(_NOTHING)
            return Measurement(path, _NOTHING, None)
        if not stat.S_ISDIR(mode):
            return self._failure(index, "not a directory")
        packed = self.remembered.get(path)
        old = unpack(packed) if packed else None
        if old is None:
            return None
        young = len(old.digests)
        if self.mounts.below(path) or recheck(os.fsencode(path), old, self.tick) is None:
            return None
        states = old.extents.states if old.extents else b""
        asked = self._ask_cache(old)
        if old.extents and shared_blocks.left_cache(states, old.extents.states):
            return None  # the environment may be the only owner by now
        renewed = old.pack() if asked or len(old.digests) != young else None
        return self._success(index, old, renewed, renewed or packed, aged=True)

    def _here(self, index: int, tick: Tick) -> Measurement:
        path = self.paths[index]
        try:
            mounted = frozenset(self._mounted(path))
            footprint = count(os.fsencode(path), mounted, tick, self.memo, self._fstype(path))
        except OSError as error:
            return self._failure(index, because(error))
        return self._success(index, footprint, None if footprint.unlisted else footprint.pack())

    def _by_children(self, jobs: list[child_processes.Job]) -> Iterator[Measurement]:
        with closing(child_processes.run(jobs, self.cancelled)) as answers:
            for answer in answers:
                self.tick()  # several may have come at once
                yield self._heard(answer)

    def _heard(self, answer: child_processes.Answer) -> Measurement:
        index = answer.job.index
        new = answer.data if answer.kind == "r" else answer.data[8:]
        listing = answer.job.fstype in KINDS  # to be packed again
        if answer.kind in "ru" and (
            footprint := unpack(new or answer.job.remembered, listing=listing)
        ):
            if answer.kind == "u":
                footprint.device = int.from_bytes(answer.data[:8], "little")
            keep = new if new and not footprint.unlisted else None
            packed = new or answer.job.remembered
            return self._success(index, footprint, keep, packed, aged=answer.kind == "u")
        if answer.kind == "p":
            return self._failure(index, answer.data.decode("utf-8", "replace"))
        if answer.kind == "h":
            return self._failure(index, f"no answer within {child_processes.PATIENCE:.0f} seconds")
        if answer.job.group:
            return self._failure(index, "measuring it ended unexpectedly")
        return self._here(index, self.tick)

    def _success(
        self,
        index: int,
        footprint: Footprint,
        new: bytes | None,
        packed: bytes | None = None,
        *,
        aged: bool = False,
    ) -> Measurement:
        path = self.paths[index]
        extents = footprint.extents
        if self._ask_cache(footprint):
            packed = footprint.pack()
            new = None if footprint.unlisted else packed
        usage = usage_of(footprint, self.mounts.of(path), aged=aged)
        self.measured[index] = measured = _Measured(usage, extents=extents)
        if index in self.within or index in self.outer:
            measured.inodes, measured.sizes, measured.outside = (
                footprint.inodes,
                footprint.sizes,
                footprint.outside,
            )
            measured.device = footprint.device
        if index not in self.within:
            measured.same = self.first_of.setdefault((footprint.device, footprint.inode), index)
            if measured.same == index:
                self.inode_owners.add(index, footprint.device, footprint.inodes, footprint.sizes)
                if extents:
                    self.extents.add(index, extents.identity, extents.keys, extents.sizes)
        if self.usage_index is not None:
            kept_form = packed or new or footprint.pack()
            self.usage_index.enter(
                path, footprint, kept_form, nested=index in self.within, usage=usage
            )
        return Measurement(path, usage, new, partly(footprint))

    def _ask_cache(self, footprint: Footprint) -> bool:
        """Read what uv's cache holds unless that is known; return whether anything changed.

        Some files that it does not hold become samples to check next time: they may have no other
        owner then.
        """
        extents, stamp = footprint.extents, self.archives.stamp
        if extents is None or (
            extents.stamp == stamp and len(extents.states) == len(extents.names)
        ):
            return False
        extents.states, extents.stamp = self.archives.states(extents), stamp
        more = shared_blocks.uncached(extents)[:_SAMPLES]
        footprint.samples = list(dict.fromkeys([*footprint.samples, *more]))
        return True

    def _failure(self, index: int, problem: str) -> Measurement:
        usage = replace(_NOTHING, exact=False, user_files=None, missing_files=None)
        self.measured[index] = _Measured(usage, failed=True)
        return Measurement(self.paths[index], usage, None, problem)

    # The second pass: all together.

    def second(self) -> Iterator[Measurement]:
        held, several = self.inode_owners.held(), self.extents.several()
        failed = any(measured.failed for measured in self.measured.values())
        for index, measured in sorted(self.measured.items()):
            self.tick()
            nested = index in self.within
            blocks = self._held_within(index) if nested else held.get(measured.same, 0)
            # An environment that could not be measured may be what holds them.
            exact = measured.usage.exact and not (failed and (blocks or nested))
            usage = replace(measured.usage, cache_held=blocks * BLOCK, exact=exact)
            if measured.extents:
                usage = shared_blocks.completed(usage, measured.extents, several, nested=nested)
            yield Measurement(self.paths[index], usage, None)
        if self.usage_index is not None:
            self.usage_index.close(self.inode_owners.several(), several)

    def _held_within(self, index: int) -> int:
        """Return the blocks that caches hold for an environment inside another one.

        Its links are also links of the outer one. So these are the inodes that the outer one alone
        holds, if all its links to them lie in the inner one.
        """
        inner, outer = self.measured[index], self.measured[self.within[index]]
        beyond = dict(zip(outer.inodes, outer.outside, strict=True))
        inodes, sizes = array("Q"), array("Q")
        for inode, size, outside in zip(inner.inodes, inner.sizes, inner.outside, strict=True):
            if beyond.get(inode) == outside:
                inodes.append(inode)
                sizes.append(size)
        return self.inode_owners.held_within(self.within[index], outer.device, inodes, sizes)


def _nested(paths: Sequence[Path]) -> dict[int, int]:
    """Return {index of a path inside another one: index of the outermost such}."""
    outermost: dict[int, int] = {}
    outer, outer_text = -1, "\0"
    order = sorted((os.path.join(os.fspath(path), ""), index) for index, path in enumerate(paths))
    for text, index in order:
        if text.startswith(outer_text):
            outermost[index] = outer
        else:
            outer, outer_text = index, text
    return outermost
