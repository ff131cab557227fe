"""Figures against du, link counts among environments, and whatever is inside an environment."""

import os
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tests.conftest import Home
from tests.scanner.usage.usage_tools import (
    ROOT_ONLY_REASON,
    all_of,
    du,
    du_apparent,
    fill,
    usage_of,
)
from venvdash.demo.wheels import make_wheel
from venvdash.model import Usage, UserFiles
from venvdash.scanner.usage import child_processes, workload
from venvdash.scanner.usage.measurement import measure
from venvdash.system.mounts import Mounts

pytestmark = pytest.mark.slow

ROOT_ONLY = pytest.mark.skipif(os.getuid() != 0, reason=ROOT_ONLY_REASON)


@pytest.fixture(params=["here", "children"])
def both_ways(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """The same test in this process, and with child processes whatever the number of files."""
    monkeypatch.setattr(workload, "_WORTH", 10**9 if request.param == "here" else -1)
    return str(request.param)


def test_real_environments_equal_du(home: Home, both_ways: str) -> None:
    made = [home.path / name for name in ("uv one", "uv two", "stdlib")]
    modules = {f"big/m{number}.py": b"x = 1\n" * number * 100 for number in range(200)}
    wheel = make_wheel(home.path / "wheels", "big", "1", modules)
    for path in made[:2]:
        home.uv("venv", path)
        home.uv("pip", "install", "--python", path, wheel)
    home.run(sys.executable, "-m", "venv", made[2])
    first, final = all_of(made)
    for path in made:
        assert not first[path].problem
        assert final[path].on_disk == du(path)
        assert final[path].apparent == du_apparent(path)
        assert final[path].files == entries(path)
        assert final[path].exact
    assert final[made[2]].files > 500  # pip is in it, copied
    assert final[made[2]].reclaimable == final[made[2]].on_disk
    assert final[made[2]].cache_held == 0
    linked = os.lstat(next(made[0].rglob("m9.py"))).st_nlink > 1  # uv copies where it must
    assert (final[made[0]].reclaimable < final[made[0]].on_disk / 2) == linked


def entries(path: Path) -> int:
    """Return how many entries are no directories; os.walk counts links to directories as such."""
    return sum(
        len(files) + sum(os.path.islink(os.path.join(folder, name)) for name in names)
        for folder, names, files in os.walk(path)
    )


def test_everything_that_can_lie_in_a_directory(tmp_path: Path, both_ways: str) -> None:
    root = tmp_path / "root"
    fill(root, ["a", "b/c", "b/d"])
    (root / "sparse").touch()
    os.truncate(root / "sparse", 10_000_000)
    os.mkfifo(root / "fifo")
    os.link(root / "fifo", root / "b" / "fifo too")
    (root / "long link").symlink_to("x" * 3000)
    os.link(root / "long link", root / "same link", follow_symlinks=False)
    (root / "loop").symlink_to(root)
    (root / "away").symlink_to("/usr")
    if os.getuid() == 0:
        os.mknod(root / "device", 0o600 | 0o060000, os.makedev(7, 200))
    odd = os.fsencode(root) + b"/\xff\xfe\n\x1b[31m"
    os.mkdir(odd)
    with open(odd + b"/\xfd\n", "wb") as file:
        file.write(b"x" * 9000)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(root / "sock"))
    first, final = all_of([root])
    assert final[root].on_disk == du(root)
    assert final[root].apparent == du_apparent(root)
    assert final[root].reclaimable == final[root].on_disk
    assert first[root].problem == ""


def test_links_inside_among_and_outside(tmp_path: Path, both_ways: str) -> None:
    one, two, cache = (tmp_path / name for name in ("one", "two", "cache"))
    fill(one, ["own", "inside", "among", "cached", "everywhere"], 40_000)
    for folder in (two, cache):
        folder.mkdir()
    fill(two, ["own"], 40_000)
    os.link(one / "inside", one / "inside too")
    os.link(one / "among", two / "among")
    os.link(one / "cached", cache / "cached")
    for folder in (two, cache):
        os.link(one / "everywhere", folder / "everywhere")
    block = os.lstat(one / "own").st_blocks * 512
    folders = {path: os.lstat(path).st_blocks * 512 for path in (one, two)}
    _, final = all_of([one, two])
    assert (final[one].on_disk, final[one].files) == (du(one), 6)
    assert final[one].reclaimable == folders[one] + 2 * block
    assert final[one].cache_held == block
    assert final[two].reclaimable == folders[two] + block
    assert final[two].cache_held == 0
    # Alone it cannot know that the other one is an environment.
    assert usage_of(two).cache_held == 2 * block


def test_an_environment_in_another_one(tmp_path: Path, both_ways: str) -> None:
    outer, cache = tmp_path / "outer", tmp_path / "cache"
    inner = outer / "envs" / "inner"
    fill(inner, ["own", "cached", "with outer", "with both"], 40_000)
    cache.mkdir()
    os.link(inner / "cached", cache / "cached")
    os.link(inner / "with outer", outer / "with outer")
    os.link(inner / "with both", outer / "with both")
    os.link(inner / "with both", cache / "with both")
    block = os.lstat(inner / "own").st_blocks * 512
    for order in ([outer, inner], [inner, outer]):
        _, final = all_of(order)
        assert final[inner].reclaimable == os.lstat(inner).st_blocks * 512 + block
        assert final[inner].cache_held == block
        assert final[outer].reclaimable == final[outer].on_disk - 2 * block
        assert final[outer].cache_held == 2 * block


def test_an_alias_costs_nothing(tmp_path: Path) -> None:
    fill(tmp_path / "real", ["file"])
    (tmp_path / "alias").symlink_to(tmp_path / "real")
    (tmp_path / "nowhere").symlink_to(tmp_path / "gone")
    first, final = all_of([tmp_path / "alias", tmp_path / "nowhere"])
    for path in final:
        nothing = Usage(0, 0, 0, 0, cache_held=0, user_files=UserFiles(), missing_files=0)
        assert replace(final[path], measured=0.0) == nothing
        assert first[path].remember is None


def test_what_cannot_be_measured_is_a_problem(tmp_path: Path, both_ways: str) -> None:
    (tmp_path / "file").write_bytes(b"x")
    fill(tmp_path / "good", ["file"])
    os.mkfifo(tmp_path / "fifo")
    paths = [tmp_path / name for name in ("file", "fifo", "missing", "good")]
    first, final = all_of(paths)
    assert [bool(first[path].problem) for path in paths] == [True, True, True, False]
    assert final[paths[3]].on_disk == du(paths[3])
    assert not final[paths[0]].exact
    assert final[paths[0]].on_disk == 0


def test_nothing_to_measure() -> None:
    assert list(measure([], {}, lambda: False)) == []


def test_very_deep(tmp_path: Path, both_ways: str) -> None:
    root = tmp_path / "root"
    root.mkdir()
    descriptor = os.open(root, os.O_RDONLY)
    for _ in range(3000):
        os.mkdir("dir", dir_fd=descriptor)
        inner = os.open("dir", os.O_RDONLY, dir_fd=descriptor)
        os.close(descriptor)
        descriptor = inner
    os.close(descriptor)
    try:
        first, final = all_of([root])
        assert final[root].on_disk == du(root)
        assert first[root].problem == ""
    finally:
        subprocess.run(["rm", "-rf", str(root)], check=True)


@ROOT_ONLY
def test_mounts_inside_are_not_counted(tmp_path: Path, both_ways: str) -> None:
    root, other = tmp_path / "root", tmp_path / "other"
    fill(root, ["file"], 5000)
    before = usage_of(root)
    fill(other, ["big"], 500_000)
    (root / "tmpfs").mkdir()
    (root / "bind").mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "t", str(root / "tmpfs")]).returncode:
        pytest.skip("cannot mount here")
    try:
        fill(root / "tmpfs", ["big"], 500_000)
        subprocess.run(["mount", "--bind", str(other), str(root / "bind")], check=True)
        try:
            after = usage_of(root)
        finally:
            subprocess.run(["umount", str(root / "bind")], check=True)
    finally:
        subprocess.run(["umount", str(root / "tmpfs")], check=True)
    assert (after.on_disk, after.files) == (before.on_disk, before.files)


@ROOT_ONLY
def test_one_directory_under_two_paths(tmp_path: Path) -> None:
    real, bound, cache = (tmp_path / name for name in ("real", "bound", "cache"))
    fill(real, ["file"], 40_000)
    cache.mkdir()
    os.link(real / "file", cache / "file")
    bound.mkdir()
    if subprocess.run(["mount", "--bind", str(real), str(bound)]).returncode:
        pytest.skip("cannot mount here")
    try:
        _, final = all_of([real, bound])
    finally:
        subprocess.run(["umount", str(bound)], check=True)
    block = os.lstat(cache / "file").st_blocks * 512
    assert final[real].cache_held == final[bound].cache_held == block


_AS_NOBODY = """
import os, sys
sys.path.insert(0, sys.argv[2])
from pathlib import Path
import selectors, venvdash.scanner.usage.measurement as usage  # read before others are forbidden
from venvdash.scanner.usage import workload
os.chdir(sys.argv[1]); os.setgid(65534); os.setuid(65534)
workload._WORTH = int(sys.argv[3])
for sized in usage.measure([Path(sys.argv[1], "root")], {}, lambda: False):
    print(sized.usage.on_disk, sized.usage.exact, sized.problem, sized.remember)
"""


@ROOT_ONLY
@pytest.mark.parametrize("worthwhile", ["-1", "1000000"])
def test_without_permission_the_rest_is_measured(worthwhile: str) -> None:
    import tempfile

    # pytest's directories are closed to others at every level
    with tempfile.TemporaryDirectory() as name:
        base = Path(name)
        base.chmod(0o755)
        fill(base / "root", ["open/file", "shut/file"])
        (base / "root" / "shut").chmod(0)
        expected = du(base / "root") - du(base / "root" / "shut")
        here = str(Path(__file__).parents[3])
        done = subprocess.run(
            [sys.executable, "-c", _AS_NOBODY, name, here, worthwhile],
            capture_output=True,
            text=True,
        )
        first, final = done.stdout.splitlines()
        assert first.startswith(f"{expected} False some of it could not be read"), done.stderr
        assert "shut" in first
        assert first.endswith(" None")
        assert final.startswith(f"{expected} False ")


def test_figures_are_not_exact_where_blocks_are_cloned(tmp_path: Path) -> None:
    fill(tmp_path / "root", ["file"])
    mounts = Mounts.read()
    here = mounts.of(tmp_path)
    if here is None:
        pytest.skip("this system does not tell its mounts")
    clones = Mounts(tuple(mount._replace(fstype="btrfs") for mount in mounts.mounts))
    plain = Mounts(tuple(mount._replace(fstype="ext4") for mount in mounts.mounts))
    for told, exact in ((clones, False), (plain, True)):
        usages = [s.usage for s in measure([tmp_path / "root"], {}, lambda: False, mounts=told)]
        assert [usage.exact for usage in usages] == [exact, exact]


def test_children_are_used_by_default_for_many(tmp_path: Path) -> None:
    """Guards the seam: if children cannot start, all would be measured here, in silence."""
    fill(tmp_path / "root", ["file"])
    jobs = [child_processes.Job(0, os.fsencode(tmp_path / "root"))]
    (answer,) = child_processes.run(jobs, lambda: False)
    assert answer.kind == "r"
