"""Changing environments in the dashboard for real: a playground, real uv, the disk afterwards."""

import os
from pathlib import Path

from tests.mounting import tmpfs
from tests.tui.pilot import Driver, drive
from venvdash.config import load
from venvdash.demo.playground import Playground
from venvdash.demo.workshop import site_packages
from venvdash.model import Status
from venvdash.session import Session
from venvdash.tui.dialogs.proposal import ProposalScreen

SIZE = (120, 40)


def session(playground: Playground) -> Session:
    return Session(playground.machine(), load(playground.config))


async def at(driver: Driver, path: Path) -> None:
    """Put the cursor on an environment once all is scanned."""
    await driver.scanned()
    driver.main.listing.go_to(path)
    await driver.pilot.pause()


async def shown(driver: Driver) -> ProposalScreen:
    """Wait until the dialog shows what would be done."""
    await driver.until(lambda: isinstance(driver.app.screen, ProposalScreen))
    screen = driver.app.screen
    assert isinstance(screen, ProposalScreen)
    await driver.until(lambda: screen.planned is not None)
    await driver.pilot.pause()
    return screen


async def done(driver: Driver, words: str) -> None:
    """Say yes, wait until the outcome says so and the list is fresh."""
    await driver.press("y")
    await driver.until(lambda: words in driver.text and driver.workbench.jobs.job is None)
    await driver.scanned()


def installed(environment: Path) -> set[str]:
    return {path.name.split("-")[0] for path in site_packages(environment).glob("*.dist-info")}


def test_a_sync_is_shown_done_and_logged(playground: Playground) -> None:
    api, notes = playground.made["work-api"].path, playground.made["notes"].path

    async def script(driver: Driver) -> None:
        await at(driver, notes)
        await driver.press("space")
        driver.main.listing.go_to(api)
        await driver.press("space", "S")
        await shown(driver)
        assert "Sync 2 environments" in driver.text
        assert "+ imaging 10.2.0" in driver.text
        assert "Already up to date" in driver.text
        assert "imaging" not in installed(api)
        await done(driver, "2 synced")
        assert {"imaging", "plotting", "numerics"} <= installed(api)
        assert not driver.workbench.selection.marks.paths
        row = driver.main.listing.table.rows[api]
        assert "imaging" in {package.name for package in row.environment.packages}
        assert row.record is not None
        assert row.record.last_sync is not None
        await driver.press("at", "down", "down", "down")  # below what was said of it
        await driver.until(lambda: "+ imaging==10.2.0" in driver.text)
        assert "$ uv sync --project" in driver.text

    drive(session(playground), script, SIZE)


def test_a_moved_one_is_relinked_and_the_link_taken_back(playground: Playground) -> None:
    made, place = playground.made["shop"], playground.home / "work" / "shop"
    link = place / ".venv"

    async def script(driver: Driver) -> None:
        await at(driver, made.path)
        assert driver.main.listing.row is not None
        assert driver.main.listing.row.verdict.status is Status.MOVED
        assert "Press R to relink it." in " ".join(driver.text.split()), driver.text
        await driver.press("R")
        await driver.until(lambda: "~/work/shop" in driver.text and "Looking" not in driver.text)
        await driver.press("enter")
        await shown(driver)
        assert "It will belong to ~/work/shop." in driver.text
        await done(driver, "shop is relinked.")
        row = driver.main.listing.row
        assert row is not None
        assert (row.name, row.verdict.status) == ("shop", Status.LINKED)
        assert row.path != made.path, "it has the name that uv looks for now"
        assert Path(os.readlink(link)) == row.path
        await driver.press("u")
        await driver.until(lambda: "shop is linked as before." in driver.text)
        await driver.until(
            lambda: driver.main.listing.row is not None and driver.main.listing.path == made.path
        )
        assert Path(os.readlink(link)) == made.path

    drive(session(playground), script, SIZE)


def test_a_typed_project_gets_a_named_one_which_is_unlinked_again(playground: Playground) -> None:
    path = playground.made["scratchpad"].path
    project = playground.home / "code" / "brand-new"
    project.mkdir()

    async def script(driver: Driver) -> None:
        await at(driver, path)
        await driver.press("R")
        await driver.until(lambda: "Looking" not in driver.text)
        await driver.press("slash", "backspace", *"~/code/bra", "tab")
        await driver.until(lambda: "~/code/brand-new/" in driver.text)
        await driver.press("enter")
        await shown(driver)
        await done(driver, "scratchpad is relinked.")
        assert driver.main.listing.table.rows[path].verdict.project == project
        assert os.readlink(project / ".venv") == str(path)
        await driver.press("R")
        await driver.until(lambda: "Looking" not in driver.text)
        if driver.app.focused is not driver.app.screen.query_one("#directories"):
            await driver.press("down")
        await driver.press("u")
        await shown(driver)
        await done(driver, "is unlinked.")
        assert driver.main.listing.table.rows[path].verdict.project is None
        assert not os.path.lexists(project / ".venv")

    drive(session(playground), script, SIZE)


def test_copied_for_another_python_renamed_and_moved(
    playground: Playground, two_pythons: tuple[Path, Path]
) -> None:
    path = playground.made["scratchpad"].path
    before = sorted(os.walk(path))

    async def script(driver: Driver) -> None:
        await at(driver, path)
        await driver.press("c")
        await driver.until(lambda: "Recreates it with the same 1 package" in driver.text)
        await driver.press("tab", "tab", "right", "enter")
        await shown(driver)
        await done(driver, "scratchpad is copied to ~/.virtualenvs/scratchpad-copy.")
        assert sorted(os.walk(path)) == before
        copy = path.with_name("scratchpad-copy")
        assert installed(copy) == {"httpkit"}
        driver.main.listing.go_to(copy)
        row = driver.main.listing.row
        assert row is not None
        assert row.environment.python != driver.main.listing.table.rows[path].environment.python
        await driver.press("f2", *"2", "enter")
        await shown(driver)
        await done(driver, "is renamed to ~/.virtualenvs/scratchpad-copy2.")
        assert driver.current == "scratchpad-copy2"
        await driver.press("m")
        await driver.until(lambda: "~/.venvs" in driver.text)
        await driver.press("enter")
        await shown(driver)
        assert "Moves it to ~/.venvs/scratchpad-copy2" in driver.text
        await done(driver, "is moved to ~/.venvs/scratchpad-copy2.")
        assert driver.current == "scratchpad-copy2"
        assert driver.main.listing.path == playground.home / ".venvs" / "scratchpad-copy2"
        assert not copy.exists()
        assert "u undo" in driver.text
        await driver.press("u")
        await driver.until(lambda: "moved back to ~/.virtualenvs/scratchpad-copy2." in driver.text)
        await driver.scanned()
        await driver.press("u")
        await driver.until(lambda: "renamed back to ~/.virtualenvs/scratchpad-copy." in driver.text)
        await driver.scanned()
        assert driver.current == "scratchpad-copy"
        await driver.press("u")
        await driver.until(lambda: "It has changed since then." in driver.text)  # renamed twice
        await driver.press("y")
        await driver.until(lambda: "scratchpad-copy is in the trash" in driver.text)
        assert not copy.exists()
        assert sorted(os.walk(path)) == before

    drive(session(playground), script, SIZE)


def test_what_a_tool_keeps_cannot_be_had_under_another_name(playground: Playground) -> None:
    path = playground.made["greeter"].path

    async def script(driver: Driver) -> None:
        await at(driver, path)
        await driver.press("f2", "x")
        await driver.until(lambda: "! " in driver.text)
        await driver.press("enter")
        await shown(driver)
        assert "Cannot rename:" in driver.text
        await driver.press("y", "escape", "escape")
        assert driver.app.screen is driver.app.screen_stack[0]

    drive(session(playground), script, SIZE)
    assert (path / "pyvenv.cfg").is_file()


def test_one_that_was_moved_to_another_disk_is_no_longer_listed(
    playground: Playground, tmp_path: Path
) -> None:
    path = playground.made["sandbox"].path
    disk = tmp_path / "disk"
    disk.mkdir()

    async def script(driver: Driver) -> None:
        await at(driver, path)
        await driver.press("m")
        await driver.press("ctrl+u", *str(disk), "enter")
        await shown(driver)
        assert "on another file system" in " ".join(driver.text.replace("│", " ").split())
        await done(driver, f"sandbox is moved to {disk}/sandbox.")
        await driver.until(lambda: path not in driver.main.listing.table.summaries)
        assert (disk / "sandbox" / "pyvenv.cfg").is_file()

    with tmpfs(disk):
        drive(session(playground), script, SIZE)
