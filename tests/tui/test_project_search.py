"""The search for the projects of orphans while the list is shown."""

import threading
from collections.abc import Sequence
from dataclasses import replace

import pytest

from tests.tui.fake_session import EndedSearch, FakeSession
from tests.tui.pilot import Driver, drive
from tests.tui.rows import everything, row
from venvdash.actions.events import ActionEvent, Finished, RowChanged, RowState
from venvdash.model import Action, Item, Outcome, Plan, Result, Row, Status, Trashed
from venvdash.model.status import State
from venvdash.scanner.search import Findings, Progress

OLD = row("old", Status.ORPHAN, mib=10, reclaimable=4)
LIVE = row("live", mib=10, reclaimable=4)
WHY = "Its project was found. ~/attic/old/.venv points to it."
MOVED = replace(OLD, verdict=replace(OLD.verdict, status=Status.MOVED, reason=WHY))


def source(
    rows: Sequence[Row], gate: threading.Event, restored: Sequence[ActionEvent] = ()
) -> FakeSession:
    search = EndedSearch(Findings(ended=True), gate)
    search.progress = Progress(OLD.path, 12_345)
    found = [RowChanged(MOVED, settled=True)]
    return FakeSession(everything(rows), search=search, found=found, restored=restored)


def test_it_begins_with_the_first_orphan_and_changes_the_row() -> None:
    gate = threading.Event()

    async def script(driver: Driver) -> None:
        await driver.scanned()
        await driver.until(lambda: "searching for projects: 12,345 directories" in driver.lines[1])
        assert "✗ old" in driver.text
        gate.set()
        await driver.until(lambda: "→ old" in driver.text)
        await driver.until(lambda: "scanned in" in driver.lines[1])
        assert driver.workbench.found_projects.timer is None  # an idle dashboard looks at nothing

    drive(source([OLD, LIVE], gate), script, (120, 24))


def test_without_an_orphan_nothing_is_searched() -> None:
    async def script(driver: Driver) -> None:
        await driver.scanned()
        await driver.pilot.pause(0.6)
        assert "scanned in" in driver.lines[1]

    drive(source([LIVE], threading.Event()), script, (120, 24))


@pytest.mark.parametrize("outcome", [Outcome.DONE, Outcome.SKIPPED])
def test_what_was_deleted_meanwhile_is_restored_and_said(outcome: Outcome) -> None:
    gate = threading.Event()
    back: list[ActionEvent] = [Finished((Result(OLD.path, "old", outcome, WHY),))]
    if outcome is Outcome.DONE:
        back.insert(0, RowChanged(OLD, settled=True))
    session = source([OLD, LIVE], gate, back)
    item = Item(OLD, unsearched="Its project is still being searched for.")
    session.plan = Plan(Action.DELETE, (item,))
    trash = OLD.path.with_name(".venvdash-trash-old")
    done = Result(OLD.path, "old", Outcome.DONE, trash=trash)
    session.deleting = [RowState(OLD.path, State.IN_TRASH), Finished((done,), in_trash=4)]

    async def script(driver: Driver) -> None:
        await driver.scanned()
        await driver.press("j", "d")  # the list is in the order of names
        await driver.until(lambda: "still being searched for" in driver.text)
        assert not driver.app.screen.query_one("#free").display
        await driver.press("y")
        await driver.until(lambda: "in trash" in driver.text)
        gate.set()
        if outcome is Outcome.DONE:
            await driver.until(lambda: "Restored old. Its project was found." in driver.text)
            await driver.until(lambda: "→ old" in driver.text)
            await driver.until(lambda: "1 in the trash" not in driver.text)
        else:
            await driver.until(lambda: "could not be restored" in driver.text)

    drive(session, script, (120, 30))


def test_a_search_that_breaks_is_said() -> None:
    class Broken(EndedSearch):
        def wait(self, *args: object, **options: object) -> Findings:
            raise RuntimeError("out of luck")

    session = FakeSession(everything([OLD]), search=Broken(Findings()))

    async def script(driver: Driver) -> None:
        await driver.scanned()
        await driver.until(lambda: "The search for projects failed" in driver.text)

    drive(session, script, (120, 24))


def test_what_lies_in_the_trash_and_has_a_project_again_is_offered() -> None:
    trashed = Trashed(OLD.path.with_name(".venvdash-trash-old"), OLD.path, "old")
    session = FakeSession(
        everything([LIVE]), returned=[(trashed, "~/disk/old/.venv points to it.")]
    )

    async def script(driver: Driver) -> None:
        await driver.scanned()
        await driver.until(
            lambda: "old is in the trash, but its project exists again" in driver.text
        )

    drive(session, script, (120, 30))


def test_what_an_earlier_session_deleted_while_searching_is_restored_and_listed() -> None:
    trashed = Trashed(OLD.path.with_name(".venvdash-trash-old"), OLD.path, "old", unsearched=True)
    session = FakeSession(everything([LIVE]), returned=[(trashed, WHY)])
    session.settled = [Finished((Result(OLD.path, "old", Outcome.DONE, WHY),))]

    async def script(driver: Driver) -> None:
        await driver.scanned()
        await driver.until(lambda: "Restored old. Its project was found." in driver.text)
        await driver.until(lambda: session.scans >= 2)
        assert "its project exists again" not in driver.text

    drive(session, script, (120, 30))


def test_leaving_while_the_search_for_what_was_deleted_runs_is_asked_about() -> None:
    gate = threading.Event()
    session = source([OLD, LIVE], gate)
    session.owed = [OLD]

    async def script(driver: Driver) -> None:
        await driver.scanned()
        await driver.press("q")
        await driver.until(lambda: "nothing of this is deleted" in driver.text)
        await driver.press("n")
        assert driver.app.is_running
        gate.set()
        await driver.until(lambda: "→ old" in driver.text)
        await driver.press("q")
        await driver.until(lambda: driver.app.return_value == 0)

    drive(session, script, (120, 24))


def test_what_was_deleted_is_searched_for_though_no_orphan_is_left() -> None:
    gate = threading.Event()
    session = source([OLD, LIVE], gate)
    session.plan = Plan(Action.DELETE, (Item(OLD),))
    trash = OLD.path.with_name(".venvdash-trash-old")
    done = Result(OLD.path, "old", Outcome.DONE, trash=trash)
    session.deleting = [RowState(OLD.path, State.IN_TRASH), Finished((done,))]
    gate.set()

    async def script(driver: Driver) -> None:
        await driver.scanned()
        await driver.until(lambda: "→ old" in driver.text)
        session.found = []
        session.owed = [OLD]
        session.restored = [
            RowChanged(OLD, settled=True),
            Finished((Result(OLD.path, "old", Outcome.DONE, WHY),)),
        ]
        await driver.press("j", "d")
        await driver.until(lambda: "4.0 MiB reclaimable" in driver.text)
        await driver.press("y")
        await driver.until(lambda: "Restored old. Its project was found." in driver.text)

    drive(session, script, (120, 30))
