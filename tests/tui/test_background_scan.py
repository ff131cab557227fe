"""The thread beside the screen."""

import sys
import threading
import time

from tests.tui.fake_session import FakeSession, Told
from tests.tui.rows import row
from venvdash.actions.events import RowChanged
from venvdash.scanner.events import Ended
from venvdash.tui.background_scan import BackgroundScan, DiskFree, ScanEvent
from venvdash.tui.jobs import JobFailed


def drained(scan: BackgroundScan) -> list[ScanEvent | JobFailed]:
    """Return all events of a scan, once it has ended."""
    events: list[ScanEvent | JobFailed] = []
    while scan.running:
        events += scan.drain()
        time.sleep(0.001)
    return events + scan.drain()


def test_events_come_in_order_and_the_free_space_once() -> None:
    told: list[Told] = [RowChanged(row("a")), RowChanged(row("b")), Ended(False, 1)]
    source = FakeSession(told)
    scan = BackgroundScan(source)
    scan.start()
    events = drained(scan)
    assert [event for event in events if not isinstance(event, DiskFree)] == told


def test_draining_never_waits_for_the_scan() -> None:
    gate = threading.Event()
    scan = BackgroundScan(FakeSession([RowChanged(row("a")), gate]))
    scan.start()
    events: list[ScanEvent | JobFailed] = []
    while not events:
        events = scan.drain()
    assert scan.drain() == []
    assert scan.running
    scan.stop(10)
    assert isinstance(drained(scan)[0], Ended), "and stopping ends it"


def test_many_events_are_drained_in_parts() -> None:
    told: list[Told] = [RowChanged(row(f"project{number}")) for number in range(25)]
    scan = BackgroundScan(FakeSession(told))
    scan.start()
    parts = list[list[ScanEvent | JobFailed]]()
    while scan.running:
        parts.append(scan.drain(10))
    assert scan.drain() == []
    assert max(map(len, parts)) <= 10
    found = [event for part in parts for event in part if isinstance(event, RowChanged)]
    assert found == told


def test_an_error_is_an_event() -> None:
    scan = BackgroundScan(FakeSession([ValueError("no")]))
    scan.start()
    assert drained(scan) == [JobFailed("ValueError: no")]


def test_the_switch_interval_is_given_back() -> None:
    before = sys.getswitchinterval()
    gate = threading.Event()
    scan = BackgroundScan(FakeSession([gate]))
    scan.start()
    assert sys.getswitchinterval() < before
    gate.set()
    drained(scan)
    assert sys.getswitchinterval() == before
