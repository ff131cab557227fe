"""What is promised, what is told, and what comes back where a file system shares blocks.

    python -m tests.session.sharing_table WHEELS [CASE...]

WHEELS is a directory with the wheels of numpy, rich, textual, humanize, tomlkit and attrs, and of
what they need, for this Python. Needs root, mkfs.btrfs and mkfs.xfs. For each file system, way of
installing and choice of the four environments, with and without cleaning uv's cache, the bytes:
in the list, of the plan, told at the end, and by how much the file system's used bytes fell when
they had been moved to the trash and freed. ``?``: at most. Goal: within 10 % and 3 MB.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.conftest import Home, home_in
from tests.mounting import formatted
from tests.session.sharing import last, named, scanned, used

ENVIRONMENTS = {
    "one": ("rich", "textual", "attrs"),
    "two": ("rich", "textual", "humanize"),
    "three": ("numpy", "rich", "typing-extensions"),
    "four": ("numpy", "textual", "tomlkit"),
}
CHOICES = (("one",), ("three", "four"), ("one", "two", "three", "four"))
VOLUMES = {
    "xfs": ("xfs", "", False),
    "btrfs": ("btrfs", "", False),
    "btrfs+snapshot": ("btrfs", "", True),
    "btrfs+zstd": ("btrfs", "compress=zstd", False),
    "btrfs+zstd+snapshot": ("btrfs", "compress=zstd", True),
}
WAYS = ("clone", "copy", "hardlink", "mixed", "uncached")
MIXED = {"one": "clone", "two": "hardlink", "three": "copy", "four": "hardlink"}


def install(home: Home, wheels: Path, way: str) -> None:
    """Make the environments; ``uncached``: cloned, and then the cache is deleted."""
    for name, packages in ENVIRONMENTS.items():
        made = home.path / ".virtualenvs" / name
        home.uv("venv", "-q", made)
        mode = ("--link-mode", {"uncached": "clone", "mixed": MIXED[name]}.get(way, way))
        found = ("--no-index", "--find-links", str(wheels))
        home.uv("pip", "install", "-q", "--python", made, *mode, *found, *packages)
    if way == "uncached":
        home.uv("cache", "clean", "-q")


def home_on(point: Path, state: Path) -> Home:
    """Return the HOME on a file system; what venvdash remembers lies in ``state``."""
    there = point / "home"
    home = home_in(point) if not there.exists() else None
    variables = dict(home.variables) if home else {"PATH": os.environ["PATH"], "HOME": str(there)}
    return Home(there, variables | {"VENVDASH_STATE_DIR": str(state), "UV_OFFLINE": "1"})


def cases(base: Path, wheels: Path, volume: str, way: str) -> Iterator[list[object]]:
    """Yield a row of the table for each choice."""
    kind, options, snapshot = VOLUMES[volume]
    point, image = base / "point", base / "pristine"
    point.mkdir(exist_ok=True)
    with formatted(point, kind, size="1G", options=options, image=image):
        install(home_on(point, base / "none"), wheels, way)
        os.sync()
        if snapshot:
            command = [
                "btrfs",
                "-q",
                "subvolume",
                "snapshot",
                "-r",
                str(point),
                str(point / "snap"),
            ]
            subprocess.run(command, check=True)
    for number, chosen in enumerate(CHOICES):
        for clean in (False, True):
            copy = base / f"copy{number}{clean}"
            subprocess.run(["cp", "--sparse=always", str(image), str(copy)], check=True)
            with formatted(point, kind, options=options, image=copy):
                state = base / f"state{number}{clean}"
                yield [
                    volume,
                    way,
                    len(chosen),
                    clean,
                    *trial(home_on(point, state), chosen, clean),
                ]
            copy.unlink()
    image.unlink()


def trial(home: Home, chosen: tuple[str, ...], clean: bool) -> list[object]:
    """Delete environments; return the bytes: listed, planned, told and really freed."""
    session = scanned(home)
    paths = named(session, *chosen)
    listed, plan = (
        session.deletions.union(paths),
        session.deletions.plan_delete(paths),
    )
    os.sync()
    before, archives = used(home.path), alone(home.path / ".cache" / "uv" / "archive-v0")
    done = last(session.deletions.delete(plan, clean_cache=clean))
    freed = last(session.trash.empty()).freed
    subprocess.run(["sync", "-f", str(home.path)], check=True)
    gone = [size for archive, size in archives.items() if not archive.exists()]
    real = before - used(home.path) - sum(gone)
    more = (listed.cache_held, plan.cache_held) if clean else (0, 0)
    bound = "?" if plan.at_most else ""
    return [
        listed.reclaimable + more[0],
        plan.reclaimable + more[1],
        bound,
        done.in_trash,
        freed,
        real,
    ]


def alone(archives: Path) -> dict[Path, int]:
    """Return how many bytes each archive has that no environment has."""
    from venvdash.scanner.usage.tree_count import count
    from venvdash.system.mounts import Mounts

    mount = Mounts.read().of(archives)
    fstype = mount.fstype if mount else ""
    found = {}
    for archive in archives.iterdir() if archives.exists() else ():
        found[archive] = count(os.fsencode(archive), fstype=fstype).reclaimable() * 512
    return found


def show(row: list[object]) -> None:
    volume, way, many, clean, *figures = row
    listed, planned, bound, in_trash, freed, real = figures
    told = [f"{int(str(size)) / 1e6:9.2f}" for size in (listed, planned, in_trash, freed, real)]
    off = (int(str(planned)) - int(str(real))) / 1e6
    worst = max(abs(int(str(one)) - int(str(real))) for one in (listed, planned, freed))
    good = worst <= 0.1 * int(str(real)) + 3e6
    print(
        f"{volume:20} {way:9} {many} {'clean' if clean else 'keep ':5}",
        *told, f"{off:+8.2f}{bound}", "" if good else " MISSES", flush=True,
    )  # fmt: skip


def main() -> None:
    wheels, *only = sys.argv[1:]
    print(f"{'file system':20} {'way':9} n cache   listed planned   in trash   freed    real  off")
    with tempfile.TemporaryDirectory() as folder:
        for volume in VOLUMES:
            for way in WAYS:
                if only and volume not in only and way not in only:
                    continue
                for row in cases(Path(folder), Path(wheels).resolve(), volume, way):
                    show(row)


if __name__ == "__main__":
    main()
