"""Measure venvdash against its rivals, side by side: ``python -m tests.bench [NAME…]``.

Without names, everything that docs/performance.md has a goal for. Each line shows the median of the
rounds and the best of them, the same of the rival, their ratio and the goal (✗: not reached).
"""

import argparse
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.bench import report
from tests.bench.lines import MEASUREMENTS
from tests.bench.measurement import Measurement, Result, measure
from tests.bench.processes import FailedError, compile_all
from tests.bench.trees import Tree, Trees

_GROWTH = (10, 100, 1_000, 10_000)


def arguments(given: Sequence[str] | None = None) -> argparse.Namespace:
    """Return what the command line says."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench",
        description=__doc__,
        epilog=f"Names: {', '.join(each.name for each in MEASUREMENTS)}.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="measure only these")
    parser.add_argument("--rounds", type=int, help="how often each side is measured (default: 5)")
    parser.add_argument("--quick", action="store_true", help="two rounds on small trees")
    parser.add_argument(
        "--sizes",
        type=lambda text: [int(size) for size in text.split(",")],
        metavar="N,…",
        help="numbers of environments instead of those of the goals",
    )
    parser.add_argument(
        "--growth",
        dest="sizes",
        action="store_const",
        const=_GROWTH,
        help="the same as --sizes 10,100,1000,10000",
    )
    parser.add_argument(
        "--packages", type=int, default=6, help="packages in each environment (default: 6)"
    )
    parser.add_argument(
        "--candidates", type=int, default=0, help="further directories that may be projects"
    )
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print JSON at the end")
    form.add_argument("--markdown", action="store_true", help="print a Markdown table")
    chosen = parser.parse_args(given)
    known = {each.name for each in MEASUREMENTS}
    if wrong := set(chosen.names) - known:
        parser.error(f"no measurement is called {', '.join(sorted(wrong))}")
    chosen.rounds = chosen.rounds or (2 if chosen.quick else 5)
    return chosen


def sizes(measurement: Measurement, chosen: argparse.Namespace) -> Sequence[int]:
    """Return at which sizes to measure."""
    if chosen.sizes and measurement.grows:
        return list(chosen.sizes)
    return [measurement.quick] if chosen.quick else measurement.sizes


def results(trees: Trees, chosen: argparse.Namespace, problems: list[str]) -> Iterator[Result]:
    """Measure; what cannot be measured is added to ``problems``."""
    for measurement in MEASUREMENTS:
        if chosen.names and measurement.name not in chosen.names:
            continue
        for size in sizes(measurement, chosen):
            print(f"{measurement.name}, {size:,} …", file=sys.stderr, flush=True)
            try:
                tree = trees.get(measurement.tree, size)
                yield from measure(measurement, tree, size, chosen.rounds)
            except FailedError as error:
                problems.append(f"{measurement.name}, {size:,}: {error}")
                print(problems[-1], file=sys.stderr, flush=True)


def main() -> int:
    """Measure and print; the exit status says whether everything was measured."""
    chosen = arguments()
    compile_all()
    problems: list[str] = []
    before = report.machine()
    with tempfile.TemporaryDirectory(prefix="venvdash-bench-") as folder:
        top = Path(folder).resolve()
        like = Tree(top, 0, chosen.packages, chosen.candidates, chosen.quick)
        trees = Trees(top, like)
        found = results(trees, chosen, problems)
        if chosen.json:
            print(report.as_json(list(found), before, problems))
            return bool(problems)
        print(report.machine_line(before))
        lines = report.markdown_lines if chosen.markdown else report.text_lines
        for line in lines(found):
            print(line, flush=True)
    print(f"load at the end {report.machine()['load']}")
    return bool(problems)


if __name__ == "__main__":
    sys.exit(main())
