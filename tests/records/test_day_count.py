"""Days are counted by the boot clock and by starts, never by jumps of the wall clock."""

from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tests.effort import examples
from venvdash.records import trash_days
from venvdash.records.day_count import DAY, DayCount, advanced
from venvdash.records.trash_days import TrashDays, Waiting
from venvdash.system import clock
from venvdash.system.clock import Moment

_HOUR = 3600.0
_KEEP = 3  # days; few, so that a sequence often comes to its end
_START = Moment(wall=1.8e9, boot=500.0, boot_id="a")


def later(now: Moment, seconds: float) -> Moment:
    """Return both clocks so much later, awake or asleep."""
    return replace(now, wall=now.wall + seconds, boot=now.boot + seconds)


def jumped(now: Moment, seconds: float) -> Moment:
    """Return the wall clock set to another time."""
    return replace(now, wall=now.wall + seconds)


def booted(now: Moment, boot_id: str, off: float) -> Moment:
    """Return the clocks after a start that followed so many seconds without power."""
    return Moment(now.wall + off + 30, 30.0, boot_id)


def over(*moments: Moment) -> DayCount:
    """Return the count after a look at each of these moments."""
    count = None
    for moment in moments:
        count = advanced(count, moment)
    assert count is not None
    return count


def test_one_day_for_each_24_hours_of_the_boot_clock() -> None:
    looks = [later(_START, hours * _HOUR) for hours in range(0, 24 * 7 + 1, 4)]
    assert over(*looks).days == 7
    assert over(_START, later(_START, DAY - 1)).days == 0


def test_a_day_may_be_seen_late() -> None:
    looks = [later(_START, 25 * hours * _HOUR) for hours in range(25)]
    assert over(*looks).days == 24  # of 600 hours; one at a time
    assert over(_START, later(_START, 36 * _HOUR)).position == 1.5


def test_never_more_than_one_at_a_time() -> None:
    month = later(_START, 30 * DAY)
    assert over(_START, month, month, later(month, 60), later(month, 120)).days == 1
    assert over(_START, booted(_START, "b", 300 * DAY)).days == 1


@pytest.mark.parametrize("seconds", [400 * DAY, 30 * DAY, DAY, -DAY, -400 * DAY])
def test_a_jump_in_a_running_system_counts_for_nothing(seconds: float) -> None:
    away = jumped(_START, seconds)
    back = jumped(later(away, 60), -seconds)
    count = over(_START, away, later(away, 60), back, later(back, 60))
    assert count.days == 0
    assert count.running == 120


def test_a_jump_that_was_seen_counts_for_nothing_at_the_next_start_either() -> None:
    away = jumped(_START, 30 * DAY)
    assert over(_START, away, booted(away, "b", 60)).days == 0
    back = booted(jumped(away, -30 * DAY), "b", 60)
    assert over(_START, away, back, booted(back, "c", 60)).days == 0


def test_a_start_after_a_day_counts_one_and_one_soon_after_none() -> None:
    second = booted(_START, "b", 2 * DAY)
    assert over(_START, second).days == 1
    assert over(_START, second, booted(second, "c", _HOUR)).days == 1
    assert over(_START, booted(_START, "b", 23 * _HOUR)).days == 0


def test_short_times_awake_add_up_over_starts() -> None:
    looks, now = [_START], _START
    for number in range(12):
        now = later(booted(now, f"b{number}", 60), 3 * _HOUR)
        looks.append(now)
    assert over(*looks).days == 1  # 36 hours


def test_a_clock_that_forgets_the_time_without_power_never_counts_by_it() -> None:
    """A battery is empty: each start is in 2020, until a server tells the time."""
    now, looks = _START, [_START]
    for number in range(20):
        now = Moment(1.58e9, 30.0, f"b{number}")
        looks.append(now)
        now = Moment(_START.wall + number * 60, 60.0, f"b{number}")
        looks.append(now)
    assert over(*looks).days == 0


def test_another_boot_id_with_the_clock_going_on_is_no_day() -> None:
    """A sandbox that makes up an id for each process: its boot clock is a month old."""
    looks = [Moment(1.8e9 + 60 * n, 30 * DAY + 60 * n, f"{n}") for n in range(50)]
    assert over(*looks).days == 0


def test_a_namespace_with_another_boot_clock_is_no_day() -> None:
    looks = [later(_START, 10 * DAY)]
    for number in range(20):
        offset = -5 * DAY if number % 2 else 0.0
        looks.append(
            replace(later(_START, 10 * DAY + number), boot=_START.boot + 10 * DAY + offset)
        )
    assert over(*looks).days == 0


def test_without_boot_ids_a_smaller_boot_clock_is_a_start() -> None:
    start = replace(_START, boot_id="")
    assert over(start, replace(booted(start, "", 2 * DAY), boot=20.0)).days == 1
    assert over(start, jumped(start, 30 * DAY)).days == 0


def test_doubt_lasts_for_a_day_of_the_boot_clock() -> None:
    away = jumped(_START, 30 * DAY)
    count = over(_START, away)
    assert (count.doubt, count.jump) == (DAY, 30 * DAY)
    assert over(_START, away, later(away, DAY / 2)).doubt == DAY / 2
    assert over(_START, away, later(away, DAY)).doubt == 0
    assert over(_START, jumped(_START, -30 * DAY)).doubt == 0
    assert over(_START, booted(_START, "b", 3 * DAY)).doubt == 0
    assert over(_START, booted(_START, "b", 60 * DAY)).doubt == DAY


def test_small_jumps_add_up_to_a_doubt() -> None:
    now, looks = _START, [_START]
    for _ in range(30):
        now = jumped(later(now, 60), _HOUR)
        looks.append(now)
    assert over(*looks).doubt > 0


def test_the_clocks_of_this_machine_go_on() -> None:
    first, second = clock.now(), clock.now()
    assert second.boot >= first.boot > 0
    assert second.boot_id == first.boot_id
    assert abs(second.wall - first.wall) < 60


# What is stored


def test_what_is_stored_comes_back(tmp_path: Path) -> None:
    assert trash_days.as_of(tmp_path, _START).count.days == 0
    odd = Path("/store/caf\udce9\n")
    days = TrashDays(
        over(_START, later(_START, DAY)), 1, {odd: Waiting(0, 1), Path("/b"): Waiting(1)}
    )
    assert trash_days.store(tmp_path, days)
    assert trash_days.as_of(tmp_path, later(_START, DAY)) == days


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"count": {}}', "{" * 10_000, "\0", "null"])
def test_what_makes_no_sense_begins_again(tmp_path: Path, text: str) -> None:
    trash_days.looked(tmp_path, _START)
    (file,) = (tmp_path / "days").iterdir()
    file.write_text(text)
    assert trash_days.as_of(tmp_path, _START) == TrashDays(over(_START))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"days": 0', '"days": -1'),
        ('"days": 0', '"days": 1e9'),
        ('"days": 0', '"days": true'),
        ('"running": 0.0', '"running": NaN'),
        ('"running": 0.0', '"running": Infinity'),
        ('"checked": 0', '"checked": 5'),
        ('["/a", 0.0', '["/a", -7'),
        ('["/a", 0.0', '["/a", 3'),
    ],
)
def test_values_that_no_count_has_begin_again(tmp_path: Path, old: str, new: str) -> None:
    trash_days.store(tmp_path, TrashDays(over(_START), 0, {Path("/a"): Waiting(0.0)}))
    (file,) = (tmp_path / "days").iterdir()
    assert old in file.read_text()
    file.write_text(file.read_text().replace(old, new))
    assert trash_days.as_of(tmp_path, _START) == TrashDays(over(_START))


def test_a_jump_is_remembered_once_and_its_doubt_ends(tmp_path: Path) -> None:
    away = jumped(_START, 30 * DAY)
    trash_days.looked(tmp_path, _START)
    assert trash_days.looked(tmp_path, away).count.doubt == DAY
    assert trash_days.as_of(tmp_path, later(away, DAY - 1)).count.doubt == 1
    assert trash_days.as_of(tmp_path, later(away, DAY + 1)).count.doubt == 0


# Any sequence


@dataclass
class _Truth:
    """What really happened since something came into the trash."""

    awake: float = 0.0  # seconds for which the system ran
    starts: int = 0
    came: int = 0  # on which counted day


class Clocks(RuleBasedStateMachine):
    """Wall jumps, starts, sleep, deletions and looks in any order, against what really happened."""

    def __init__(self) -> None:
        super().__init__()
        self.now = _START
        self.days = TrashDays(advanced(None, self.now))
        self.trash: dict[Path, _Truth] = {}
        self.ids = 0
        self.doubted: float | None = None  # seconds awake since a jump ahead that was seen

    def look(self) -> None:
        self.days = replace(self.days, count=advanced(self.days.count, self.now))
        self.days, _, expired = self.days.holding(list(self.trash)).checked_now(_KEEP)
        for path in expired:
            truth = self.trash.pop(path)
            assert self.days.count.days - truth.came >= _KEEP
            assert truth.awake / DAY + truth.starts >= _KEEP - 0.01

    @rule(days=st.floats(-400, 400))
    def jump(self, days: float) -> None:
        """The wall clock is set while venvdash looks before and after."""
        self.look()
        counted = self.days.count.days
        self.now = jumped(self.now, days * DAY)
        self.look()
        assert self.days.count.days == counted
        if days > 1:
            self.doubted = 0.0

    @rule(days=st.floats(-400, 400))
    def jump_unseen(self, days: float) -> None:
        self.now = jumped(self.now, days * DAY)

    @rule(hours=st.floats(0, 60))
    def pass_time(self, hours: float) -> None:
        """It runs, or sleeps: the boot clock goes on in both."""
        self.now = later(self.now, hours * _HOUR)
        for truth in self.trash.values():
            truth.awake += hours * _HOUR
        if self.doubted is not None:
            self.doubted += hours * _HOUR

    @rule(days=st.floats(0, 40))
    def start(self, days: float) -> None:
        self.ids += 1
        self.now = booted(self.now, f"b{self.ids}", days * DAY)
        for truth in self.trash.values():
            truth.starts += 1
        self.doubted = None

    @rule()
    def delete(self) -> None:
        self.look()
        path = Path(f"/store/{self.ids}-{len(self.trash)}-{self.days.count.days}")
        if path not in self.trash:
            self.trash[path] = _Truth(came=self.days.count.days)
            self.look()

    @rule()
    def list_everything(self) -> None:
        self.look()

    @precondition(lambda self: self.doubted is not None)
    @rule()
    def dates_are_in_doubt_for_a_day(self) -> None:
        assert self.doubted is not None
        self.look()
        if self.doubted < DAY - 1:
            assert self.days.count.doubt > 0

    @invariant()
    def nothing_is_lost_from_the_count(self) -> None:
        assert self.days.checked <= self.days.count.days


TestClocks = Clocks.TestCase
TestClocks.settings = settings(max_examples=examples(80), stateful_step_count=60, deadline=None)
