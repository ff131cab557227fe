"""The list while environments are deleted: states, counters, cancelling, undoing."""

import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.tui.fake_session import FakeSession, undo_plan
from tests.tui.pilot import Driver, drive
from tests.tui.rows import STORE, everything, row
from venvdash.actions.events import ActionEvent, Finished, RowChanged, RowState, Searching, Tally
from venvdash.model import Action, Item, Outcome, Plan, Result, Row, Status
from venvdash.model.status import State

ROWS = [row(f"old-{n}", Status.ORPHAN, mib=10, reclaimable=4, days=100) for n in range(4)]
MIB = 1024**2
Told = ActionEvent | threading.Event | Exception


def result(item: Row, outcome: Outcome = Outcome.DONE, reason: str = "") -> Result:
    trash = STORE / f".venvdash-trash-{item.name}" if outcome is Outcome.DONE else None
    return Result(item.path, item.name, outcome, reason, trash, 10 * MIB, 4 * MIB)


def source(*told: Told, undoing: Sequence[ActionEvent] = ()) -> FakeSession:
    plan = Plan(Action.DELETE, tuple(Item(item) for item in ROWS), reclaimable=16 * MIB)
    return FakeSession(everything(ROWS), plan=plan, deleting=told, undoing=undoing)


def states(driver: Driver) -> list[str]:
    """What the list shows in the column of the status, from the top, whatever lies over it."""
    table = driver.main.listing.environments
    words = [state.value for state in State] + ["orphan"]
    drawn = [table.line_at(y).text for y in range(1, table.size.height)]
    lines = [line for line in drawn if line[2:8] == "✗ old-"]
    return [next(word for word in words if f" {word} " in line) for line in lines]


async def delete_all(driver: Driver) -> None:
    await driver.scanned()
    await driver.press("a", "d")
    await driver.until(lambda: "Reclaimable: " in driver.text)
    await driver.press("y")


def all_done() -> Iterator[Told]:
    for item in ROWS:
        yield RowState(item.path, State.IN_TRASH)
    yield Finished(tuple(map(result, ROWS)), 0, 16 * MIB)


def test_rows_tell_where_they_stand_and_the_line_how_far_it_is() -> None:
    first, second, third = threading.Event(), threading.Event(), threading.Event()
    failed = result(ROWS[1], Outcome.FAILED, "The disk said no; it is unchanged.")
    skipped = result(ROWS[2], Outcome.SKIPPED, "It is in use: pid 7 (python3).")
    told: list[Told] = [
        first,
        RowState(ROWS[0].path, State.IN_TRASH),
        RowState(ROWS[1].path, State.DELETING),
        Tally(1, 4, 0, 4 * MIB),
        second,
        RowState(ROWS[1].path, State.FAILED, failed.reason),
        RowState(ROWS[2].path, State.SKIPPED, skipped.reason),
        RowState(ROWS[3].path, State.DELETING),
        Tally(3, 4, 0, 4 * MIB),
        third,
        RowState(ROWS[3].path, State.FREED),
        Finished((result(ROWS[0]), failed, skipped, result(ROWS[3])), 4 * MIB, 4 * MIB),
    ]

    async def script(driver: Driver) -> None:
        await delete_all(driver)
        assert states(driver) == ["deleting", "queued", "queued", "queued"], "at once"
        assert "deleting 0 of 4" in driver.text
        first.set()
        await driver.until(lambda: states(driver)[:2] == ["in trash", "deleting"])
        assert "deleting 1 of 4 ━━━━─" in driver.text
        assert "in trash 4.0 MiB" in driver.text
        second.set()
        await driver.until(lambda: states(driver)[1:] == ["failed", "skipped", "deleting"])
        await driver.press("g", "j")
        assert driver.current == "old-1"
        assert "failed  The disk said no" in driver.text
        await driver.press("j")
        assert "skipped  It is in use: pid 7 (python3)." in driver.text
        third.set()
        await driver.until(lambda: "2 in the trash" in driver.text)
        assert "1 skipped · 1 failed" in driver.text
        await driver.until(lambda: driver.listed == ["old-1", "old-2"])
        assert states(driver) == ["failed", "skipped"]
        assert set(driver.workbench.selection.marks.paths) == {ROWS[1].path, ROWS[2].path}
        await driver.press("escape")
        assert states(driver) == ["orphan", "orphan"]
        assert "in the trash" not in driver.text
        await driver.press("at", "j")
        assert "! old-1: The disk said no; it is unchanged." in driver.text

    drive(source(*told), script, (120, 40))


def test_escape_cancels_while_projects_are_searched_for_once_more() -> None:
    never = threading.Event()
    left = tuple(result(item, Outcome.SKIPPED, "Cancelled before it started.") for item in ROWS)
    told: list[Told] = [
        *(RowState(item.path, State.QUEUED) for item in ROWS),
        Searching(STORE, 12_345),
        never,  # until it is cancelled
        Finished(left),
    ]

    async def script(driver: Driver) -> None:
        await delete_all(driver)
        words = "searching for projects again: 12,345 directories"
        await driver.until(lambda: words in driver.text)
        await driver.press("escape")
        await driver.until(lambda: "4 skipped" in driver.text)
        assert words not in driver.text

    drive(source(*told), script, (120, 40))


def test_what_is_freed_grows_within_one_environment() -> None:
    gates = [threading.Event() for _ in range(3)]
    done = tuple(map(result, ROWS))
    told: list[Told] = [
        *(RowState(item.path, State.IN_TRASH) for item in ROWS),
        *(Tally(0, 4, 0, 16 * MIB, freeing=True), gates[0]),
        *(Tally(0, 4, 4 * MIB, 12 * MIB, freeing=True), gates[1]),
        *(Tally(0, 4, 12 * MIB, 4 * MIB, freeing=True), gates[2]),
        Finished(done, 16 * MIB),
    ]

    async def script(driver: Driver) -> None:
        await delete_all(driver)
        await driver.until(
            lambda: "deleting permanently 0 of 4 ────────────────  in trash 16" in driver.text
        )
        gates[0].set()
        await driver.until(
            lambda: "━━━━────────────  in trash 12.0 MiB  reclaimed 4.0" in driver.text
        )
        gates[1].set()
        await driver.until(
            lambda: "━━━━━━━━━━━━────  in trash 4.0 MiB  reclaimed 12.0" in driver.text
        )
        gates[2].set()
        await driver.until(lambda: "16.0 MiB reclaimed" in driver.text)

    drive(source(*told), script, (120, 40))


def test_while_it_works_everything_else_does() -> None:
    gate = threading.Event()

    async def script(driver: Driver) -> None:
        await delete_all(driver)
        await driver.press("j", "j")
        assert driver.current == "old-2"
        await driver.press("slash", *"old-3", "enter")
        assert driver.listed == ["old-3"]
        await driver.press("d")
        assert "Still deleting" in driver.text
        await driver.press("escape")
        assert len(driver.listed) == 4, "the filter goes, and the work goes on"
        await driver.press("r", "u", "enter", "escape", "question_mark", "escape")
        assert states(driver)[1:] == ["queued"] * 3
        assert driver.app.is_running
        gate.set()
        await driver.until(lambda: "4 in the trash (16.0 MiB reclaimable)" in driver.text)
        await driver.until(lambda: driver.listed == [])

    drive(source(gate, *all_done()), script)


def test_cancelling_leaves_what_is_queued_and_its_marks() -> None:
    for key in ("X", "escape", "ctrl+c"):
        gate = threading.Event()
        skipped = [result(item, Outcome.SKIPPED, "cancelled") for item in ROWS[1:]]
        told: list[Told] = [
            RowState(ROWS[0].path, State.DELETING),
            gate,
            RowState(ROWS[0].path, State.IN_TRASH),
            *(RowState(item.path, State.SKIPPED, "cancelled") for item in ROWS[1:]),
            Finished((result(ROWS[0]), *skipped), 0, 4 * MIB),
        ]

        async def script(driver: Driver, key: str = key) -> None:
            await delete_all(driver)
            assert "X cancels the rest" in driver.text
            await driver.press(key)
            await driver.until(lambda: driver.listed == ["old-1", "old-2", "old-3"])
            assert len(driver.workbench.selection.marks) == 3
            assert "3 skipped" in driver.text

        drive(source(*told), script)


def test_work_that_breaks_off_is_told_and_no_row_stays_deleting() -> None:
    async def script(driver: Driver) -> None:
        await delete_all(driver)
        await driver.until(
            lambda: "deleting failed: RuntimeError: [/red] on fire\\e" in driver.text
        )
        await driver.until(lambda: driver.workbench.jobs.job is None)
        assert states(driver) == ["orphan"] * 4
        await driver.press("d")
        assert driver.app.is_running

    drive(source(RuntimeError("[/red] on fire\x1b")), script, (120, 40))


def test_undo_puts_the_rows_back_where_they_were() -> None:
    back = [RowChanged(item, settled=True) for item in ROWS]
    undone = Finished(tuple(result(item) for item in ROWS))

    async def script(driver: Driver) -> None:
        await delete_all(driver)
        await driver.until(lambda: "u undo" in driver.text)
        await driver.press("u")
        await driver.until(lambda: "restored 4 environments" in driver.text)
        assert driver.listed == [item.name for item in ROWS]
        assert states(driver) == ["orphan"] * 4
        driver.workbench._remove_finished()
        assert len(driver.listed) == 4, "and the sweep that was due takes nothing"

    drive(source(*all_done(), undoing=[*back, undone]), script)


def test_what_an_earlier_session_changed_is_undone_if_asked_to() -> None:
    session = source(undoing=[Finished((result(ROWS[0]),))])
    says = ("Restores webapp to ~/x.",)
    session.undo_plan = undo_plan(since=time.time() - 7200, earlier=True, says=says)

    async def script(driver: Driver) -> None:
        await driver.scanned()
        await driver.press("u")
        await driver.until(lambda: "Undo: webapp, deleted 2 h ago" in driver.text)
        assert says[0] in driver.text
        await driver.press("n", "u")
        await driver.until(lambda: "Undo: webapp, deleted 2 h ago" in driver.text)
        assert session.asked == []
        await driver.press("y")
        await driver.until(lambda: session.scans == 2)

    drive(session, script)
    assert session.asked == [session.undo_plan]


@pytest.mark.parametrize("why", ["Nothing to undo.", "It is no longer at ~/x."])
def test_why_nothing_can_be_undone_is_said(why: str) -> None:
    session = source()
    session.undo_plan = why if why.startswith("Nothing") else undo_plan(refusal=why)

    async def script(driver: Driver) -> None:
        await driver.scanned()
        await driver.press("u")
        await driver.until(lambda: why in driver.text)

    drive(session, script)
    assert session.asked == []


def test_nothing_to_undo_is_said() -> None:
    async def script(driver: Driver) -> None:
        await driver.scanned()
        await driver.press("u")
        await driver.until(lambda: "Nothing to undo." in driver.text)

    drive(source(undoing=[Finished(())]), script)


def test_quitting_leaves_what_is_queued_alone() -> None:
    gate = threading.Event()
    session = source(gate, *all_done())

    async def script(driver: Driver) -> None:
        await delete_all(driver)
        await driver.press("q")
        await driver.until(lambda: "venvdash is still deleting." in driver.text)
        await driver.press("escape")
        assert driver.app.is_running, "Cancel is the default"
        await driver.press("q", "y")

    assert drive(session, script) == 0
    assert not gate.is_set()


def test_the_path_of_a_plan_that_left_the_list_meanwhile_does_no_harm() -> None:
    stranger = Path("/nowhere")

    async def script(driver: Driver) -> None:
        await delete_all(driver)
        await driver.until(lambda: "1 deleted" in driver.text)

    told: list[Told] = [
        RowState(stranger, State.FREED),
        Finished((Result(stranger, "gone", Outcome.DONE),)),
    ]
    drive(source(*told), script)
