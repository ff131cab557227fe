"""What is only remembered can be looked at, filtered and sorted, and nothing else."""

import pytest

from tests.tui.pilot import Driver, drive
from tests.tui.rows import small_machine
from tests.tui.test_first_frame import ENDED, found, gated, judged, remembered


def test_remembered_rows_can_be_looked_at_and_filtered() -> None:
    session, _ = gated([ENDED])

    async def script(driver: Driver) -> None:
        await driver.press("slash", *"orphan", "enter")
        assert driver.listed == ["billing-legacy"]
        assert "~/code/billing-legacy is not there" in driver.text
        await driver.press("enter")
        await driver.until(driver.main.details.focused)
        await driver.press("G")
        await driver.until(lambda: "being checked" in driver.text)
        await driver.press("escape", "escape", "2")
        assert driver.listed == ["billing-legacy"]

    drive(session, script, (120, 40), snapshot=remembered(small_machine()))


@pytest.mark.parametrize(
    "key", ["d", "S", "R", "c", "f2", "m", "p", "w", "s", "e", "space", "v", "a", "x", "y"]
)
def test_nothing_is_done_to_what_is_not_confirmed(key: str) -> None:
    rows = small_machine()
    session, gates = gated(found(rows), [*judged(rows), ENDED])

    async def script(driver: Driver) -> None:
        gates[0].set()
        await driver.pilot.pause(0.2)
        await driver.press(key)
        await driver.until(lambda: "still being checked." in driver.text)
        assert driver.app.screen is driver.main
        assert not driver.workbench.selection.marks.paths
        gates[1].set()
        await driver.scanned()

    drive(session, script, (120, 30), snapshot=remembered(rows))
    assert session.asked == []
    assert session.actions.asked == []
