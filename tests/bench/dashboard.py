"""Full-screen programs on a terminal: how soon they show something, and what they use."""

import contextlib
import itertools
import re
import statistics
import sys
import time
from collections.abc import Iterator, Sequence

from tests.bench.measurement import Figures
from tests.bench.processes import (
    VENVDASH,
    FailedError,
    cpu_seconds,
    peak_bytes,
    peak_of_children,
)
from tests.bench.trees import Tree
from tests.terminal import Terminal, program

EMPTY = """
from textual.app import App, ComposeResult
from textual.widgets import Static
class Empty(App):
    def compose(self) -> ComposeResult:
        yield Static("ready-to-go")
Empty().run()
"""
_ESCAPES = re.compile(rb"\x1b\[[0-9;?]*[A-Za-z]")
_PATIENCE = 120.0  # seconds
_LOOK = 0.25  # seconds between two looks at the CPU time
_BUSY = 0.05  # of a core
_REPEAT = 0.033  # seconds between two keys: as a keyboard repeats a key that is held


class Dashboard:
    """A program on a terminal; it was started at ``begun``."""

    def __init__(self, screen: Terminal, begun: float) -> None:
        self.screen = screen
        self.begun = begun
        self.pid = screen.process.pid
        self.children = 0  # bytes

    def wait(self, *words: bytes) -> None:
        """Wait until all words are on the screen."""

        def shown(output: bytes) -> bool:
            plain = _ESCAPES.sub(b" ", output)
            return all(re.search(rb"\b" + word, plain) for word in words)

        self.screen.read(shown, _PATIENCE)
        if not shown(self.screen.output):
            raise FailedError(f"never on the screen: {words!r}: {self.screen.output[-300:]!r}")

    def figures(self) -> Figures:
        """Return what it has used from its start until now."""
        return {"wall": time.perf_counter() - self.begun, "cpu": cpu_seconds(self.pid)}

    def press(self, keys: str) -> None:
        """Type something; what was written before no longer counts."""
        self.screen.output = b""  # to search in much of it would take longer than the key
        self.screen.press(keys)

    def read_for(self, seconds: float) -> None:
        """Read what the program writes for so long."""
        self.screen.read(lambda _: False, seconds)

    def settle(self, quiet: float = 1.0) -> float:
        """Wait until it has done nothing for so long; return the seconds until it was last busy."""
        begun = busy = time.perf_counter()
        before = cpu_seconds(self.pid)
        while (now := time.perf_counter()) - busy < quiet:
            if now - begun > _PATIENCE * 5:
                raise FailedError("it never comes to rest")
            self.read_for(_LOOK)
            self.children = max(self.children, peak_of_children(self.pid))
            used = cpu_seconds(self.pid)
            if used - before > _BUSY * _LOOK:
                busy = time.perf_counter()
            before = used
        return busy - begun

    def peak(self) -> int:
        """Return the most memory that it has had, with that of its children, in bytes."""
        return peak_bytes(self.pid) + self.children

    def key(self, key: str) -> float:
        """Press a key when the one before is long done; return the seconds to the list's answer."""
        self.read_for(_REPEAT)
        self.press(key)
        begun = time.perf_counter()
        self.screen.read(lambda output: b"project0" in output, _PATIENCE)
        if b"project0" not in self.screen.output:
            raise FailedError(f"no answer to {key!r}")
        return time.perf_counter() - begun


@contextlib.contextmanager
def opened(tree: Tree, command: Sequence[str] = (VENVDASH,)) -> Iterator[Dashboard]:
    """Start the dashboard, or another program, on a terminal of 120 columns."""
    begun = time.perf_counter()
    with program(command, variables=tree.variables, cwd=tree.home, columns=120, lines=40) as screen:
        yield Dashboard(screen, begun)


@contextlib.contextmanager
def listed(tree: Tree) -> Iterator[Dashboard]:
    """Start the dashboard a second time, and wait until it shows everything that it remembers."""
    tree.remember(_scan)
    with listed_now(tree) as dashboard:
        yield dashboard


def _scan(tree: Tree) -> None:
    with listed_now(tree) as dashboard:
        dashboard.settle()


@contextlib.contextmanager
def listed_now(tree: Tree) -> Iterator[Dashboard]:
    """Start the dashboard, and wait until it has a row and the number of all environments."""
    with opened(tree) as dashboard:
        dashboard.wait(b"project0", f"{tree.count:,}".replace(",", ",?").encode() + rb"\b")
        yield dashboard


@contextlib.contextmanager
def empty(tree: Tree) -> Iterator[Dashboard]:
    """Start an empty Textual app, and wait until it shows its label."""
    with opened(tree, [sys.executable, "-c", EMPTY]) as dashboard:
        dashboard.wait(b"ready-to-go")
        yield dashboard


def held(tree: Tree) -> Iterator[str]:
    """Yield keys that go down and up the list for ever."""
    rows = min(tree.size - 1, 100)
    return itertools.cycle("j" * rows + "k" * rows)


def p95(values: Sequence[float]) -> float:
    """Return the 95th percentile."""
    return statistics.quantiles(values, n=20, method="inclusive")[-1]
