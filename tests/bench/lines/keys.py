"""How soon the dashboard answers keys while it is busy, against when it is idle."""

import itertools
import platform
import time
from collections.abc import Callable, Iterator
from functools import cache

from tests.bench import trees
from tests.bench.dashboard import Dashboard, held, listed, p95
from tests.bench.measurement import Figures, Goal, Measurement, Side
from tests.bench.trees import Tree

_IDLE, _SCANNING = "idle", "while scanning"
_KEYS, _QUICK = 60, 5
_SHORTEST = 0.3  # seconds
_Pressed = Callable[[Dashboard, Tree], Iterator[str]]


@cache
def _scan_seconds(tree: Tree) -> float:
    """Return how long the dashboard is busy after its first row when no key is pressed."""
    with listed(tree) as dashboard:
        return max(dashboard.settle(), _SHORTEST)


def _hold(dashboard: Dashboard, tree: Tree) -> Iterator[str]:
    return held(tree)


def _filter(dashboard: Dashboard, tree: Tree) -> Iterator[str]:
    """Open the filter; yield up to two digits and as many backspaces, which all show other rows.

    Not all rows have these digits, in their paths or Pythons. They end a number: around one that
    begins with them, several filters would show the same rows.
    """
    everywhere = f"{tree.store} {platform.python_version()}"
    digits = [digit for digit in "245689" if digit not in everywhere]
    typed = digits[: min(2, len(str(tree.size - 1)))]
    dashboard.press("/")
    dashboard.wait(b"status:orphan")  # what the filter shows while it is empty
    return itertools.cycle([*typed, *["\x7f"] * len(typed)])


def _idle(pressed: _Pressed) -> Side:
    def side(tree: Tree) -> Figures:
        with listed(tree) as dashboard:
            dashboard.settle()
            keys = pressed(dashboard, tree)
            return {"key": p95([dashboard.key(next(keys)) for _ in range(_number(tree))])}

    return side


def _scanning(pressed: _Pressed) -> Side:
    """Press keys only as long as a scan takes without them, and start again for more."""

    def side(tree: Tree) -> Figures:
        lasts, times = _scan_seconds(tree), list[float]()
        while len(times) < _number(tree):
            with listed(tree) as dashboard:
                end = time.perf_counter() + lasts
                keys = pressed(dashboard, tree)
                times.append(dashboard.key(next(keys)))  # one at least, however short the scan is
                while time.perf_counter() < end and len(times) < _number(tree):
                    times.append(dashboard.key(next(keys)))
        return {"key": p95(times)}

    return side


def _number(tree: Tree) -> int:
    return _QUICK if tree.quick else _KEYS


def _measurement(name: str, words: str, pressed: _Pressed) -> Measurement:
    return Measurement(
        name,
        trees.environments,
        {_IDLE: _idle(pressed), _SCANNING: _scanning(pressed)},
        [Goal(f"{words} while scanning {{size}}, p95", "key", 1.3, _IDLE, ours=_SCANNING)],
        sizes=(10_000,),
    )


MEASUREMENTS = (
    _measurement("hold-j", "keys, holding j,", _hold),
    _measurement("filter", "keys, typing a filter,", _filter),
)
