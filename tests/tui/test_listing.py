"""Finding an environment in the list: views, the filter, sorting and the cursor."""

import threading

import pytest

from tests.tui.fake_session import FakeSession, Told
from tests.tui.pilot import Driver, drive
from tests.tui.rows import HOME, many, row
from tests.tui.test_dashboard import source
from venvdash.actions.events import RowChanged, RowGone
from venvdash.model import Status
from venvdash.model.summary import Summary
from venvdash.scanner.events import Ended, Phase, Problem, Progress, StoreSeen
from venvdash.stores.roots import Root
from venvdash.tui.widgets.other_list import OtherThing


def test_views_show_their_part_and_escape_goes_back_to_all() -> None:
    async def script(driver: Driver) -> None:
        await driver.scanned()
        for key, names in (("2", ["billing-legacy"]), ("3", ["mystery"]), ("4", ["api@3.11"])):
            await driver.press(key)
            assert driver.listed == names
        await driver.press("escape")
        assert len(driver.listed) == 13
        await driver.press("escape", "escape")
        assert driver.app.is_running

    drive(source(), script)


def test_the_filter_works_while_typing_and_escape_clears_it() -> None:
    async def script(driver: Driver) -> None:
        await driver.scanned()
        await driver.press("slash", *"api")
        assert driver.listed == ["api", "api@3.11", "old-api"]
        await driver.press("enter", "j")
        assert driver.current == "api@3.11"
        await driver.press("slash", *" zzz")
        assert driver.listed == []
        assert "Esc clears the filter" in driver.text
        await driver.press("escape")
        assert len(driver.listed) == 13
        assert driver.current == "api@3.11"

    drive(source(), script)


def test_what_a_filter_found_keeps_the_cursor_when_the_filter_is_cleared() -> None:
    async def script(driver: Driver) -> None:
        await driver.scanned()
        await driver.press("slash", *"old-api", "enter")
        assert driver.current == "old-api"
        await driver.press("escape")
        assert (len(driver.listed), driver.current) == (13, "old-api")

    drive(source(), script)


def test_q_in_the_filter_is_a_letter() -> None:
    async def script(driver: Driver) -> None:
        await driver.scanned()
        await driver.press("slash", "q")
        assert driver.app.is_running
        assert driver.main.listing.filter_text == "q"

    drive(source(), script)


def test_sorting_by_keys_by_header_and_the_other_way_round() -> None:
    async def script(driver: Driver) -> None:
        await driver.scanned()
        await driver.press(*["greater_than_sign"] * 3)
        assert driver.listed[0] == "data-notebooks"
        assert driver.listed[-1] == "half", "what is not measured comes last"
        assert "Size▼" in driver.text
        await driver.press("I")
        assert driver.listed[0] == "scratch"
        assert driver.listed[-1] == "half"
        size = next(p for p in driver.main.listing.environments.columns if p.column.key == "name")
        await driver.pilot.click("#environments", offset=(size.x + 4, 0))
        await driver.pilot.pause()
        assert driver.listed[0] == "api"
        assert driver.current == "api"

    drive(source(), script)


def test_a_click_moves_the_cursor_and_a_double_click_opens() -> None:
    async def script(driver: Driver) -> None:
        await driver.scanned()
        await driver.pilot.click("#environments", offset=(10, 3))
        assert driver.current == "billing-legacy"
        await driver.pilot.click("#environments", offset=(10, 3), times=2)
        await driver.pilot.pause()
        assert "Evidence" in driver.text

    drive(source(), script)


def test_the_cursor_stays_on_its_environment_while_rows_arrive_and_go() -> None:
    gate, last = threading.Event(), threading.Event()
    rows = [row(f"m{n}", mib=n + 1) for n in range(30)]
    more = [RowChanged(row(f"a{n}", mib=900)) for n in range(40)]
    events: list[Told] = [
        *(RowChanged(item) for item in rows),
        Progress(Phase.PROJECTS, 1, 9),
        gate,
        *more,
        RowChanged(row("m7", Status.ORPHAN, mib=4000)),
        last,
        RowGone(rows[0].path),
        Ended(False, 1.0),
    ]

    async def script(driver: Driver) -> None:
        await driver.until(lambda: len(driver.listed) == 30)
        assert driver.main.listing.environments.cursor == 0
        while driver.current != "m7":
            await driver.press("j")
        line = next(n for n, text in enumerate(driver.lines) if text.startswith("▌"))
        gate.set()
        await driver.until(lambda: len(driver.listed) == 70)
        assert driver.current == "m7"
        assert "orphan" in next(text for text in driver.lines if text.startswith("▌"))
        assert driver.lines[line].startswith("▌"), "nor does its line on the screen jump"
        last.set()
        await driver.scanned()
        assert driver.current == "m7"
        assert len(driver.listed) == 69

    drive(FakeSession(events), script)


def test_the_palette_goes_to_an_environment_out_of_any_filter() -> None:
    async def script(driver: Driver) -> None:
        await driver.scanned()
        await driver.press("2", "colon")
        await driver.press(*"myster")
        await driver.until(lambda: "Go to: mystery" in driver.text)
        await driver.press("down", "enter")
        await driver.until(lambda: driver.current == "mystery")

    drive(source(), script)


def test_ten_thousand_rows_keep_the_cursor_through_sort_and_filter() -> None:
    async def script(driver: Driver) -> None:
        await driver.scanned()
        await driver.press("G")
        assert driver.current == "project-09999"
        await driver.press("greater_than_sign", "greater_than_sign", "I")
        assert driver.current == "project-09999"
        assert any(line.startswith("▌") for line in driver.lines), "and it is in sight"
        await driver.press("slash", *"999")
        assert driver.current == "project-09999"
        await driver.press(*"0")
        assert driver.current != "project-09999"
        await driver.press("escape")
        assert len(driver.listed) == 10_000
        assert driver.current == "project-09999"
        assert any(line.startswith("▌") and "project-09999" in line for line in driver.lines)

    drive(source(many(10_000)), script, (120, 40))


def test_what_the_filter_searches_is_ready_before_the_first_letter(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def late(row: Summary) -> str:
        raise AssertionError(f"made while typing: {row.name}")

    async def script(driver: Driver) -> None:
        await driver.scanned()
        await driver.press("slash")
        monkeypatch.setattr("venvdash.model.query.searched_text", late)
        await driver.press("o", "r", "p")
        assert driver.listed == ["billing-legacy"]

    drive(source(), script)


def test_a_new_problem_is_in_sight_until_the_cursor_is_moved() -> None:
    async def script(driver: Driver) -> None:
        await driver.scanned()
        await driver.press("5")
        problem = "The configuration cannot be read."
        driver.main.listing.state.problems.append(Problem(None, problem))
        driver.main.listing.refresh()
        await driver.pilot.pause()
        first = driver.main.listing.others.current
        assert isinstance(first, OtherThing)
        assert first.reason == problem
        await driver.press("j", "j")
        chosen = driver.main.listing.others.current
        driver.main.listing.state.problems.append(Problem(None, "Something else."))
        driver.main.listing.refresh()
        assert driver.main.listing.others.current == chosen

    stores = [
        StoreSeen(Root(HOME / f"store{n}", "uv"), HOME / f"store{n}", exists=True, environments=0)
        for n in range(40)
    ]
    drive(FakeSession([*stores, Ended(False, 1.0)]), script)
