"""Filtering, sorting and counting without a screen."""

import random
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tui.rows import many, row, small_machine
from venvdash.model import Flag, Row, Status
from venvdash.model.sorting import SORT_KEYS, in_order
from venvdash.model.summary import Summary
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
    assert made.sums_of(View.ALL).reclaimable == sum(
        item.usage.reclaimable for item in rows if item.usage
    )
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


_STEP = st.one_of(
    st.tuples(
        st.just("put"),
        st.integers(0, 9),
        st.sampled_from(list(Status)),
        st.none() | st.integers(1, 9),
    ),
    st.tuples(st.just("drop"), st.integers(0, 9)),
    st.tuples(st.just("sort"), st.sampled_from(list(SORT_KEYS))),
    st.tuples(st.just("search"), st.sampled_from(["", "p", "p1", "p1 orphan", "x"])),
    st.tuples(st.just("view"), st.sampled_from([View.ALL, View.ORPHANS, View.UNKNOWN])),
)


@given(st.lists(_STEP, max_size=30))
def test_a_table_that_changes_shows_what_a_new_one_would(steps: list[tuple[Any, ...]]) -> None:
    made = Table()
    for what, *rest in steps:
        if what == "put":
            number, status, mib = rest
            made.put(row(f"p{number}", status, mib=mib))
        elif what == "drop":
            made.drop(row(f"p{rest[0]}").path)
        elif what == "sort":
            made.sort_by(rest[0])
        elif what == "search":
            made.search(rest[0])
        else:
            made.view = rest[0]
        made.arrange()
        new = Table(made.view, made.sort, made.descending, made.query)
        for item in made.rows.values():
            new.put(item)
        new.arrange()
        assert made.shown == new.shown
        assert all(made.index_of(item.path) == n for n, item in enumerate(made.shown))


def test_filtering_and_changes_within_a_place_do_not_sort(monkeypatch: pytest.MonkeyPatch) -> None:
    made = table(many(50))
    sorts = []

    def counted(rows: Iterable[Summary], key: str, *, descending: bool) -> list[Summary]:
        sorts.append(key)
        return in_order(rows, key, descending=descending)

    monkeypatch.setattr("venvdash.tui.table.in_order", counted)
    for text in ("p", "pr", "project-0001", ""):
        made.search(text)
        made.arrange()
    made.view = View.ORPHANS
    made.put(replace(made.rows[made.shown[0].path], usage=None))
    made.arrange()
    assert sorts == []
    made.sort_by("size")
    made.arrange()
    made.put(row("project-00001", Status.ORPHAN, mib=77))
    made.arrange()
    assert sorts == ["size", "size"]
