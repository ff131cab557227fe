"""The search before a prune against a bare scandir walk of the same tree, each in a new process.

    python -m tests.bench.bench_search [DIRECTORIES [ROUNDS]]

Makes a tree of DIRECTORIES (200,000) with two files in each, in the temporary directory, and prints
seconds of CPU, peak memory and ratios: the median of ROUNDS (3). Goals: first ≤ 1.7 of the walk,
again ≤ 0.3 of the first, 64 MiB.
"""

import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path

from venvdash.config import Config
from venvdash.model import Environment, Facts, Fingerprint, Traits
from venvdash.scanner.search import search
from venvdash.system.machine import Machine

_WIDTH, _FILES = 8, 2


def make(top: Path, count: int) -> None:
    """Make the tree, level by level."""
    level, made = [str(top)], 0
    while made < count:
        wanted = [f"{path}/folder{n}" for path in level for n in range(_WIDTH)][: count - made]
        for path in wanted:
            os.mkdir(path)
            for number in range(_FILES):
                Path(f"{path}/file{number}.txt").touch()
        level, made = wanted, made + len(wanted)


def bare(top: Path) -> int:
    """Walk as nobody could with less."""
    pending, count = [str(top)], 0
    while pending:
        count += 1
        with os.scandir(pending.pop()) as listing:
            pending += [entry.path for entry in listing if entry.is_dir(follow_symlinks=False)]
    return count


def searched(top: Path) -> int:
    """Search for one project that is nowhere."""
    path = top / "store" / "webapp"
    traits = Traits("uv", "webapp", project_name="webapp", digest="0123456789abcdef")
    environment = Environment(path, path, path.parent, "uv", traits, Fingerprint(1, 2, 3, 4))
    variables = {"VENVDASH_DISKS": str(top), "VENVDASH_STATE_DIR": str(top / "state")}
    machine = Machine(top / "home", variables, uid=os.getuid())
    found = search(machine, Config(), [environment], Facts({path: environment}))
    assert found.ended
    assert not found.unsearched
    return found.report.directories


def measure(what: str, top: Path) -> tuple[float, int]:
    """Run one of them in a new process; return seconds of CPU and the peak in KiB."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.bench_search", what, str(top)],
        capture_output=True,
        text=True,
        check=True,
    )
    seconds, peak = done.stdout.split()
    return float(seconds), int(peak)


def run(what: str, top: Path) -> None:
    """Print seconds of CPU and the peak of this process in KiB."""
    before = time.process_time()
    (bare if what == "walk" else searched)(top)
    seconds = time.process_time() - before
    # Not ru_maxrss: a new process begins with that of the one which started it.
    (peak,) = re.findall(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    print(seconds, peak)


def main() -> None:
    """Measure, and print."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 200_000
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 3
    found: dict[str, list[tuple[float, int]]] = defaultdict(list)
    with tempfile.TemporaryDirectory() as directory:
        top = Path(directory)
        (top / "home").mkdir()
        make(top / "home", count)
        time.sleep(2.5)  # change times that are younger are not trusted
        for _ in range(rounds):
            for what in ("walk", "first", "again"):
                found[what].append(measure(what, top))
            for file in (top / "state" / "search").iterdir():
                file.unlink()
    for what, before in (("walk", "walk"), ("first", "walk"), ("again", "first")):
        seconds = statistics.median(seconds for seconds, _ in found[what])
        ratio = seconds / statistics.median(seconds for seconds, _ in found[before])
        peak = max(peak for _, peak in found[what]) // 1024
        print(f"{what:6} {seconds:6.2f} s CPU  {ratio:5.2f} of {before:5}  {peak} MiB")


if __name__ == "__main__":
    if len(sys.argv) == 3 and sys.argv[1] in ("walk", "first", "again"):
        run(sys.argv[1], Path(sys.argv[2]))
    else:
        main()
