"""Notices of changed directories, from the kernel."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from venvdash.system.inotify import Change, Inotify

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="inotify is Linux's")


@pytest.fixture
def inotify() -> Iterator[Inotify]:
    inotify = Inotify()
    yield inotify
    inotify.close()


def test_entries_that_come_and_go(tmp_path: Path, inotify: Inotify) -> None:
    place = str(tmp_path)
    (tmp_path / "old").mkdir()
    assert inotify.watch({place}) == set()
    assert inotify.changes() == set()
    (tmp_path / "new ü").mkdir()
    (tmp_path / "old").rmdir()
    assert inotify.changes() == {Change(place, "new ü"), Change(place, "old")}
    (tmp_path / "new ü").rename(tmp_path / "other")
    assert inotify.changes() == {Change(place, "new ü"), Change(place, "other")}
    assert inotify.changes() == set()


def test_a_directory_that_goes(tmp_path: Path, inotify: Inotify) -> None:
    place = tmp_path / "store"
    place.mkdir()
    inotify.watch({str(place)})
    place.rmdir()
    assert inotify.changes() == {Change(str(place), "")}
    place.mkdir()
    assert inotify.watch({str(place)}) == set()  # the new one
    (place / "a").touch()
    assert inotify.changes() == {Change(str(place), "a")}


def test_only_what_was_named_last_is_watched(tmp_path: Path, inotify: Inotify) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    one.mkdir()
    two.mkdir()
    inotify.watch({str(one), str(two)})
    inotify.watch({str(two)})
    (one / "a").touch()
    (two / "b").touch()
    assert inotify.changes() == {Change(str(two), "b")}


def test_what_cannot_be_watched_is_returned(tmp_path: Path, inotify: Inotify) -> None:
    file = tmp_path / "file"
    file.touch()
    link = tmp_path / "link"
    link.symlink_to(tmp_path)
    missing = str(tmp_path / "missing")
    unwatched = inotify.watch({str(tmp_path), str(file), str(link), missing, "null\0byte"})
    # Of two spellings of one directory only one is watched.
    assert unwatched - {str(tmp_path), str(link)} == {str(file), missing, "null\0byte"}
    assert len(unwatched) == 4


def test_lost_notices_count_as_a_change(tmp_path: Path, inotify: Inotify) -> None:
    most = int(Path("/proc/sys/fs/inotify/max_queued_events").read_text())
    if most > 100_000:
        pytest.skip("the kernel's queue is too long to fill")
    inotify.watch({str(tmp_path)})
    descriptor = os.open(tmp_path, os.O_RDONLY)
    for number in range(most // 2 + 10):
        name = f"file{number}"
        os.close(os.open(name, os.O_CREAT | os.O_WRONLY, dir_fd=descriptor))
        os.unlink(name, dir_fd=descriptor)
    os.close(descriptor)
    assert Change("", "") in inotify.changes()
