"""Pins and notes from the dashboard, over real environments."""

import re
from pathlib import Path

from tests.conftest import Home
from tests.scenario import listing, venv
from tests.tui.pilot import Driver, drive
from venvdash.actions.annotate import note
from venvdash.config import Config
from venvdash.model import Flag, Row
from venvdash.records import pins
from venvdash.session import Session


def stored(home: Home, path: Path) -> Row:
    return listing(home).rows[path]


def note_of(home: Home, path: Path) -> str:
    record = stored(home, path).record
    return record.note if record is not None else ""


def test_p_pins_and_unpins_what_is_marked_or_under_the_cursor(home: Home) -> None:
    paths = [venv(home.path / ".virtualenvs" / name) for name in ("lab", "web")]

    def pinned() -> set[Path]:
        return set(pins.read(home.machine().state_directory).paths.values())

    async def script(driver: Driver) -> None:
        await driver.scanned()
        await driver.press("p")
        await driver.until(lambda: "lab is pinned: rules skip it." in driver.text)
        assert re.search(r" lab +pinned standalone ", driver.text)
        assert pinned() == {paths[0]}
        await driver.press("a", "p")  # both: the one that is not pinned counts
        await driver.until(lambda: "environments are pinned: rules skip them." in driver.text)
        assert pinned() == set(paths)
        await driver.press("p")
        await driver.until(lambda: "2 environments are no longer pinned." in driver.text)
        assert pinned() == set()
        row = driver.main.listing.row
        assert row is not None
        assert Flag.PINNED not in row.environment.flags

    drive(Session(home.machine(), Config()), script, (120, 30))
    assert Flag.PINNED not in stored(home, paths[0]).environment.flags


def test_w_writes_changes_and_removes_a_note(home: Home) -> None:
    path = venv(home.path / ".virtualenvs" / "lab")

    async def script(driver: Driver) -> None:
        await driver.scanned()
        await driver.press("w", *"talk", "enter")
        await driver.until(lambda: "lab has a new note." in driver.text)
        await driver.press("enter")
        await driver.until(driver.main.details.focused)
        await driver.press("G")
        await driver.until(lambda: "note        talk" in driver.text)
        await driver.press("escape", "w", *" in May", "enter")
        await driver.until(lambda: note_of(home, path) == "talk in May")
        await driver.press("w", *["backspace"] * 20, "escape")
        assert note_of(home, path) == "talk in May"
        await driver.press("w", *["backspace"] * 20, "enter")
        await driver.until(lambda: "lab has no note any more." in driver.text)

    drive(Session(home.machine(), Config()), script, (120, 40))


def test_a_note_of_several_lines_is_shown_and_not_edited_in_one(home: Home) -> None:
    path = venv(home.path / ".virtualenvs" / "lab")
    session = listing(home)
    note(session, session.rows[path], "for the talk\nin May")

    async def script(driver: Driver) -> None:
        await driver.scanned()
        await driver.press("w")
        assert "This note has several lines" in driver.text
        await driver.press("enter")
        await driver.until(driver.main.details.focused)
        await driver.press("G")
        await driver.until(lambda: "note        for the talk" in driver.text)
        assert "          in May" in driver.text

    drive(Session(home.machine(), Config()), script, (120, 60))


def test_what_cannot_be_kept_is_said(home: Home) -> None:
    venv(home.path / ".virtualenvs" / "lab")

    async def script(driver: Driver) -> None:
        await driver.scanned()
        await driver.press("p")
        await driver.until(lambda: "lab: Records are turned off by --no-records" in driver.text)

    drive(Session(home.machine(), Config(), records=False), script, (120, 30))
