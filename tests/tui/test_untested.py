"""The dashboard changes nothing on a system where nothing was run, until that is allowed."""

from dataclasses import replace

import pytest

from tests.actions.deleting import small
from tests.conftest import Home
from tests.tui.pilot import Driver, drive
from venvdash.config import Config
from venvdash.session import Session


@pytest.mark.parametrize("allowed", [False, True])
def test_a_plan_says_why_it_is_refused(home: Home, allowed: bool) -> None:
    environment = small(home.path / ".virtualenvs" / "mine")
    machine = replace(home.machine(), platform="darwin")

    async def script(dashboard: Driver) -> None:
        await dashboard.scanned()
        await dashboard.press("d")
        why = "venvdash was never run on macOS"
        shown = "Move to trash" if allowed else why
        await dashboard.until(lambda: shown in dashboard.text)
        assert (why in dashboard.text) != allowed
        await dashboard.press("t")
        await dashboard.press("escape")

    drive(Session(machine, Config(untested=allowed)), script)
    assert environment.is_dir() != allowed
