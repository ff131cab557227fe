"""The dashboard against an empty Textual app: its first row, its memory, and doing nothing."""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager

from tests.bench import trees
from tests.bench.dashboard import Dashboard, empty, listed, listed_now
from tests.bench.measurement import OURS, Figures, Goal, Measurement, Side
from tests.bench.processes import cpu_seconds
from tests.bench.trees import Tree

_EMPTY = "empty app"
_Started = Callable[[Tree], AbstractContextManager[Dashboard]]


def _first_row(started: _Started) -> Side:
    def side(tree: Tree) -> Figures:
        with started(tree) as dashboard:
            return dashboard.figures()

    return side


def _peak(started: _Started) -> Side:
    """Measure memory until there is nothing more to do."""

    def side(tree: Tree) -> Figures:
        with started(tree) as dashboard:
            dashboard.settle()
            return {"peak": dashboard.peak()}

    return side


def _first_peak(tree: Tree) -> Figures:
    tree.forget()
    return _peak(listed_now)(tree)


def _idle(started: _Started) -> Side:
    def side(tree: Tree) -> Figures:
        with started(tree) as dashboard:
            dashboard.settle(quiet=0.5 if tree.quick else 5)
            begun, before = time.perf_counter(), cpu_seconds(dashboard.pid)
            dashboard.read_for(1 if tree.quick else 30)
            used = cpu_seconds(dashboard.pid) - before
            return {"share": used / (time.perf_counter() - begun)}

    return side


MEASUREMENTS = (
    Measurement(
        "first-row",
        trees.environments,
        {_EMPTY: _first_row(empty), OURS: _first_row(listed)},
        [Goal("first row with the whole remembered list, {size}", "wall", 1.5, _EMPTY)],
        sizes=(10, 1_000, 10_000),
    ),
    Measurement(
        "memory",
        trees.environments,
        {_EMPTY: _peak(empty), OURS: _peak(listed)},
        [Goal("peak memory, {size}", "peak", {1_000: 1.8, 10_000: 3}, _EMPTY)],
        sizes=(1_000, 10_000),
    ),
    Measurement(
        "inodes",
        trees.inodes,
        {_EMPTY: _peak(empty), OURS: _first_peak},
        [Goal("peak memory, {size} inodes, first time", "peak", 2.5, _EMPTY)],
        sizes=(1_000_000,),
        quick=5_000,
        grows=False,
    ),
    Measurement(
        "idle",
        trees.environments,
        {_EMPTY: _idle(empty), OURS: _idle(listed)},
        [Goal("dashboard doing nothing, {size}", "share", 0.002, _EMPTY, absolute=True)],
    ),
)
