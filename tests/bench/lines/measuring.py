"""Measuring the usage of large environments against ``du -s``."""

from tests.bench import inside, trees
from tests.bench.measurement import Figures, Goal, Measurement
from tests.bench.processes import timed
from tests.bench.trees import Tree

_DU = "du -s"


def _du(tree: Tree) -> Figures:
    return timed(["du", "-s", *sorted(tree.store.iterdir())], tree)


def _first(tree: Tree) -> Figures:
    (tree.home / "footprints").unlink(missing_ok=True)
    return inside.run(inside.measure_usage, tree)


def _again(tree: Tree) -> Figures:
    return inside.run(inside.measure_usage, tree)


MEASUREMENTS = (
    Measurement(
        "usage",
        trees.large,
        {_DU: _du, "first": _first, "again": _again},
        [
            Goal("measuring {size} large environments", "wall", 1.1, _DU, ours="first"),
            Goal("measuring {size} large environments again", "wall", 0.15, _DU, ours="again"),
        ],
        sizes=(12,),
        quick=2,
        grows=False,
    ),
)
