"""Deleting in the dashboard for real: a playground, a store, the disk looked at afterwards."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Home
from tests.tui.pilot import Driver, drive
from venvdash.actions.delete.deletions import Deletions
from venvdash.actions.events import ActionEvent
from venvdash.config import Config, load
from venvdash.demo.playground import Playground
from venvdash.model.status import State
from venvdash.session import Session
from venvdash.tui.dialogs import trash as trash_screen
from venvdash.tui.dialogs.plan import PlanScreen
from venvdash.tui.dialogs.trash import TrashScreen


class Held(Deletions):
    """Real deletions on a disk so slow that the first step waits for ``gate``."""

    gate: threading.Event

    def delete(self, *plan: Any, **options: Any) -> Iterator[ActionEvent]:
        self.gate.wait(60)
        yield from super().delete(*plan, **options)


def session(playground: Playground) -> Session:
    return Session(playground.machine(), load(playground.config))


def trash_of(store: Path) -> list[Path]:
    return [path for path in store.iterdir() if path.name.startswith(".venvdash-trash-")]


async def planned(driver: Driver) -> PlanScreen:
    screen = driver.app.screen
    assert isinstance(screen, PlanScreen)
    await driver.until(lambda: screen.planned is not None)
    return screen


def test_orphans_by_rule_into_the_trash_and_back(playground: Playground) -> None:
    gone = ["legacy-crm", "old-api", "prototype", "vision", "thesis"]
    paths = {name: playground.made[name].path for name in gone}
    inodes = {name: path.stat().st_ino for name, path in paths.items()}

    async def script(driver: Driver) -> None:
        await driver.scanned()
        await driver.press("x", "enter")
        await driver.until(lambda: len(driver.workbench.selection.marks) == len(gone))
        await driver.until(lambda: "5 marked  " in driver.text and "≥" not in driver.lines[-5])
        await driver.press("d")
        screen = await planned(driver)
        plan = screen.planned
        assert plan is not None
        assert [refusal.reason for refusal in plan.refused] == []
        assert {item.row.path for item in plan.items} == set(paths.values())
        for item in plan.items:
            assert item.row.name in str(screen.query_one("#plan-text").text)  # type: ignore[attr-defined]  # of TextPane
        await driver.press("y")
        await driver.until(lambda: "5 in the trash" in driver.text)
        assert not any(path.exists() for path in paths.values())
        await driver.until(lambda: not set(gone) & set(driver.listed))
        await driver.until(lambda: "trash " in driver.lines[1])
        await driver.press("u")
        await driver.until(lambda: "restored 5 environments" in driver.text)
        assert {name: path.stat().st_ino for name, path in paths.items()} == inodes
        assert set(gone) <= set(driver.listed)
        await driver.press("r")
        await driver.scanned()
        assert set(gone) <= set(driver.listed)
        assert "trash " not in driver.lines[1]

    drive(session(playground), script, (120, 40))


def test_a_live_project_gets_its_link_back(playground: Playground) -> None:
    made = playground.made["webapp"]
    assert made.project is not None
    link = made.project / ".venv"
    before = os.readlink(link)

    async def script(driver: Driver) -> None:
        await driver.scanned()
        driver.main.listing.go_to(made.path)
        await driver.press("d")
        await planned(driver)
        assert "removes the project's link ~/code/webapp/.venv" in driver.text
        await driver.press("y")
        await driver.until(lambda: "1 in the trash" in driver.text)
        assert not os.path.lexists(link)
        await driver.press("u")
        await driver.until(lambda: "Restored webapp." in driver.text)
        assert os.readlink(link) == before

    drive(session(playground), script, (120, 40))


def test_undo_says_what_it_left_alone_and_asks_for_another_name(playground: Playground) -> None:
    """A bulk: of one the project has a real .venv by now, of one the name is taken."""
    webapp, api = playground.made["webapp"], playground.made["scratchpad"]
    other = playground.made["legacy-crm"]
    assert webapp.project is not None
    link = webapp.project / ".venv"

    async def script(driver: Driver) -> None:
        await driver.scanned()
        for made in (webapp, api, other):
            driver.main.listing.go_to(made.path)
            await driver.press("space")
        await driver.press("d")
        await planned(driver)
        await driver.press("y", "3", "enter")
        await driver.until(lambda: "3 in the trash" in driver.text)
        link.mkdir()
        (link / "mine").touch()
        api.path.mkdir()
        await driver.press("u")
        await driver.until(lambda: "Restore scratchpad as …" in driver.text)
        outcome = driver.workbench.jobs.line.outcome  # the dialog may already hide it
        assert outcome is not None
        assert "restored 2 environments · 1 skipped: scratchpad: " in outcome.plain
        told = "Restored webapp. ~/code/webapp/.venv was not restored: something else now has"
        assert any(told in notice.text for notice in driver.main.contents.notices.kept)
        assert "The name scratchpad is taken" in driver.text
        await driver.press("enter")
        await driver.until(lambda: "Restored scratchpad." in driver.text)
        await driver.scanned()
        await driver.until(lambda: any("scratchpad-restored" in name for name in driver.listed))
        assert (api.path.with_name("scratchpad-restored") / "pyvenv.cfg").is_file()
        assert list(api.path.iterdir()) == []
        assert [path.name for path in link.iterdir()] == ["mine"]

    drive(session(playground), script, (160, 40))
    assert trash_of(other.path.parent) == []


def test_undo_goes_on_once_the_name_is_free(playground: Playground) -> None:
    path = playground.made["scratchpad"].path
    inode = path.stat().st_ino

    async def script(driver: Driver) -> None:
        await driver.scanned()
        driver.main.listing.go_to(path)
        await driver.press("d")
        await planned(driver)
        await driver.press("y")
        await driver.until(lambda: "1 in the trash" in driver.text)
        path.mkdir()
        await driver.press("u")
        await driver.until(lambda: "Restore scratchpad as" in driver.text)
        await driver.press("escape")
        path.rmdir()
        await driver.press("u")
        await driver.until(lambda: "Restored scratchpad." in driver.text)

    drive(session(playground), script, (160, 40))
    assert path.stat().st_ino == inode


def test_one_in_use_is_left_alone_with_the_reason(playground: Playground) -> None:
    path = playground.made["scratchpad"].path
    waits = [str(path / "bin" / "python"), "-c", "input()"]
    with subprocess.Popen(waits, stdin=subprocess.PIPE) as process:

        async def script(driver: Driver) -> None:
            await driver.scanned()
            driver.main.listing.go_to(path)
            await driver.press("d")
            screen = await planned(driver)
            assert "None of these can be deleted." in driver.text
            assert f"pid {process.pid}" in driver.text
            await driver.press("y")
            assert driver.app.screen is screen
            await driver.press("escape")

        drive(session(playground), script, (120, 40))
        process.communicate(b"\n")
    assert (path / "pyvenv.cfg").is_file()


def test_the_trash_screen_frees_one_and_has_one_back(playground: Playground) -> None:
    crm, thesis = playground.made["legacy-crm"].path, playground.made["scratchpad"].path

    async def script(driver: Driver) -> None:
        await driver.scanned()
        for path in (crm, thesis):
            driver.main.listing.go_to(path)
            await driver.press("d")
            await planned(driver)
            await driver.press("y")
            await driver.until(lambda: driver.workbench.jobs.job is None)
        assert len(trash_of(crm.parent)) == 2
        await driver.press("E")
        screen = driver.app.screen
        assert isinstance(screen, TrashScreen)
        await driver.until(lambda: len(screen.listing.items) == 2)
        assert [item.name for item in screen.listing.items] == ["scratchpad", "legacy-crm"]
        await driver.press("j", "f", "y")
        await driver.until(lambda: len(screen.listing.items) == 1)
        thesis.mkdir()  # somebody takes the name
        await driver.press("r")
        await driver.until(lambda: "Restore scratchpad as" in driver.text)
        await driver.press("enter")
        await driver.until(lambda: "The trash is empty." in driver.text)
        await driver.press("escape")
        await driver.until(lambda: any("scratchpad-" in name for name in driver.listed))

    drive(session(playground), script, (120, 40))
    assert trash_of(crm.parent) == []
    assert not crm.exists()


def test_the_trash_is_read_again_however_soon_the_work_ended(
    playground: Playground, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between two looks of the screen the work begins and ends."""
    monkeypatch.setattr(trash_screen, "_TICK", 2.0)

    async def script(driver: Driver) -> None:
        await driver.scanned()
        driver.main.listing.go_to(playground.made["scratchpad"].path)
        await driver.press("d")
        await planned(driver)
        await driver.press("y")
        await driver.until(
            lambda: "1 in the trash" in driver.text and driver.workbench.jobs.job is None
        )
        await driver.press("E")
        await driver.until(lambda: "scratchpad" in driver.text)
        await driver.press("f", "y")
        await driver.until(lambda: driver.workbench.jobs.ended == 2)
        await driver.until(lambda: "The trash is empty." in driver.text)

    drive(session(playground), script, (120, 40))


def test_thirty_thousand_files_are_deleting_at_once_and_keys_live_while_they_are_freed(
    home: Home,
) -> None:
    store = home.path / ".virtualenvs"
    store.mkdir()
    for name in ("a-small", "big"):
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", store / name], check=True)
    site = next((store / "big" / "lib").glob("python*/site-packages"))
    for folder in range(100):
        (site / f"p{folder}").mkdir()
        for number in range(300):
            (site / f"p{folder}" / f"{number}.py").touch()
    record = "".join(f"p{n // 300}/{n % 300}.py,,\n" for n in range(30_000))
    (site / "big-1.0.dist-info").mkdir()
    (site / "big-1.0.dist-info" / "METADATA").write_text("Name: big\nVersion: 1.0\n")
    (site / "big-1.0.dist-info" / "RECORD").write_text(record)
    opened = Session(home.machine(), Config(), records=False)
    opened.actions.deletions = held = Held(opened)
    opened.actions.trash, opened.actions.searches = held.trash, held.searches
    held.gate = threading.Event()
    seen: set[tuple[State, str]] = set()

    async def script(driver: Driver) -> None:
        await driver.scanned()
        await driver.press("j", "d")
        await planned(driver)
        await driver.press("f")
        await driver.press("1", "enter")
        assert "deleting" in driver.text, "before anything was done"
        assert (store / "big" / "pyvenv.cfg").is_file()
        held.gate.set()
        keys = ["k", "j"]
        while driver.workbench.jobs.job is not None:
            key = keys[len(seen) % 2]
            await driver.press(key)
            assert driver.current == {"k": "a-small", "j": "big"}[key]
            state = driver.main.listing.environments.states.get(store / "big")
            if state is not None:
                seen.add((state, key))
        await driver.until(lambda: driver.listed == ["a-small"])
        assert "reclaimed" in driver.text
        assert "u undo" not in driver.text, "there is nothing to have back"

    drive(opened, script)
    assert [path.name for path in store.iterdir()] == ["a-small"]
    assert State.IN_TRASH in {state for state, _ in seen}, "seen while it was freed"


def test_what_a_tool_still_lists_is_in_the_log(home: Home) -> None:
    entry = home.path / ".cache" / "pypoetry" / "virtualenvs" / "app-abcdefgh-py3.12"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", entry], check=True)
    entry.with_name("envs.toml").write_text("damaged")

    async def script(driver: Driver) -> None:
        await driver.scanned()
        await driver.press("d")
        await planned(driver)
        await driver.press("escape")  # what is planned once the search has ended may be freed
        search = driver.workbench.session.searches.of_rule(lambda row: True)
        await driver.until(lambda: search.over)
        await driver.press("d")
        await planned(driver)
        await driver.press("f", "1", "enter")
        await driver.until(lambda: "reclaimed" in driver.text)
        await driver.press("at")
        await driver.until(lambda: "app was deleted permanently" in driver.text)

    drive(Session(home.machine(), Config()), script, (120, 40))
    assert not entry.exists()
