"""Shared blocks, found out file by file: what is asked, what stands for what, what is kept."""

import os
import subprocess
from array import array
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.mounting import formatted, tmpfs
from tests.scanner.usage.usage_tools import age, all_of, notes, usage_of
from venvdash.scanner.usage import extents
from venvdash.scanner.usage.extents import HELD_BY_CACHE, Extents
from venvdash.scanner.usage.footprint import unpack
from venvdash.scanner.usage.tree_count import count
from venvdash.system.extents import SHARED, settle, sharing
from venvdash.system.extents import extents as of_file

FIELDS = Extents.__slots__
LARGE = 1_000_000  # bytes; each such file is asked about
SMALL = 20_000


@pytest.fixture(scope="module")
def xfs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """An XFS whose files may share blocks."""
    point = tmp_path_factory.mktemp("xfs") / "point"
    point.mkdir()
    with formatted(point, "xfs", size="320M"):
        yield point


@pytest.fixture
def place(xfs: Path, request: pytest.FixtureRequest) -> Path:
    """An empty directory on it."""
    made: Path = xfs / request.node.name
    made.mkdir()
    return made


def write(path: Path, size: int) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(os.urandom(size))
    return path


def flush(place: Path) -> None:
    """Have all of one file system written, and no others."""
    subprocess.run(["sync", "-f", str(place)], check=True)


def clone(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run(["cp", "-a", "--reflink=always", str(source), str(target)], check=True)


def shared(root: Path) -> tuple[int, int]:
    """Return the bytes that a tree has alone, without metadata, and those that it shares."""
    found = count(os.fsencode(root), fstype="xfs")
    assert found.extents
    directories = sum(os.lstat(folder).st_blocks for folder, _, _ in os.walk(root))
    return (found.own - directories) * 512, sum(found.extents.sizes) * 512


def rounded(*sizes: int) -> int:
    return sum(-(-size // 4096) * 4096 for size in sizes)


def test_a_clone_shares_all_until_it_is_written_to(place: Path) -> None:
    write(place / "one" / "data", LARGE)
    flush(place)
    assert shared(place / "one") == (rounded(LARGE), 0)
    clone(place / "one" / "data", place / "two" / "data")
    assert shared(place / "one") == shared(place / "two") == (0, rounded(LARGE))
    with (place / "two" / "data").open("r+b") as file:
        file.write(b"x" * 8192)
    flush(place)
    own, others = shared(place / "two")
    assert own >= 8192  # and what XFS keeps ready for more
    assert others == rounded(LARGE) - 8192
    (place / "one" / "data").unlink()
    settle(str(place), "xfs")
    own, others = shared(place / "two")
    assert own >= rounded(LARGE)
    assert others == 0


def test_what_is_not_written_to_the_disk_yet_is_its_own(place: Path) -> None:
    write(place / "one" / "data", LARGE)
    assert shared(place / "one") == (rounded(LARGE), 0)


def test_small_files_of_a_directory_stand_for_each_other_where_they_agree(place: Path) -> None:
    for number in range(20):
        write(place / "one" / "pkg" / f"{number}.py", SMALL + number)
    flush(place)
    clone(place / "one", place / "two")
    assert shared(place / "two") == (0, 20 * rounded(SMALL))
    found = count(os.fsencode(place / "two"), fstype="xfs").extents
    assert found
    assert len(found.keys) == 1
    write(place / "two" / "pkg" / "0.py", SMALL)  # the two that are asked about differ now
    flush(place)
    assert shared(place / "two") == (rounded(SMALL), 19 * rounded(SMALL))


def test_files_of_several_origins_are_asked_about_each(place: Path) -> None:
    packages = place / "one" / "lib" / "python3.11" / "site-packages"
    for name in ("a.py", "b.py", "c.py"):
        write(place / "cache" / name, SMALL)
    flush(place)
    for name in ("a.py", "c.py"):
        clone(place / "cache" / name, packages / name)
    write(packages / "b.py", SMALL)
    flush(place)
    assert shared(place / "one") == (rounded(SMALL), rounded(SMALL, SMALL))


def test_hard_links_that_others_clone_are_held_by_them(place: Path) -> None:
    write(place / "one" / "data", LARGE)
    os.link(place / "one" / "data", place / "linked")
    flush(place)
    assert shared(place / "one") == (0, 0)
    assert count(os.fsencode(place / "one"), fstype="xfs").inodes
    clone(place / "one" / "data", place / "two")
    assert shared(place / "one") == (0, rounded(LARGE))
    assert not count(os.fsencode(place / "one"), fstype="xfs").inodes


def test_files_with_many_extents_are_read_to_their_end(place: Path) -> None:
    with (place / "sparse").open("wb") as file:
        for number in reversed(range(150)):
            file.seek(number * 16384)
            file.write(b"x" * 4096)
    flush(place)
    directory = os.open(place, os.O_RDONLY)
    try:
        assert sum(length for _, length, _ in of_file("sparse", directory)) == 150 * 4096
        clone(place / "sparse", place / "clone")
        found = of_file("clone", directory)
    finally:
        os.close(directory)
    assert sum(length for _, length, flags in found if flags & SHARED) == 150 * 4096


def test_remembered_figures_are_measured_again_when_what_is_shared_has_changed(
    place: Path,
) -> None:
    root = place / "one"
    write(root / "pkg" / "data", LARGE)
    flush(place)
    clone(root / "pkg" / "data", place / "other")
    age(root)
    first, final = all_of([root])
    assert final[root].reclaimable < LARGE
    again, _ = all_of([root], notes(first))
    assert again[root].usage.measured == first[root].usage.measured
    (place / "other").unlink()
    settle(str(place), "xfs")
    _, final = all_of([root], notes(first))
    assert LARGE < final[root].reclaimable < 1.1 * LARGE


def test_what_a_tree_shares_with_itself_takes_space_once(place: Path) -> None:
    root = place / "one"
    write(root / "data", LARGE)
    flush(place)
    for number in range(3):
        clone(root / "data", root / f"copy{number}")
    usage = usage_of(root)
    assert usage.apparent > 4 * LARGE
    assert LARGE < usage.on_disk < 1.1 * LARGE


@pytest.mark.parametrize("conda", [True, False])
def test_what_an_installer_writes_itself_shows_whether_there_is_a_copy(
    place: Path, conda: bool
) -> None:
    """Of a whole tree; conda and pixi clone RECORD from their caches, too."""
    record = "lib/python3.11/site-packages/a-1.dist-info/RECORD"
    write(place / "cache" / "RECORD", SMALL)
    flush(place)
    clone(place / "cache" / "RECORD", place / "one" / record)
    if conda:
        for name in ("a", "b"):
            write(place / "one" / "conda-meta" / f"{name}.json", SMALL)
    flush(place)

    def held(root: Path) -> bool:
        found = count(os.fsencode(root), fstype="xfs").extents
        return found is not None and found.held()

    assert held(place / "one") == (not conda)
    clone(place / "one", place / "backup")
    assert held(place / "one")


def test_what_is_packed_comes_back(place: Path) -> None:
    write(place / "one" / "bin" / "activate", SMALL)
    write(place / "one" / "pkg" / "data", LARGE)
    flush(place)
    clone(place / "one", place / "two")
    found = count(os.fsencode(place / "two"), fstype="xfs")
    assert found.extents
    assert found.extents.held()
    found.extents.states, found.extents.stamp = bytes([HELD_BY_CACHE] * 2), 7
    back = unpack(found.pack())
    assert back
    assert back.extents
    assert [getattr(back.extents, name) for name in FIELDS] == [
        getattr(found.extents, name) for name in FIELDS
    ]


def test_what_does_not_fit_is_refused() -> None:
    made = Extents(5)
    made.keys, made.sizes, made.groups = array("Q", [8]), array("Q", [1]), array("I", [0])
    made.names, made.samples = [b"pkg/data"], array("Q", [8])
    packed = made.pack()
    assert list(extents.unpack(packed).keys) == [8]
    for wrong in (packed[:-1], packed + b"x"):
        with pytest.raises(ValueError, match=r"."):
            extents.unpack(wrong)
    made.groups[0] = 1
    with pytest.raises(ValueError, match="no such group"):
        extents.unpack(made.pack())


def test_other_file_systems_are_not_asked(tmp_path: Path) -> None:
    write(tmp_path / "root" / "data", LARGE)
    directory = os.open(tmp_path, os.O_RDONLY)
    try:
        assert sharing(directory, "ext4") is None
    finally:
        os.close(directory)
    assert count(os.fsencode(tmp_path / "root"), fstype="ext4").extents is None


def test_xfs_without_shared_blocks_has_exact_figures(tmp_path: Path) -> None:
    point = tmp_path / "point"
    point.mkdir()
    with formatted(point, "xfs", size="320M", features=("-m", "reflink=0")):
        write(point / "one" / "data", LARGE)
        flush(point)
        usage = usage_of(point / "one")
        assert (usage.exact, usage.at_most, usage.reclaimable) == (True, False, usage.on_disk)


def test_what_cannot_be_asked_about_makes_an_upper_bound(tmp_path: Path) -> None:
    point = tmp_path / "point"
    point.mkdir()
    with tmpfs(point):  # which knows no FS_IOC_FIEMAP
        write(point / "one" / "data", LARGE)
        found = count(os.fsencode(point / "one"), fstype="xfs")
    assert found.extents
    assert found.extents.unsure
    assert found.own * 512 == rounded(LARGE)
