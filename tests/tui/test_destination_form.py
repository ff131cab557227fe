"""The form for a copy, another name, another store: defaults, errors in place, what is asked."""

from dataclasses import replace
from pathlib import Path

from tests.tui.fake_session import FakeActions, FakeSession
from tests.tui.pilot import Driver, drive
from tests.tui.rows import HOME, everything, row
from venvdash.actions.destinations import refused_name
from venvdash.actions.events import Finished
from venvdash.model import Action, Outcome, Proposal, Result, Row, Status
from venvdash.scanner.events import StoreSeen
from venvdash.stores.roots import Root
from venvdash.tui.dialogs.destination_form import DestinationForm, name_for_copy
from venvdash.tui.dialogs.move import MoveScreen
from venvdash.tui.widgets.plain_input import PlainInput

VENVS, WORK = HOME / ".virtualenvs", HOME / "envs"


def plain(name: str, python: str = "3.12.11") -> Row:
    item = row(name, Status.STANDALONE, mib=1, path=VENVS / name, python=python)
    base = HOME / "pythons" / python
    return replace(
        item, environment=replace(item.environment, root=VENVS, store="folders", base=base)
    )


def source(*rows: Row, stores: tuple[Path, ...] = (VENVS, WORK)) -> FakeSession:
    seen = [StoreSeen(Root(path, "folders"), path, exists=True) for path in stores]
    return FakeSession([*seen, *everything(list(rows))])


def test_a_copy_has_a_name_a_store_and_a_python() -> None:
    session = source(plain("app"), plain("app-copy"), plain("old", "3.9.1"), plain("new", "3.13.0"))

    async def script(driver: Driver) -> None:
        screen = await driver.opened("c", DestinationForm)
        assert screen.query_one(PlainInput).value == "app-copy-2"
        assert "◂ ~/.virtualenvs ▸" in driver.text
        assert "◂ 3.12.11 (unchanged) ▸" in driver.text
        await driver.press(*"x", "tab", "right", "tab", "space")
        assert "◂ ~/envs ▸" in driver.text
        assert "◂ 3.13 ▸" in driver.text
        await driver.sent_twice(DestinationForm)

    drive(session, script)
    python = str(VENVS / "new" / "bin" / "python")
    assert session.actions.asked[-1] == (Action.COPY, "app", "app-copy-2x", WORK, python)
    assert len(session.actions.applied) == 1


def test_renaming_asks_only_for_the_name() -> None:
    session = source(plain("app"))

    async def script(driver: Driver) -> None:
        screen = await driver.opened("f2", DestinationForm)
        assert len(screen.query(PlainInput)) == 1
        assert "Python" not in "".join(driver.lines[8:16])
        await driver.press("2", "enter")
        await driver.proposed()

    drive(session, script)
    assert session.actions.asked[-1] == (Action.RENAME, "app", "app2")


def test_moving_lists_the_other_stores() -> None:
    session = source(plain("app"))

    async def script(driver: Driver) -> None:
        screen = await driver.opened("m", MoveScreen)
        assert "app is in ~/.virtualenvs. Choose another store" in driver.text
        await driver.until(lambda: "~/envs" in driver.text)
        assert list(screen.listing.items) == [WORK]
        await driver.press("enter")
        await driver.proposed()

    drive(session, script)
    assert session.actions.asked[-1] == (Action.MOVE, "app", WORK)


def test_moving_to_a_directory_that_is_typed() -> None:
    session = source(plain("app"))

    async def script(driver: Driver) -> None:
        screen = await driver.opened("m", MoveScreen)
        await driver.press("slash")
        assert screen.focused is screen.line
        await driver.press(*"scratch/", "enter")
        await driver.proposed()

    drive(session, script)
    assert session.actions.asked[-1] == (Action.MOVE, "app", Path("/scratch"))


def test_what_stands_against_it_is_said_while_one_types() -> None:
    class Picky(FakeActions):
        def rename(self, row: Row, name: str) -> Proposal:
            self.asked.append((name,))
            why = "" if name == "appx" else f"{name} [/red] is taken.\x1b"
            return Proposal(Action.RENAME, row, ("It will be done.",), refusal=why)

    session = source(plain("app"))
    session.actions = Picky()

    async def script(driver: Driver) -> None:
        await driver.opened("f2", DestinationForm)
        await driver.until(lambda: "Type a new name." in driver.text)
        await driver.press("enter", "2")
        await driver.until(lambda: "! app2 [/red] is taken.\\e" in driver.text)
        await driver.press("backspace", "x")
        assert "is taken" not in driver.text, "no longer of what is typed"
        await driver.until(lambda: "It will be done." in driver.text)
        await driver.press(*"yz")
        await driver.until(lambda: "! appxyz [/red] is taken" in driver.text)
        await driver.press("enter")
        await driver.until(lambda: "Cannot rename: appxyz" in driver.text)
        await driver.press("y", "escape", "escape")
        assert driver.app.is_running

    drive(session, script)
    assert ("appxy",) not in session.actions.asked, "it waits for a pause"


def test_several_marked_ones_move_together() -> None:
    session = source(plain("a"), plain("b"))

    async def script(driver: Driver) -> None:
        await driver.scanned()
        await driver.press("a", "m")
        await driver.until(lambda: "Move 2 environments" in driver.text)
        await driver.until(lambda: "~/envs" in driver.text)
        await driver.press("enter")
        await driver.until(lambda: driver.text.count("It will be done") == 2)
        results = tuple(Result(VENVS / n, n, Outcome.DONE, place=WORK / n) for n in "ab")
        session.actions.applying = [Finished(results)]
        await driver.press("y")
        await driver.until(lambda: "2 moved" in driver.text)

    drive(session, script)


def test_a_project_s_environment_is_copied_to_a_place_for_plain_names() -> None:
    session = source(row("webapp", mib=1))

    async def script(driver: Driver) -> None:
        screen = await driver.opened("c", DestinationForm)
        assert screen.query_one(PlainInput).value == "webapp-3f2a9c1d-copy"
        assert "◂ ~/.virtualenvs ▸" in driver.text

    drive(session, script)


def test_names_for_copies_are_free() -> None:
    rows = [plain(name) for name in ("a", "a-copy", "a-copy-2")]
    assert name_for_copy(rows[0], rows) == "a-copy-3"
    assert name_for_copy(rows[0], rows[:1]) == "a-copy"


def test_names_for_copies_are_names_whatever_the_row_is_called() -> None:
    item = plain("api")
    for own, offered in (("api", "api-copy"), ("my app@3:x/y", "my-app-3-x-y-copy")):
        traits = replace(item.environment.traits, name=own)
        named = replace(
            item, name="code/api (api)@3.12", environment=replace(item.environment, traits=traits)
        )
        assert name_for_copy(named, []) == offered
        assert refused_name(offered) == ""
