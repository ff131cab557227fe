"""Calls in threads: in order, several at once but not more, and none left behind."""

import threading
from contextlib import closing

import pytest

from venvdash.actions.process.side_by_side import in_order


def test_results_come_in_order_whatever_ends_first() -> None:
    second_done = threading.Event()

    def call(number: int) -> int:
        if number == 0:
            assert second_done.wait(60)  # it can only end if another runs beside it
        else:
            second_done.set()
        return number

    cancel = threading.Event()
    assert list(in_order(call, range(5), 2, cancel)) == [0, 1, 2, 3, 4]
    assert not cancel.is_set()


def test_not_more_at_once_than_asked_for() -> None:
    lock, running, most = threading.Lock(), 0, 0
    together = threading.Barrier(3)

    def call(number: int) -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        together.wait(60)
        with lock:
            running -= 1
        together.wait(60)

    assert len(list(in_order(call, range(9), 3, threading.Event()))) == 9
    assert most == 3


@pytest.mark.parametrize("failing", [True, False])
def test_whoever_stops_early_cancels_what_runs_and_begins_nothing(failing: bool) -> None:
    cancel, begun = threading.Event(), []

    def call(number: int) -> int:
        begun.append(number)
        if number:
            assert cancel.wait(60)
        elif failing:
            raise OSError("broken")
        return number

    with closing(in_order(call, range(100), 2, cancel)) as results:
        if failing:
            with pytest.raises(OSError, match="broken"):
                next(results)
        else:
            assert next(results) == 0
    assert cancel.is_set()
    assert len(begun) <= 3


def test_reading_exactly_all_cancels_nothing() -> None:
    cancel = threading.Event()
    with closing(in_order(str, range(3), 2, cancel)) as results:
        assert [next(results) for _ in range(3)] == ["0", "1", "2"]
    assert not cancel.is_set()
