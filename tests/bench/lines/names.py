"""Commands that answer about one name, against starting Python."""

import sys

from tests.bench import trees
from tests.bench.measurement import OURS, Figures, Goal, Measurement, Side
from tests.bench.processes import VENVDASH, ours, timed
from tests.bench.trees import Tree

_PYTHON = "python3 -c pass"


def _python(tree: Tree) -> Figures:
    return timed([sys.executable, "-c", "pass"], tree)


def _name(tree: Tree) -> str:
    return tree.name(tree.size // 2 + 1)  # one with a project


def _path(tree: Tree) -> Figures:
    return ours(listed(tree), "path", _name(tree))


def _activate(tree: Tree) -> Figures:
    return ours(tree, "activate", "--shell", "bash", _name(tree))


def _activate_again(tree: Tree) -> Figures:
    """Activate an environment whose use was recorded not long ago."""
    tree.remember(_activate)
    return _activate(tree)


def _completed(tree: Tree) -> Figures:
    """Ask as the script for bash does, for what ten names at most begin with."""
    asked = {
        "COMP_WORDS": f"venvdash path {_name(tree)[:-1]}",
        "COMP_WORDBREAKS": " \t\n\"'><=;|&(:",
        "_VENVDASH_COMPLETE": "bash_complete",
    }
    return timed([VENVDASH], listed(tree), variables=asked)


def listed(tree: Tree) -> Tree:
    """Return the tree; its environments have been listed."""
    tree.remember(_list)
    return tree


def _list(tree: Tree) -> None:
    ours(tree, "list")


def _measurement(name: str, line: str, side: Side) -> Measurement:
    return Measurement(
        name,
        trees.environments,
        {_PYTHON: _python, OURS: side},
        [Goal(line, "cpu", 5, _PYTHON)],
        sizes=(10_000,),
    )


MEASUREMENTS = (
    _measurement("path", "path NAME, {size}", _path),
    _measurement("activate", "activate NAME, {size}", _activate_again),
    _measurement("completion", "Tab completion, {size}", _completed),
)
