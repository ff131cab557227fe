"""How soon deleting shows, and how fast the bytes come back against ``rm -rf``."""

import os
import time
from pathlib import Path

from tests.bench import inside, trees
from tests.bench.dashboard import listed
from tests.bench.measurement import OURS, Figures, Goal, Measurement
from tests.bench.processes import FailedError, timed
from tests.bench.trees import Tree, make_large
from venvdash.actions.journals import trash_journal
from venvdash.model import Trashed
from venvdash.system.directory import Directory

_RM = "rm -rf"


def _to_deleting(tree: Tree) -> Figures:
    """Delete the last environment of the list and undo it; return how soon "deleting" shows."""
    with listed(tree) as dashboard:
        dashboard.settle()
        dashboard.press("Gd")
        dashboard.settle()
        dashboard.press("y")
        begun = time.perf_counter()
        dashboard.wait(b"deleting")
        wall = time.perf_counter() - begun
        dashboard.settle()
        if tree.count != tree.size - 1:
            raise FailedError("it was not deleted")
        dashboard.press("u")
        dashboard.settle()
        if tree.count != tree.size:
            raise FailedError("it was not restored")
        return {"wall": wall}


def _trashed(tree: Tree) -> Path:
    """Make an environment of ``tree.size`` packages, in the trash."""
    made = make_large(tree, 0, packages=tree.size)
    path = made.rename(tree.store / f"{trash_journal.PREFIX}bench")
    with Directory(path) as directory:
        trash_journal.write(directory, Trashed(path, made, made.name, since=time.time()))
    os.sync()  # or removing waits until the files are written
    return path


MEASUREMENTS = (
    Measurement(
        "deleting",
        trees.large_last,
        {OURS: _to_deleting},
        [Goal("key to “deleting”, {size}", "wall", 0.05, absolute=True)],
    ),
    Measurement(
        "free",
        trees.empty,
        {
            _RM: lambda tree: timed(["rm", "-rf", _trashed(tree)], tree),
            OURS: lambda tree: inside.run(inside.free, tree, _trashed(tree)),
        },
        [Goal("freeing the trash, {size} packages of 75 files", "wall", 1.0, _RM)],
        sizes=(200,),
        grows=False,
    ),
)
