"""``prune`` of so many orphans to the trash against half as many."""

import shutil
from dataclasses import replace

from tests.bench import trees
from tests.bench.measurement import OURS, Figures, Goal, Measurement
from tests.bench.processes import FailedError, ours
from tests.bench.trees import Tree, fill

_HALF = "half as many"


def _pruned(tree: Tree, count: int) -> Figures:
    """Prune ``count`` environments that were listed before, in a new HOME."""
    home = tree.home / "pruned"
    home.mkdir()
    orphans = replace(tree, home=home, size=count)
    fill(orphans, count, living=False)
    ours(orphans, "list", "--no-usage")
    figures = ours(orphans, "prune", "--yes")
    if orphans.count:
        raise FailedError(f"{orphans.count} of {count} were not pruned")
    shutil.rmtree(home)
    return {**figures, "each": figures["cpu"] / count}


MEASUREMENTS = (
    Measurement(
        "prune",
        trees.empty,
        {
            _HALF: lambda tree: _pruned(tree, tree.size // 2),
            OURS: lambda tree: _pruned(tree, tree.size),
        },
        [
            Goal("prune {size} to the trash", "cpu", 2.1, _HALF),
            Goal("prune {size}, for each", "each", 0.004, _HALF, absolute=True),
        ],
    ),
)
