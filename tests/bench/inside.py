"""What is timed without the start of its process: ``python -m tests.bench.inside WHAT TREE``.

Prints the figures as JSON.
"""

import json
import os
import pickle
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from tests.bench.measurement import Figures
from tests.bench.processes import ROOT, FailedError, peak_bytes
from tests.bench.trees import Tree
from venvdash.actions.delete.purge import purge
from venvdash.actions.delete.purge_process import processes
from venvdash.config import Config
from venvdash.model import Environment, EnvironmentIdentity, Facts, Traits
from venvdash.scanner.search import search
from venvdash.scanner.usage.measurement import measure
from venvdash.system.machine import Machine


def walk(top: Path) -> None:
    """Walk through all directories, as nobody could with less."""
    pending = [str(top)]
    while pending:
        with os.scandir(pending.pop()) as listing:
            pending += [entry.path for entry in listing if entry.is_dir(follow_symlinks=False)]


def search_for_project(top: Path) -> None:
    """Search for one project that is nowhere; what was read is remembered."""
    path = top / "store" / "webapp"
    traits = Traits("uv", "webapp", project_name="webapp", digest="0123456789abcdef")
    environment = Environment(
        path, path, path.parent, "uv", traits, EnvironmentIdentity(1, 2, 3, 4)
    )
    machine = Machine(top, {"VENVDASH_DISKS": str(top)}, uid=os.getuid())
    found = search(machine, Config(), [environment], Facts({path: environment}))
    assert found.ended
    assert not found.unsearched


def measure_usage(top: Path) -> None:
    """Measure all environments; the footprints of an earlier run are used."""
    kept = top / "footprints"
    remembered = pickle.loads(kept.read_bytes()) if kept.exists() else {}
    roots = sorted((top / ".virtualenvs").iterdir())
    measured = list(measure(roots, remembered, lambda: False))
    notes = {sized.path: sized.remember for sized in measured if sized.remember}
    assert len(notes) == (0 if remembered else len(roots))
    kept.write_bytes(pickle.dumps(remembered | notes))


def free(top: Path) -> None:
    """Free a directory of the trash."""
    result = purge(top, processes=processes(spare=0))
    assert result.gone, result


_KNOWN: dict[str, Callable[[Path], None]] = {
    function.__name__: function for function in (walk, search_for_project, measure_usage, free)
}


def run(what: Callable[[Path], None], tree: Tree, path: Path | None = None) -> Figures:
    """Run one of these in a new process, on the tree or a path in it; return its figures."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.inside", what.__name__, path or tree.home],
        cwd=ROOT,
        env=tree.variables,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise FailedError(f"{what.__name__} failed: {done.stderr[-500:]}")
    figures: dict[str, float] = json.loads(done.stdout)
    return figures


def _cpu() -> float:
    both = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in both)


def main() -> None:
    """Print the figures of one of these."""
    what, top = _KNOWN[sys.argv[1]], Path(sys.argv[2])
    cpu, begun = _cpu(), time.perf_counter()
    what(top)
    wall = time.perf_counter() - begun
    print(json.dumps({"wall": wall, "cpu": _cpu() - cpu, "peak": peak_bytes(os.getpid())}))


if __name__ == "__main__":
    main()
