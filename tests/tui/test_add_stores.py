"""Folders of environments that are no store: what the dashboard says of them, and adds."""

from pathlib import Path

from tests.tui.fake_session import FakeSession
from tests.tui.pilot import Driver, drive
from tests.tui.rows import HOME, everything, row
from venvdash.scanner.discovery.other_folders import EnvironmentFolder
from venvdash.stores.roots import Layout

DEPOT = EnvironmentFolder(HOME / "depot", Layout.FLAT, None, 14)
MIRROR = EnvironmentFolder(HOME / ".cache/uv-venv", Layout.MIRRORED, Path("/"), 1)


def test_an_empty_dashboard_offers_them_and_adds_them_on_request() -> None:
    session = FakeSession(everything([]), folders=[DEPOT, MIRROR])

    async def script(driver: Driver) -> None:
        await driver.scanned()
        await driver.until(lambda: "~/depot  14 environments: press A to add it" in driver.text)
        assert (
            "~/.cache/uv-venv  1 environment, mirrors paths of /: press A to add it" in driver.text
        )
        await driver.press("A")
        await driver.until(lambda: 'path = "~/depot"' in driver.text)
        await driver.press("n")
        await driver.until(lambda: 'path = "~/depot"' not in driver.text)
        assert session.asked == []
        await driver.press("A")
        await driver.until(lambda: 'path = "~/depot"' in driver.text)
        assert 'base = "/"' in driver.text
        await driver.press("y")
        await driver.until(lambda: session.scans == 2)
        await driver.until(lambda: "press A to add it" not in driver.text)

    drive(session, script)
    assert session.asked == [DEPOT.path, MIRROR.path]


def test_the_one_under_the_cursor_is_added() -> None:
    session = FakeSession(everything([row("web")]), folders=[DEPOT, MIRROR])

    async def script(driver: Driver) -> None:
        await driver.scanned()
        await driver.press("5")
        await driver.until(lambda: "not a store" in driver.text)
        for _ in range(20):
            if "mirrors paths of /" in driver.lines[-2] + driver.lines[-3]:
                break
            await driver.press("down")
        await driver.press("A", "y")
        await driver.until(lambda: session.scans == 2)

    drive(session, script, (120, 24))
    assert session.asked == [MIRROR.path]


def test_without_any_it_says_so() -> None:
    async def script(driver: Driver) -> None:
        await driver.scanned()
        await driver.press("A")
        await driver.until(lambda: "No folders of environments" in driver.text)

    drive(FakeSession(everything([row("web")])), script, (120, 24))
