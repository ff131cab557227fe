"""What a crash left is ended by the next command, or waits for what is out of reach just now."""

import os
import signal
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from tests.actions.crashing import in_child, killing
from tests.campaign.worlds import working
from tests.cli.impatient import run
from tests.conftest import Home
from tests.mounting import bound, hanging, tmpfs
from tests.session.relinking import applied, named, relinked
from tests.session.sharing import scanned
from venvdash.actions.history import settle
from venvdash.actions.journals import move_stages, relink_stages
from venvdash.actions.recovery import recover
from venvdash.actions.sync import preserve
from venvdash.model import Outcome, Proposal
from venvdash.session import Session, core
from venvdash.system.timeouts import TimedRunner

Propose = Callable[[Session], Proposal]


def killed(home: Home, propose: Propose, step: str) -> None:
    """Carry out a proposal in a process that is killed after a step."""
    session = scanned(home)
    proposal = propose(session)
    assert not proposal.refusal
    assert in_child(killing(partial(applied, session, proposal), step)) == -signal.SIGKILL


def project_at(path: Path) -> Path:
    path.mkdir(parents=True)
    (path / "pyproject.toml").write_text('[project]\nname = "shop"\n')
    return path


def relink_killed(home: Home, project: Path) -> None:
    """Kill a relink when its project has the link already."""
    environment = named(home, "other")
    killed(home, lambda one: one.actions.relink(one.rows[environment], project), "swapped")
    assert os.path.lexists(project / ".venv")


@pytest.fixture
def state(home: Home) -> Path:
    return home.machine().state_directory


@pytest.fixture
def disk(home: Home) -> Path:
    """Where another disk is mounted, or is not."""
    point = home.path / "disk"
    point.mkdir()
    (home.path / "content").mkdir()
    return point


def test_a_project_that_does_not_answer_holds_up_nothing_else(home: Home, state: Path) -> None:
    point = home.path / "server"
    project = project_at(point / "shop")
    relink_killed(home, project)
    hook = named(home, "app") / "bin" / "postactivate"

    def sync() -> None:
        with preserve.saved_files(hook.parent.parent, state):
            hook.unlink()
            os.kill(os.getpid(), signal.SIGKILL)

    assert in_child(sync) == -signal.SIGKILL
    why = (
        f"cannot be undone now: {project} does not respond. venvdash will try again at its "
        "next start."
    )
    with hanging(point):
        done = run(home, "list")
        assert done.returncode == 0
        assert why in done.stderr
        assert "restored bin/postactivate" in done.stderr
        assert hook.exists()
        assert why in run(home, "trash").stderr
        assert why in run(home, "relink", "--undo").stderr
    done = run(home, "list")
    assert "its relink was interrupted and has been undone" in done.stderr
    assert not os.path.lexists(project / ".venv")


def test_a_renaming_waits_for_a_project_that_does_not_answer(home: Home) -> None:
    point = home.path / "server"
    project = project_at(point / "shop")
    old, new = working(home.path / ".virtualenvs" / "app"), home.path / ".virtualenvs" / "shop"
    (old / ".project").write_text(f"{project}\n")
    (project / ".venv").symlink_to(old)
    killed(home, lambda one: one.actions.rename(one.rows[old], "shop"), "repaired")
    with hanging(point):
        done = run(home, "trash")
        assert (
            f"an interrupted rename cannot be completed now: {project} does not "
            "respond" in done.stderr
        )
    assert "The environment is complete under this name" in run(home, "trash").stderr
    assert os.readlink(project / ".venv") == str(new)


def test_a_relink_waits_for_the_disk_of_its_project(home: Home, disk: Path, state: Path) -> None:
    with bound(home.path / "content", disk):
        relink_killed(home, project_at(disk / "shop"))
    assert (
        f"{disk} is not mounted. venvdash will try again at its "
        "next start." in run(home, "list").stderr
    )
    assert relink_stages.due(state)
    with bound(home.path / "content", disk):
        assert "has been undone" in run(home, "list").stderr
        assert not relink_stages.due(state)
        assert not os.path.lexists(disk / "shop" / ".venv")


def test_an_undo_waits_for_the_disk_of_its_project(home: Home, disk: Path) -> None:
    environment = named(home, "other")
    with bound(home.path / "content", disk):
        project = project_at(disk / "shop")
        assert relinked(home, environment, project).outcome is Outcome.DONE
    done = run(home, "relink", "--undo")
    assert (done.returncode, done.stderr) == (
        1,
        f"venvdash: other: skipped: {disk} is not mounted.\n",
    )
    with bound(home.path / "content", disk):
        assert run(home, "relink", "--undo").returncode == 0
        assert not os.path.lexists(project / ".venv")


def test_a_move_waits_for_a_server_that_does_not_answer(home: Home, disk: Path) -> None:
    old = working(home.path / ".virtualenvs" / "app")
    with tmpfs(disk):
        killed(home, lambda one: one.actions.move(one.rows[old], disk), "put")
        with hanging(disk):
            assert (
                f"an interrupted move cannot be completed now: {disk} does not "
                "respond" in run(home, "trash").stderr
            )
        assert f"has been undone. The environment is at {old}" in run(home, "trash").stderr
        assert not (disk / "app").exists()


@pytest.mark.parametrize("step", ["put", "moved"])
def test_a_move_waits_for_the_disk_that_it_went_to(
    home: Home, disk: Path, state: Path, step: str
) -> None:
    old = working(home.path / ".virtualenvs" / "app")
    with tmpfs(home.path / "content"):
        with bound(home.path / "content", disk):
            killed(home, lambda one: one.actions.move(one.rows[old], disk), step)
        assert ("an interrupted move cannot be undone now" in run(home, "list").stderr) is (
            step == "put"
        )
        assert move_stages.due(state)
        with bound(home.path / "content", disk):
            assert "its move was interrupted and has been" in run(home, "list").stderr
            assert not move_stages.due(state)
            assert (disk / "app").exists() is (step == "moved")
        assert old.exists() is (step == "put")


def test_an_unexpected_error_is_reported(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> list[str]:
        raise ValueError("odd")

    monkeypatch.setattr(recover, "recover_syncs", broken)
    problems = [problem.message for problem in scanned(home).problems]
    assert problems == ["Recovery from a crash failed: ValueError: odd."]


@pytest.mark.parametrize("hangs", [False, True])
def test_a_slow_history_does_not_look_like_a_failed_recovery(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hangs: bool
) -> None:
    """Each step has the time limit for itself, and what was fixed before it is reported."""
    relink_killed(home, project_at(tmp_path / "shop"))
    limits: list[float] = []
    released = threading.Event()

    def noting(patience: float, cancelled: Callable[[], bool]) -> TimedRunner:
        limits.append(patience)
        its = len(limits) == 7  # the step that writes the history
        return TimedRunner(0.1 if hangs and its else patience, cancelled)

    monkeypatch.setattr(core, "TimedRunner", noting)
    if hangs:
        monkeypatch.setattr(settle, "recover", lambda _: released.wait(60))
    messages = [problem.message for problem in scanned(home).problems]
    released.set()
    assert "its relink was interrupted and has been undone" in messages[0]
    assert messages[1:] == [recover.HISTORY_LATE] * hangs
    assert limits == [20.0] * (7 if hangs else 8)
