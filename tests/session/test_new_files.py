"""Files that the user creates in an environment between its plan and its deletion."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Home
from tests.noting import noted
from tests.scenario import orphan, venv
from tests.session.sharing import last
from tests.terminal import program
from venvdash.actions.delete import new_files
from venvdash.actions.delete.prune import Rules
from venvdash.actions.safety import steps
from venvdash.config import Config
from venvdash.demo.wheels import make_wheel
from venvdash.model import Outcome, Result
from venvdash.scanner.usage import measurement, recheck
from venvdash.scanner.usage.tree_count import count
from venvdash.session import Session

VENVDASH = [sys.executable, "-m", "venvdash"]
DEEP = "include/deep/er"


@pytest.fixture(name="orphan")
def _orphan(home: Home) -> Path:
    path = orphan(home, "lost")
    (path / DEEP).mkdir(parents=True)
    return path


@pytest.fixture(name="counted", params=["young", "settled"])
def _counted(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Take directories for settled at once, or not; return which were counted again."""
    if request.param == "settled":
        monkeypatch.setattr(new_files, "_MARGIN", 0.0)
        monkeypatch.setattr(recheck, "_YOUNG", 0)
    return noted(monkeypatch, new_files, "_counted")


def scanned(home: Home) -> Session:
    session = Session(home.machine(), Config())
    for _ in session.scan():
        pass
    session.remember()
    return session


def by_rule(session: Session, path: Path, *, now: bool, change: Callable[[], None]) -> Result:
    plan = session.deletions.plan_prune(Rules())
    assert [item.row.path for item in plan.items] == [path]
    change()
    (result,) = last(session.deletions.delete(plan, now=now)).results
    return result


def by_name(session: Session, path: Path, *, now: bool, change: Callable[[], None]) -> Result:
    plan = session.deletions.plan_delete([path])
    change()
    (result,) = last(session.deletions.delete(plan, now=now)).results
    return result


def write(path: Path) -> Callable[[], None]:
    def written() -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("mine")

    return written


def write_in_secret(path: Path) -> Callable[[], None]:
    """Write a file and set the time of its directory back, as archivers do."""

    def written() -> None:
        before = os.stat(path.parent)
        path.write_text("mine")
        os.utime(path.parent, ns=(before.st_atime_ns, before.st_mtime_ns))

    return written


@pytest.mark.slow
@pytest.mark.parametrize("place", ["notes.txt", "notebooks/plan.ipynb", f"{DEEP}/x.csv"])
def test_no_rule_takes_it(home: Home, orphan: Path, counted: list[Path], place: str) -> None:
    file = orphan / place
    result = by_rule(scanned(home), orphan, now=False, change=write(file))
    assert result.outcome is Outcome.SKIPPED
    assert result.reason.startswith("You created files in it after the plan was shown")
    assert result.reason.endswith(": to delete it anyway, name it explicitly.")
    assert file.read_text() == "mine"
    assert (orphan / "pyvenv.cfg").is_file()


@pytest.mark.slow
@pytest.mark.parametrize("folder", ["", DEEP])
def test_a_time_that_was_set_back_hides_nothing(
    home: Home, orphan: Path, counted: list[Path], folder: str
) -> None:
    change = write_in_secret(orphan / folder / "x.csv")
    result = by_rule(scanned(home), orphan, now=False, change=change)
    assert result.outcome is Outcome.SKIPPED


def test_what_is_deleted_by_its_name_goes_to_the_trash_and_that_is_said(
    home: Home, counted: list[Path]
) -> None:
    path = venv(home.path / ".virtualenvs" / "lab")
    result = by_name(scanned(home), path, now=False, change=write(path / "notes.txt"))
    assert result.outcome is Outcome.DONE
    assert result.reason == (
        "You created files in it after the plan was shown (notes.txt): "
        "they were moved to the trash with it."
    )
    assert result.trash is not None
    assert (result.trash / "notes.txt").read_text() == "mine"


def test_what_would_be_gone_for_good_is_left_alone(home: Home, counted: list[Path]) -> None:
    path = venv(home.path / ".virtualenvs" / "lab")
    result = by_name(scanned(home), path, now=True, change=write(path / "notes.txt"))
    assert result.outcome is Outcome.SKIPPED
    assert result.reason.endswith(" (notes.txt): it was not deleted permanently.")
    assert (path / "notes.txt").exists()


def test_what_only_its_tool_removes_cannot_be_restored_either(home: Home) -> None:
    (home.path / "wheels").mkdir()
    code = {"greeter/__init__.py": b"def main(): pass\n"}
    wheel = make_wheel(home.path / "wheels", "greeter", "1.0", code, {"greeter": "greeter:main"})
    home.uv("tool", "install", "-q", "--python", sys.executable, wheel)
    path = home.path / ".local" / "share" / "uv" / "tools" / "greeter"
    result = by_name(scanned(home), path, now=False, change=write(path / "notes.txt"))
    assert result.outcome is Outcome.SKIPPED
    assert (path / "notes.txt").read_text() == "mine"
    (path / "notes.txt").unlink()
    result = by_name(scanned(home), path, now=False, change=lambda: None)
    assert result.outcome is Outcome.DONE
    assert not path.exists()


def test_a_file_of_the_last_moment_is_seen_in_the_trash(
    home: Home, orphan: Path, counted: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    def step(name: str) -> None:
        if name == "locked":  # after the last look at its place
            (orphan / "late.txt").write_text("mine")

    monkeypatch.setattr(steps, "step", step)
    result = by_rule(scanned(home), orphan, now=True, change=lambda: None)
    assert result.outcome is Outcome.SKIPPED
    assert (orphan / "late.txt").read_text() == "mine"
    assert not (orphan / "trash.toml").exists()


@pytest.mark.slow
@pytest.mark.parametrize("now", [False, True], ids=["trash", "now"])
def test_what_python_and_venvdash_write_holds_nothing(
    home: Home, orphan: Path, counted: list[Path], now: bool
) -> None:
    def use() -> None:
        cache = orphan / DEEP / "__pycache__"
        cache.mkdir()
        (cache / "x.cpython-312.pyc").write_bytes(b"")
        (orphan / ".lock").touch()

    assert by_rule(scanned(home), orphan, now=now, change=use).outcome is Outcome.DONE


def test_nothing_is_counted_again_where_nothing_changed(
    home: Home, orphan: Path, counted: list[Path], request: pytest.FixtureRequest
) -> None:
    result = by_rule(scanned(home), orphan, now=True, change=lambda: None)
    assert result.outcome is Outcome.DONE
    young = request.node.callspec.params["counted"] == "young"
    assert len(counted) == (2 if young else 0)


@pytest.mark.parametrize("arguments", [["prune"], ["prune", "--now"], ["delete", "lost", "--now"]])
def test_a_file_that_comes_while_the_question_waits(
    home: Home, orphan: Path, arguments: list[str]
) -> None:
    command = [*VENVDASH, *arguments]
    with program(
        command, variables=home.variables, cwd=home.path, columns=200, controlling=True
    ) as screen:
        screen.read(lambda said: b"[y/N]" in said or b"Type " in said)
        file = orphan / "notebooks" / "plan.ipynb"
        write(file)()
        screen.press("y\r" if b"[y/N]" in screen.output else "lost\r")
        assert screen.wait() == 1
    assert b"lost: skipped: You created files in it" in screen.output
    assert b"Deleted 0 of 1 environment" in screen.output
    assert file.exists()


def test_a_package_that_comes_after_the_plan_for_a_named_orphan_is_seen(
    home: Home, orphan: Path
) -> None:
    info = orphan / f"lib/python3.{sys.version_info[1]}/site-packages/more-1.0.dist-info"
    change = write(info / "METADATA")
    result = by_name(scanned(home), orphan, now=False, change=change)
    assert result.outcome is Outcome.SKIPPED
    assert result.reason == "It has changed since the plan was shown."


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Every directory whose files were measured, in order."""
    monkeypatch.setattr(new_files, "_MARGIN", 0.0)
    monkeypatch.setattr(recheck, "_YOUNG", 0)
    done: list[Path] = []

    def noted(root: bytes, *more: Any) -> object:
        done.append(Path(os.fsdecode(root)))
        return count(root, *more)

    monkeypatch.setattr(measurement, "count", noted)
    return done


def test_what_was_just_measured_is_not_measured_again(
    home: Home, orphan: Path, measured: list[Path]
) -> None:
    scanned(home)  # writes a sidecar into it
    session = scanned(home)
    assert measured == [orphan, orphan]
    (item,) = session.deletions.plan_prune(Rules()).items
    assert measured == [orphan, orphan]
    assert item.row.usage
    assert item.row.usage.reclaimable == item.row.usage.on_disk


@pytest.mark.parametrize("secretly", [False, True])
@pytest.mark.parametrize("folder", ["", DEEP])
def test_a_file_that_was_created_since_it_was_measured_is_found(
    home: Home, orphan: Path, measured: list[Path], folder: str, *, secretly: bool
) -> None:
    scanned(home)
    session = scanned(home)
    file = orphan / folder / "x.csv"
    (write_in_secret(file) if secretly else write(file))()
    plan = session.deletions.plan_prune(Rules())
    assert plan.items == ()
    assert [one.path for one in plan.refused] == [orphan]
    assert "your own files" in plan.refused[0].reason
