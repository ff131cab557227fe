"""A sync that is stopped, fails or is killed leaves nothing running, and is told as what it is."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tests.actions.process.test_child_process import alive
from tests.actions.syncing import Place, cancelled, content, last, packages
from tests.mounting import tmpfs
from tests.waiting import waited
from venvdash.actions.events import Output, RowState
from venvdash.actions.sync import apply, preserve
from venvdash.demo.wheels import make_wheel, payload
from venvdash.model import Flag, Outcome
from venvdash.model.status import State
from venvdash.presentation.details import flags_in_words

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="looks at sessions of processes")


def building(project: Path) -> int:
    """Return the session of what builds a slow project."""
    return int((project / "building").read_text().split()[0])


@pytest.mark.slow
def test_cancelling_in_the_middle_of_a_build(place: Place) -> None:
    slow, quick = place.project("slow", "alpha", slow=True), place.project("quick", "beta")
    broken, other = place.central(slow), place.central(quick)
    session = place.session()
    proposals = [session.actions.sync(session.rows[path]) for path in (broken, other)]
    threads = set(threading.enumerate())
    finished = cancelled(session, proposals, "Building", also=slow / "building")
    assert not alive(building(slow))
    assert set(threading.enumerate()) == threads
    first, second = finished.results
    assert (first.outcome, second.outcome) == (Outcome.FAILED, Outcome.SKIPPED)
    assert first.reason == (
        "Stopped. Nothing was changed yet, and it is still incomplete: sync it again."
    )
    assert second.reason == "Cancelled before it started."
    assert Flag.DAMAGED in session.rows[broken].environment.flags
    assert [run.running for run in session.log.runs()] == [False] * len(session.log.runs())

    # What came after it can be had all the same, from the same session.
    (result,) = last(session.actions.apply(proposals[1:])).results
    assert (result.outcome, packages(other)) == (Outcome.DONE, {"beta-1.0"})

    listed = place.session()
    assert Flag.DAMAGED in listed.rows[broken].environment.flags
    assert Flag.DAMAGED not in listed.rows[other].environment.flags
    examined = listed.examine(listed.rows[broken])
    assert flags_in_words(examined)[Flag.DAMAGED] == "a sync was interrupted: sync it again"

    place.project("slow", "alpha")
    assert place.sync(broken).outcome is Outcome.DONE
    assert Flag.DAMAGED not in place.row(broken).environment.flags


def test_what_somebody_else_finished_is_not_incomplete_any_more(place: Place) -> None:
    slow = place.project("slow", "alpha", slow=True)
    environment = place.central(slow)
    session = place.session()
    proposal = session.actions.sync(session.rows[environment])
    cancelled(session, [proposal], "Building", also=slow / "building")
    assert Flag.DAMAGED in place.row(environment).environment.flags
    place.add(environment, "alpha")
    assert Flag.DAMAGED not in place.row(environment).environment.flags


@pytest.fixture
def slow_one(place: Place, two_pythons: tuple[Path, Path]) -> tuple[Path, Path]:
    """A project whose build never ends, and its environment, made by the first Python."""
    slow = place.project("slow", "alpha", slow=True)
    return slow, place.wrapped("slow", slow, two_pythons[0])


def test_a_replacement_that_is_cancelled_keeps_what_the_tools_keep(
    place: Place, two_pythons: tuple[Path, Path], slow_one: tuple[Path, Path]
) -> None:
    (_, other), (slow, environment) = two_pythons, slow_one
    session = place.session(PATH=f"{other.parent}:{place.home.variables['PATH']}")
    record = session.rows[environment].record
    assert record is not None
    version = place.version(other)
    proposal = session.actions.sync(session.rows[environment], ["--python", version])
    (result,) = cancelled(session, [proposal], "Building", also=slow / "building").results
    assert (result.outcome, result.reason) == (
        Outcome.FAILED,
        "Stopped. It is incomplete: sync it again.",
    )
    assert not alive(building(slow))
    assert (environment / ".project").read_text() == f"{slow}\n"
    assert os.access(environment / "bin" / "postactivate", os.X_OK)
    row = place.row(environment)
    assert row.record is not None
    assert row.record.identity == record.identity
    assert row.verdict.projects == (slow,)
    assert Flag.DAMAGED in row.environment.flags
    assert not list(place.home.machine().state_directory.glob("replacing/*"))


def test_whoever_stops_listening_stops_it(place: Place) -> None:
    slow = place.project("slow", slow=True)
    environment = place.central(slow)
    session = place.session()
    proposal = session.actions.sync(session.rows[environment])
    with contextlib.closing(apply.apply(session, proposal, threading.Event())) as told:
        assert any(isinstance(one, Output) and "Building" in one.line for one in told)
        waited(lambda: (slow / "building").exists() and bool((slow / "building").read_text()))
    assert not alive(building(slow))


def test_one_that_fails_before_it_changed_anything_says_so(place: Place) -> None:
    project = place.project("web", "alpha", slow=True)
    environment = place.central(project)
    backend = project / "backend.py"
    backend.write_text(backend.read_text().replace("time.sleep(600)", "raise SystemExit('no!')"))
    place.row(environment)
    before = content(environment)
    session = place.session()
    proposal = session.actions.sync(session.rows[environment])
    events = list(session.actions.apply([proposal]))
    (result,) = last(iter(events)).results
    assert result.outcome is Outcome.FAILED
    assert "no!" in result.reason
    assert result.reason.startswith("uv failed: ")
    assert result.reason.endswith("The environment is unchanged.")
    (environment / ".lock").unlink()  # uv made it for the sync itself
    assert content(environment) == before
    states = [event.state for event in events if isinstance(event, RowState)]
    assert states == [State.QUEUED, State.SYNCING, State.FAILED]
    assert Flag.DAMAGED not in place.row(environment).environment.flags


def test_a_full_disk_leaves_it_incomplete_and_says_so(place: Place) -> None:
    wheels = place.home.path / "wheels"
    make_wheel(wheels, "large", "1.0", {"large/a.bin": payload(6_000_000, "large")})
    project = place.project("web", "alpha", "large")
    store = place.home.path / ".virtualenvs"
    store.mkdir()
    with tmpfs(store, "4m"):
        environment = place.wrapped("web", project)
        result = place.sync(environment, "--link-mode", "copy")
        assert result.outcome is Outcome.FAILED
        assert "space" in result.reason
        assert result.reason.endswith("It is incomplete: sync it again.")
        assert Flag.DAMAGED in place.row(environment).environment.flags
        place.project("web", "alpha")
        assert place.sync(environment).outcome is Outcome.DONE
        assert Flag.DAMAGED not in place.row(environment).environment.flags


def test_what_was_saved_outlives_a_venvdash_that_is_killed(
    place: Place, two_pythons: tuple[Path, Path], slow_one: tuple[Path, Path]
) -> None:
    (_, other), (slow, environment) = two_pythons, slow_one
    version = place.version(other)
    place.home.variables["PATH"] = f"{place.home.variables['PATH']}:{other.parent}"
    identity = _identity(place, environment)
    command = ["sync", "slow", "--yes", "--", "--python", version]
    with subprocess.Popen(
        [sys.executable, "-m", "venvdash", *command],
        env=place.home.variables,
        cwd=place.home.path,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        waited(lambda: (slow / "building").exists() and bool((slow / "building").read_text()))
        process.kill()
    left = building(slow)
    assert not (environment / ".project").exists(), "uv has deleted it"
    assert preserve.recover(place.home.machine().state_directory) == []
    assert not (environment / ".project").exists(), "as long as uv works there, nothing is done"
    os.killpg(left, signal.SIGKILL)
    waited(lambda: not alive(left))
    session = place.session()
    assert (environment / ".project").read_text() == f"{slow}\n"
    assert os.access(environment / "bin" / "postactivate", os.X_OK)
    assert any(".project" in problem.message for problem in session.problems)
    assert session.rows[environment].verdict.projects == (slow,)
    assert _identity(place, environment) == identity
    assert not list(place.home.machine().state_directory.glob("replacing/*"))
    assert place.session().problems == []


def _identity(place: Place, environment: Path) -> str:
    record = place.row(environment).record
    assert record is not None
    return record.identity
