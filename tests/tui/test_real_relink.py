"""Relinking in the dashboard for real: one key, one directory, yes; and all of it taken back."""

import os
from pathlib import Path

from tests.actions.relinking import differing, everything
from tests.conftest import Home
from tests.session.relinking import moved
from tests.tui.pilot import Driver, drive
from venvdash.config import Config
from venvdash.model import Status
from venvdash.session import Session
from venvdash.tui.dialogs.proposal import ProposalScreen
from venvdash.tui.dialogs.relink import RelinkScreen


def test_a_moved_project_is_relinked_and_that_is_taken_back(home: Home) -> None:
    known = moved(home)
    before = everything(home)
    session = Session(home.machine(), Config())

    def status(path: Path) -> Status | None:
        row = session.rows.get(path)
        return row.verdict.status if row else None

    async def script(driver: Driver) -> None:
        await driver.scanned()
        assert status(known.environment) is Status.MOVED
        await driver.press("R")
        await driver.until(lambda: isinstance(driver.app.screen, RelinkScreen))
        await driver.until(lambda: "~/code/after" in driver.text and "Looking" not in driver.text)
        await driver.press("enter")
        await driver.until(lambda: isinstance(driver.app.screen, ProposalScreen))
        await driver.until(lambda: "It will belong to ~/code/after." in driver.text)
        assert f"creates the link ~/code/after/.venv -> ~{_below(known.expected, home)}" in (
            driver.text.replace("\n", "")
        )
        await driver.press("y")
        await driver.until(lambda: status(known.expected) is Status.LINKED)
        await driver.scanned()
        assert os.readlink(known.project / ".venv") == str(known.expected)
        assert "u undo" in driver.text
        await driver.press("u")
        await driver.until(lambda: status(known.environment) is Status.MOVED)
        await driver.scanned()

    drive(session, script, (250, 30))
    assert differing(everything(home), before) == []


def _below(path: Path, home: Home) -> str:
    return str(path).removeprefix(str(home.path))
