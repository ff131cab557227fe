"""Several processes at one tree: the same goes and the same stays as when one does it alone."""

import os
import random
import signal
import subprocess
import threading
from array import array
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.deep_tree import make_deep
from tests.mounting import tmpfs
from tests.system.test_removal import bound, said
from tests.users import as_another_user, open_to_all
from venvdash.system import parallel_removal
from venvdash.system.parallel_removal import empty_together
from venvdash.system.removal import Removed

PROCESSES = 3


def tree(root: Path, folders: int = 40, files: int = 5) -> Path:
    for number in range(folders):
        folder = root / "lib" / "python3.12" / "site-packages" / f"pkg{number}" / "inner"
        folder.mkdir(parents=True)
        for file in range(files):
            (folder / f"m{file}.py").write_bytes(b"x" * 5000)
    (root / "bin").mkdir()
    (root / "bin" / "python").symlink_to("/usr/bin/env")
    return root


def site(root: Path) -> Path:
    return root / "lib" / "python3.12" / "site-packages"


def empty(root: Path, *keep: str) -> tuple[Removed, list[int]]:
    told: list[int] = []
    descriptor = os.open(root, os.O_RDONLY)
    before = len(os.listdir("/proc/self/fd"))
    try:
        return empty_together(descriptor, PROCESSES, keep=keep, tell=told.append), told
    finally:
        assert len(os.listdir("/proc/self/fd")) == before, "a descriptor was left open"
        os.close(descriptor)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tree(tmp_path / "root")


@pytest.fixture
def forks(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """The processes that were started."""
    started: list[int] = []
    real = os.fork

    def fork() -> int:
        child = real()
        if child:
            started.append(child)
        return child

    monkeypatch.setattr(os, "fork", fork)
    yield started
    for child in started:
        assert not os.path.exists(f"/proc/{child}")


def test_all_of_it_goes_and_is_told_as_it_goes(root: Path, forks: list[int]) -> None:
    (root / "pyvenv.cfg").touch()
    (root / "lib" / "pyvenv.cfg").touch()
    entries = sum(len(names) + len(files) for _, names, files in os.walk(root)) - 1
    taken = sum(
        os.lstat(os.path.join(folder, name)).st_blocks * 512
        for folder, names, files in os.walk(root)
        for name in (*names, *files)
    )
    removed, told = empty(root, "pyvenv.cfg")
    assert os.listdir(root) == ["pyvenv.cfg"]
    assert len(forks) == PROCESSES - 1
    assert (removed.freed, removed.entries, removed.failures) == (taken, entries, 0)
    assert told == sorted(told)
    assert told[-1] == taken
    assert len(set(told)) > 10


def test_a_small_tree_is_no_work_for_several(tmp_path: Path, forks: list[int]) -> None:
    root = tree(tmp_path / "root", 3)
    assert empty(root)[0].entries == 3 + 3 + 15 + 5
    assert forks == []


@pytest.mark.slow
def test_the_bytes_are_exact_whoever_removes_the_last_link(tmp_path: Path) -> None:
    """Files with all their links in the tree, far apart; and some that are kept by one outside."""
    chance = random.Random(20261122)
    with tmpfs(tmp_path):
        for number in range(30):
            root = tree(tmp_path / "root", 40, 1)
            folders = sorted(site(root).iterdir())
            for file in range(40 * 4):
                first, *others = chance.sample(folders, chance.randint(2, 4))
                (first / f"f{file}").write_bytes(b"x" * 5000)
                for folder in others:
                    os.link(first / f"f{file}", folder / f"f{file}")
                if file % 5 == 0:
                    os.link(first / f"f{file}", tmp_path / f"kept{number}-{file}")
            full = os.statvfs(tmp_path)
            removed, _ = empty(root)
            after = os.statvfs(tmp_path)
            assert removed.freed == (after.f_bfree - full.f_bfree) * full.f_frsize
            assert os.listdir(root) == []
            root.rmdir()


def test_a_last_link_that_nobody_took_for_the_last_is_counted() -> None:
    def notes(*numbers: int) -> "array[int]":
        return array("Q", numbers)

    both = [notes(7, 2, 8, 9, 2, 8), notes(7, 2, 8)]
    assert parallel_removal._between(both) == 8 * 512, "9 has a link elsewhere"
    three = [notes(7, 3, 8, 7, 2, 8), notes(7, 3, 8)]
    assert parallel_removal._between(three) == 8 * 512
    assert parallel_removal._between([notes(7, 3, 8), notes(7, 2, 8)]) == 0, (
        "the last saw that it was"
    )
    assert parallel_removal._between([notes(7, 2, 8, 7, 2, 8)]) == 0
    assert parallel_removal._between([]) == 0


def test_no_link_is_followed_and_no_mount_entered(root: Path, forks: list[int]) -> None:
    outside = root.parent / "outside"
    outside.mkdir()
    (outside / "precious").touch()
    (site(root) / "link").symlink_to(outside)
    (site(root) / "pkg3" / "link").symlink_to(outside)
    for name in ("bind", "pkg5/bind", "pkg7/tmpfs"):
        (site(root) / name).mkdir()
    with (
        bound(outside, site(root) / "bind"),
        bound(outside, site(root) / "pkg5" / "bind"),
        tmpfs(site(root) / "pkg7" / "tmpfs"),
    ):
        (site(root) / "pkg7" / "tmpfs" / "precious").touch()
        removed, _ = empty(root)
        assert (site(root) / "pkg7" / "tmpfs" / "precious").exists()
        assert os.listdir(site(root) / "bind") == ["precious"]
    assert forks
    where = "lib/python3.12/site-packages"
    assert said(removed) == [
        (f"{where}/{name}", "a file system is mounted there")
        for name in ("bind", "pkg5/bind", "pkg7/tmpfs")
    ]
    assert os.listdir(outside) == ["precious"]
    assert sorted(os.listdir(site(root))) == ["bind", "pkg5", "pkg7"]


def test_closed_directories_and_depth(tmp_path: Path) -> None:
    root = tree(tmp_path / "theirs")
    deep = site(root) / "deep"
    deep.mkdir()
    make_deep(deep)
    open_to_all(tmp_path)
    subprocess.run(["chown", "-R", "65534:65534", root], check=True)
    for number, mode in ((1, 0), (2, 0o555), (3, 0o111)):
        (site(root) / f"pkg{number}").chmod(mode)
        (site(root) / f"pkg{number + 10}" / "inner").chmod(mode)
    site(root).chmod(0o555)

    def by_another_user() -> str:
        removed, _ = empty(root)
        return f"{removed.failures} {os.listdir(root)}"

    assert as_another_user(by_another_user) == "0 []"


@pytest.mark.parametrize("when", ["at once", "half-way", "at the end"])
def test_a_helper_that_is_killed_leaves_its_part_to_the_others(
    root: Path, forks: list[int], monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    mine = os.getpid()
    real = parallel_removal._PartRemoval.run
    parts = 0

    def run(self: parallel_removal._PartRemoval) -> Removed:
        nonlocal parts
        parts += 1
        if os.getpid() != mine and when == "at once":
            os.kill(os.getpid(), signal.SIGKILL)
        removed = real(self)
        if os.getpid() != mine and when == "half-way":
            os.kill(os.getpid(), signal.SIGKILL)
        return removed

    monkeypatch.setattr(parallel_removal._PartRemoval, "run", run)
    if when == "at the end":
        work = parallel_removal._Crew.work

        def killed(self: parallel_removal._Crew, place: int, queue: int) -> "array[int]":
            done = work(self, place, queue)
            if place:
                os.kill(os.getpid(), signal.SIGKILL)
            return done

        monkeypatch.setattr(parallel_removal._Crew, "work", killed)
    removed, told = empty(root)
    assert len(forks) == PROCESSES - 1
    assert (os.listdir(root), removed.failures) == ([], 0)
    assert told == sorted(told)


def test_without_further_processes_one_does_it(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> int:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(os, "fork", refuse)
    assert (empty(root)[0].failures, os.listdir(root)) == (0, [])


def test_a_process_with_other_threads_is_not_copied(root: Path, forks: list[int]) -> None:
    over = threading.Event()
    thread = threading.Thread(target=over.wait)
    thread.start()
    try:
        assert (empty(root)[0].failures, os.listdir(root), forks) == (0, [], [])
    finally:
        over.set()
        thread.join()


@pytest.mark.slow
def test_somebody_else_is_at_work_in_it(tmp_path: Path) -> None:
    for number in range(5):
        root = tree(tmp_path / f"root{number}", 200)
        other = subprocess.Popen(["rm", "-rf", root / "lib"])
        removed, _ = empty(root)
        other.wait()
        assert (os.listdir(root), removed.failures) == ([], 0)


def test_what_cannot_be_removed_is_told_once(root: Path) -> None:
    stubborn = site(root) / "pkg9" / "inner" / "m1.py"
    made = subprocess.run(["chattr", "+i", stubborn], capture_output=True)
    if made.returncode:
        pytest.skip(f"chattr +i: {made.stderr.decode().strip()}")
    try:
        removed, _ = empty(root)
    finally:
        subprocess.run(["chattr", "-i", stubborn], check=True)
    where = str(stubborn.relative_to(root))
    assert said(removed) == [(where, "operation not permitted")]
    assert [str(path.relative_to(root)) for path in root.rglob("*.py")] == [where]
