"""The dashboard's first screen and its keys, on a real terminal: prints ratios.

    python -m tests.bench.bench_tui [ENVIRONMENTS]

First screen: from the start of the process to the first row on the terminal, against an empty
Textual app's first label. Keys: from writing a key to the first byte of the list that comes back,
while the environments are measured, against the same dashboard when it has nothing more to do.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.bench.trees import make_home
from tests.terminal import Terminal, program

_ROUNDS = 5
_KEYS = 60
_PACE = 0.08  # seconds between two keys, at least
_EMPTY = """
from textual.app import App, ComposeResult
from textual.widgets import Static
class Empty(App):
    def compose(self) -> ComposeResult:
        yield Static("ready-to-go")
Empty().run()
"""


def first_screen(command: list[str], variables: dict[str, str], mark: bytes) -> float:
    """Return the seconds until ``mark`` is on the terminal."""
    begun = time.perf_counter()
    with program(command, variables=variables, cwd=Path("/"), columns=120, lines=40) as screen:
        screen.read(lambda output: mark in output, 60)
        return time.perf_counter() - begun


def latencies(screen: Terminal, keys: int) -> list[float]:
    """Return the seconds from each key, pressed at a steady pace, to the list's answer to it."""
    return [latency(screen, number) for number in range(keys)]


def latency(screen: Terminal, number: int) -> float:
    """Return the seconds from the key of that number to the list's answer."""
    screen.read(lambda _: False, _PACE + number * 7 % 20 / 1000)  # in step with nothing
    screen.output = b""  # to search in much of it would take longer than the key
    begun = time.perf_counter()
    screen.press("j" if number % 20 < 10 else "k")
    screen.read(lambda output: b"project" in output, 5)
    return time.perf_counter() - begun


def p95(values: list[float]) -> float:
    """Return the 95th percentile."""
    return statistics.quantiles(values, n=20)[-1]


def main() -> None:
    """Measure all, in turn, and print medians and ratios."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    with tempfile.TemporaryDirectory() as scratch:
        make_home(Path(scratch), count, files=100)
        variables = {"HOME": scratch, "PATH": os.environ["PATH"], "TERM": "xterm-256color"}
        ours = [sys.executable, "-m", "venvdash"]
        empty = [sys.executable, "-c", _EMPTY]
        subprocess.run([*ours, "list"], env=variables, check=True, stdout=subprocess.DEVNULL)
        pairs = [
            (
                first_screen(empty, variables, b"ready-to-go"),
                first_screen(ours, variables, b"project0"),
            )
            for _ in range(_ROUNDS)
        ]
        one, other = (statistics.median(column) for column in zip(*pairs, strict=True))
        print(f"first screen, {count} environments: empty app {one * 1e3:.0f} ms,")
        print(f"venvdash {other * 1e3:.0f} ms, ratio {other / one:.2f} (goal 1.15)")
        with program(ours, variables=variables, cwd=Path("/"), columns=120, lines=40) as screen:
            screen.read(lambda output: b"project0" in output, 60)
            busy = latencies(screen, _KEYS)
            screen.drain(3)
            screen.read(lambda _: False, 5)
            idle = latencies(screen, _KEYS)
        print(f"key to the list, p95: idle {p95(idle) * 1e3:.0f} ms,")
        print(f"scanning {p95(busy) * 1e3:.0f} ms, ratio {p95(busy) / p95(idle):.2f} (goal 1.5)")


if __name__ == "__main__":
    main()
