"""What selections free, against plain counting of the links on the disk."""

import os
import shutil
import stat
import tempfile
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.effort import examples
from tests.scanner.usage.usage_tools import fill
from venvdash.scanner.usage.footprint import BLOCK, Footprint
from venvdash.scanner.usage.measurement import measure
from venvdash.scanner.usage.selection_sum import Entry, Sum
from venvdash.scanner.usage.usage_index import UsageIndex

ENVIRONMENTS = 4  # the fifth place is the cache's
FILES = st.lists(
    st.tuples(
        st.integers(1, 9_000),
        st.lists(st.integers(0, ENVIRONMENTS), min_size=1, max_size=5),
    ),
    max_size=12,
)
SELECTIONS = st.lists(st.sets(st.integers(0, ENVIRONMENTS - 1)), min_size=1, max_size=6)
ENDS = st.lists(
    st.tuples(st.integers(0, ENVIRONMENTS - 1), st.sampled_from(["trash", "free", "back"])),
    max_size=5,
)


def build(top: Path, files: list[tuple[int, list[int]]]) -> list[Path]:
    """Make environments and a cache with files, each linked from the places given."""
    places = [top / str(number) for number in range(ENVIRONMENTS + 1)]
    for place in places:
        (place / "lib").mkdir(parents=True)
    for number, (size, where) in enumerate(files):
        first = places[where[0]] / "lib" / f"{number}-0"
        first.write_bytes(b"x" * size)
        for time, at in enumerate(where[1:], 1):
            os.link(first, places[at] / "lib" / f"{number}-{time}")
    return places[:-1]


def booked(paths: Iterable[Path]) -> UsageIndex:
    """Return a book of a scan of these."""
    usage_index = UsageIndex()
    for _ in measure(list(paths), {}, lambda: False, usage_index=usage_index):
        pass
    return usage_index


def links(trees: Iterable[Path]) -> tuple[Counter[int], dict[int, os.stat_result]]:
    """Return how many links each file has in the trees, and their status; folders have one."""
    count: Counter[int] = Counter()
    facts = {}
    for tree in trees:
        for folder, _, names in os.walk(tree):
            for path in (folder, *(os.path.join(folder, name) for name in names)):
                found = os.lstat(path)
                count[found.st_ino] += 1
                facts[found.st_ino] = found
    return count, facts


def counted(chosen: set[Path], living: set[Path]) -> tuple[int, int]:
    """Return the blocks that ``chosen`` free, and those that are held outside ``living`` only."""
    inside, facts = links(chosen)
    others, _ = links(living - chosen)
    reclaimable = held = 0
    for inode, found in facts.items():
        wanted = 1 if stat.S_ISDIR(found.st_mode) else found.st_nlink
        if inside[inode] >= wanted:
            reclaimable += found.st_blocks
        elif not others[inode]:
            held += found.st_blocks
    return reclaimable * BLOCK, held * BLOCK


def expected(chosen: set[Path], trash: set[Path], living: set[Path]) -> tuple[int, int]:
    """Return what ``chosen`` free beside what is in the trash."""
    both, before = counted(chosen | trash, living), counted(trash, living)
    return both[0] - before[0], both[1] - before[1]


def plain(total: Sum) -> tuple[int, int]:
    assert total.exact
    return total.reclaimable, total.cache_held


@settings(max_examples=examples(60), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(FILES, SELECTIONS)
def test_any_selection_after_any_other(
    files: list[tuple[int, list[int]]], selections: list[set[int]]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        paths = build(Path(folder), files)
        usage_index = booked(paths)
        for selection in selections:
            chosen = {paths[number] for number in selection}
            assert plain(usage_index.sum(chosen)) == expected(chosen, set(), set(paths))
            measured = booked(chosen)
            assert plain(usage_index.fresh(measured, {path: path for path in chosen})) == expected(
                chosen, set(), set(paths)
            )


@settings(max_examples=examples(60), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(FILES, ENDS)
def test_while_others_come_and_go(
    files: list[tuple[int, list[int]]], ends: list[tuple[int, str]]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        paths = build(Path(folder), files)
        usage_index = booked(paths)
        trash: set[Path] = set()
        living = set(paths)
        for number, end in ends:
            path = paths[number]
            if path not in living:
                continue
            if end == "trash":
                usage_index.mark_deleted([path])
                trash.add(path)
            elif end == "free":
                shutil.rmtree(path)
                usage_index.free([path])
                trash.discard(path)
                living.discard(path)
            elif path in trash:
                usage_index.restore([path])
                trash.discard(path)
            for one in living - trash:
                for chosen in ({one}, living - trash):
                    want = expected(chosen, trash, living)
                    measured = booked(chosen)
                    assert plain(usage_index.fresh(measured, {p: p for p in chosen})) == want
                    assert plain(usage_index.sum(chosen)) == want


def test_one_inside_another_counts_once(tmp_path: Path) -> None:
    outer = tmp_path / "outer"
    fill(outer, ["a", "inner/b", "inner/c"])
    usage_index = booked([outer, outer / "inner"])
    assert (
        usage_index.sum([outer, outer / "inner"]).reclaimable
        == usage_index.sum([outer]).reclaimable
    )
    assert not usage_index.sum([outer / "inner"]).exact


def test_what_was_never_measured_makes_it_inexact(tmp_path: Path) -> None:
    fill(tmp_path / "one", ["a"])
    usage_index = booked([tmp_path / "one"])
    assert usage_index.sum([tmp_path / "one"]).exact
    assert not usage_index.sum([tmp_path / "one", tmp_path / "two"]).exact
    assert UsageIndex().sum([tmp_path / "one"]) == Sum(exact=False)


@settings(max_examples=examples(30), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.permutations(range(3)), st.permutations(range(3)))
def test_nested_ones_are_deleted_and_restored_in_any_order(
    deleted: list[int], restored: list[int]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        outer = Path(folder) / "outer"
        fill(outer, ["a", "inner/b", "inner/deep/c"])
        os.link(outer / "inner/b", outer / "a-link")
        nested = [outer, outer / "inner", outer / "inner/deep"]
        usage_index = booked(nested)
        alone = {path: usage_index.sum([path]).reclaimable for path in nested}
        for number in deleted:
            usage_index.mark_deleted([nested[number]])
        assert usage_index.sum(nested).reclaimable == 0
        for number in restored[:2]:
            usage_index.restore([nested[number]])
        left = nested[restored[2]]
        expected = alone[outer] - alone[left]
        assert usage_index.sum(nested).reclaimable == expected
        usage_index.restore([left])
        assert {path: usage_index.sum([path]).reclaimable for path in nested} == alone


def test_deletions_during_a_scan_count_at_its_end(tmp_path: Path) -> None:
    paths = [tmp_path / "one", tmp_path / "two"]
    for path in paths:
        path.mkdir()
    (paths[0] / "shared").write_bytes(b"x" * 9000)
    os.link(paths[0] / "shared", paths[1] / "shared")
    usage_index = UsageIndex()
    steps = measure(paths, {}, lambda: False, usage_index=usage_index)
    usage_index.mark_deleted(paths[:1])
    for step in steps:
        usage_index.mark_deleted([step.path])
    assert usage_index.sum(paths).reclaimable == 0


def work_of_deleting(top: Path, count: int, monkeypatch: pytest.MonkeyPatch) -> int:
    """Return how many footprints are read to delete so many and to measure as many again."""
    paths = [top / f"{number:03}" for number in range(2 * count)]
    (top / "cache").mkdir(parents=True)
    (top / "cache" / "shared").write_bytes(b"x" * 9000)
    for path in paths:
        path.mkdir()
        os.link(top / "cache" / "shared", path / "shared")
    usage_index, fresh = booked(paths), booked(paths[count:])
    calls = 0
    footprint = Entry.footprint

    def counting(entry: Entry) -> Footprint:
        nonlocal calls
        calls += 1
        return footprint(entry)

    monkeypatch.setattr(Entry, "footprint", counting)
    usage_index.sum(paths)
    for path in paths[:count]:
        usage_index.sum([path])
        usage_index.mark_deleted([path])
    for _ in usage_index.fresh_each(fresh, {path: path for path in paths[count:]}):
        pass
    usage_index.sum(paths[count:])
    for path in paths[:count]:
        usage_index.restore([path])
    monkeypatch.undo()
    return calls


def test_deleting_twice_as_many_reads_twice_as_much(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    once = work_of_deleting(tmp_path / "once", 20, monkeypatch)
    twice = work_of_deleting(tmp_path / "twice", 40, monkeypatch)
    assert twice <= 2.1 * once
