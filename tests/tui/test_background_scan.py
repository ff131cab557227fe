"""The thread beside the screen."""

import sys
import threading
import time

from tests.tui.fake_session import ListSource, Told, row
from venvdash.actions.events import RowChanged
from venvdash.scanner.events import Ended
from venvdash.tui.background_scan import DiskFree, Failed, Feed, FeedEvent


def drained(feed: Feed) -> list[FeedEvent]:
    """Return all events of a feed, once it has ended."""
    events: list[FeedEvent] = []
    while feed.running:
        events += feed.drain()
        time.sleep(0.001)
    return events + feed.drain()


def test_events_come_in_order_and_the_free_space_once() -> None:
    told: list[Told] = [RowChanged(row("a")), RowChanged(row("b")), Ended(False, 1)]
    source = ListSource(told)
    feed = Feed(source)
    feed.start()
    events = drained(feed)
    assert [event for event in events if not isinstance(event, DiskFree)] == told


def test_draining_never_waits_for_the_scan() -> None:
    gate = threading.Event()
    feed = Feed(ListSource([RowChanged(row("a")), gate]))
    feed.start()
    events: list[FeedEvent] = []
    while not events:
        events = feed.drain()
    assert feed.drain() == []
    assert feed.running
    feed.stop(10)
    assert isinstance(drained(feed)[0], Ended), "and stopping ends it"


def test_an_error_is_an_event() -> None:
    feed = Feed(ListSource([ValueError("no")]))
    feed.start()
    assert drained(feed) == [Failed("ValueError: no")]


def test_the_switch_interval_is_given_back() -> None:
    before = sys.getswitchinterval()
    gate = threading.Event()
    feed = Feed(ListSource([gate]))
    feed.start()
    assert sys.getswitchinterval() < before
    gate.set()
    drained(feed)
    assert sys.getswitchinterval() == before
