"""The dialog of a plan that changes while it is shown, once the search for projects has ended."""

import threading
from dataclasses import replace

import pytest
from textual.widgets import Input

from tests.tui.fake_session import EndedSearch, FakeSession
from tests.tui.pilot import Driver, drive
from tests.tui.rows import row
from tests.tui.test_plan_dialog import OLD, SCRATCH, ask, plan, source
from venvdash.model import Item, Plan, Refusal, Status
from venvdash.model.plans import SEARCHING
from venvdash.scanner.search import Findings
from venvdash.tui.dialogs import plan as plan_screen


def searched_later(first: Plan, then: Plan) -> tuple[FakeSession, threading.Event]:
    """Return a source that makes another plan once the search has ended, and what ends that."""
    gate = threading.Event()
    session = source(first)
    session.search = EndedSearch(Findings(ended=True), gate)
    session.replanned = then
    return session, gate


def test_free_now_is_offered_as_soon_as_the_search_has_ended() -> None:
    session, gate = searched_later(plan(Item(OLD, unsearched=SEARCHING)), plan(Item(OLD)))

    async def script(driver: Driver) -> None:
        await ask(driver)
        assert "Delete permanently" not in driver.text
        gate.set()
        await driver.until(lambda: "Delete permanently" in driver.text)
        assert "changed" not in driver.text, "the same goes as before"
        await driver.press("f")
        await driver.until(lambda: len(session.asked) == 3)

    drive(session, script)
    asked = session.asked[2]
    assert isinstance(asked, tuple)
    assert asked[:2] == (session.replanned, True)


def test_a_yes_does_not_count_the_moment_that_the_plan_changes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first = plan(Item(OLD, unsearched=SEARCHING), Item(SCRATCH))
    held = [Refusal(OLD.path, "old", "~/attic/old/.venv uses it.")]
    session, gate = searched_later(first, plan(Item(SCRATCH), refused=held))
    monkeypatch.setattr(plan_screen, "_READING", 60.0)

    async def script(driver: Driver) -> None:
        screen = await ask(driver)
        gate.set()
        await driver.until(lambda: "Delete 1 environment (changed: please review)" in driver.text)
        assert "~/attic/old/.venv uses it." in driver.text
        await driver.press("y")
        assert driver.app.screen is screen
        monkeypatch.setattr(plan_screen, "_READING", 0.0)
        await driver.press("y")
        await driver.until(lambda: len(session.asked) == 3)

    drive(session, script)
    asked = session.asked[2]
    assert isinstance(asked, tuple)
    assert asked[0] is session.replanned


def test_what_was_typed_and_where_one_read_stay_when_the_plan_changes() -> None:
    many = [Item(row(f"old-{n}", Status.UNKNOWN, mib=1), unsearched=SEARCHING) for n in range(50)]
    then = [replace(item, unsearched="") for item in many]
    session, gate = searched_later(plan(*many), plan(*then))

    async def script(driver: Driver) -> None:
        screen = await ask(driver)
        await driver.press("j", "j", "j", "5")
        await driver.press("down")
        top = screen.pane.scroll_offset.y
        assert top > 0
        gate.set()
        await driver.until(lambda: "Delete permanently" in driver.text)
        assert screen.pane.scroll_offset.y == top
        assert screen.query_one("#word", Input).value == "5"

    drive(session, script)


def test_nothing_is_planned_again_once_the_dialog_is_closed() -> None:
    session, gate = searched_later(plan(Item(OLD, unsearched=SEARCHING)), plan(Item(OLD)))

    async def script(driver: Driver) -> None:
        await ask(driver)
        await driver.press("escape")
        gate.set()
        await driver.pilot.pause(0.3)
        assert len(session.asked) == 1

    drive(session, script)
