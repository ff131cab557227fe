"""The dashboard over a real session: real directories, a real scan."""

import subprocess
import sys
from pathlib import Path

from tests.conftest import Home
from tests.tui.pilot import Driver, drive
from venvdash.config import Config
from venvdash.session import Session


def make_environment(path: Path, project: Path | None = None) -> None:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", path], check=True, timeout=120)
    if project is not None:
        (path / ".project").write_text(f"{project}\n")


def session(home: Home) -> Session:
    return Session(home.machine(), Config(), records=False)


def test_a_real_machine_fills_the_screen(home: Home) -> None:
    project = home.path / "code" / "webapp"
    project.mkdir(parents=True)
    store = home.path / ".virtualenvs"
    store.mkdir()
    make_environment(store / "webapp", project)
    gone = home.path / "code" / "gone"
    gone.mkdir()
    make_environment(store / "gone", gone)
    gone.rmdir()
    (store / "notes.txt").write_text("no environment")

    async def script(driver: Driver) -> None:
        await driver.scanned()
        assert sorted(driver.listed) == ["gone", "webapp"]
        row = driver.rows[driver.listed.index("webapp")]
        assert row.on_disk is not None
        await driver.press("slash", *"webapp", "enter", "enter")
        assert "~/code/webapp" in driver.text
        await driver.press("escape", "escape", "2")
        assert driver.listed == ["gone"]
        assert "~/code/gone" in driver.text

    drive(session(home), script)


def test_a_rescan_finds_what_is_new_and_misses_what_is_gone(home: Home) -> None:
    store = home.path / ".virtualenvs"
    store.mkdir()
    make_environment(store / "old")
    made = session(home)

    async def script(driver: Driver) -> None:
        await driver.scanned()
        assert driver.listed == ["old"]
        (store / "old").rename(home.path / "away")
        make_environment(store / "new")
        await driver.press("r")
        await driver.until(lambda: driver.listed == ["new"])
        await driver.scanned()
        assert driver.current == "new"

    drive(made, script)


def test_an_empty_home_tells_where_it_looked(home: Home) -> None:
    async def script(driver: Driver) -> None:
        await driver.scanned()
        assert "~/.virtualenvs" in driver.text
        assert "venvdash demo" in driver.text

    drive(session(home), script, (120, 40))
