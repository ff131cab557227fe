"""Runs measurements: ``python -m tests.bench [NAME...]``, all unless some are named.

NAME is as in ``bench_NAME.py``; each of these says what it prints, and what it takes when it is
started by itself. ``sharing`` needs wheels, and runs only by itself.
"""

import importlib
import pkgutil
import sys

from tests import bench


def main() -> None:
    """Run each measurement with what it measures by default."""
    modules = (module.name for module in pkgutil.iter_modules(bench.__path__))
    known = [name.removeprefix("bench_") for name in modules if name.startswith("bench_")]
    named = sys.argv[1:] or [name for name in known if name != "sharing"]
    if wrong := set(named) - set(known):
        sys.exit(f"no such measurement: {', '.join(sorted(wrong))}; there are {', '.join(known)}")
    for name in named:
        print(f"== {name}", flush=True)
        sys.argv = [name]
        importlib.import_module(f"tests.bench.bench_{name}").main()


if __name__ == "__main__":
    main()
