"""``list``: with everything remembered against a bare script, with nothing against killpy."""

import subprocess
import sys
from functools import cache
from pathlib import Path

from uv import find_uv_bin

from tests.bench import trees
from tests.bench.measurement import OURS, Figures, Goal, Measurement
from tests.bench.processes import FailedError, ours, timed
from tests.bench.trees import Tree

_BARE = """
import os, sys
store = sys.argv[1]
for name in os.listdir(store):
    prefix = os.path.join(store, name)
    with open(os.path.join(prefix, "pyvenv.cfg")) as file:
        cfg = dict(line.split(" = ", 1) for line in file if " = " in line)
    with open(os.path.join(prefix, ".project")) as file:
        project = file.read().strip()
    try:
        os.stat(project)
        status = "linked"
    except FileNotFoundError:
        status = "orphan"
    print(name, cfg["version"].strip(), project, status)
"""
_SCRIPT, _KILLPY = "bare script", "killpy list"


def _bare(tree: Tree) -> Figures:
    return timed([sys.executable, "-c", _BARE, tree.store], tree)


def _unchanged(tree: Tree) -> Figures:
    tree.remember(_both)
    return ours(tree, "list", "--json", "--no-usage")


def _both(tree: Tree) -> None:
    """List, after a read of the files that changes when they were read last."""
    _bare(tree)
    _listing(tree)


def _listing(tree: Tree) -> Figures:
    return ours(tree, "list", "--no-usage")


def _first(tree: Tree) -> Figures:
    tree.forget()
    return ours(tree, "list")


def _killpy(tree: Tree) -> Figures:
    return timed([_installed(tree.home.parent / "killpy"), "list", "--path", tree.home], tree)


@cache
def _installed(environment: Path) -> Path:
    """Install killpy from the package index, with its bytecode; return the program."""
    python = environment / "bin" / "python"
    made: list[str | Path] = ["venv", "-q", "--python", sys.executable, environment]
    into = ["pip", "install", "-q", "--compile-bytecode", "--python", python]
    for arguments in (made, [*into, "killpy==1.3.1"]):
        done = subprocess.run([find_uv_bin(), *arguments], capture_output=True, text=True)
        if done.returncode:
            raise FailedError(f"killpy cannot be installed: {done.stderr.strip()[-300:]}")
    return environment / "bin" / "killpy"


MEASUREMENTS = (
    Measurement(
        "list",
        trees.environments,
        {_SCRIPT: _bare, OURS: _unchanged},
        [Goal("list --json --no-usage, unchanged, {size}", "cpu", 2, _SCRIPT)],
    ),
    Measurement(
        "first-list",
        trees.environments,
        {_KILLPY: _killpy, OURS: _first},
        [Goal("first list, nothing remembered, {size}", "cpu", 1, _KILLPY)],
    ),
)
