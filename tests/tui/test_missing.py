"""Projects without environment in the dashboard: shown, counted apart, only to be recreated."""

from dataclasses import replace

import pytest

from tests.tui.fake_session import FakeActions, FakeSession
from tests.tui.pilot import Driver, drive
from tests.tui.rows import everything, row
from venvdash.model import Action, Status
from venvdash.session.events import EnvironmentsMissing

WEB = row("web", mib=3)
LOST = replace(
    row("lost", Status.MISSING, reason="its .venv points to nowhere."), usage=None, used=None
)


def session() -> FakeSession:
    *found, ended = everything([WEB])
    return FakeSession([*found, EnvironmentsMissing((LOST,)), ended], actions=FakeActions())


def test_it_is_listed_and_counted_apart() -> None:
    async def script(driver: Driver) -> None:
        await driver.scanned()
        assert driver.listed == ["lost", "web"]
        assert "∅ missing" in driver.text
        assert "1 environment, 1 missing" in driver.text
        (line,) = [one for one in driver.text.splitlines() if "∅ lost" in one]
        assert line.split().count("–") >= 2, "its size is not still being measured"
        assert "…" not in line
        assert "·" not in line
        assert "its .venv points to nowhere.  Press S to recreate it." in driver.text
        await driver.press("slash", *"status:missing", "enter")
        assert driver.listed == ["lost"]

    drive(session(), script)


@pytest.mark.parametrize("key", ["d", "c", "m", "R", "s"])
def test_nothing_else_is_done_to_it(key: str) -> None:
    async def script(driver: Driver) -> None:
        await driver.scanned()
        assert driver.current == "lost"
        screens = len(driver.app.screen_stack)
        await driver.press(key)
        assert len(driver.app.screen_stack) == screens
        assert "lost has no environment." in " ".join(driver.text.split())

    drive(session(), script)


def test_of_marked_ones_only_environments_are_changed() -> None:
    made = session()

    async def script(driver: Driver) -> None:
        await driver.scanned()
        await driver.press("a", "p")
        await driver.until(lambda: bool(made.actions.asked))
        assert made.actions.asked == [("pin", "web", True)]

    drive(made, script)


def test_it_goes_once_it_is_there() -> None:
    made = session()

    async def script(driver: Driver) -> None:
        await driver.scanned()
        made.events = [*everything([WEB])[:-1], EnvironmentsMissing(()), everything([WEB])[-1]]
        await driver.press("r")
        await driver.until(lambda: driver.listed == ["web"])

    drive(made, script)


def test_s_shows_what_recreates_it() -> None:
    made = session()

    async def script(driver: Driver) -> None:
        await driver.scanned()
        assert driver.current == "lost"
        await driver.press("S")
        await driver.until(lambda: "It will be done: sync." in driver.text)
        assert made.actions.asked == [(Action.SYNC, "lost")]

    drive(made, script)
