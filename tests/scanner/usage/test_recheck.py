"""Measuring again: what is remembered is believed only as far as it can be."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.effort import examples
from tests.noting import noted
from tests.scanner.usage.usage_tools import age, all_of, du, fill, notes
from venvdash.scanner.usage import recheck as recheck_module
from venvdash.scanner.usage.footprint import Footprint, unpack
from venvdash.scanner.usage.recheck import recheck
from venvdash.scanner.usage.tree_count import count


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Path, Path]:
    """An environment of 40 files, one linked from a cache, untouched for a minute; the cache."""
    root, cache = tmp_path / "root", tmp_path / "cache"
    fill(root, [f"lib/p{number % 5}/f{number}" for number in range(40)])
    cache.mkdir()
    os.link(root / "lib/p1/f1", cache / "f1")
    age(root)
    return root, cache


def walks(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """Note every tree that is really walked in this process."""
    from venvdash.scanner.usage import measurement

    return noted(monkeypatch, measurement, "count")


def test_unchanged_is_not_walked(pair: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    root, _ = pair
    walked = walks(monkeypatch)
    first, before = all_of([root])
    again, after = all_of([root], notes(first))
    assert len(walked) == 1
    assert again[root].remember is None
    assert after[root].exact is False  # a link count may have changed
    for name in ("apparent", "on_disk", "reclaimable", "files", "cache_held", "measured"):
        assert getattr(after[root], name) == getattr(before[root], name)


def test_without_shared_files_remembered_figures_are_exact(tmp_path: Path) -> None:
    fill(tmp_path / "root", ["a/b", "c"])
    os.link(tmp_path / "root/c", tmp_path / "root/a/c")  # both inside: not shared
    age(tmp_path / "root")
    first, _ = all_of([tmp_path / "root"])
    _, after = all_of([tmp_path / "root"], notes(first))
    assert after[tmp_path / "root"].exact


def add(root: Path, cache: Path) -> None:
    fill(root, ["lib/p3/new"])


def remove(root: Path, cache: Path) -> None:
    (root / "lib/p3/f3").unlink()


def rename(root: Path, cache: Path) -> None:
    (root / "lib/p3/f3").rename(root / "lib/p4/f3")


def new_folder(root: Path, cache: Path) -> None:
    (root / "lib/p3/folder").mkdir()


def swap_for_a_link(root: Path, cache: Path) -> None:
    (root / "lib/p3").rename(cache / "p3")
    (root / "lib/p3").symlink_to(cache / "p3")


def restore(root: Path, cache: Path) -> None:
    """Like from a backup that keeps times: other inodes."""
    shutil.copytree(root, cache / "copy", symlinks=True)
    shutil.rmtree(root)
    (cache / "copy").rename(root)


def clean_cache(root: Path, cache: Path) -> None:
    (cache / "f1").unlink()


def link_more(root: Path, cache: Path) -> None:
    os.link(cache / "f1", cache / "f1 again")


@pytest.mark.parametrize(
    "change",
    [add, remove, rename, new_folder, swap_for_a_link, restore, clean_cache, link_more],
    ids=lambda change: change.__name__,
)
def test_a_change_is_seen(pair: tuple[Path, Path], change: Callable[[Path, Path], None]) -> None:
    root, cache = pair
    first, _ = all_of([root])
    change(root, cache)
    again, after = all_of([root], notes(first))
    fresh, expected = all_of([root])
    assert after[root].on_disk == du(root)
    assert again[root].remember is not None or fresh[root].remember is None
    for name in ("apparent", "on_disk", "reclaimable", "files", "cache_held", "exact"):
        assert getattr(after[root], name) == getattr(expected[root], name)


def test_a_second_change_within_the_same_time_is_seen(pair: tuple[Path, Path]) -> None:
    """As in git's index: a directory changed moments before is not vouched for by its time."""
    root, _ = pair
    fill(root, ["lib/p2/young"])
    young = os.stat(root / "lib/p2")
    first, _ = all_of([root])
    assert first[root].remember
    fill(root, ["lib/p2/younger"], 50_000)
    os.utime(root / "lib/p2", ns=(young.st_atime_ns, young.st_mtime_ns))
    _, after = all_of([root], notes(first))
    assert after[root].on_disk == du(root)


def test_young_but_unchanged_is_recognised_and_then_remembered_better(
    pair: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Our own sidecar is written moments before the first measuring: that must not cost twice."""
    root, _ = pair
    fill(root, ["venvdash.toml"], 100)
    walked = walks(monkeypatch)
    first, _ = all_of([root])
    note = notes(first)
    again, _ = all_of([root], note)
    assert again[root].remember is None  # still young
    monkeypatch.setattr(recheck_module, "_YOUNG", -(10**12))  # some time later
    later, _ = all_of([root], note)
    better = later[root].remember
    assert better
    assert len(walked) == 1
    old, new = unpack(note[root]), unpack(better)
    assert old
    assert new
    assert (len(old.digests), len(new.digests)) == (1, 0)
    assert new.mtimes[0] == os.stat(root).st_mtime_ns


def test_all_young_is_not_remembered(tmp_path: Path) -> None:
    fill(tmp_path / "root", [f"d{number}/file" for number in range(30)])
    first, _ = all_of([tmp_path / "root"])
    assert first[tmp_path / "root"].remember is None


def test_a_note_for_another_tree_is_not_believed(pair: tuple[Path, Path], tmp_path: Path) -> None:
    root, _ = pair
    other = tmp_path / "other"
    fill(other, ["big"], 100_000)
    age(other)
    first, _ = all_of([root, other])
    swapped = {root: first[other].remember or b"", other: first[root].remember or b""}
    _, after = all_of([root, other], swapped)
    assert [after[path].on_disk for path in (root, other)] == [du(root), du(other)]


NOTE_CHANGES = st.one_of(
    st.tuples(st.just("cut"), st.integers(0, 10_000), st.just(0)),
    st.tuples(st.just("flip"), st.integers(0, 10_000), st.integers(1, 255)),
    st.tuples(st.just("grow"), st.integers(1, 3000), st.just(0)),
)


@settings(
    max_examples=examples(300),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(NOTE_CHANGES)
def test_broken_notes_are_ignored(pair: tuple[Path, Path], change: tuple[str, int, int]) -> None:
    root, _ = pair
    note = count(os.fsencode(root)).pack()
    kind, where, what = change
    broken = bytearray(note)
    if kind == "cut":
        del broken[where % len(note) :]
    elif kind == "flip":
        broken[where % len(note)] ^= what
    else:
        broken += b"x" * where
    read, original = unpack(bytes(broken)), unpack(note)
    # A flipped bit may lie in what zlib skips; then what is read is what was written.
    assert read is None or (kind == "flip" and same(read, original))


def same(one: Footprint, other: Footprint | None) -> bool:
    return all(getattr(one, name) == getattr(other, name) for name in Footprint.__slots__)


@settings(max_examples=examples(200), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.binary(max_size=300))
def test_foreign_notes_are_ignored(content: bytes) -> None:
    assert unpack(content) is None
    assert unpack(count(b"/proc/self/attr").pack()[:5] + content) is None


@pytest.mark.slow
def test_huge_notes_are_ignored(pair: tuple[Path, Path]) -> None:
    import zlib

    root, _ = pair
    magic = count(os.fsencode(root)).pack()[:5]
    bomb = magic + zlib.compress(b"\0" * 200_000_000, 9)
    for note in (bomb, magic + os.urandom(33 * 1024 * 1024)):
        _, after = all_of([root], {root: note})
        assert after[root].on_disk == du(root)


@settings(max_examples=examples(100), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.dictionaries(
        st.integers(1, 2**64 - 1),
        st.tuples(st.integers(0, 2**40), st.integers(1, 2**33), st.integers(1, 2**33)),
        max_size=30,
    )
)
def test_what_is_packed_is_unpacked(shared: dict[int, tuple[int, int, int]]) -> None:
    found = count(os.fsencode(os.path.dirname(__file__)))
    order = sorted(shared)
    found.share(order, *([shared[inode][part] for inode in order] for part in range(3)))
    back = unpack(found.pack())
    assert back
    assert same(back, found)


def test_a_tree_gone_since_is_no_error(pair: tuple[Path, Path]) -> None:
    root, _ = pair
    found = count(os.fsencode(root))
    shutil.rmtree(root)
    assert recheck(os.fsencode(root), found) is None
