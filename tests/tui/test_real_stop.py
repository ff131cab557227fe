"""Stopping in the dashboard for real: uv in the middle of a build that never ends."""

import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.actions.process.test_child_process import alive
from tests.actions.sync.test_stopped import building
from tests.actions.syncing import Place
from tests.conftest import Home
from tests.terminal import Terminal, venvdash
from tests.tui.pilot import Driver, drive
from venvdash.config import Config
from venvdash.session import Session
from venvdash.tui.dialogs.proposal import ProposalScreen

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="looks at sessions of processes")


@pytest.fixture
def place(home: Home) -> Place:
    return Place.make(home)


def began(project: Path) -> bool:
    file = project / "building"
    return file.exists() and bool(file.read_text())


async def syncing(driver: Driver, slow: Path) -> None:
    """Mark all, sync them, and wait until the slow one is being built."""
    await driver.scanned()
    await driver.press("a", "S")
    await driver.until(lambda: isinstance(driver.app.screen, ProposalScreen))
    await driver.until(lambda: " would change" in driver.text)
    await driver.press("y")
    await driver.until(lambda: began(slow))


def test_x_stops_what_runs_and_what_is_queued_while_its_output_is_read(place: Place) -> None:
    slow, quick = place.project("a-slow", "alpha", slow=True), place.project("quick", "beta")
    place.central(slow)
    other = place.central(quick)

    async def script(driver: Driver) -> None:
        await syncing(driver, slow)
        await driver.press("at")
        await driver.until(lambda: "Building a-slow" in driver.text and "running" in driver.text)
        await driver.press("X")
        await driver.until(lambda: driver.workbench.jobs.job is None)
        assert not alive(building(slow))
        await driver.press("escape")
        await driver.until(lambda: "1 skipped · 1 failed" in driver.text)
        await driver.scanned()
        driver.main.listing.go_to(other)
        await driver.pilot.pause()
        assert "Cancelled before it started." in driver.text

    drive(Session(place.home.machine(), Config()), script, (120, 40))


def test_quitting_leaves_nothing_running(place: Place) -> None:
    slow = place.project("slow", "alpha", slow=True)
    place.central(slow)

    async def script(driver: Driver) -> None:
        await syncing(driver, slow)
        await driver.press("q", "y")

    assert drive(Session(place.home.machine(), Config()), script) == 0
    assert not alive(building(slow))


def hang_up(screen: Terminal) -> None:
    os.close(screen.master)
    screen.master = os.open("/dev/null", os.O_RDWR)


def terminate(screen: Terminal) -> None:
    screen.process.send_signal(signal.SIGTERM)


@pytest.mark.parametrize("end", [hang_up, terminate])
def test_neither_does_a_terminal_that_goes_away_or_a_request_to_end(
    place: Place, end: Callable[[Terminal], None]
) -> None:
    slow = place.project("slow", "alpha", slow=True)
    place.central(slow)
    with venvdash(variables=place.home.variables, cwd=place.home.path, controlling=True) as screen:
        screen.read(lambda output: b"scanned in" in output, 60)
        screen.drain(0.2)
        screen.press("S")
        screen.read(lambda output: b"would change" in output, 60)
        screen.drain(0.2)
        screen.press("y")
        screen.read(lambda output: began(slow), 60)
        end(screen)
        until = time.monotonic() + 30
        while screen.process.poll() is None and time.monotonic() < until:
            screen.drain(0.1)
        assert screen.process.returncode in (1, 120)  # 120: nobody reads what is said last
    assert not alive(building(slow))


def test_a_second_sync_is_planned_and_done_once_the_first_has_ended(place: Place) -> None:
    slow, quick = place.project("a-slow", "alpha", slow=True), place.project("quick", "beta")
    first, other = place.central(slow), place.central(quick)

    async def script(driver: Driver) -> None:
        await driver.scanned()
        driver.main.listing.go_to(first)
        await driver.press("S")
        await driver.until(lambda: " would change" in driver.text)
        await driver.press("y")
        await driver.until(lambda: began(slow))
        driver.main.listing.go_to(other)
        await driver.press("S")
        await driver.until(lambda: "Queued after the current task (syncing)" in driver.text)
        os.kill(building(slow), signal.SIGKILL)
        await driver.until(lambda: "+ beta" in driver.text)
        assert not list(other.rglob("beta-*.dist-info"))
        await driver.press("y")
        await driver.until(lambda: "quick is synced." in driver.text)
        assert list(other.rglob("beta-*.dist-info"))

    drive(Session(place.home.machine(), Config()), script, (120, 40))
