"""Several changes: they queue, can be stopped, and the cursor stays with what they were for."""

import threading
from dataclasses import replace

import pytest

from tests.tui.fake_session import FakeSession, undo_plan
from tests.tui.pilot import Driver, drive
from tests.tui.rows import STORE, everything
from tests.tui.test_changes import (
    API,
    REFUSED,
    ROWS,
    SHOP,
    WEB,
    asked,
    checking,
    done,
    source,
    waiting,
)
from venvdash.actions.events import Finished, Output, RowGone, RowState
from venvdash.model import Action, Outcome, Result, Row
from venvdash.model.status import State
from venvdash.tui.dialogs.proposal import ProposalScreen
from venvdash.tui.main import job_runner


def test_marked_ones_queue_and_what_is_done_is_not_marked_any_more() -> None:
    first, second = threading.Event(), threading.Event()
    skipped = Result(WEB.path, "web", Outcome.SKIPPED, REFUSED.refusal)
    failed = Result(SHOP.path, "shop", Outcome.FAILED, "uv exited with code 2.")
    session = source(
        *(RowState(item.path, State.QUEUED) for item in ROWS),
        RowState(API.path, State.SYNCING),
        first,
        RowState(API.path, State.DONE),
        RowState(SHOP.path, State.SYNCING),
        Output("Building shop"),
        second,
        RowState(SHOP.path, State.FAILED, failed.reason),
        RowState(WEB.path, State.SKIPPED, skipped.reason),
        Finished((done(API), failed, skipped)),
        web=REFUSED,
    )

    async def script(driver: Driver) -> None:
        await asked(driver, "a", "S")
        assert "Sync 2 environments" in driver.text
        assert "1 skipped (see below)." in driver.text
        await driver.press("y")
        states = driver.main.listing.environments.states
        await driver.until(lambda: "syncing api, 1 of 3" in driver.text)
        assert list(states.values()) == [State.SYNCING, State.QUEUED, State.QUEUED]
        first.set()
        await driver.until(lambda: "syncing shop, 2 of 3  Building shop" in driver.text)
        await driver.press("R")
        assert "Still syncing. Wait, or press X to stop it." in driver.text
        await driver.press("S")
        assert not isinstance(driver.app.screen, ProposalScreen), "all of them are being synced"
        second.set()
        await driver.until(lambda: "1 synced · 1 skipped · 1 failed" in driver.text)
        await driver.until(lambda: session.scans == 2)
        await driver.scanned()
        assert set(driver.workbench.selection.marks.paths) == {SHOP.path, WEB.path}
        await driver.press("g", "j")
        assert "failed  uv exited with code 2." in driver.text
        await driver.press("escape")
        assert states == {}

    drive(session, script, (120, 30))
    assert [call[1] for call in session.actions.asked] == ["api", "shop", "web"]


@pytest.mark.parametrize("waits", [True, False], ids=["to its turn", "left"])
def test_a_second_sync_waits_for_the_end_of_the_first(
    waits: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even where it is said yes to before the screen looked whether the first has ended."""
    monkeypatch.setattr(job_runner, "_TICK", 1.0)
    gate = threading.Event()
    session = source(RowState(API.path, State.SYNCING), gate, Finished((done(API),)))

    async def script(driver: Driver) -> None:
        await asked(driver, "S")
        await driver.press("y")
        await driver.until(lambda: "syncing api" in driver.text)
        await driver.press("S")
        assert not isinstance(driver.app.screen, ProposalScreen), "it is at that one"
        await driver.press("j", "S")
        await driver.until(lambda: "Queued after the current task (syncing)" in driver.text)
        assert "Sync shop" in driver.text
        await driver.press("y", "enter" if not waits else "y")
        assert [name for _, name in session.actions.asked] == ["api"]
        gate.set()
        if waits:
            await driver.until(lambda: "It will be done: sync." in driver.text)
            await driver.press("y")
            await driver.until(lambda: len(session.actions.applied) == 2)
        await driver.until(lambda: driver.workbench.jobs.job is None)
        await driver.scanned()

    drive(session, script)
    assert [name for _, name in session.actions.asked] == ["api", "shop"][: 1 + waits]


@pytest.mark.parametrize("key", ["X", "ctrl+c"])
def test_what_runs_can_be_stopped_and_escape_only_says_how(key: str) -> None:
    gate = threading.Event()
    skipped = Result(API.path, "api", Outcome.SKIPPED, "Stopped; uv may have changed a part.")
    session = source(
        RowState(API.path, State.SYNCING),
        gate,
        RowState(API.path, State.SKIPPED, skipped.reason),
        Finished((skipped,)),
    )

    async def script(driver: Driver) -> None:
        await asked(driver, "S")
        await driver.press("y")
        await driver.press("escape")
        assert "Press X to stop syncing." in driver.text
        assert driver.workbench.jobs.job is not None
        await driver.press(key)
        await driver.until(lambda: "Stopped; uv may have changed a part." in driver.text)

    drive(session, script, (120, 30))
    assert not gate.is_set()


async def shop_becomes_zed(driver: Driver, session: FakeSession, key: str, new: Row) -> None:
    """Press a key after which shop is listed as zed, and see that the cursor is on it."""
    session.events = [RowGone(SHOP.path), *everything([API, WEB, replace(new, name="zed")])]
    await driver.press(key)
    await driver.until(lambda: "zed" in driver.listed and "shop" not in driver.listed)
    await driver.until(lambda: driver.current == "zed")


def test_the_cursor_goes_with_an_environment_that_was_renamed() -> None:
    new = replace(SHOP, environment=replace(SHOP.environment, path=STORE / "z", entry=STORE / "z"))
    told = replace(done(SHOP), place=new.environment.entry)
    session = source(Finished((told,)))

    async def script(driver: Driver) -> None:
        await asked(driver, "j", "S")
        await shop_becomes_zed(driver, session, "y", new)

    drive(session, script)


def test_the_cursor_goes_with_an_environment_whose_relinking_is_taken_back() -> None:
    old = replace(SHOP, environment=replace(SHOP.environment, path=STORE / "z", entry=STORE / "z"))
    session = source()
    session.undo_plan, session.undoing = undo_plan(Action.RELINK), (Finished((done(old),)),)

    async def script(driver: Driver) -> None:
        await driver.scanned()
        await driver.press("j")
        await shop_becomes_zed(driver, session, "u", old)

    drive(session, script)


def test_what_was_acted_on_keeps_the_cursor_when_the_filter_goes() -> None:
    session = source(RowState(WEB.path, State.DONE), Finished((done(WEB),)))

    async def script(driver: Driver) -> None:
        await driver.scanned()
        await driver.press("slash", "w", "e", "b", "enter", "S")
        await driver.until(lambda: "It will be done" in driver.text)
        await driver.press("y")
        await driver.until(lambda: session.scans == 2)
        await driver.scanned()
        await driver.until(lambda: "done" not in driver.text)
        assert "linked" in driver.lines[-4], "the reason is of the row again"
        await driver.press("escape", "escape")
        assert driver.listed == ["api", "shop", "web"]
        assert driver.current == "web"

    drive(session, script)


def test_work_whose_turn_has_not_come_can_be_stopped() -> None:
    session, gate = waiting()

    async def script(driver: Driver) -> None:
        await checking(driver)
        await driver.press("escape")
        assert driver.workbench.jobs.begin("restoring", lambda _: iter(session.undoing))
        await driver.until(lambda: "restoring …" in driver.text)
        await driver.press("X")
        await driver.until(lambda: driver.workbench.jobs.job is None)
        gate.set()

    drive(session, script)


def test_an_undo_waits_for_its_turn_and_says_so() -> None:
    session, gate = waiting()
    session.undoing = (Finished((done(API),)),)

    async def script(driver: Driver) -> None:
        await checking(driver)
        await driver.press("escape", "u")
        await driver.until(lambda: "Waiting to undo …" in driver.text)
        gate.set()
        await driver.until(lambda: session.undo_plan in session.asked)

    drive(session, script)
