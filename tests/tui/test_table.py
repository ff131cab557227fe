"""Filtering, sorting and counting without a screen."""

import random

from hypothesis import given
from hypothesis import strategies as st

from tests.tui.rows import many, row, small_machine
from venvdash.model import Flag, Row, Status
from venvdash.model.sorting import SORT_KEYS
from venvdash.tui.table import Table, View


def table(rows: list[Row]) -> Table:
    made = Table()
    for item in rows:
        made.put(item)
    made.arrange()
    return made


def names(made: Table) -> list[str]:
    return [item.name for item in made.shown]


def test_what_is_not_known_comes_last_both_ways() -> None:
    made = table([row("a", mib=None), row("b", mib=1), row("c", mib=2)])
    made.sort_by("size")
    made.arrange()
    assert names(made) == ["c", "b", "a"]
    made.sort_by("size")
    made.arrange()
    assert names(made) == ["b", "c", "a"]


def test_pythons_sort_by_number() -> None:
    made = table([row("a", python="3.9.1"), row("b", python="3.12.0"), row("c", python=None)])
    made.sort_by("python")
    made.arrange()
    assert names(made) == ["b", "a", "c"]


def test_equal_ones_are_in_the_order_of_their_names() -> None:
    made = table([row("c", mib=1), row("a", mib=1), row("B", mib=1)])
    made.sort_by("reclaimable")
    made.arrange()
    assert names(made) == ["a", "B", "c"]


def test_the_filter_wants_every_word_anywhere() -> None:
    made = table([row("api", Status.ORPHAN), row("api2"), row("x", flags=frozenset({Flag.BROKEN}))])
    for text, wanted in (("API orphan", ["api"]), ("broken", ["x"]), ("python3.12 x", ["x"])):
        made.search(text)
        made.arrange()
        assert names(made) == wanted


def test_a_row_that_changes_within_its_place_needs_no_arranging() -> None:
    made = table([row("a", mib=1), row("b", mib=2)])
    assert not made.put(row("a", mib=500))
    assert made.shown[0].on_disk == 500 * 1024**2
    made.sort_by("size")
    made.arrange()
    assert made.put(row("b", mib=900))


def test_a_row_that_leaves_its_view_does() -> None:
    made = table([row("a", Status.ORPHAN)])
    made.view = View.ORPHANS
    made.arrange()
    assert made.put(row("a", Status.MOVED))
    made.arrange()
    assert names(made) == []


@given(st.lists(st.tuples(st.integers(0, 20), st.sampled_from(list(Status)), st.booleans())))
def test_counts_and_bytes_agree_with_the_rows_whatever_came(
    changes: list[tuple[int, Status, bool]],
) -> None:
    made = Table()
    for number, status, stays in changes:
        item = row(f"p{number}", status, mib=number + 1)
        if stays:
            made.put(item)
        else:
            made.drop(item.path)
    rows = list(made.rows.values())
    assert made.reclaimable == sum(item.usage.reclaimable for item in rows if item.usage)
    assert made.count(View.ALL) == len(rows)
    orphans = [item for item in rows if item.verdict.status is Status.ORPHAN]
    assert made.count(View.ORPHANS) == len(orphans)


def test_every_order_shows_every_row_once() -> None:
    rows = [*many(300), *small_machine()]
    random.Random(7).shuffle(rows)
    made = table(rows)
    for key in SORT_KEYS:
        made.sort, made.descending = key, key == "name"
        made.arrange()
        assert {item.path for item in made.shown} == {item.path for item in rows}
        assert len(made.shown) == len(rows)
        assert all(made.index_of(item.path) == n for n, item in enumerate(made.shown))
