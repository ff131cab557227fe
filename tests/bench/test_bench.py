"""The measurements themselves: that each line has one, and that what is printed is right."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.bench import __main__ as command
from tests.bench import report, trees
from tests.bench.lines import MEASUREMENTS
from tests.bench.measurement import OURS, Goal, Measurement, Result, measure
from tests.bench.processes import ROOT, VENVDASH, FailedError, cpu_seconds, timed
from tests.bench.trees import Tree, Trees

_PAGE = ROOT / "docs" / "performance.md"
_RUNS = {"cpu": 0.1, "wall": 0.3}, {"cpu": 0.2, "wall": 0.4}, {"cpu": 0.6, "wall": 0.5}
_RIVALS = {"cpu": 0.1, "wall": 0.2}, {"cpu": 0.1, "wall": 0.1}, {"cpu": 0.2, "wall": 0.1}


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return Trees(tmp_path, Tree(tmp_path, 0, quick=True)).get(trees.environments, 5)


def result(goal: Goal, size: int = 1_000) -> Result:
    rounds = [{OURS: a, "rival": b} for a, b in zip(_RUNS, _RIVALS, strict=True)]
    return Result("name", goal, size, rounds)


def test_ratios_are_those_of_the_medians() -> None:
    found = result(Goal("a line of {size}", "cpu", 2.0, "rival"))
    assert found.value == 0.2
    assert found.ratio == pytest.approx(2.0)
    assert found.other_ratio == pytest.approx(4.0)
    assert found.reached
    assert not result(Goal("", "wall", 3.9, "rival")).reached
    assert report.cells(found) == (
        "a line of 1,000",
        "200 ms (100 ms)",
        "rival 100 ms (100 ms)",
        "2.00x",
        "≤ 2x",
        "4.00x",
    )


def test_a_goal_may_be_a_value_or_hold_for_some_sizes_only() -> None:
    value = result(Goal("", "cpu", 0.15, "rival", absolute=True))
    assert value.ratio == pytest.approx(2.0)
    assert not value.reached
    assert report.cells(value)[4] == "≤ 150 ms ✗"
    some = Goal("", "cpu", {10: 2.5, 1_000: 1.5}, "rival")
    assert [result(some, size).reached for size in (10, 1_000, 10_000)] == [True, False, None]
    assert report.cells(result(some, 10_000))[4] == ""
    alone = result(Goal("", "cpu", 0.15, absolute=True))
    assert alone.ratio is None
    assert report.cells(alone)[2:4] == ("", "")


def test_sides_are_measured_in_turn(tree: Tree) -> None:
    called = []

    def side(name: str, seconds: float) -> dict[str, float]:
        called.append(name)
        return {"cpu": seconds}

    measurement = Measurement(
        "name",
        trees.empty,
        {"rival": lambda tree: side("rival", 1.0), OURS: lambda tree: side(OURS, 3.0)},
        [Goal("line", "cpu", 2, "rival")],
    )
    (found,) = measure(measurement, tree, 5, rounds=3)
    assert called == ["rival", OURS] * 3
    assert found.ratio == 3.0


def test_a_program_is_timed_with_its_child_processes(tree: Tree) -> None:
    work = "sum(range(10_000_000))"
    python = f"import subprocess, sys; subprocess.run([sys.executable, '-c', '{work}'])"
    alone = timed([sys.executable, "-c", work], tree)
    assert timed([sys.executable, "-c", python], tree)["cpu"] > alone["cpu"] / 2


def test_nothing_of_how_the_measurements_were_started_reaches_what_is_measured(
    tree: Tree, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    monkeypatch.setenv("VIRTUAL_ENV", "/somewhere")
    check = "import os; assert not {'PYTHONDONTWRITEBYTECODE', 'VIRTUAL_ENV'} & set(os.environ)"
    timed([sys.executable, "-c", check], tree)
    timed([sys.executable, "-c", f"import os; assert os.environ['HOME'] == '{tree.home}'"], tree)


def test_a_program_that_fails_is_an_error_with_its_words(tree: Tree) -> None:
    with pytest.raises(FailedError, match="no environment is named nothing"):
        timed([VENVDASH, "path", "nothing-like-that"], tree)


def test_the_cpu_time_of_a_running_process_is_read(tree: Tree) -> None:
    work = "sum(range(3_000_000)); print(flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", work], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout
        process.stdout.readline()
        used = cpu_seconds(process.pid)
        process.communicate(b"\n")
    idle = "print(flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", idle], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout
        process.stdout.readline()
        assert 0 < cpu_seconds(process.pid) < used
        process.communicate(b"\n")


def test_the_page_has_the_goals_that_are_measured() -> None:
    rows = re.findall(
        r"^\| `(.+?)` \| (.+?) \| (.+?) \| (.+?) \|$", _PAGE.read_text(), re.MULTILINE
    )
    assert [row[:3] for row in rows] == [
        (each.name, _words(each, goal), f"≤ {_limits(each, goal)}")
        for each in MEASUREMENTS
        for goal in each.goals
    ]


def _words(measurement: Measurement, goal: Goal) -> str:
    return goal.line.format(size=" / ".join(f"{size:,}" for size in measurement.sizes))


def _limits(measurement: Measurement, goal: Goal) -> str:
    limits = [limit for size in measurement.sizes if (limit := goal.limit_at(size)) is not None]
    if goal.absolute:
        return report.amount(goal.figure, limits[0])
    return " / ".join(f"{limit:g}x" for limit in dict.fromkeys(limits)) + f" of {goal.rival}"


def test_names_are_unique_and_each_goal_names_its_sides() -> None:
    names = [each.name for each in MEASUREMENTS]
    assert len(set(names)) == len(names)
    for each in MEASUREMENTS:
        for goal in each.goals:
            assert goal.ours in each.sides
            assert not goal.rival or goal.rival in each.sides


def test_the_command_prints_json(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench", "path", "prune", "--quick", "--json"],
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", "TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    printed = json.loads(done.stdout)
    assert not printed["problems"]
    assert printed["machine"]["cores"]
    assert [found["name"] for found in printed["results"]] == ["path", "prune", "prune"]
    for found in printed["results"]:
        assert found["size"] == 10
        assert len(found["values"]) == 2
        assert found["ratio"] > 0
    assert not list(tmp_path.iterdir())


def test_what_cannot_be_measured_is_a_problem_and_the_others_are_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(tree: Tree) -> dict[str, float]:
        raise FailedError("is not available")

    goals = [Goal("line", "cpu", 1)]
    both = (
        Measurement("one", trees.empty, {OURS: failing}, goals),
        Measurement("two", trees.empty, {OURS: lambda tree: {"cpu": 1.0}}, goals),
    )
    monkeypatch.setattr(command, "MEASUREMENTS", both)
    problems: list[str] = []
    chosen = command.arguments(["--quick"])
    found = command.results(Trees(tmp_path, Tree(tmp_path, 0)), chosen, problems)
    assert [each.name for each in found] == ["two"]
    assert problems == ["one, 10: is not available"]


def test_sizes_are_those_of_the_goals_or_of_the_command_line() -> None:
    grows = Measurement("one", trees.empty, {}, [], sizes=(10, 1_000))
    fixed = Measurement("two", trees.empty, {}, [], sizes=(12,), quick=2, grows=False)
    for words, expected in (
        ([], [[10, 1_000], [12]]),
        (["--quick"], [[10], [2]]),
        (["--growth"], [[10, 100, 1_000, 10_000], [12]]),
        (["--sizes", "5,50"], [[5, 50], [12]]),
    ):
        chosen = command.arguments(words)
        assert [list(command.sizes(each, chosen)) for each in (grows, fixed)] == expected
