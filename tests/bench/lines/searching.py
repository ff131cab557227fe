"""The search before a prune against a bare walk of the same directories."""

import shutil

from tests.bench import inside, trees
from tests.bench.measurement import Figures, Goal, Measurement
from tests.bench.trees import Tree

_WALK, _FIRST, _AGAIN = "bare walk", "first", "again"
_MEMORY = 64 * 1024 * 1024


def _first(tree: Tree) -> Figures:
    shutil.rmtree(tree.home / ".local", ignore_errors=True)
    return inside.run(inside.search_for_project, tree)


MEASUREMENTS = (
    Measurement(
        "search",
        trees.folders,
        {
            _WALK: lambda tree: inside.run(inside.walk, tree),
            _FIRST: _first,
            _AGAIN: lambda tree: inside.run(inside.search_for_project, tree),
        },
        [
            Goal("search before prune, {size} directories", "cpu", 1.7, _WALK, ours=_FIRST),
            Goal("search again", "cpu", 0.3, _FIRST, ours=_AGAIN),
            Goal("search, peak memory", "peak", _MEMORY, _WALK, ours=_FIRST, absolute=True),
        ],
        sizes=(200_000,),
        quick=2_000,
        grows=False,
    ),
)
