"""The usage of environments on file systems that share blocks between files."""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from venvdash.model import Usage
from venvdash.scanner.usage.extents import HELD_BY_CACHE, Extents
from venvdash.scanner.usage.footprint import BLOCK
from venvdash.scanner.usage.selection_sum import Several, times_in
from venvdash.scanner.usage.uv_archives import Archives
from venvdash.system.extents import KINDS
from venvdash.system.mounts import Mount, Mounts


def left_cache(before: bytes, after: bytes) -> bool:
    """Return whether uv's cache no longer holds something that it held."""
    return any(old == HELD_BY_CACHE != new for old, new in zip(before, after, strict=False))


def uncached(extents: Extents) -> list[tuple[bytes, int]]:
    """Return samples, as a footprint has them, of what is shared but not with uv's cache."""
    states = zip(extents.names, extents.states, strict=True)
    return [(name, 0) for name, state in states if state != HELD_BY_CACHE]


def archives_of(cache: Path | None, mounts: Mounts, tick: Callable[[], None]) -> Archives:
    """Return the archives in uv's cache; none if its file system cannot share blocks."""
    mount = mounts.of(os.path.realpath(cache)) if cache else None
    if cache is None or mount is None or mount.fstype not in KINDS:
        return Archives(None, "")
    return Archives(cache, mount.fstype, tick)


def reports_sharing(mount: Mount | None) -> bool:
    """Return whether the file system reports which blocks are shared."""
    return mount is not None and mount.fstype in KINDS


def at_most(extents: Extents | None, mount: Mount | None) -> bool:
    """Return whether the reclaimable bytes of an environment on ``mount`` are an upper bound."""
    if extents is not None:
        return extents.compressed or extents.unsure
    return mount is not None and mount.clones and not reports_sharing(mount)


def completed(usage: Usage, extents: Extents, several: Several, *, nested: bool) -> Usage:
    """Return the usage with the blocks that several environments share."""

    def others(key: int) -> bool:
        return times_in(several, extents.identity, key) > 1

    held = extents.held(others)
    if extents.held() and not held:
        usage = replace(usage, reclaimable=usage.reclaimable + extents.metadata * BLOCK)
    if held or nested:
        # A snapshot that has it keeps its metadata, which btrfs copies in order to delete.
        return replace(usage, cache_held=0, at_most=usage.at_most or held)
    more = sum(
        size
        for index, (key, size) in enumerate(zip(extents.keys, extents.sizes, strict=True))
        if extents.state(index) == HELD_BY_CACHE and not others(key)
    )
    return replace(usage, cache_held=(usage.cache_held or 0) + more * BLOCK)
