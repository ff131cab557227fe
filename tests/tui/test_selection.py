"""Marking: by key, by range, all, by rule; marks outlive what the list does."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tui.fake_session import FakeSession
from tests.tui.pilot import Driver, drive
from tests.tui.rows import everything, many, row, small_machine
from venvdash.model import Row, Status
from venvdash.tui.main.marks import Marks
from venvdash.tui.mark_rules import older_than, rules

A, B, C, D = (Path("/e") / name for name in "abcd")
_ORPHANS = [row(f"old-{n}", Status.ORPHAN, mib=10, reclaimable=2, days=100 + n) for n in range(3)]


def source(rows: list[Row] | None = None) -> FakeSession:
    return FakeSession(everything(small_machine() if rows is None else rows))


def marked(driver: Driver) -> list[str]:
    """The names with a mark on the screen."""
    names = {item.name for item in driver.main.listing.table.rows.values()}
    lines = [line[1:] for line in driver.lines if line[1:2] == "✓" and line[3:4] == " "]
    return sorted(name for name in names if any(f" {name} " in line for line in lines))


def test_a_range_that_shrinks_gives_back_what_it_took_and_no_more() -> None:
    marks = Marks()
    marks.toggle(C)
    marks.open_range(A)
    marks.stretch([A, B, C, D])
    marks.stretch([A, B])
    assert set(marks.paths) == {A, B, C}
    marks.close_range(keep=False)
    assert marks.paths == (C,)


@given(st.lists(st.tuples(st.sampled_from("tarxk"), st.sets(st.sampled_from([A, B, C, D])))))
def test_marks_are_a_set_whatever_is_done(steps: list[tuple[str, set[Path]]]) -> None:
    marks, model = Marks(), set[Path]()
    for what, paths in steps:
        if what == "t":
            for path in paths:
                marks.toggle(path)
            model ^= paths
        elif what == "a":
            marks.toggle_all(list(paths))
            model = model - paths if paths <= model else model | paths
        elif what == "r":
            marks.remove(paths)
            model -= paths
        elif what == "x":
            marks.clear()
            model = set()
        else:
            assert marks.keep(paths) == bool(model - paths)
            model &= paths
        assert set(marks.paths) == model
        assert len(marks) == len(model)
        assert all((path in marks) == (path in model) for path in (A, B, C, D))


def test_rules_pick_what_they_say_and_never_what_may_have_a_project() -> None:
    rows = [*small_machine(), row("never-used", Status.ORPHAN)]
    picked = {rule.name: [r.name for r in rows if rule.holds(r)] for rule in rules(1.8e9)}
    assert picked["orphans"] == ["billing-legacy", "never-used"]
    assert picked["unknown"] == ["mystery"]
    assert picked["replaced"] == ["api@3.11"]
    assert picked["broken"] == ["old-api"]
    old = older_than(20 * 86400, max(r.used or 0 for r in rows))
    names = [r.name for r in rows if old.holds(r)]
    assert names == ["billing-legacy", "api@3.11", "mystery", "old-api"]


def test_space_marks_and_goes_on_and_the_basket_counts() -> None:
    async def script(driver: Driver) -> None:
        await driver.scanned()
        height = len(driver.main.listing.environments.items)
        await driver.press("space", "space")
        assert marked(driver) == ["api", "api@3.11"]
        await driver.until(
            lambda: "2 marked  26.0 MiB reclaimable  +cache 425.0 MiB" in driver.text
        )
        await driver.press("k", "space")
        assert marked(driver) == ["api"]
        await driver.press("k", "k", "space")
        assert "marked" not in driver.text
        await driver.press("G", "space", "space")
        assert driver.main.listing.environments.cursor == height - 1
        assert marked(driver) == [], "the last one, on and off"

    drive(source(), script)


def test_marks_survive_filter_sort_view_and_rescan_and_say_what_is_out_of_sight() -> None:
    async def script(driver: Driver) -> None:
        await driver.scanned()
        await driver.press("slash", *"api", "enter", "a")
        wanted = ["api", "api@3.11", "old-api"]
        assert marked(driver) == wanted
        await driver.press("escape", "greater_than_sign", "I")
        assert marked(driver) == wanted
        await driver.press("2")
        assert "3 marked (3 hidden)" in driver.text
        await driver.press("1", "r")
        await driver.scanned()
        assert marked(driver) == wanted
        await driver.press("5", "a", "v", "space", "1")
        assert marked(driver) == wanted, "what is no environment cannot be marked"

    drive(source(), script)


def test_a_marked_environment_that_is_gone_is_marked_no_more() -> None:
    session = source()

    async def script(driver: Driver) -> None:
        await driver.scanned()
        await driver.press("a")
        session.events = everything(small_machine()[:3])
        driver.main.listing.table.drop(small_machine()[4].path)
        driver.main.listing.table.drop(small_machine()[5].path)
        await driver.press("r")
        await driver.scanned()
        assert len(driver.workbench.selection.marks) == len(small_machine()) - 2

    drive(session, script)


def test_a_range_grows_and_shrinks_with_the_cursor_and_esc_drops_it() -> None:
    async def script(driver: Driver) -> None:
        await driver.scanned()
        await driver.press("j", "v", "j", "j")
        assert len(driver.workbench.selection.marks) == 3
        await driver.press("k", "k", "k")
        assert len(driver.workbench.selection.marks) == 2, "and the other way"
        await driver.press("escape")
        assert len(driver.workbench.selection.marks) == 0
        await driver.press("v", "j", "v", "j", "j")
        assert len(driver.workbench.selection.marks) == 2, "the second v ends it"
        await driver.press("escape")
        assert len(driver.workbench.selection.marks) == 2, "and then Esc has nothing to drop"

    drive(source(), script)


def test_all_marks_what_the_list_shows_and_then_none() -> None:
    async def script(driver: Driver) -> None:
        await driver.scanned()
        await driver.press("space", "2", "a")
        assert len(driver.workbench.selection.marks) == 2
        await driver.press("a")
        assert len(driver.workbench.selection.marks) == 1, "that of the other view stays"

    drive(source(), script)


def test_the_rule_menu_marks_orphans_of_what_the_filter_lets_through() -> None:
    async def script(driver: Driver) -> None:
        await driver.scanned()
        await driver.press("slash", *"old-1", "enter", "x")
        assert "orphans" in driver.text
        await driver.press("enter")
        await driver.until(lambda: len(driver.workbench.selection.marks) == 1)
        await driver.press("escape", "x", "enter")
        await driver.until(lambda: len(driver.workbench.selection.marks) == 3)
        await driver.press("x", "G", "k")
        await driver.press("end", "enter")
        assert len(driver.workbench.selection.marks) == 0, "the last line clears them"

    drive(source([*small_machine()[2:], *_ORPHANS]), script)


def test_an_age_can_be_typed() -> None:
    async def script(driver: Driver) -> None:
        await driver.scanned()
        await driver.press("x", "end", "enter", *"101 parsecs", "enter")
        assert "Use a value such as 90d" in driver.text
        await driver.press(*["backspace"] * 8, "d", "enter")
        await driver.until(lambda: len(driver.workbench.selection.marks) == 2)

    drive(source(_ORPHANS), script)


def test_no_rule_marks_what_something_leads_to() -> None:
    rows = [
        *_ORPHANS,
        row("strange", Status.UNKNOWN, days=300),
        row("own", Status.STANDALONE, days=300),
    ]
    led = {name: f"~/.attic/{name}/.venv points to it." for name in ("old-0", "strange", "own")}

    async def script(driver: Driver) -> None:
        await driver.scanned()
        await driver.press("x", "j", "j", "enter")  # not used for 30 days; others hold for none
        await driver.until(lambda: len(driver.workbench.selection.marks) == 2)
        await driver.until(lambda: "Not marked: old-0 (~/.attic/old-0/.venv points" in driver.text)
        assert set(driver.workbench.selection.marks.paths) == {row.path for row in _ORPHANS[1:]}
        await driver.press("x", "end", "k", "enter", *"40d", "enter")
        await driver.until(lambda: ", strange (~" in driver.text)
        assert set(driver.workbench.selection.marks.paths) == {row.path for row in _ORPHANS[1:]}

    drive(FakeSession(everything(rows), led=led), script, (120, 40))


def test_of_many_that_are_not_marked_some_are_named() -> None:
    led = {item.name: "~/.attic/env points to it." for item in many(60)}

    async def script(driver: Driver) -> None:
        await driver.scanned()
        await driver.press("x", "enter")
        await driver.until(lambda: "3 more for similar" in driver.text)
        assert driver.text.count("(~/.attic/env points to it), ") == 3
        assert len(driver.workbench.selection.marks) == 0

    drive(FakeSession(everything(many(60)), led=led), script, (120, 40))


def test_no_rule_marks_anything_while_pins_are_not_known() -> None:
    unsure = FakeSession(everything(many(60)))
    unsure.no_pins = "Pins are unknown: the index is damaged."

    async def script(driver: Driver) -> None:
        await driver.scanned()
        await driver.press("x", "enter")
        await driver.until(lambda: "Nothing was marked. Pins are unknown" in driver.text)
        assert len(driver.workbench.selection.marks) == 0

    drive(unsure, script, (120, 40))


def test_ten_thousand_marks() -> None:
    async def script(driver: Driver) -> None:
        await driver.scanned()
        await driver.press("v", "G")
        assert len(driver.workbench.selection.marks) == 10_000
        await driver.until(lambda: "10000 marked  " in driver.text)
        await driver.press("g", "space")
        assert len(driver.workbench.selection.marks) == 1

    drive(source(many(10_000)), script, (120, 40))


def test_the_basket_says_how_sure_its_bytes_are() -> None:
    sure = row("sure", mib=20, reclaimable=10, cache=0)
    shared = replace(sure.usage, exact=False) if sure.usage else None
    bound = replace(sure.usage, exact=False, at_most=True) if sure.usage else None
    made = [replace(row("a"), usage=shared), replace(row("b"), usage=bound)]

    async def script(driver: Driver) -> None:
        await driver.scanned()
        await driver.press("space")
        await driver.until(lambda: "about 10.0 MiB reclaimable" in driver.text)
        await driver.press("space")
        await driver.until(lambda: "at most 20.0 MiB reclaimable" in driver.text)

    drive(source(made), script)


@pytest.mark.parametrize("key", ["c", "f2", "w"])
def test_what_acts_on_one_environment_takes_the_marked_one(key: str) -> None:
    async def script(driver: Driver) -> None:
        await driver.scanned()
        await driver.press("space")
        (marked,) = driver.workbench.selection.rows()
        assert driver.current != marked.name
        await driver.press(key)
        assert f" {marked.name} ─" in driver.text
        await driver.press("escape", "space", key)
        assert "This acts on one environment, and 2 are marked" in driver.text

    drive(FakeSession(everything(small_machine())), script, (100, 30))
