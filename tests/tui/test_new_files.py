"""A file that the user creates in an environment while the plan waits in the dashboard."""

from pathlib import Path

import pytest

from tests.conftest import Home
from tests.scenario import venv
from tests.tui.pilot import Driver, drive
from venvdash.config import Config
from venvdash.session import Session
from venvdash.tui.dialogs.plan import PlanScreen


async def planned(driver: Driver) -> None:
    screen = driver.app.screen
    assert isinstance(screen, PlanScreen)
    await driver.until(lambda: screen.planned is not None)


@pytest.mark.parametrize("now", [False, True], ids=["trash", "now"])
def test_it_holds_what_would_be_freed_and_is_told_of_what_is_in_the_trash(
    home: Home, now: bool
) -> None:
    path = venv(home.path / ".virtualenvs" / "lab")
    notes = path / "notes.txt"

    async def script(driver: Driver) -> None:
        await driver.scanned()
        await driver.press("d")
        await planned(driver)
        notes.write_text("mine")
        await driver.press(*(["f", "1", "enter"] if now else ["y"]))
        await driver.until(lambda: driver.workbench.jobs.ended == 1)
        if now:
            await driver.until(lambda: "skipped  You created files" in driver.text)
        else:
            await driver.press("5")
            await driver.until(lambda: "they were moved to the trash with it" in driver.text)

    drive(Session(home.machine(), Config()), script, (160, 40))
    assert notes.exists() == now
    kept: list[Path] = list(path.parent.glob(".venvdash-trash-*/notes.txt"))
    assert len(kept) == (not now)
