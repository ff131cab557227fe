"""Columns on every width, and cells that are exactly as wide as their column."""

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tests.tui.rows import HOME, row, usage
from venvdash.model import Flag, Status
from venvdash.model.summary import Summary
from venvdash.records.summaries import summary_of
from venvdash.text import visible, with_tilde
from venvdash.tui.cells import left, left_cut, right, size_bar
from venvdash.tui.widgets.environment_list import columns
from venvdash.tui.widgets.line_table import Placed, fit

LARGEST = 1024**3
COLUMNS = columns(HOME, {}, lambda: LARGEST)
GUTTERS = 3  # cells of a line that are no column: the cursor, the mark, the scrollbar


def placed_at(width: int) -> tuple[Placed[Summary], ...]:
    return fit(COLUMNS, width, width - GUTTERS)


def line(made: Summary, width: int) -> str:
    """Return the cells of a row as text."""
    return " ".join(
        "".join(text for text, _ in placed.column.draw(made, placed.width))
        for placed in placed_at(width)
    )


@given(st.integers(60, 300))
def test_columns_never_leave_the_line_and_use_it_whole(width: int) -> None:
    placed = placed_at(width)
    last = placed[-1]
    assert last.x + last.width <= width - GUTTERS
    assert all(a.x + a.width + 1 == b.x for a, b in pairwise(placed))


@pytest.mark.parametrize(
    ("width", "keys"),
    [
        (40, "name status reclaimable"),
        (60, "name status reclaimable used"),
        (80, "name status reclaimable size used"),
        (99, "name status reclaimable size used"),
        (100, "name status python reclaimable size used"),
        (120, "name status python reclaimable size used where"),
        (160, "name status python reclaimable cache size used kind where"),
        (170, "name status python reclaimable cache size used packages kind where"),
        (200, "name status python reclaimable cache size used files packages kind where note"),
    ],
)
def test_the_width_alone_says_which_columns_there_are(width: int, keys: str) -> None:
    assert [item.column.key for item in placed_at(width)] == keys.split()


@pytest.mark.parametrize(
    ("width", "key", "keys"),
    [
        (60, "files", "name status reclaimable used"),
        (80, "files", "name status reclaimable size used files"),
        (80, "python", "name status python reclaimable size used"),
        (80, "where", "name status reclaimable size used"),
        (120, "files", "name status python reclaimable size used files where"),
        (
            200,
            "files",
            "name status python reclaimable cache size used files packages kind where note",
        ),
    ],
)
def test_the_column_sorted_by_is_shown_where_there_is_room(width: int, key: str, keys: str) -> None:
    placed = fit(COLUMNS, width, width - GUTTERS, [key])
    assert [item.column.key for item in placed] == keys.split()
    assert placed[-1].x + placed[-1].width <= width - GUTTERS


MADE = summary_of(
    row(
        "分析-data",
        Status.ORPHAN,
        mib=512,
        reclaimable=38.2,
        cache=374.0,
        days=3,
        flags=frozenset({Flag.BROKEN}),
    )
)


@pytest.mark.parametrize(
    ("width", "text"),
    [
        (80, "✗ 分析-data                   broken orphan          38.2 MiB ████        3 d"),
        (
            100,
            "✗ 分析-data                    broken orphan      3.12.11      38.2 MiB "
            "512.0 MiB ████        3 d",
        ),
        (
            120,
            "✗ 分析-data           broken orphan      3.12.11      38.2 MiB "
            "512.0 MiB ████        3 d ~/code/分析-data           ",
        ),
    ],
)
def test_a_row_at_the_usual_widths(width: int, text: str) -> None:
    assert line(MADE, width) == text
    assert cell_len(text) <= width - GUTTERS


@pytest.mark.parametrize("width", [80, 100, 120, 160, 200])
def test_each_cell_has_its_style(width: int) -> None:
    styles = {
        placed.column.key: [style for _, style in placed.column.draw(MADE, placed.width)]
        for placed in placed_at(width)
    }
    every = {
        "name": ["orphan", "name", "bad"],
        "status": ["orphan"],
        "python": ["plain"],
        "reclaimable": ["plain"],
        "cache": ["plain"],
        "size": ["size"] if width < 100 else ["plain", "plain", "size"],
        "used": ["muted"],
        "files": ["plain"],
        "packages": ["muted"],
        "kind": ["muted"],
        "where": ["muted"],
        "note": ["muted"],
    }
    assert styles == {key: every[key] for key in styles}


def test_a_description_takes_the_place_of_a_note() -> None:
    (note,) = (placed.column for placed in placed_at(200) if placed.column.key == "note")
    described = MADE._replace(description="A web\x1b app")
    assert note.draw(described, 12) == (("A web\\e app ", "muted"),)
    assert note.draw(described._replace(note="mine"), 6) == (("mine  ", "plain"),)


def test_a_long_name_is_cut_and_keeps_the_sign_of_its_flags() -> None:
    made = row("x" * 99, Status.MOVED, mib=1, flags=frozenset({Flag.BROKEN, Flag.LOCKED}))
    assert line(summary_of(made), 80).startswith("→ " + "x" * 31 + "… ! moved ")


def test_bars_are_in_proportion_to_the_largest() -> None:
    assert size_bar(0, 100, 8) == " " * 8
    assert size_bar(1, 10**9, 8) == "▏       "
    assert size_bar(50, 100, 8) == "████    "
    assert size_bar(99, 100, 8) == "███████▉"
    assert size_bar(100, 100, 8) == "█" * 8
    assert size_bar(100, 0, 8) == "▏       ", "not measured: no figure to compare with"


@given(st.integers(0, 2**60), st.integers(0, 2**60), st.integers(1, 40))
def test_bars_fill_their_cells_and_grow_with_the_size(one: int, other: int, width: int) -> None:
    low, high = sorted((one, other))
    bars = [size_bar(size, high, width) for size in (low, high)]
    assert all(cell_len(bar) == width for bar in bars)
    assert len(bars[0].rstrip()) <= len(bars[1].rstrip())


def test_what_is_not_measured_has_a_muted_bar() -> None:
    made, bar = summary_of(row("half")), placed_at(80)[3]
    assert bar.column.draw(made, bar.width) == (("········", "muted"),)


@given(
    st.text(max_size=60),
    st.sets(st.sampled_from(list(Flag)), max_size=4),
    st.integers(60, 200),
    st.sampled_from(list(Status)),
    st.none() | st.integers(0, 2**50),
)
def test_every_cell_is_as_wide_as_its_column(
    name: str, flags: set[Flag], width: int, status: Status, size: int | None
) -> None:
    made = row(name, status, flags=frozenset(flags), kind=name, python=name, days=size)
    if size is not None:
        made = replace(
            made, usage=replace(usage(1), on_disk=size, reclaimable=size, cache_held=None)
        )
    for placed in placed_at(width):
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
