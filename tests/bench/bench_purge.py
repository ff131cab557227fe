"""Freeing the trash against ``rm -rf`` on the same tree, side by side in one run.

    python -m tests.bench.bench_purge [ROUNDS] [DIRECTORY]

Twice in each round some 16,000 files are made, once with blocks of their own and once as second
links to a cache (as uv makes them), and removed; printed are the best of the rounds in seconds and
the medians of their ratios. Goal: ≤ 1.0. "One process" is how the dashboard frees where there are
two cores only. ``DIRECTORY`` is where, to choose the file system.
"""

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from venvdash.actions.delete.purge import purge
from venvdash.actions.delete.purge_process import processes
from venvdash.actions.journals import trash_journal
from venvdash.model import Trashed
from venvdash.system.directory import Directory

PACKAGES, FOLDERS, FILES = 200, 10, 8
SIZE = 25_000  # bytes, the average in a real environment


def make(root: Path, cache: Path | None) -> Path:
    content = b"x" * SIZE
    for number in range(PACKAGES * FOLDERS):
        package, folder = divmod(number, FOLDERS)
        inside = Path(f"lib/python3.11/site-packages/package{package}/d{folder}")
        (root / inside).mkdir(parents=True)
        for file in range(FILES):
            target = root / inside / f"module_{file}.py"
            if cache:
                os.link(cache / inside / target.name, target)
            else:
                target.write_bytes(content)
    return root


def trash(root: Path) -> Path:
    with Directory(root) as directory:
        trash_journal.write(directory, Trashed(root, root.parent / "env", "env", since=time.time()))
    return root


def rm(base: Path, cache: Path | None) -> float:
    root = trash(make(base / ".venvdash-trash-rm", cache))
    started = time.perf_counter()
    subprocess.run(["rm", "-rf", root], check=True)
    return time.perf_counter() - started


def ours(base: Path, cache: Path | None, side_by_side: int) -> float:
    root = trash(make(base / ".venvdash-trash-ours", cache))
    started = time.perf_counter()
    result = purge(root, processes=side_by_side)
    assert result.gone, result
    return time.perf_counter() - started


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    where = sys.argv[2] if len(sys.argv) > 2 else None
    with tempfile.TemporaryDirectory(dir=where) as folder:
        base = Path(folder)
        cache = make(base / "cache", None)
        for kind, linked in (("own blocks", None), ("hard links", cache)):
            both = processes(spare=0)
            ways: list[Callable[[Path, Path | None], float]] = [
                rm,
                partial(ours, side_by_side=both),
                partial(ours, side_by_side=1),
            ]
            rows = []
            for number in range(rounds):
                order = [(place + number) % 3 for place in range(3)]
                seconds = {place: ways[place](base, linked) for place in order}
                rows.append([seconds[place] for place in range(3)])
            best = [min(column) for column in zip(*rows, strict=True)]
            ratios = [statistics.median(row[place] / row[0] for row in rows) for place in range(3)]
            print(f"{kind}: rm -rf {best[0]:.3f} s; {both} processes {best[1]:.3f} s,", end="")
            print(f" ratio {ratios[1]:.2f}; one process {best[2]:.3f} s, ratio {ratios[2]:.2f}")
        shutil.rmtree(cache)


if __name__ == "__main__":
    main()
