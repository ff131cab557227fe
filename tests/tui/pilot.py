"""Drives the dashboard in a test and reads its screen as text."""

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import textual.app
import textual.pilot
from textual.pilot import Pilot
from textual.screen import Screen

from tests.tui.fake_session import FakePrograms
from venvdash.model.summary import Summary
from venvdash.records.dashboard_look import Look
from venvdash.records.snapshot import Snapshot
from venvdash.session import Session
from venvdash.tui.app import Dashboard
from venvdash.tui.dialogs.proposal import ProposalScreen
from venvdash.tui.main import details, job_runner, scans
from venvdash.tui.main.opening import Opening
from venvdash.tui.main.screen import MainScreen
from venvdash.tui.main.workbench import Workbench
from venvdash.tui.suspend import ExternalPrograms

S = TypeVar("S", bound=Screen[Any])

_FRAME = 0.02  # seconds, in which what has changed is painted
_WINDOW = 0.01  # seconds in which a thread that does anything uses CPU time
_SOON = 0.005  # seconds; what the dashboard puts off for the eyes' sake comes that soon


async def settled(min_sleep: float = 0, max_sleep: float = 1) -> None:
    """Wait until nothing is left to do at once: messages, the next frame, calls in threads.

    Takes the place of Textual's ``wait_for_idle``, which sleeps for a multiple of 20 ms.
    """
    end = time.monotonic() + max_sleep
    await _loop_is_empty(end)
    loop: Any = asyncio.get_running_loop()
    frame = loop.time() + _FRAME
    due = [timer.when() for timer in loop._scheduled if timer.when() < frame]
    if due:
        await asyncio.sleep(max(*due, loop.time()) - loop.time())
        await _loop_is_empty(end)
    while any(thread.name == "background" for thread in threading.enumerate()):
        used = time.process_time()
        await asyncio.sleep(_WINDOW)
        await _loop_is_empty(end)
        if time.process_time() - used < _WINDOW / 20 or time.monotonic() > end:
            return  # the thread waits for something


async def _loop_is_empty(end: float) -> None:
    """Wait until the event loop has no callback that is ready; until ``end`` at most."""
    loop: Any = asyncio.get_running_loop()
    empty = 0
    while empty < 3 and time.monotonic() < end:  # a turn of the loop, and what follows from that
        await asyncio.sleep(0)
        empty = 0 if loop._ready else empty + 1


setattr(textual.app, "wait_for_idle", settled)
setattr(textual.pilot, "wait_for_idle", settled)
setattr(details, "_DELAY", _SOON)
setattr(job_runner, "_TICK", _SOON)
setattr(scans, "_FIRST_TICK", _SOON)
setattr(scans, "_TICK", _SOON)


class Driver:
    """A running dashboard: keys in, lines out."""

    def __init__(self, pilot: Pilot[int]) -> None:
        self.pilot = pilot
        self.app = pilot.app

    @property
    def main(self) -> MainScreen:
        screen = self.app.screen_stack[0]
        assert isinstance(screen, MainScreen)
        return screen

    @property
    def workbench(self) -> Workbench:
        return self.main.workbench

    @property
    def lines(self) -> list[str]:
        """The top screen, as the terminal shows it without colour."""
        strips = self.app.screen._compositor.render_strips()
        return [strip.text.rstrip() for strip in strips]

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    @property
    def listed(self) -> list[str]:
        """The names in the list, in order."""
        return [row.name for row in self.rows]

    @property
    def rows(self) -> list[Summary]:
        """The environments in the list, in order."""
        lines = self.main.listing.environments.items
        return [line for line in lines if isinstance(line, Summary)]

    @property
    def current(self) -> str:
        """The name under the cursor."""
        row = self.main.listing.environment
        return row.name if row else ""

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)
        await self.pilot.pause()

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until something holds; the test fails if it never does."""
        end = time.monotonic() + 60
        while time.monotonic() < end:
            if condition():
                return
            await self.pilot.pause(_SOON)
        raise AssertionError(f"never came to be; on the screen:\n{self.text}")

    async def scanned(self) -> None:
        """Wait for the end of the scan, and for what follows on the screen."""
        scans = self.workbench.scans
        await self.until(lambda: scans.state.outcome != "" and not scans.scan.running)
        await self.until(lambda: not scans.scanning)
        await self.pilot.pause(_SOON * 4)

    async def opened(self, key: str, dialog: type[S]) -> S:
        """Press a key after the scan, and return the dialog that it opens, once it is ready."""
        await self.scanned()
        await self.press(key)
        screen = self.app.screen
        assert isinstance(screen, dialog)
        await self.until(lambda: "Looking" not in self.text)
        return screen

    async def proposed(self) -> None:
        """Wait until a proposal is shown that is not refused."""
        await self.until(lambda: isinstance(self.app.screen, ProposalScreen))
        await self.until(lambda: "It will be done" in self.text)

    async def sent_twice(self, form: type[S]) -> None:
        """Send a form, go back to it from what it proposes, send it again, and say yes."""
        await self.press("enter")
        await self.proposed()
        await self.press("escape")
        assert isinstance(self.app.screen, form), "one step back"
        await self.press("enter")
        await self.proposed()
        await self.press("y")
        assert not isinstance(self.app.screen, form)


def drive(
    session: Session,
    script: Callable[[Driver], Awaitable[None]],
    size: tuple[int, int] = (80, 24),
    programs: ExternalPrograms | None = None,
    snapshot: Snapshot | None = None,
    look: Look = Look(),  # noqa: B008 - it is frozen
) -> int | None:
    """Run the dashboard on ``session``, let ``script`` use it, and return the exit code.

    ``snapshot`` is what it remembers of the last scan, ``look`` of how it looked.
    """

    async def run() -> int | None:
        runs = programs or FakePrograms(terminal=False)
        app = Dashboard(session.machine.home, Opening(lambda: session, snapshot), runs, look)
        async with app.run_test(size=size, notifications=True) as pilot:
            driver = Driver(pilot)
            await driver.until(lambda: driver.main.ready)
            await script(driver)
        app.end_scan()
        return app.return_value

    return asyncio.run(run())
