"""What the tests of usage share: du, trees, and measuring to the end."""

import os
import re
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path

from venvdash.model import Usage, UserFiles
from venvdash.scanner.usage.measurement import Measurement, measure

ROOT_ONLY_REASON = "needs root to mount or change user"


def du(path: Path, *options: str) -> int:
    """Return what du -s says, in bytes; -x because a mount is not the environment's."""
    done = subprocess.run(
        ["du", "-sx", "--block-size=1", *options, "--", os.fspath(path)],
        capture_output=True,
        check=True,
    )
    return int(done.stdout.split(b"\t")[0])


def du_apparent(path: Path) -> int:
    """Return the apparent size with directories counted, which du does up to coreutils 9.1."""
    size = du(path, "--apparent-size")
    version = subprocess.run(["du", "--version"], capture_output=True, text=True, check=True)
    found = re.search(r"(\d+)\.(\d+)", version.stdout)
    assert found
    if (int(found[1]), int(found[2])) >= (9, 2):
        size += sum(os.lstat(folder).st_size for folder, _, _ in os.walk(path))
    return size


def all_of(
    paths: Iterable[Path], remembered: Mapping[Path, bytes] | None = None
) -> tuple[dict[Path, Measurement], dict[Path, Usage]]:
    """Return the first and the final figures of each path; each must come exactly once."""
    first: dict[Path, Measurement] = {}
    final: dict[Path, Usage] = {}
    for sized in measure(list(paths), remembered or {}, lambda: False):
        if sized.usage.cache_held is None:
            assert sized.path not in first
            assert not final, "a first figure after the second pass began"
            first[sized.path] = sized
        else:
            assert sized.path not in final
            assert sized.remember is None
            assert not sized.problem
            final[sized.path] = sized.usage
    assert first.keys() == final.keys()
    return first, final


def usage_of(path: Path) -> Usage:
    """Return the final figures of one environment."""
    return all_of([path])[1][path]


def notes(first: Mapping[Path, Measurement]) -> dict[Path, bytes]:
    """Return what is to be remembered."""
    return {path: sized.remember for path, sized in first.items() if sized.remember}


def age(*trees: Path, seconds: int = 60) -> None:
    """Make the trees' directories look untouched for a while."""
    for tree in trees:
        for folder, _, _ in os.walk(tree, topdown=False):
            before = os.lstat(folder).st_mtime - seconds
            os.utime(folder, (before, before))


def fill(directory: Path, names: Iterable[str], size: int = 5000) -> None:
    """Write files of some size."""
    for name in names:
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(os.urandom(size))


def assert_nothing_is_the_users(folder: Path) -> None:
    """Check that all files of the environments below a folder were brought by something known."""
    found = {cfg.parent: usage_of(cfg.parent) for cfg in folder.rglob("pyvenv.cfg")}
    assert found
    for path, usage in found.items():
        assert usage.user_files == UserFiles(), path
        assert usage.missing_files == 0, path
