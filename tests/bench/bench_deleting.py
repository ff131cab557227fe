"""Deleting in the dashboard, on a real terminal: how soon it shows, and how it leaves the keys.

    python -m tests.bench.bench_deleting [ENVIRONMENTS] [ROUNDS]

Deleting: from the yes to the row that says "deleting", for an environment of 30,000 files beside
the others; goal 50 ms. Keys: from writing a key to the list's answer while some 300,000 entries
are freed, against the same dashboard before and after; goal ≤ 1.1.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

from tests.bench.bench_tui import latencies, latency, p95
from tests.bench.trees import make_home
from tests.terminal import Terminal, program
from venvdash.actions.journals import trash_journal
from venvdash.model import Trashed
from venvdash.system.directory import Directory

_FOLDERS, _FILES = 15_000, 19  # of what is freed while keys are pressed
_KEYS = 60


def fill(prefix: Path, folders: int, files: int) -> None:
    """Make an environment of so many folders; of four files one is its own, the others links."""
    cache = prefix.parents[1] / "cache"
    cache.mkdir(exist_ok=True)
    for number in range(100):
        (cache / str(number)).write_bytes(b"x" * 3000)
    for number in range(folders):
        folder = prefix / f"lib/python3.11/site-packages/p{number % 200}/d{number}"
        folder.mkdir(parents=True)
        for file in range(files):
            if file % 4:
                os.link(cache / str((number + file) % 100), folder / f"{file}.py")
            else:
                (folder / f"{file}.py").write_bytes(b"x" * 3000)
    (prefix / "bin").mkdir()
    (prefix / "bin" / "python").symlink_to(sys.executable)
    (prefix / "pyvenv.cfg").write_text("home = /usr/bin\nversion = 3.11.1\n")


def trashed(store: Path, number: int) -> Path:
    path = store / f".venvdash-trash-{number}"
    fill(path, _FOLDERS, _FILES)
    with Directory(path) as directory:
        trash_journal.write(directory, Trashed(path, store / "gone", "gone", since=time.time()))
    os.sync()
    return path


def seen(screen: Terminal, words: bytes, since: int, seconds: float = 60) -> float:
    """Return the seconds until the words are written."""
    begun = time.perf_counter()
    screen.read(lambda output: words in output[since:], seconds)
    assert words in screen.output[since:], words
    return time.perf_counter() - begun


def to_deleting(screen: Terminal, rounds: int) -> list[float]:
    """Delete the last of the list and take it back, so many times; return how soon it shows."""
    found = []
    for _ in range(rounds):
        since = len(screen.output)
        screen.press("Gd")
        seen(screen, b"Not in use", since)
        screen.drain(0.5)
        since = len(screen.output)
        screen.press("y")
        found.append(seen(screen, b"deleting", since))
        seen(screen, b"in the trash", since)
        screen.drain(0.3)
        since = len(screen.output)
        screen.press("u")
        seen(screen, b"is back", since)
        screen.drain(0.5)
    return found


def while_freeing(screen: Terminal, path: Path) -> tuple[list[float], list[float]]:
    """Return the latencies of keys when nothing is done, and while the trash is freed."""
    idle = latencies(screen, _KEYS)
    screen.press("E")
    screen.drain(1)
    screen.press("F")
    screen.drain(0.5)
    screen.press("y")
    screen.drain(0.02)
    screen.press("\x1b")
    screen.read(lambda _: (path / trash_journal.BEGUN).exists(), 30)
    busy: list[float] = []
    while path.exists():
        busy.append(latency(screen, len(busy)))
    screen.drain(2)
    return idle + latencies(screen, _KEYS), busy


def main() -> None:
    """Measure both, and print medians and ratios."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 5
    with tempfile.TemporaryDirectory() as scratch:
        home = Path(scratch)
        make_home(home, count)
        store = home / ".virtualenvs"
        fill(store / "zzz-last", 2_000, 14)
        variables = {"HOME": scratch, "PATH": os.environ["PATH"]}
        ours = [sys.executable, "-m", "venvdash"]
        subprocess.run([*ours, "list"], env=variables, check=True, stdout=subprocess.DEVNULL)
        dashboard = partial(
            program, ours, variables=variables, cwd=Path("/"), columns=120, lines=40
        )
        with dashboard() as screen:
            seen(screen, b"project0", 0)
            screen.drain(3)
            times = to_deleting(screen, rounds)
        print(
            f"{count} environments, yes to “deleting”: median {statistics.median(times) * 1e3:.0f}"
            f" ms, worst of {rounds} {max(times) * 1e3:.0f} ms (goal 50)"
        )
        idle: list[float] = []
        busy: list[float] = []
        for number in range(rounds):
            path = trashed(store, number)
            with dashboard() as screen:
                seen(screen, b"project0", 0)
                screen.drain(3)
                for whole, part in zip((idle, busy), while_freeing(screen, path), strict=True):
                    whole += part
        print(f"key to the list, p95: idle {p95(idle) * 1e3:.1f} ms, freeing ", end="")
        print(f"{p95(busy) * 1e3:.1f} ms, ratio {p95(busy) / p95(idle):.2f} (goal 1.1); ", end="")
        medians = [statistics.median(values) * 1e3 for values in (idle, busy)]
        print(f"medians {medians[0]:.1f} and {medians[1]:.1f} ms of {len(busy)} keys")


if __name__ == "__main__":
    main()
