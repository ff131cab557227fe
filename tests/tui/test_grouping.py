"""Groups of environments in the list: their lines, folding them, and acting on them."""

import threading
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.strip import Strip

from tests.tui.fake_session import FakeSession
from tests.tui.pilot import Driver, drive
from tests.tui.rows import HOME, everything, many, row, small_machine
from tests.tui.test_first_frame import ENDED, found, gated, judged, remembered
from venvdash.actions.events import RowChanged
from venvdash.model import Flag, Row, Status
from venvdash.model.sorting import GROUP_KEYS, SORT_KEYS, in_order
from venvdash.model.summary import Summary
from venvdash.records.dashboard_look import Look
from venvdash.records.summaries import summary_of
from venvdash.scanner.events import Ended, Phase, Progress
from venvdash.tui.app import Dashboard
from venvdash.tui.grouping import Group, Grouping, Union
from venvdash.tui.widgets.group_cells import figures
from venvdash.tui.widgets.line_table import LineTable

MIB = 1024**2


def source(*rows: Row) -> FakeSession:
    return FakeSession(everything(rows or small_machine()))


def shown(driver: Driver) -> list[str]:
    """Return the lines of the list: of groups ``value: count``, with ``+`` if folded."""
    return [
        f"{'+' * line.folded}{line.value}: {len(line.rows)}"
        if isinstance(line, Group)
        else line.name
        for line in driver.main.listing.environments.items
    ]


def grouped(by: str, *rows: Row) -> Grouping:
    grouping = Grouping(HOME)
    grouping.group_by(by)
    grouping.lines([summary_of(one) for one in rows], "name", descending=False)
    return grouping


def deleted(session: FakeSession) -> list[str]:
    """Return the names of those for which a plan to delete was asked."""
    asked = next(one for one in reversed(session.asked) if isinstance(one, tuple))
    return [path.name.rpartition("-")[0] for path in asked]


async def group_by(driver: Driver, key: str) -> None:
    await driver.scanned()
    await driver.press("b", key)


@given(
    st.lists(st.integers(0, 200), unique=True),
    st.sampled_from(list(GROUP_KEYS)),
    st.sampled_from(list(SORT_KEYS)),
    st.booleans(),
    st.sets(st.sampled_from([status.value for status in Status] + ["", "uv", "3.12"])),
    st.booleans(),
)
def test_groups_have_every_row_once_and_in_order(
    chosen: list[int], by: str, sort: str, descending: bool, exceptions: set[str], folded: bool
) -> None:
    every = [summary_of(one) for one in many(201)]
    rows = in_order([every[n] for n in chosen], sort, descending=descending)
    grouping = Grouping(HOME)
    grouping.begin(by, exceptions, folded=folded)
    lines = grouping.lines(rows, sort, descending=descending)
    assert sorted(one.path for group in grouping.groups for one in group.rows) == sorted(
        one.path for one in rows
    )
    expected: list[Summary | Group] = []
    for group in grouping.groups:
        members = [one for one in rows if GROUP_KEYS[by](one) == group.value]
        assert group.rows == members
        assert group.folded == ((group.value in exceptions) != folded)
        expected += [group, *([] if group.folded else members)]
    assert list(lines) == expected
    assert len({group.value for group in grouping.groups}) == len(grouping.groups)


def test_groups_lie_in_the_order_of_the_list() -> None:
    rows = [summary_of(one) for one in small_machine()]
    grouping = Grouping(HOME)

    def order(by: str, sort: str, *, descending: bool) -> list[str]:
        grouping.group_by(by)
        grouping.lines(in_order(rows, sort, descending=descending), sort, descending=descending)
        return [group.value for group in grouping.groups]

    assert order("python", "name", descending=False) == ["3.10", "3.11", "3.12"]
    assert order("python", "python", descending=True) == ["3.12", "3.11", "3.10"]
    assert order("python", "size", descending=True) == ["3.11", "3.12", "3.10"]
    assert order("python", "used", descending=False) == ["3.12", "3.11", "3.10"]
    assert order("status", "name", descending=False)[0] == "orphan"
    assert order("project", "name", descending=False)[-1] == "", "no project comes last"


def test_sums_are_bounds_until_what_is_shared_is_added_up() -> None:
    one = row("one", mib=4, reclaimable=1, cache=2)
    two = row("two", mib=6, reclaimable=2, cache=2)
    unmeasured = row("three")
    (group,) = grouped("store", one, two).groups
    assert figures(group) == ("≤10.0 MiB", "≥3.0 MiB", "…")
    group.union = Union(7 * MIB, 5 * MIB, MIB, at_most=False)
    assert figures(group) == ("7.0 MiB", "5.0 MiB", "1.0 MiB")
    group.union = Union(7 * MIB, 5 * MIB, MIB, at_most=True)
    assert figures(group)[1] == "≤5.0 MiB"
    assert figures(*grouped("store", one).groups) == ("4.0 MiB", "1.0 MiB", "2.0 MiB")
    assert figures(*grouped("store", one, unmeasured).groups) == ("~4.0 MiB", "≥1.0 MiB", "…")
    assert figures(*grouped("store", unmeasured).groups) == ("…", "…", "…")
    big = row("big", mib=508.5, reclaimable=1.5)
    assert figures(*grouped("store", big, one).groups)[:2] == ("≤512 MiB", "≥2.5 MiB"), "9 cells"


def test_the_list_in_groups_at_80_columns() -> None:
    async def script(driver: Driver) -> None:
        await group_by(driver, "t")
        await driver.press("g")
        assert [line.rstrip("▆▃▄▅▇█▁▂ ") for line in driver.lines[2:11]] == [
            "    Project▲                           Status       Reclaimable Size       Used",
            "▌ ▾ ✗ orphan                         1                212.0 MiB ██▍        6 mo",
            "    ✗ billing-legacy                   orphan         212.0 MiB ██▊        6 mo",
            "  ▾ → moved                          1                  9.0 MiB ▏          21 d",
            "    → shop                             moved            9.0 MiB ▏          21 d",
            "  ▾ ≠ duplicate                      1                 50.0 MiB ▏          12 d",
            "    ≠ copied                           duplicate       50.0 MiB ▏          12 d",
            "  ▾ ! unreachable                    1                310.0 MiB ▍          33 d",
            "    ! nas-report                       unreachable    310.0 MiB ▍          33 d",
        ]
        assert driver.lines[-3:-1] == [
            " orphan  Press Enter to fold it. Space marks its environment; d S R m p act on",
            " it.",
        ]
        keys = " ⏎ Fold / Filter Space Mark d Delete S Sync R Relink u Undo       ? Keys q Quit"
        assert driver.lines[-1] == keys
        await driver.press("j")
        assert " ⏎ Details" in driver.lines[-1]
        assert " s Shell" in driver.lines[-1]

    drive(source(), script)


def test_groups_that_are_folded_at_120_columns() -> None:
    async def script(driver: Driver) -> None:
        await group_by(driver, "y")
        await driver.press("minus", "F", "space")
        assert [line.rstrip() for line in driver.lines[2:6]] == [
            "    Project                Status      Python    Reclaimable      Size            "
            "Used ▼Files Where",
            "  ▸ Python 3.11          2                           4.0 GiB   2.7 GiB ████        "
            "3 d   222k",
            " ✓▸ Python 3.12         10 1 orphan               ≥725.2 MiB  ~3.0 GiB ████▍    "
            "14 min   123k",
            "▌ ▸ Python 3.10!         1                           2.0 MiB  64.0 MiB ▏         "
            "13 mo   2.6k",
        ]

    drive(source(), script, (120, 40))


def test_the_pane_says_what_is_in_a_group_and_leaves_folding_to_the_list() -> None:
    async def script(driver: Driver) -> None:
        await group_by(driver, "y")
        await driver.press("G")
        while driver.main.listing.group is None:
            await driver.press("k")
        await driver.until(lambda: " environments  10" in driver.text)
        text = driver.main.details.text().plain
        assert text.startswith("Python 3.12\n\nenvironments  10\non disk       ~3.0 GiB\n")
        assert "✗ orphan      1 environment\n" in text
        await driver.press("right_square_bracket")
        await driver.until(lambda: "A group. Move to one of its environments." in driver.text)
        before = shown(driver)
        await driver.press("left", "h", "right")
        assert shown(driver) == before
        assert driver.main.listing.group is not None

    drive(source(), script, (120, 40))


def test_without_colour_the_signs_say_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")

    async def script(driver: Driver) -> None:
        await group_by(driver, "t")
        await driver.press("g", "enter", "space", "j", "space")
        assert driver.lines[3].startswith(" ✓▸ ✗ orphan")
        assert driver.lines[4].startswith(" ✓▾ → moved") or driver.lines[4].startswith(" –▾")

    drive(source(), script)


def test_folding_goes_in_and_out_as_in_a_tree() -> None:
    async def script(driver: Driver) -> None:
        await group_by(driver, "t")
        assert driver.current == "a", "the cursor stays on its environment"
        assert shown(driver) == ["orphan: 1", "c", "linked: 2", "a", "b"]
        await driver.press("j", "h")
        assert driver.main.listing.group is not None
        assert driver.main.listing.environments.cursor == 2
        await driver.press("left")
        assert shown(driver) == ["orphan: 1", "c", "+linked: 2"]
        await driver.press("left")
        assert shown(driver) == ["orphan: 1", "c", "+linked: 2"]
        await driver.press("right", "l")
        assert driver.current == "a"
        await driver.press("minus")
        assert shown(driver) == ["+orphan: 1", "+linked: 2"]
        assert driver.main.listing.environments.cursor == 1
        await driver.press("enter")
        assert shown(driver) == ["+orphan: 1", "linked: 2", "a", "b"]
        await driver.press("equals_sign", "N")
        assert shown(driver) == ["linked: 2", "b", "a", "orphan: 1", "c"]
        await driver.press("b", "n")
        assert shown(driver) == ["c", "b", "a"]
        assert driver.current == "b", "of the group at whose line the cursor was"
        await driver.press("h")
        assert "not grouped" in driver.text

    drive(source(row("a"), row("b"), row("c", Status.ORPHAN)), script)


def test_projects_begin_folded_and_the_line_of_a_group_is_seen_with_its_first_row() -> None:
    async def script(driver: Driver) -> None:
        await group_by(driver, "p")
        assert {line[0] for line in shown(driver)} == {"+"}
        group = driver.main.listing.group
        assert group is not None
        assert "project-00000" in [one.name for one in group.rows], "where the cursor was"
        await driver.press("b", "t", "g", "pagedown", "pagedown", "pageup")
        lines = driver.main.listing.environments
        while not isinstance(lines.items[lines.cursor - 1], Group):
            await driver.press("k")
        assert lines.lines_above(lines.cursor) == 1
        assert lines.scroll_offset.y < lines.cursor
        assert "▾" in driver.lines[3]

    drive(source(*many(100)), script)


def test_what_is_missing_has_no_size_and_leaves_the_sums_of_others_exact() -> None:
    one, two = row("one", mib=4, reclaimable=1), row("two", mib=6, reclaimable=2)
    (group,) = grouped("store", one, two, row("gone", Status.MISSING)).groups
    assert group.measured
    assert figures(group)[0] == "≤10.0 MiB"
    assert not grouped("store", one, row("half")).groups[0].measured


def test_a_filter_unfolds_and_puts_the_cursor_on_an_environment() -> None:
    async def script(driver: Driver) -> None:
        await group_by(driver, "y")
        await driver.press("minus", "slash", *"api")
        assert shown(driver) == ["3.11: 1", "api@3.11", "3.12: 2", "api", "old-api"]
        await driver.press("enter", "g", "left")
        assert shown(driver) == ["+3.11: 1", "3.12: 2", "api", "old-api"]
        await driver.press("escape")
        assert shown(driver) == ["+3.10: 1", "+3.11: 2", "+3.12: 10"], "as before the filter"

    drive(source(), script)


def test_what_the_cursor_was_on_is_not_replaced_by_a_group() -> None:
    async def script(driver: Driver) -> None:
        await group_by(driver, "t")
        await driver.press("slash", *"billing")
        assert shown(driver) == ["orphan: 1", "billing-legacy"]
        assert driver.current == "billing-legacy"

    drive(source(), script)


def test_views_keep_what_is_folded_and_other_findings_have_no_groups() -> None:
    async def script(driver: Driver) -> None:
        await group_by(driver, "s")
        await driver.press("minus", "2")
        assert shown(driver) == ["+uv: 1"]
        await driver.press("5", "b", "minus", "h")
        assert len(driver.app.screen_stack) == 1
        await driver.press("1")
        assert shown(driver) == ["+uv: 13"]
        driver.main.listing.go_to(small_machine()[-1].path)
        assert driver.current == "old-api"
        assert len(shown(driver)) == 14, "its group is unfolded"

    drive(source(), script)


def test_a_group_is_marked_and_unmarked_as_a_whole() -> None:
    async def script(driver: Driver) -> None:
        marks = driver.workbench.selection.marks
        await group_by(driver, "y")
        await driver.press("g", "space")
        assert len(marks) == 1
        assert driver.main.listing.environments.cursor == 2, "at the line of the next group"
        await driver.press("left", "space")
        assert len(marks) == 3, "folded, too"
        assert driver.lines[5].startswith(" ✓▸ Python 3.11")
        await driver.press("j", "space")
        assert driver.lines[6].startswith(" –▾ Python 3.12")
        await driver.press("g", "space")
        assert len(marks) == 3
        assert driver.lines[3].startswith("  ▾ Python 3.10")
        marks.clear()
        await driver.press("g", "j", "v", "j", "j", "j", "v")
        names = {one.name for one in driver.workbench.selection.rows()}
        assert names == {"mystery", "api@3.11", "data-notebooks", "api"}, "also those folded away"

    drive(source(), script)


def test_actions_are_for_the_group_and_those_for_one_say_so() -> None:
    session = source()

    async def script(driver: Driver) -> None:
        await group_by(driver, "y")
        await driver.press("g", "j", "j", "d")
        assert deleted(session) == ["api@3.11", "data-notebooks"]
        await driver.press("escape", "p")
        pins = [one for one in session.actions.asked if one[0] == "pin"]
        assert sorted(str(one[1]) for one in pins) == ["api@3.11", "data-notebooks"]
        for key in ("s", "c", "w", "y", "f2"):
            await driver.press(key)
            assert "This is a group." in driver.text, key
            driver.app.clear_notifications()
            await driver.pilot.pause()
        await driver.press("v")
        assert driver.workbench.selection.marks.anchor is None

    drive(session, script)


def test_marks_come_before_the_group_under_the_cursor() -> None:
    session = source()

    async def script(driver: Driver) -> None:
        await group_by(driver, "y")
        await driver.press("g", "j", "space", "d")
        assert deleted(session) == ["mystery"]

    drive(session, script)


def test_groups_are_added_up_once_the_scan_has_ended() -> None:
    gate = threading.Event()
    rows = [row("a", mib=4, reclaimable=1, cache=1), row("b", mib=4, reclaimable=1, cache=1)]
    session = FakeSession(
        [
            Progress(Phase.STORES, 0, 0),
            *(RowChanged(one, settled=True) for one in rows),
            gate,
            Ended(cancelled=False, seconds=0.1),
        ]
    )

    async def script(driver: Driver) -> None:
        await driver.until(lambda: len(driver.listed) == 2)
        await driver.press("b", "s")
        assert "≥2.0 MiB" in driver.text
        gate.set()
        await driver.scanned()
        await driver.until(lambda: "≥2.0 MiB" not in driver.text)
        (group,) = driver.main.listing.grouping.groups
        assert group.union == Union(4 * MIB, 2 * MIB, 2 * MIB, at_most=False)

    drive(session, script)


def test_rows_that_arrive_come_into_their_groups() -> None:
    gates = [threading.Event(), threading.Event()]
    session = FakeSession(
        [
            Progress(Phase.STORES, 0, 0),
            RowChanged(row("b", Status.CHECKING), settled=False),
            gates[0],
            RowChanged(row("a", Status.ORPHAN, mib=3), settled=True),
            RowChanged(row("b", mib=2), settled=True),
            gates[1],
            Ended(cancelled=False, seconds=0.1),
        ]
    )

    async def script(driver: Driver) -> None:
        driver.main.groups.group_by("status")
        await driver.until(lambda: shown(driver) == ["checking: 1", "b"])
        gates[0].set()
        await driver.until(lambda: shown(driver) == ["orphan: 1", "a", "linked: 1", "b"])
        gates[1].set()
        await driver.scanned()
        assert "3.0 MiB" in driver.lines[3]

    drive(session, script)


def test_it_begins_in_groups_as_it_was_left_and_nothing_moves_during_the_scan() -> None:
    left = Look(group_by="status", folded=True, exceptions=("linked",))
    rows = [row("a", mib=1), row("b", Status.ORPHAN, mib=2), row("c", mib=3)]
    now = [row("a", Status.ORPHAN, mib=1), row("b", mib=2), row("c", mib=3), row("d", mib=1)]
    session, gates = gated(found(now), judged(now), [ENDED])

    async def script(driver: Driver) -> None:
        before = ["+orphan: 1", "linked: 2", "a", "c"]
        assert shown(driver) == before
        gates[0].set()
        await driver.until(lambda: len(driver.main.listing.table.rows) == 4)
        gates[1].set()
        await driver.until(lambda: driver.main.listing.table.remembered == 0)
        gates[2].set()
        await driver.scanned()
        assert shown(driver) == ["+orphan: 1", "linked: 3", "b", "c", "d"]
        assert isinstance(driver.app, Dashboard)
        assert driver.app.look == left
        await driver.press("equals_sign", "b", "s")
        assert driver.app.look == Look(group_by="store")

    drive(session, script, snapshot=remembered(rows), look=left)


def test_as_many_lines_are_drawn_of_10_000_rows_as_of_100(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    drawn: list[int] = []
    build = LineTable.build_strip

    def counted(*args: Any, **more: Any) -> Strip:
        drawn.append(1)
        return build(*args, **more)

    monkeypatch.setattr(LineTable, "build_strip", counted)
    counts = []
    for count in (100, 10_000):

        async def script(driver: Driver) -> None:
            await group_by(driver, "t")
            drawn.clear()
            await driver.press("j", "minus", "equals_sign", "G")
            counts.append(len(drawn))

        drive(source(*many(count)), script)
    assert counts[1] <= counts[0] + 24


def test_a_flagged_row_is_indented_like_the_others() -> None:
    broken = row("old", flags=frozenset({Flag.BROKEN}), mib=1)

    async def script(driver: Driver) -> None:
        await group_by(driver, "t")
        assert driver.lines[4].startswith("▌   ● old ")
        await driver.press("b", "n")
        assert driver.lines[3].startswith("▌ ● old ")

    drive(source(broken), script)
