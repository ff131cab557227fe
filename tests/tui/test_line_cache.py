"""Which lines of the list are built and painted again: those whose cells differ, and no other."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from textual.geometry import Region
from textual.strip import Strip

from tests.tui.fake_session import FakeSession
from tests.tui.pilot import Driver, drive
from tests.tui.rows import everything, many, row
from venvdash.model.status import State
from venvdash.records.summaries import summary_of
from venvdash.tui.widgets.environment_list import EnvironmentList
from venvdash.tui.widgets.line_table import LineTable


class Counter:
    """The strips that were built, and the lines of the list that were painted."""

    def __init__(self) -> None:
        self.built = 0
        self.painted: list[int] = []

    async def begin(self, driver: Driver) -> None:
        """Have the whole list drawn, and count what is drawn after that."""
        driver.main.listing.environments.repaint()
        await driver.pilot.pause()
        self.built, self.painted = 0, []


@contextmanager
def counting(monkeypatch: pytest.MonkeyPatch) -> Iterator[Counter]:
    counter = Counter()
    build, refresh = LineTable.build_strip, EnvironmentList.refresh

    def counted_build(table: LineTable[Any], *args: Any, **options: Any) -> Strip:
        counter.built += 1
        return build(table, *args, **options)

    def counted_refresh(
        table: EnvironmentList, *regions: Region, **options: bool
    ) -> EnvironmentList:
        for region in regions or [table.size.region]:
            counter.painted += region.line_range
        return refresh(table, *regions, **options)

    with monkeypatch.context() as patch:
        patch.setattr(LineTable, "build_strip", counted_build)
        patch.setattr(EnvironmentList, "refresh", counted_refresh)
        # The ages would be computed again where the test crosses a minute.
        patch.setattr("venvdash.tui.widgets.line_table.time.time", lambda: 1.8e9)
        yield counter


def source() -> FakeSession:
    return FakeSession(everything(many(200)))


def test_moving_the_cursor_builds_two_strips_and_going_back_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def script(driver: Driver) -> None:
        await driver.scanned()
        with counting(monkeypatch) as counter:
            await counter.begin(driver)
            await driver.press("j")
            assert counter.built == 2
            assert sorted(set(counter.painted)) == [1, 2]
            counter.built, counter.painted = 0, []
            await driver.press("j")
            assert counter.built == 1, "without the cursor the line was drawn before"
            assert sorted(set(counter.painted)) == [2, 3]
            counter.built = 0
            await driver.press("k", "k", "j", "j")
            assert counter.built == 0

    drive(source(), script)


def test_scrolling_builds_only_what_comes_into_sight(monkeypatch: pytest.MonkeyPatch) -> None:
    async def script(driver: Driver) -> None:
        await driver.scanned()
        table = driver.main.listing.environments
        with counting(monkeypatch) as counter:
            table.redraw(table.cursor_key)
            await driver.press("G", "g", *["j"] * (table.page - 1))
            counter.built = 0
            await driver.press("j")
            assert counter.built <= 3, "the new line, and the two of the cursor"
            await driver.press("pagedown", "pagedown")
            counter.built = 0
            await driver.press("pageup", "pagedown")
            assert counter.built == 0

    drive(source(), script)


def test_a_row_that_is_drawn_as_before_is_not_painted(monkeypatch: pytest.MonkeyPatch) -> None:
    async def script(driver: Driver) -> None:
        await driver.scanned()
        table = driver.main.listing.environments
        with counting(monkeypatch) as counter:
            await counter.begin(driver)
            same = [one._replace(reason="another", implementation="PyPy") for one in driver.rows]
            table.touch(same)
            table.show_items(same)
            await driver.pilot.pause()
            assert (counter.built, counter.painted) == (0, [])
            assert table.items == same
            table.touch([same[3]._replace(python="3.9.1", name="other")])
            await driver.pilot.pause()
            assert (counter.built, counter.painted) == (1, [4])
            assert "other" in driver.text

    drive(source(), script)


def test_a_mark_and_the_state_of_a_job_paint_their_own_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def script(driver: Driver) -> None:
        await driver.scanned()
        table = driver.main.listing.environments
        with counting(monkeypatch) as counter:
            await counter.begin(driver)
            driver.main.states.set(driver.rows[5].path, State.SYNCING)
            await driver.pilot.pause()
            assert (counter.built, counter.painted) == (1, [6])
            assert "syncing" in driver.lines[8]
            driver.main.states.set(driver.rows[150].path, State.SYNCING)
            driver.workbench.selection.marks.toggle(driver.rows[7].path)
            driver.workbench.selection.marks.toggle(driver.rows[170].path)
            table.repaint()
            await driver.pilot.pause()
            assert (counter.built, counter.painted) == (2, [6, 8])
            assert "✓" in driver.lines[10]

    drive(source(), script)


def test_sorting_paints_no_line_that_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [row(name, mib=10) for name in ("a", "b", "c")]
    rows[2] = replace(rows[2], usage=None)

    async def script(driver: Driver) -> None:
        await driver.scanned()
        with counting(monkeypatch) as counter:
            await counter.begin(driver)
            driver.main.listing.sort_by("size")
            await driver.pilot.pause()
            assert driver.listed == ["a", "b", "c"]
            assert (counter.built, counter.painted) == (0, [0]), "the title has the arrow"

    drive(FakeSession(everything(rows)), script)


def test_a_new_largest_environment_changes_the_bars(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [row("a", mib=10), row("b", mib=10), row("c")]

    async def script(driver: Driver) -> None:
        await driver.scanned()
        assert ["████████" in line for line in driver.lines[3:6]] == [True, True, False]
        with counting(monkeypatch) as counter:
            driver.main.listing.environments.touch([summary_of(row("c", mib=20))])
            await driver.pilot.pause()
            assert sorted(set(counter.painted)) == [1, 2, 3]
            assert ["████████" in line for line in driver.lines[3:6]] == [False, False, True]
            assert "████ " in driver.lines[3]

    drive(FakeSession(everything(rows)), script)


def test_ages_are_drawn_again_when_a_minute_has_passed(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1.8e9]
    monkeypatch.setattr("venvdash.tui.widgets.line_table.time.time", lambda: now[0])
    made = replace(row("a", mib=1), used=1.8e9 - 120)

    async def script(driver: Driver) -> None:
        await driver.scanned()
        assert " 2 min" in driver.lines[3]
        now[0] += 60
        driver.main.listing.environments.repaint()
        await driver.pilot.pause()
        assert " 3 min" in driver.lines[3]

    drive(FakeSession(everything([made])), script)


def test_what_is_kept_of_lines_does_not_grow_with_the_list() -> None:
    async def script(driver: Driver) -> None:
        await driver.scanned()
        table = driver.main.listing.environments
        for place in range(0, 2000, table.page):
            table.move_to(place)
            table.repaint()
        assert len(table._drawn) <= 512
        await driver.pilot.pause()
        assert "project-01995" in driver.text

    drive(FakeSession(everything(many(2000))), script)
