"""What compressed files take on btrfs: bounded, close to what the file system gives back."""

import os
import random
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.mounting import formatted
from tests.scanner.usage.usage_tools import age, all_of, notes, usage_of
from venvdash.scanner.usage.compression import Compression
from venvdash.scanner.usage.footprint import Footprint
from venvdash.scanner.usage.tree_count import count
from venvdash.system.extents import ENCODED, SHARED

SPACE = 128 * 1024  # bytes that a compressed extent has at most, of what is read


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Path]:
    """A btrfs that compresses all that is written."""
    point = tmp_path / "point"
    point.mkdir()
    with formatted(point, "btrfs", size="320M", options="compress-force=zstd"):
        yield point


def text(size: int, seed: int) -> bytes:
    """Return what compresses to somewhat more than half."""
    return random.Random(seed).randbytes(size // 2).hex().encode()


def package(root: Path) -> Path:
    """Write what a package brings: large files, and many small ones in a few directories."""
    for folder in range(4):
        (root / f"part{folder}").mkdir(parents=True)
        for number in range(50):
            size = 6_000 + 1_200 * number
            (root / f"part{folder}" / f"m{number:02}.py").write_bytes(text(size, folder + number))
    for number in range(4):
        (root / f"data{number}").write_bytes(text(2_000_000, number))
    flush(root)
    return root


def flush(place: Path) -> int:
    """Have one file system written, and return how many bytes of it are used."""
    subprocess.run(["sync", "-f", str(place)], check=True)
    found = os.statvfs(place)
    return (found.f_blocks - found.f_bfree) * found.f_frsize


def measured(root: Path) -> Footprint:
    return count(os.fsencode(root), fstype="btrfs")


def real(place: Path, *trees: Path) -> int:
    """Return the bytes that come back when trees are deleted."""
    before = flush(place)
    for tree in trees:
        shutil.rmtree(tree)
    return before - flush(place)


def test_own_files_count_as_they_are_stored(place: Path) -> None:
    root = package(place / "one")
    usage = usage_of(root)
    assert usage.at_most
    assert usage.on_disk == usage.reclaimable
    freed = real(place, root)
    assert freed < usage.apparent * 0.7
    assert freed * 0.95 < usage.reclaimable < freed * 1.15


def test_hard_links_count_as_they_are_stored(place: Path) -> None:
    root = package(place / "one")
    subprocess.run(["cp", "-al", str(root), str(place / "two")], check=True)
    usage = usage_of(root)
    assert usage.at_most
    assert usage.reclaimable < 1_000_000
    held = sum(measured(root).sizes) * 512
    freed = real(place, root, place / "two")
    assert freed * 0.95 < held < freed * 1.15


def test_clones_count_as_they_are_stored(place: Path) -> None:
    root = package(place / "one")
    subprocess.run(["cp", "-a", "--reflink=always", str(root), str(place / "two")], check=True)
    usage = usage_of(root)
    assert usage.reclaimable < 1_000_000
    freed = real(place, root, place / "two")
    assert freed * 0.95 < usage.on_disk < freed * 1.15


def test_what_is_not_written_yet_is_bounded_and_measured_again(place: Path) -> None:
    root = place / "one"
    root.mkdir()
    (root / "data").write_bytes(text(6_000_000, 1))
    age(root)
    first, final = all_of([root])
    assert final[root].at_most
    flush(place)
    _, again = all_of([root], notes(first))
    assert again[root].at_most
    assert again[root].reclaimable < 0.7 * final[root].reclaimable


def test_an_extent_ends_where_the_next_one_begins() -> None:
    compression = Compression()
    files = [[(start, SPACE, ENCODED)] for start in (0, 40_960, 81_920)]
    for found in [*files, [(10**9, 4096, SHARED)], [(0, 1000, ENCODED | 0x200)]]:
        compression.note(found)
    compression.settle()
    assert [compression.of(found) for found in files[:2]] == [(40_960, 0)] * 2
    assert compression.like(files[0], [SPACE, 5_000, 20_000]) * 512 == 40_960 + 4096 + 8192


def test_what_is_not_bounded_counts_by_the_ratio_of_the_others() -> None:
    compression = Compression()
    last = [(81_920, SPACE, ENCODED | SHARED)]
    for found in ([(0, SPACE, ENCODED)], [(40_960, SPACE, ENCODED)], last):
        compression.note(found)
    compression.settle()
    assert compression.of(last) == (40_960, 40_960)


def test_nothing_bounded_counts_in_full() -> None:
    compression = Compression()
    alone = [(0, SPACE, ENCODED)]
    compression.note(alone)
    compression.settle()
    assert compression.of(alone) == (SPACE, 0)
