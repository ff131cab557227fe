"""Walking: every directory once, none through a link or a mount, whatever is in the way."""

import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from venvdash.system import walk as walk_module
from venvdash.system.walk import Opened, walk

ROOT_ONLY = pytest.mark.skipif(os.getuid() != 0, reason="needs root to mount or change user")


def seen(root: Path, *, mounted: set[bytes] | None = None) -> tuple[set[bytes], set[bytes]]:
    """Return the directories and the other entries, relative to the root."""
    directories, files = set(), set()
    for opened in walk(os.fsencode(root), mounted=mounted or set()):
        assert opened.path is not None
        directories.add(opened.path)
        files |= {os.path.join(opened.path, os.fsencode(entry.name)) for entry in opened.files()}
    return directories, files


def test_sees_what_os_walk_sees_but_follows_no_link(tmp_path: Path) -> None:
    root = tmp_path / "root"
    outside = tmp_path / "outside"
    (outside / "deep").mkdir(parents=True)
    (root / "a" / "b").mkdir(parents=True)
    (root / "a" / "file").write_bytes(b"x")
    (root / "out").symlink_to(outside)
    (root / "loop").symlink_to(root)
    os.mkfifo(root / "a" / "fifo")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(root / "sock"))
    Path(os.fsdecode(os.fsencode(root) + b"/\xff\nname")).mkdir()
    directories, files = seen(root)
    assert directories == {b"", b"a", b"a/b", b"\xff\nname"}
    assert files == {b"a/file", b"a/fifo", b"out", b"loop", b"sock"}


def test_the_root_itself_must_be_a_directory(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    (tmp_path / "file").write_bytes(b"")
    for name in ("link", "file", "missing"):
        with pytest.raises(OSError, match=r"directory|symbolic link"):
            list(walk(os.fsencode(tmp_path / name)))


def make_deep(root: Path, depth: int) -> None:
    root.mkdir()
    descriptor = os.open(root, os.O_RDONLY)
    for level in range(depth):
        os.mkdir("d", dir_fd=descriptor)
        handle = os.open(f"f{level}", os.O_CREAT | os.O_WRONLY, dir_fd=descriptor)
        os.close(handle)
        inner = os.open("d", os.O_RDONLY, dir_fd=descriptor)
        os.close(descriptor)
        descriptor = inner
    os.mkdir("last", dir_fd=descriptor)
    os.close(descriptor)


@pytest.mark.slow
def test_very_deep_with_few_descriptors(tmp_path: Path) -> None:
    root = tmp_path / "root"
    make_deep(root, 4000)
    (root / "d" / "beside").mkdir()  # so that the walk comes back up to the top
    count, most = 0, 0
    for opened in walk(os.fsencode(root)):
        files = list(opened.files())
        count += 1
        if not count % 200:
            most = max(most, len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc") else 0)
        assert opened.path is None or len(opened.path) < 4096
        assert len(files) <= 1
    assert count == 4003
    assert most < 200
    subprocess.run(["rm", "-rf", str(root)], check=True)


def test_all_descriptors_are_closed_when_left_early(tmp_path: Path) -> None:
    make_deep(tmp_path / "root", 100)
    before = len(os.listdir("/proc/self/fd"))
    walking = walk(os.fsencode(tmp_path / "root"))
    for _ in range(60):
        list(next(walking).files())
    walking.close()  # type: ignore[attr-defined]  # a generator, typed as iterator
    assert len(os.listdir("/proc/self/fd")) == before


def test_vanishing_directories_are_reported_and_left_out(tmp_path: Path) -> None:
    for name in "abcdef":
        (tmp_path / name / "inner").mkdir(parents=True)
    problems: list[OSError] = []
    visited = []
    for opened in walk(os.fsencode(tmp_path), report=problems.append):
        list(opened.files())
        visited.append(opened.path)
        if opened.path and b"/" not in opened.path and len(visited) < 4:
            gone = next(
                path for path in tmp_path.iterdir() if os.fsencode(path.name) not in visited
            )
            shutil.rmtree(gone)
    assert problems
    assert all(isinstance(problem, FileNotFoundError) for problem in problems)
    assert len([path for path in visited if path and b"/" not in path]) == 6 - len(problems)


def test_a_directory_moved_away_ends_the_walk_without_leaving_the_tree(tmp_path: Path) -> None:
    root = tmp_path / "root"
    make_deep(root, 120)
    (root / "z").mkdir()
    problems: list[OSError] = []
    count = 0
    for opened in walk(os.fsencode(root), report=problems.append):
        list(opened.files())
        count += 1
        if opened.path and opened.path.endswith(b"last"):
            # d/d/d … is now beside the root: ".." of its parts no longer leads where it did
            (root / "d" / "d").rename(tmp_path / "elsewhere")
    assert len(problems) <= 1
    assert count <= 123


@ROOT_ONLY
def test_mounts_inside_are_not_entered(tmp_path: Path) -> None:
    root, bound = tmp_path / "root", tmp_path / "bound"
    for name in ("tmpfs", "bind", "plain"):
        (root / name).mkdir(parents=True)
    (bound / "inner").mkdir(parents=True)
    if subprocess.run(["mount", "-t", "tmpfs", "t", str(root / "tmpfs")]).returncode:
        pytest.skip("cannot mount here")
    try:
        (root / "tmpfs" / "hidden").mkdir()
        subprocess.run(["mount", "--bind", str(bound), str(root / "bind")], check=True)
        try:
            assert seen(root, mounted={b"bind"})[0] == {b"", b"plain"}
        finally:
            subprocess.run(["umount", str(root / "bind")], check=True)
    finally:
        subprocess.run(["umount", str(root / "tmpfs")], check=True)


_AS_NOBODY = """
import os, sys
sys.path.insert(0, sys.argv[2])
from venvdash.system.walk import walk
os.chdir(sys.argv[1]); os.setgid(65534); os.setuid(65534)
problems = []
found = []
for opened in walk(b"root", report=problems.append):
    list(opened.files())
    found.append(opened.path)
print(sorted(found), [type(problem).__name__ for problem in problems])
"""


@ROOT_ONLY
def test_directories_without_permission(tmp_path: Path) -> None:
    root = tmp_path / "root"
    for name in ("open", "shut"):
        (root / name / "inner").mkdir(parents=True)
    (root / "shut").chmod(0)
    tmp_path.chmod(0o755)
    here = str(Path(__file__).parents[2])
    done = subprocess.run(
        [sys.executable, "-c", _AS_NOBODY, str(tmp_path), here], capture_output=True, text=True
    )
    assert done.stdout.strip() == "[b'', b'open', b'open/inner'] ['PermissionError']", done.stderr


def test_by_path_sees_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a" / "b" / "c").mkdir(parents=True)
    (tmp_path / "a" / "file").write_bytes(b"")
    (tmp_path / "link").symlink_to(tmp_path / "a")
    by_descriptor = seen(tmp_path)
    monkeypatch.setattr(walk_module, "_BY_DESCRIPTOR", False)
    assert seen(tmp_path) == by_descriptor
    first = next(iter(walk(os.fsencode(tmp_path))))
    assert isinstance(first, Opened)
    assert first.where == os.fsencode(tmp_path)
