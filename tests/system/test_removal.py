"""Removing a tree: what may never be entered, and what may not stop it."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.deep_tree import LEVELS, make_deep
from tests.mounting import tmpfs
from venvdash.system import openat2, removal, tree_opener
from venvdash.system.removal import Frame, Removal, Removed, empty_directory
from venvdash.system.removal_by_path import empty_by_path


@pytest.fixture(params=["openat2", "fdinfo"])
def root(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory to empty, with and without the system call that refuses mounts."""
    if request.param == "fdinfo":
        monkeypatch.setattr(tree_opener, "opener", lambda flags: None)
    elif openat2.opener(os.O_RDONLY) is None:
        pytest.skip("needs openat2(2)")
    path = tmp_path / "root"
    path.mkdir()
    return path


def empty(root: Path, *keep: str) -> Removed:
    descriptor = os.open(root, os.O_RDONLY)
    before = len(os.listdir("/proc/self/fd"))
    try:
        return empty_directory(descriptor, keep=keep)
    finally:
        assert len(os.listdir("/proc/self/fd")) == before, "a descriptor was left open"
        os.close(descriptor)


def said(removed: Removed) -> list[tuple[str, str]]:
    return sorted((problem.path, problem.reason) for problem in removed.problems)


@contextmanager
def bound(source: Path, point: Path) -> Iterator[None]:
    if subprocess.run(["mount", "--bind", source, point], capture_output=True).returncode:
        pytest.skip("needs root, to mount")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", point], check=True)


def test_what_is_kept_is_kept_at_the_top_alone(root: Path) -> None:
    (root / "a/b").mkdir(parents=True)
    for path in ("last", "a/last", "a/b/x"):
        (root / path).touch()
    (root / "folder").mkdir()
    removed = empty(root, "last", "folder")
    assert os.listdir(root) == ["last"]
    assert (removed.entries, removed.failures) == (5, 0)


@pytest.mark.slow
def test_as_deep_as_it_may_be(root: Path) -> None:
    """1,500 levels of long names: no path to the bottom is short enough for the system."""
    make_deep(root, files=True)
    assert (empty(root).entries, os.listdir(root)) == (2 * LEVELS, [])


def test_names_of_every_kind(root: Path) -> None:
    for name in (b"n\xff", b"a\nb\x1b]", b"x" * 255, b" ", b"\xf0\x9f\x90\x8d" * 63, b"-rf"):
        os.mkdir(os.fsencode(root) + b"/" + name)
        for inside in (name, b"y" * 255):
            with open(os.fsencode(root) + b"/" + name + b"/" + inside, "w"):
                pass
    assert (empty(root).failures, os.listdir(root)) == (0, [])


def test_links_are_removed_and_not_followed(root: Path) -> None:
    outside = root.parent / "outside"
    outside.mkdir()
    (outside / "precious").touch()
    (root / "sub").mkdir()
    for link in (root / "link", root / "sub/link"):
        link.symlink_to(outside)
    (root / "loop").symlink_to("loop")
    assert empty(root).failures == 0
    assert os.listdir(outside) == ["precious"]


def test_a_directory_swapped_for_a_link_is_not_entered(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outside = root.parent / "outside"
    outside.mkdir()
    (outside / "precious").touch()
    (root / "sub").mkdir()
    real = tree_opener.open_directory

    def swapped(name: str, dir_fd: int, how: openat2.Open = tree_opener._open) -> int:
        if (root / "sub").is_dir() and not (root / "sub").is_symlink():
            (root / "sub").rmdir()
            (root / "sub").symlink_to(outside)
        return real(name, dir_fd, how)

    monkeypatch.setattr(tree_opener, "open_directory", swapped)
    assert empty(root).failures == 0
    assert (os.listdir(root), os.listdir(outside)) == ([], ["precious"])


def test_mounts_are_never_entered_and_all_else_goes(root: Path) -> None:
    outside = root.parent / "outside"
    outside.mkdir()
    (outside / "precious").touch()
    for name in ("a/bind", "b/tmpfs", "c/file"):
        (root / name).mkdir(parents=True)
        (root / name / "x").touch()
    with (
        bound(outside, root / "a/bind"),
        tmpfs(root / "b/tmpfs"),
        bound(outside / "precious", root / "c/file/x"),
    ):
        (root / "b/tmpfs/precious").touch()
        removed = empty(root)
        assert (root / "b/tmpfs/precious").exists()
    assert said(removed) == [
        ("a/bind", "a file system is mounted there"),
        ("b/tmpfs", "a file system is mounted there"),
        ("c/file/x", "device or resource busy"),
    ]
    assert os.listdir(outside) == ["precious"]
    assert sorted(os.listdir(root)) == ["a", "b", "c"]
    assert empty(root).failures == 0
    assert os.listdir(root) == []


def test_filled_while_it_is_emptied(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (root / "sub").mkdir()
    real = os.rmdir
    written: list[str] = []

    def write_first(name: str, *, dir_fd: int | None = None) -> None:
        if len(written) < limit:
            written.append(name)
            (root / "sub" / f"late{len(written)}").touch()
        real(name, dir_fd=dir_fd)

    monkeypatch.setattr(os, "rmdir", write_first)
    limit = 2
    assert empty(root).failures == 0
    assert len(written) == 2
    (root / "sub").mkdir()
    limit = 100
    assert said(empty(root)) == [("sub", "directory not empty")]


def test_moved_away_while_it_is_emptied(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The way back from a deep directory leads elsewhere: begun again at the root."""
    elsewhere = root.parent / "elsewhere"
    (elsewhere / "keep").mkdir(parents=True)
    deep = root.joinpath(*["d"] * 100)
    deep.mkdir(parents=True)
    real = Removal.reopen
    moved: list[bool] = []

    def move_first(self: Removal, parent: Frame, child: Frame) -> None:
        if not moved:
            moved.append(True)
            below = root.joinpath(*["d"] * (len(self.frames) - 1))
            below.rename(elsewhere / "moved")
        real(self, parent, child)

    monkeypatch.setattr(Removal, "reopen", move_first)
    assert empty(root).failures == 0
    assert moved
    assert os.listdir(root) == []
    assert (elsewhere / "keep").is_dir()


def test_more_files_than_are_read_at_once(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(removal, "_BATCH", 7)
    for number in range(50):
        (root / f"f{number}").touch()
        (root / f"d{number}").mkdir()
        (root / f"d{number}/x").touch()
    assert (empty(root).entries, os.listdir(root)) == (150, [])


def test_many_problems_are_counted_and_some_told(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(name: str, *, dir_fd: int | None = None) -> None:
        raise PermissionError(13, "Permission denied")

    for number in range(150):
        (root / f"f{number}").touch()
    monkeypatch.setattr(os, "unlink", refuse)
    removed = empty(root)
    assert (removed.failures, len(removed.problems), removed.freed) == (150, 100, 0)
    assert said(removed)[0] == ("f0", "permission denied")


def test_by_path_where_there_are_no_descriptors(tmp_path: Path) -> None:
    """What Windows has to do, as far as it can be seen here."""
    outside, root = tmp_path / "outside", tmp_path / "root"
    (outside / "sub").mkdir(parents=True)
    (outside / "precious").write_bytes(b"x" * 100)
    (root / "a/b").mkdir(parents=True)
    (root / "a/b/x").write_bytes(b"x" * 100)
    os.link(outside / "precious", root / "a/second")
    (root / "a/link").symlink_to(outside)
    (root / "last").touch()
    size = sum((root / name).lstat().st_blocks * 512 for name in ("a/b/x", "a/link"))
    removed = empty_by_path(str(root), keep=["last"])
    assert (removed.entries, removed.freed, removed.failures) == (5, size, 0)
    assert os.listdir(root) == ["last"]
    assert sorted(os.listdir(outside)) == ["precious", "sub"]
    (root / "mount").mkdir()
    with tmpfs(root / "mount"):
        (root / "mount/precious").touch()
        assert said(empty_by_path(str(root))) == [("mount", "a file system is mounted there")]
        assert (root / "mount/precious").exists()
