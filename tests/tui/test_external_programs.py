"""Leaving for a shell or an editor: when, with what, and what is there afterwards."""

import threading

import pytest
from textual.app import App

from tests.tui.fake_session import FakePrograms, FakeSession
from tests.tui.pilot import Driver, drive
from tests.tui.rows import everything, row
from venvdash.model import Status
from venvdash.session.subshell import RefusedError
from venvdash.tui.suspend import ExternalPrograms

ROWS = [row("api", mib=1), row("web", mib=2), row("zed", Status.STANDALONE, mib=3)]


class Headless(FakePrograms):
    """Has what the real one has; a test has no terminal."""

    def possible(self, app: App[int]) -> bool:
        return ExternalPrograms.possible(self, app)


def source() -> FakeSession:
    return FakeSession(everything(ROWS))


@pytest.mark.parametrize(("key", "what"), [("s", "shell"), ("e", "edit")])
def test_it_is_for_the_row_under_the_cursor_which_is_there_afterwards(key: str, what: str) -> None:
    session, recorder = source(), FakePrograms()

    async def script(driver: Driver) -> None:
        await driver.scanned()
        await driver.press("j", "space", "k", key)
        await driver.until(lambda: session.scans == 2)
        await driver.scanned()
        assert driver.current == "web"
        assert len(driver.workbench.selection.marks) == 1

    drive(session, script, programs=recorder)
    assert [one.argv for one in recorder.ran] == [(what, "web")]


def test_why_not_is_said_and_nothing_is_run() -> None:
    session, recorder = source(), FakePrograms()
    recorder.refuses = RefusedError("Its interpreter [/red] is gone\x1b.")

    async def script(driver: Driver) -> None:
        await driver.scanned()
        await driver.press("s")
        await driver.until(lambda: "Its interpreter [/red] is gone\\e." in driver.text)
        recorder.refuses = None
        await driver.press("s")
        await driver.until(lambda: bool(recorder.ran))

    drive(session, script, programs=recorder)


def test_what_went_wrong_is_said_afterwards() -> None:
    recorder = FakePrograms(problem="[/red]: no such program\x1b.")

    async def script(driver: Driver) -> None:
        await driver.scanned()
        await driver.press("s")
        await driver.until(lambda: "[/red]: no such program\\e." in driver.text)

    drive(source(), script, programs=recorder)


def test_without_a_terminal_it_is_not_offered() -> None:
    async def script(driver: Driver) -> None:
        await driver.scanned()
        await driver.press("s")
        assert "No terminal is available" in driver.text
        assert not driver.workbench.programs.possible
        await driver.press("colon", *"environment: sh")
        await driver.until(lambda: "share with another" in driver.text)
        assert "Environment: shell" not in driver.text

    session = source()
    drive(session, script)
    drive(session, script, programs=Headless())


def test_not_while_something_is_being_done() -> None:
    gate, recorder = threading.Event(), FakePrograms()
    session = source()
    session.actions.applying = [gate]

    async def script(driver: Driver) -> None:
        await driver.scanned()
        await driver.press("S")
        await driver.until(lambda: "It will be done" in driver.text)
        await driver.press("y", "s")
        assert "Still syncing" in driver.text
        gate.set()
        await driver.until(lambda: driver.workbench.jobs.job is None)

    drive(session, script, programs=recorder)
    assert recorder.ran == []


def test_one_at_a_time_however_often_it_is_asked_for() -> None:
    gate = threading.Event()
    session, recorder = source(), FakePrograms(gate=gate)

    async def script(driver: Driver) -> None:
        await driver.scanned()
        await driver.press("s", "s", "j", "e")
        gate.set()
        await driver.until(lambda: session.scans == 2)
        await driver.scanned()
        assert driver.current == "web", "the list was alive meanwhile"

    drive(session, script, programs=recorder)
    assert [one.argv for one in recorder.ran] == [("shell", "api")]


def test_a_scan_under_way_is_stopped_for_it_and_begins_anew() -> None:
    gate, recorder = threading.Event(), FakePrograms()
    whole = everything(ROWS)
    session = FakeSession([*whole[:4], gate, *whole[4:]])

    async def script(driver: Driver) -> None:
        await driver.until(lambda: len(driver.listed) == 2)
        await driver.press("s")
        await driver.until(lambda: bool(recorder.ran))
        gate.set()
        await driver.until(lambda: session.scans == 2)
        await driver.scanned()
        assert len(driver.listed) == 3

    drive(session, script, programs=recorder)


def test_a_refusal_lets_the_scan_go_on() -> None:
    gate, recorder = threading.Event(), FakePrograms(refuses=RefusedError("No."))
    whole = everything(ROWS)
    session = FakeSession([*whole[:4], gate, *whole[4:]])

    async def script(driver: Driver) -> None:
        await driver.until(lambda: len(driver.listed) == 2)
        await driver.press("s")
        await driver.until(lambda: "No." in driver.text)
        gate.set()
        await driver.scanned()
        assert len(driver.listed) == 3

    drive(session, script, programs=recorder)
    assert recorder.ran == []
