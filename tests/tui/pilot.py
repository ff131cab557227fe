"""Drives the dashboard in a test and reads its screen as text."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from textual.pilot import Pilot
from textual.screen import Screen

from tests.tui.fake_session import FakePrograms
from venvdash.records.snapshot import Snapshot
from venvdash.session import Session
from venvdash.tui.app import Dashboard
from venvdash.tui.dialogs.proposal import ProposalScreen
from venvdash.tui.main.opening import Opening
from venvdash.tui.main.screen import MainScreen
from venvdash.tui.main.workbench import Workbench
from venvdash.tui.suspend import ExternalPrograms

S = TypeVar("S", bound=Screen[Any])


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
        return [row.name for row in self.main.listing.environments.items]

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
        for _ in range(500):
            if condition():
                return
            await self.pilot.pause(0.02)
        raise AssertionError(f"never came to be; on the screen:\n{self.text}")

    async def scanned(self) -> None:
        """Wait for the end of the scan, and for what follows on the screen."""
        scans = self.workbench.scans
        await self.until(lambda: scans.state.outcome != "" and not scans.scan.running)
        await self.until(lambda: not scans.scanning)
        await self.pilot.pause(0.1)

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
) -> int | None:
    """Run the dashboard on ``session``, let ``script`` use it, and return the exit code.

    ``snapshot`` is what it remembers of the last scan.
    """

    async def run() -> int | None:
        runs = programs or FakePrograms(terminal=False)
        app = Dashboard(session.machine.home, Opening(lambda: session, snapshot), runs)
        async with app.run_test(size=size, notifications=True) as pilot:
            driver = Driver(pilot)
            await driver.until(lambda: driver.main.ready)
            await script(driver)
        app.end_scan()
        return app.return_value

    return asyncio.run(run())
