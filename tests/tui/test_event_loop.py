"""The event loop that goes before all other threads."""

import asyncio
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from venvdash.system import foreground
from venvdash.tui import event_loop


class Worker:
    """A thread that works without end, and gives way before each step."""

    def __init__(self) -> None:
        self.steps = 0
        self.reached = threading.Event()
        self.stopped = False
        self._thread = threading.Thread(target=self._work, daemon=True)

    def _work(self) -> None:
        while not self.stopped:
            foreground.give_way()
            self.steps += 1
            if self.steps == 100:
                self.reached.set()

    @contextmanager
    def working(self) -> Iterator[None]:
        """Let it work meanwhile."""
        self._thread.start()
        try:
            yield
        finally:
            self.stopped = True
            self._thread.join()


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let threads wait for a busy loop as long as the test runs."""
    monkeypatch.setattr(event_loop, "_PAUSE", 60)
    monkeypatch.setattr(event_loop, "_LONGEST", 60)


@pytest.mark.usefixtures("patient")
def test_other_threads_wait_while_the_loop_is_busy() -> None:
    worker = Worker()

    async def keys() -> None:
        with worker.working():
            while not worker.reached.is_set():
                await asyncio.sleep(0.001)
            before = worker.steps
            for _ in range(20):
                time.sleep(0.001)  # without the interpreter's lock: the worker could run
            assert worker.steps <= before + 1
            worker.reached.clear()
            worker.steps = 0
            while not worker.reached.is_set():  # and it runs again when the loop waits
                await asyncio.sleep(0.001)
            worker.stopped = True
            await asyncio.sleep(0.001)

    event_loop.run(keys())


def test_a_thread_goes_on_beside_a_loop_that_is_stuck(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_loop, "_LONGEST", 0)
    worker = Worker()

    async def stuck() -> None:
        with worker.working():
            assert worker.reached.wait(30)

    event_loop.run(stuck())


@pytest.mark.usefixtures("patient")
def test_the_loop_never_waits_for_itself() -> None:
    async def reads() -> list[int]:
        begun = time.monotonic()
        numbers = list(foreground.in_turns(range(100)))
        assert time.monotonic() - begun < 60
        return numbers

    async def run() -> None:
        assert await reads() == list(range(100))

    event_loop.run(run())


def test_nothing_waits_without_a_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    waited = list[bool]()

    async def nothing() -> None:
        """End at once."""

    event_loop.run(nothing())
    monkeypatch.setattr(threading.Event, "wait", lambda *_: waited.append(True))
    monkeypatch.setattr(time, "sleep", lambda _: waited.append(True))
    foreground.give_way()
    assert not waited


def test_a_thread_gives_way_before_each_module_that_it_imports(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ways = list[bool]()
    foreground.goes_first(lambda: ways.append(True))
    finders = list(sys.meta_path)
    try:
        for _ in range(2):
            monkeypatch.delitem(sys.modules, "colorsys", raising=False)
            with foreground.importing():
                import colorsys  # noqa: F401 - the import itself is tested
    finally:
        foreground.goes_first(None)
    assert len(ways) == 2
    assert sys.meta_path == finders
