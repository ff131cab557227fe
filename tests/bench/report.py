"""What came of a run, as text, as a Markdown table for ``docs/performance.md``, and as JSON."""

import json
import os
import platform
import statistics
from collections.abc import Iterable, Mapping, Sequence

from tests.bench.measurement import Result
from venvdash import __version__

_MIB = 1024 * 1024
_HEAD = ("", "value (at best)", "rival (at best)", "ratio", "goal", "ratio of CPU or wall")
_WIDTHS = (58, 20, 34, 8, 10, 8)


def amount(figure: str, value: float) -> str:
    """Return a value with its unit."""
    if figure == "peak":
        return f"{value / _MIB:.0f} MiB"
    if figure == "share":
        return f"{value:.2%}"
    if value >= 1:
        return f"{value:.2f} s"
    return f"{value * 1e3:,.0f} ms" if value >= 0.1 else f"{value * 1e3:.1f} ms"


def cells(result: Result) -> tuple[str, ...]:
    """Return what the columns of ``_HEAD`` say."""
    goal, limit = result.goal, result.limit
    wanted = "" if limit is None else amount(goal.figure, limit) if goal.absolute else f"{limit:g}x"
    rivals = result.values(goal.rival)
    return (
        result.line,
        _series(goal.figure, result.values(goal.ours)),
        f"{goal.rival} {_series(goal.figure, rivals)}" if rivals else "",
        _ratio(result.ratio),
        wanted and f"≤ {wanted}" + ("" if result.reached else " ✗"),
        _ratio(result.other_ratio),
    )


def _series(figure: str, values: Sequence[float]) -> str:
    return f"{amount(figure, statistics.median(values))} ({amount(figure, min(values))})"


def _ratio(ratio: float | None) -> str:
    return "" if ratio is None else f"{ratio:.2f}x"


def text_lines(results: Iterable[Result]) -> Iterable[str]:
    """Yield the lines of the table in columns, each as soon as its result is there."""
    yield _columns(_HEAD)
    for result in results:
        yield _columns(cells(result))


def _columns(row: Sequence[str]) -> str:
    return " ".join(f"{cell:{width}}" for cell, width in zip(row, _WIDTHS, strict=True)).rstrip()


def markdown_lines(results: Iterable[Result]) -> Iterable[str]:
    """Yield the lines of the table in ``docs/performance.md``."""
    yield "| what | value | against | ratio | goal |"
    yield "| --- | --- | --- | --- | --- |"
    for result in results:
        line, value, rival, ratio, goal, _ = cells(result)
        yield f"| {line} | {value} | {rival} | {ratio} | {goal} |"


def as_json(results: Iterable[Result], where: Mapping[str, object], problems: Sequence[str]) -> str:
    """Return everything, the figures of each round included; seconds and bytes."""
    found = [
        {
            "name": result.name,
            "line": result.line,
            "size": result.size,
            "figure": result.goal.figure,
            "value": result.value,
            "values": result.values(result.goal.ours),
            "rival": result.goal.rival or None,
            "rival_values": result.values(result.goal.rival),
            "ratio": result.ratio,
            "other_ratio": result.other_ratio,
            "goal": result.limit,
            "goal_is": "value" if result.goal.absolute else "ratio",
            "reached": result.reached,
        }
        for result in results
    ]
    return json.dumps({"machine": where, "results": found, "problems": problems}, indent=2)


def machine() -> dict[str, object]:
    """Return where this is measured, and how busy it is: the load averages."""
    return {
        "venvdash": __version__,
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "cores": os.cpu_count(),
        "load": [round(load, 2) for load in os.getloadavg()],
    }


def machine_line(found: Mapping[str, object]) -> str:
    """Return the same as one line."""
    return ", ".join(f"{name} {value}" for name, value in found.items())
