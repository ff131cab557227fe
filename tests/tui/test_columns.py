"""Columns on every width, and cells that are exactly as wide as their column."""

from dataclasses import replace
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tests.tui.rows import HOME, row, usage
from venvdash.model import Flag, Status
from venvdash.session.summaries import summary_of
from venvdash.text import visible, with_tilde
from venvdash.tui.cells import left, left_cut, right
from venvdash.tui.widgets.environment_list import columns
from venvdash.tui.widgets.line_table import fit


@given(st.integers(40, 300))
def test_columns_never_leave_the_line_and_use_it_whole(room: int) -> None:
    placed = fit(columns(HOME), room)
    last = placed[-1]
    assert last.x + last.width <= room
    assert {"name", "size", "status"} <= {item.column.key for item in placed}
    assert all(a.x + a.width + 1 == b.x for a, b in pairwise(placed))


def test_the_less_needed_goes_first() -> None:
    def keys(room: int) -> list[str]:
        return [item.column.key for item in fit(columns(HOME), room)]

    assert keys(78) == ["name", "python", "size", "reclaimable", "used", "status"]
    assert keys(104)[-1] == "kind"
    assert "cache" in keys(104)
    assert keys(150)[-1] == "where"


@given(
    st.text(max_size=60),
    st.sets(st.sampled_from(list(Flag)), max_size=4),
    st.integers(40, 200),
    st.sampled_from(list(Status)),
    st.none() | st.integers(0, 2**50),
)
def test_every_cell_is_as_wide_as_its_column(
    name: str, flags: set[Flag], room: int, status: Status, size: int | None
) -> None:
    made = row(name, status, flags=frozenset(flags), kind=name, python=name, days=size)
    if size is not None:
        made = replace(
            made, usage=replace(usage(1), on_disk=size, reclaimable=size, cache_held=None)
        )
    for placed in fit(columns(HOME), room):
        parts = placed.column.draw(summary_of(made), placed.width)
        assert sum(cell_len(text) for text, _ in parts) == placed.width


@given(st.text(), st.integers(1, 40))
def test_fitting_is_exact(text: str, width: int) -> None:
    shown = visible(text)
    for fitted in (left(shown, width), right(shown, width), left_cut(shown, width)):
        assert cell_len(fitted) == width


def test_home_is_a_tilde_only_where_a_path_begins() -> None:
    said = "/home/ada/x and /mnt/home/ada/y, /home/adam, (/home/ada)"
    assert with_tilde(said, HOME) == "~/x and /mnt/home/ada/y, /home/adam, (~)"
