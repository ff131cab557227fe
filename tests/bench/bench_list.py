"""`venvdash list --no-usage` against a bare script that reads the same files: prints ratios.

python -m tests.bench.bench_list [ENVIRONMENTS]
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.bench.trees import make_home

_ROUNDS = 9
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


def seconds(command: list[str], variables: dict[str, str]) -> float:
    """Return how long one run takes."""
    begun = time.perf_counter()
    subprocess.run(command, env=variables, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - begun


def main() -> None:
    """Measure both, in turn, and print the ratio of the medians."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    with tempfile.TemporaryDirectory() as scratch:
        home = Path(scratch)
        make_home(home, count)
        variables = {"HOME": scratch, "PATH": os.environ["PATH"]}
        bare = [sys.executable, "-c", _BARE, str(home / ".virtualenvs")]
        ours = [sys.executable, "-m", "venvdash", "list", "--no-usage"]
        first = seconds(ours, variables)
        pairs = [(seconds(bare, variables), seconds(ours, variables)) for _ in range(_ROUNDS)]
        one, other = (statistics.median(column) for column in zip(*pairs, strict=True))
        print(f"{count} environments, names and status, warm: bare {one * 1e3:.0f} ms,")
        print(f"venvdash {other * 1e3:.0f} ms (first time {first * 1e3:.0f} ms)")
        print(f"ratio {other / one:.2f} (goal 2.5)")


if __name__ == "__main__":
    main()
