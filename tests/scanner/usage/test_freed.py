"""The promise of the figures: a file system of its own, and what is really free afterwards."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import Home
from tests.mounting import formatted, tmpfs
from tests.scanner.usage.usage_tools import ROOT_ONLY_REASON, all_of
from venvdash.demo.wheels import make_wheel, payload

pytestmark = pytest.mark.skipif(os.getuid() != 0, reason=ROOT_ONLY_REASON)


@pytest.fixture(params=["ext4", "tmpfs"])
def volume(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    """An empty file system. On tmpfs directories take no blocks, for stat and statvfs alike."""
    place = tmp_path / "volume"
    place.mkdir()
    kind = request.param
    with tmpfs(place) if kind == "tmpfs" else formatted(place, kind, size="256M"):
        yield place


def used(volume: Path) -> int:
    """Return the used bytes once everything is on its way to the disk."""
    os.sync()
    told = os.statvfs(volume)
    return (told.f_blocks - told.f_bfree) * told.f_frsize


def drop(volume: Path, *doomed: Path) -> int:
    """Delete, and return by how much the used bytes fell."""
    before = used(volume)
    subprocess.run(["rm", "-rf", "--", *map(str, doomed)], check=True)
    return before - used(volume)


def package(home: Home, name: str, files: int) -> Path:
    modules = {
        f"{name}/part{number % 7}/m{number}.py": payload(number * 997 + 1, f"{name}{number}")
        for number in range(files)
    }
    return make_wheel(home.path / "wheels", name, "1", modules)


def build(home: Home, volume: Path) -> tuple[list[Path], Path]:
    """Make three environments that share packages with each other and with uv's cache."""
    home.variables["UV_CACHE_DIR"] = str(volume / "cache")
    wheels = {name: package(home, name, 40) for name in ("common", "first", "second")}
    plan = {"a": ("common", "first"), "b": ("common", "second"), "c": ("second",)}
    made = []
    for name, packages in plan.items():
        path = volume / "store" / name
        home.uv("venv", path)
        home.uv("pip", "install", "--python", path, *(wheels[package] for package in packages))
        (path / "own data").write_bytes(payload(300_000, name))
        made.append(path)
    inside = made[0] / "own data"
    os.link(inside, made[0] / "own data, second name")
    os.sync()  # delayed allocation: blocks are counted once they are written
    return made, volume / "cache"


def test_frees_is_what_deleting_one_gives_back(home: Home, volume: Path) -> None:
    made, _ = build(home, volume)
    while made:
        _, final = all_of(made)
        doomed = made.pop(0)
        assert final[doomed].exact
        assert final[doomed].reclaimable >= 300_000
        assert drop(volume, doomed) == final[doomed].reclaimable


def test_cache_held_is_what_the_cache_keeps_of_it_alone(home: Home, volume: Path) -> None:
    made, cache = build(home, volume)
    held = []
    while made:
        _, final = all_of(made)
        doomed = made.pop(0)
        expected = final[doomed].cache_held
        others = {entry.inode() for path in made for entry in files(path)}
        inodes = {entry.inode() for entry in files(doomed)} - others
        drop(volume, doomed)
        kept = [Path(entry.path) for entry in files(cache) if entry.inode() in inodes]
        assert drop(volume, *kept) == expected
        held.append(expected)
    assert held[0]  # the package that only the first one had


def files(root: Path) -> "Iterator[os.DirEntry[str]]":
    for folder, _, _ in os.walk(root):
        with os.scandir(folder) as entries:
            yield from [entry for entry in entries if not entry.is_dir(follow_symlinks=False)]


@pytest.mark.slow
def test_all_together_free_the_union(home: Home, volume: Path) -> None:
    """What the three share with nobody else comes back with the last of them."""
    made, cache = build(home, volume)
    shutil.rmtree(cache)
    _, final = all_of(made)
    assert [final[path].cache_held for path in made] == [0, 0, 0]
    shared = sum(usage.on_disk - usage.reclaimable for usage in final.values())
    assert shared > 0
    total = sum(usage.reclaimable for usage in final.values())
    freed = drop(volume, *made)
    # each shared inode has two links here, and so is in two environments' on_disk
    assert freed == total + shared // 2
