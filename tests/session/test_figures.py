from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from venvdash import formats
from venvdash.model import Usage


def test_sizes_as_people_write_them() -> None:
    kib, mib, gib = 1024, 1024**2, 1024**3
    assert [
        formats.size(count) for count in (0, 1, 1023, kib, 1023 * kib, int(12.34 * mib), 3 * gib)
    ] == [
        "0 B",
        "1 B",
        "1023 B",
        "1.0 KiB",
        "1023 KiB",
        "12.3 MiB",
        "3.0 GiB",
    ]


def test_a_size_not_measured_yet_is_no_number() -> None:
    assert formats.size(None) == "…"


@given(st.integers(0, 2**63))
def test_a_size_never_leaves_its_column(count: int) -> None:
    assert len(formats.size(count)) <= formats.SIZE_CELLS


def test_counts_as_people_write_them() -> None:
    counts = (None, 0, 999, 1000, 9949, 9951, 12_345, 999_499, 999_500, 1_234_567, 10**9, 10**13)
    assert [formats.number(count) for count in counts] == [
        *("…", "0", "999", "1.0k", "9.9k", "10k", "12k", "999k", "1.0M", "1.2M", "1.0G", "10000G")
    ]


@given(st.integers(0, 10**12))
def test_a_count_never_leaves_its_column(count: int) -> None:
    assert len(formats.number(count)) <= 5


def test_ages_use_the_largest_unit_that_says_enough() -> None:
    day = 86400
    ages = (5, 60, 3599, 3600, 47 * 3600, 2 * day, 60 * day, 61 * day, 730 * day, 731 * day)
    assert [formats.age(1e9 - ago, 1e9) for ago in ages] == [
        "now",
        "1 min",
        "59 min",
        "1 h",
        "47 h",
        "2 d",
        "60 d",
        "2 mo",
        "23 mo",
        "2 y",
    ]


def test_no_trace_of_use_is_a_dash_and_the_future_is_now() -> None:
    assert formats.age(None, 1e9) == "–"
    assert formats.age(2e9, 1e9) == "now"


@given(st.floats(0, 4e9), st.floats(0, 4e9))
def test_an_age_never_leaves_its_column(then: float, now: float) -> None:
    assert len(formats.age(then, now)) <= 6


def test_why_a_figure_is_no_exact_one() -> None:
    usage = Usage(apparent=0, on_disk=0, reclaimable=0, files=0)
    assert formats.doubt(usage) == ""
    assert formats.doubt(replace(usage, exact=False)).startswith(
        "estimate: the file system shares blocks"
    )
    assert formats.doubt(replace(usage, exact=False, at_most=True)).startswith("at most: ")


@given(st.integers(0, 2**60))
def test_an_upper_bound_says_so_and_never_leaves_its_column(count: int) -> None:
    usage = Usage(apparent=0, on_disk=0, reclaimable=count, files=0)
    assert formats.reclaimable(usage) == formats.size(count)
    bounded = formats.reclaimable(replace(usage, at_most=True))
    assert bounded.startswith("≤")
    assert len(bounded) <= formats.SIZE_CELLS
    assert formats.reclaimable(None) == formats.size(None)


@given(st.integers(0, 2**60), st.sampled_from("≤≥~"))
def test_a_sign_never_leaves_its_column(count: int, sign: str) -> None:
    assert len(formats.signed(sign, count)) <= formats.SIZE_CELLS
    assert formats.signed(sign, count)[0] == sign


def test_a_sum_is_a_floor_unless_it_has_upper_bounds_in_it() -> None:
    usage = Usage(apparent=0, on_disk=0, reclaimable=1024, files=0)
    assert formats.summed([usage, usage]) == "≥ 2.0 KiB"
    assert formats.summed([usage, replace(usage, at_most=True)]) == "about 2.0 KiB"
