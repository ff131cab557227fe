"""Measuring against ``du -s`` on the same tree, side by side in one run.

    python -m tests.bench.bench_usage [ROUNDS]

Makes some 90,000 files in 20 environments that share most of them with each other and a cache, as
uv's do, and prints seconds and ratios: the best of the rounds, and the median of their ratios.
Goals: first measuring ≤ 1.0, again with nothing changed ≤ 0.15.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from tests.scanner.usage.usage_tools import age
from venvdash.scanner.usage.measurement import measure

ENVIRONMENTS = 20
PACKAGES = 60  # of these four fifths are shared
SETS = 5  # environments of the same set share their packages


def make(base: Path) -> list[Path]:
    """Return the environments."""
    content = b"x" * 3000
    roots = []
    for number in range(ENVIRONMENTS):
        root = base / "store" / f"env{number:02}"
        roots.append(root)
        for package in range(PACKAGES):
            cache = base / "cache" / str(number % SETS) / str(package)
            shared = package % 5 > 0
            for folder in range(10):
                inside = f"d{folder}" if folder else "."
                target = root / "lib/python3.11/site-packages" / f"pkg{package}" / inside
                target.mkdir(parents=True)
                (cache / inside).mkdir(parents=True, exist_ok=True)
                for file in range(8 if folder else 4):
                    origin = cache / inside / f"module_{file}.py"
                    if shared and origin.exists():
                        os.link(origin, target / origin.name)
                        continue
                    (target / origin.name).write_bytes(content)
                    if shared:
                        os.link(target / origin.name, origin)
            record(root / "lib/python3.11/site-packages", package)
    age(*roots)
    return roots


def record(site: Path, package: int) -> None:
    """Write what a package brought, as installers do: it is read while measuring."""
    info = site / f"pkg{package}-1.0.dist-info"
    info.mkdir()
    names = [
        path.relative_to(site) for path in (site / f"pkg{package}").rglob("*") if path.is_file()
    ]
    lines = [f"{name},sha256={'x' * 43},3000" for name in [*names, f"{info.name}/RECORD"]]
    (info / "RECORD").write_text("\n".join(lines) + "\n")


def du(roots: list[Path]) -> float:
    started = time.perf_counter()
    subprocess.run(["du", "-s", *roots], stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - started


def ours(roots: list[Path], remembered: Mapping[Path, bytes]) -> tuple[float, dict[Path, bytes]]:
    started = time.perf_counter()
    notes = {}
    for sized in measure(roots, remembered, lambda: False):
        if sized.remember:
            notes[sized.path] = sized.remember
    return time.perf_counter() - started, notes


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 9
    with tempfile.TemporaryDirectory() as folder:
        roots = make(Path(folder))
        files = sum(len(names) for root in roots for _, _, names in os.walk(root))
        du(roots)
        rows = []
        for _ in range(rounds):
            before = du(roots)
            first, notes = ours(roots, {})
            middle = du(roots)
            again, more = ours(roots, notes)
            assert len(notes) == len(roots)
            assert not more
            rows.append((before, first, middle, again))
    report(files, rows)


def report(files: int, rows: list[tuple[float, float, float, float]]) -> None:
    best_du = min(min(before, middle) for before, _, middle, _ in rows)
    say = sys.stdout.write
    say(f"{files} files, {len(rows)} rounds; du -s at best {best_du:.3f} s\n")
    for name, goal, times, ratios in (
        ("first", 1.0, [row[1] for row in rows], [row[1] / row[0] for row in rows]),
        ("again", 0.15, [row[3] for row in rows], [row[3] / row[2] for row in rows]),
    ):
        best = min(times)
        say(
            f"{name}: at best {best:.3f} s, {best / best_du:.2f} of du's best; "
            f"median ratio {statistics.median(ratios):.2f}; goal {goal}\n"
        )


if __name__ == "__main__":
    main()
