"""Choosing the project of an environment: offered, typed, shared, or none."""

import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from tests.tui.fake_session import FakeActions, FakeSession
from tests.tui.pilot import Driver, drive
from tests.tui.rows import everything, row, small_machine
from venvdash.actions.events import Finished, RowState
from venvdash.model import Action, Edit, Outcome, Proposal, Result, Row, Status
from venvdash.model.status import State
from venvdash.system.machine import Machine
from venvdash.tui.dialogs.relink import RelinkScreen

REASON = "~/code/shop is gone; the project is now at ~/work/shop."


def moved(place: Path) -> Row:
    item = row("shop", Status.MOVED, mib=1, reason=REASON)
    return replace(item, verdict=replace(item.verdict, place=place))


def source(home: Path, *rows: Row, offered: Sequence[Path] | Exception = ()) -> FakeSession:
    changes = FakeActions(
        offered=offered,
        applying=[
            RowState(rows[0].path, State.RELINKING),
            Finished((Result(rows[0].path, rows[0].name, Outcome.DONE),)),
        ],
    )
    machine = Machine(home=home, cwd=home)
    return FakeSession(everything(list(rows)), machine=machine, actions=changes)


def test_what_is_offered_is_taken_with_enter_and_yes(tmp_path: Path) -> None:
    place = tmp_path / "work" / "shop"
    session = source(tmp_path, moved(place), offered=[place, tmp_path / "other"])

    async def script(driver: Driver) -> None:
        await driver.opened("R", RelinkScreen)
        assert "Relink shop" in driver.text
        assert "now at ~/work/shop" in driver.text
        assert "~/other" in driver.text
        await driver.sent_twice(RelinkScreen)
        await driver.until(lambda: "shop is relinked." in driver.text)

    drive(session, script)
    assert session.actions.asked == [(Action.RELINK, "shop", place, False)] * 2
    assert len(session.actions.applied) == 1


def test_a_directory_is_typed_and_tab_completes_it(tmp_path: Path) -> None:
    for name in ("work/shop-api", "work/shop-web", "work/zoo", "work/.hidden", "[red]x"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "work" / "shop.txt").touch()
    session = source(tmp_path, moved(tmp_path / "none"))

    async def script(driver: Driver) -> None:
        screen = await driver.opened("R", RelinkScreen)
        await driver.press("~", "/", "w", "tab")
        await driver.until(lambda: screen.line.value == "~/work/")
        await driver.until(lambda: "~/work/zoo" in driver.text)
        assert "hidden" not in driver.text
        await driver.press("s", "tab")
        await driver.until(lambda: screen.line.value == "~/work/shop-")
        assert "shop.txt" not in driver.text, "no directory"
        await driver.press("w", "tab")
        await driver.until(lambda: screen.line.value == "~/work/shop-web/")
        await driver.press("enter")
        await driver.proposed()
        await driver.press("escape")
        screen.line.value = "~/work/."
        await driver.until(lambda: "~/work/.hidden" in driver.text)
        await driver.press("down", "enter")
        await driver.proposed()
        await driver.press("escape")
        screen.line.value = "nowhere/"
        await driver.until(lambda: "No such file or directory" in driver.text)
        screen.line.value = "~/["
        await driver.until(lambda: "~/[red]x" in driver.text)
        assert driver.app.is_running

    drive(session, script)
    asked = [call[2] for call in session.actions.asked]
    assert asked == [tmp_path / "work" / "shop-web", tmp_path / "work" / ".hidden"]


def test_escape_leaves_the_line_then_the_dialog(tmp_path: Path) -> None:
    session = source(tmp_path, moved(tmp_path / "x"), offered=[tmp_path / "x"])

    async def script(driver: Driver) -> None:
        screen = await driver.opened("R", RelinkScreen)
        await driver.press("/", "q", "u", "s")
        assert screen.line.value == "/qus", "letters are letters"
        await driver.press("escape")
        assert (screen.line.value, screen.listing.items) == ("", [tmp_path / "x"])
        await driver.press("escape")
        assert not isinstance(driver.app.screen, RelinkScreen)

    drive(session, script)


def test_it_can_be_shared_and_unlinked(tmp_path: Path) -> None:
    session = source(tmp_path, row("shop", mib=1), offered=[tmp_path / "x"])

    async def script(driver: Driver) -> None:
        await driver.opened("R", RelinkScreen)
        assert "[ ] s  Share" in driver.text
        await driver.press("s", "enter")
        await driver.proposed()
        await driver.press("escape", "u")
        await driver.until(lambda: "Unlink shop" in driver.text)
        await driver.until(lambda: "It will be done: unlink." in driver.text)
        await driver.press("y")
        await driver.until(lambda: "shop is unlinked." in driver.text)

    drive(session, script)
    assert session.actions.asked == [
        (Action.RELINK, "shop", tmp_path / "x", True),
        (Action.UNLINK, "shop"),
    ]


def test_where_nothing_is_offered_one_types_at_once(tmp_path: Path) -> None:
    (tmp_path / "proj").mkdir()
    session = source(tmp_path, row("shop", Status.STANDALONE, mib=1))

    async def script(driver: Driver) -> None:
        screen = await driver.opened("R", RelinkScreen)
        assert "No matching project found" in driver.text
        assert "Share" not in driver.text
        await driver.press("p", "tab")
        await driver.until(lambda: screen.line.value == "proj/")
        await driver.press("enter")
        await driver.proposed()

    drive(session, script)
    assert session.actions.asked == [(Action.RELINK, "shop", tmp_path / "proj", False)]


def test_of_an_installed_tool_no_directory_is_asked_for(tmp_path: Path) -> None:
    item = row("ruff", Status.TOOL, mib=1)
    traits = replace(item.environment.traits, tool="uv tool uninstall ruff")
    tool = replace(item, environment=replace(item.environment, traits=traits))

    async def script(driver: Driver) -> None:
        await driver.scanned()
        await driver.press("R")
        await driver.until(lambda: "It belongs to an installed tool" in driver.text)
        assert driver.app.screen is driver.main

    drive(source(tmp_path, tool), script)


def test_what_cannot_be_offered_is_said(tmp_path: Path) -> None:
    session = source(tmp_path, row("shop", mib=1), offered=OSError("[/red]\x1b"))

    async def script(driver: Driver) -> None:
        await driver.opened("R", RelinkScreen)
        assert "The search failed: [/red]\\e" in driver.text
        await driver.press("enter", "j", "escape")
        assert driver.app.is_running

    drive(session, script)


def test_several_marked_ones_go_where_they_are_known_to_be(tmp_path: Path) -> None:
    there, unknown = moved(tmp_path / "shop"), row("zed", Status.UNKNOWN, mib=1)
    session = source(tmp_path, there, unknown)

    async def script(driver: Driver) -> None:
        await driver.scanned()
        await driver.press("a", "R")
        await driver.until(lambda: "Cannot relink: The new path of its project" in driver.text)
        await driver.press("y")
        await driver.until(lambda: driver.workbench.jobs.job is None)

    drive(session, script)
    assert session.actions.asked == [(Action.RELINK, "shop", tmp_path / "shop", False)]
    assert [len(proposals) for proposals in session.actions.applied] == [2]


def test_a_slow_search_for_projects_keeps_no_key_waiting(tmp_path: Path) -> None:
    gate = threading.Event()

    class Slow(FakeActions):
        def projects(self, row: Row) -> list[Path]:
            gate.wait(30)
            return [tmp_path / "late"]

    session = source(tmp_path, row("shop", mib=1))
    session.actions = Slow()

    async def script(driver: Driver) -> None:
        await driver.scanned()
        await driver.press("R")
        assert "Searching for projects" in driver.text
        await driver.press("/", "x")
        gate.set()
        await driver.pilot.pause(0.2)
        assert "late" not in driver.text, "one is typing"
        await driver.press("escape")
        await driver.until(lambda: "~/late" in driver.text)

    drive(session, script)
    assert not [one for one in session.actions.asked if isinstance(one, Proposal)]


def test_a_new_link_is_hidden_from_git_if_that_is_wanted(tmp_path: Path) -> None:
    place, item = tmp_path / "work" / "shop", moved(tmp_path / "work" / "shop")
    exclude = Edit(place / ".git" / "info" / "exclude", "", "/.venv\n")
    offering = Proposal(Action.RELINK, item, ("It will be done: relink.",), offers=(exclude,))
    for keys, edits in (("y", ()), ("h", (exclude,)), ("hh", ())):
        session = source(tmp_path, item, offered=[place])
        session.actions.answers[item.path] = offering

        async def script(driver: Driver, keys: str = keys) -> None:
            await driver.opened("R", RelinkScreen)
            await driver.press("enter")
            await driver.proposed()
            assert "Exclude the new link from git" in driver.text
            await driver.press(*keys.replace("y", ""), "y")
            await driver.until(lambda: driver.workbench.jobs.job is None)

        drive(session, script)
        ((applied,),) = session.actions.applied
        assert applied.edits == edits


def test_the_palette_shares_with_another_project(tmp_path: Path) -> None:
    session = source(tmp_path, row("shop", mib=1), offered=[tmp_path / "x"])

    async def script(driver: Driver) -> None:
        await driver.scanned()
        await driver.press("colon", *"share with")
        await driver.until(lambda: "Environment: share with another project" in driver.text)
        await driver.press("enter")
        await driver.until(lambda: isinstance(driver.app.screen, RelinkScreen))
        await driver.until(lambda: "~/x" in driver.text)
        assert "[✓] s  Share" in driver.text
        await driver.press("enter")
        await driver.proposed()

    drive(session, script)
    assert session.actions.asked == [(Action.RELINK, "shop", tmp_path / "x", True)]


def test_the_frame_shows_the_keys_of_where_the_focus_is(tmp_path: Path) -> None:
    session = FakeSession(everything(small_machine()))
    session.actions.offered = [tmp_path]

    async def script(driver: Driver) -> None:
        await driver.opened("R", RelinkScreen)
        await driver.until(lambda: "u unlink" in driver.text)
        await driver.press("slash")
        await driver.until(lambda: "Tab complete" in driver.text)
        assert "u unlink" not in driver.text, "there it is a letter"
        await driver.press("escape")
        await driver.until(lambda: "u unlink" in driver.text)

    drive(session, script)
