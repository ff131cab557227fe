"""The form for a new environment: a name or a directory, packages, Python, store."""

from pathlib import Path

from tests.tui.pilot import Driver, drive
from tests.tui.test_destination_form import VENVS, WORK, plain, source
from venvdash.actions.new.plan import NewEnvironment
from venvdash.model import Action
from venvdash.tui.dialogs.new import NewForm


def test_a_name_packages_a_python_and_a_store() -> None:
    session = source(plain("app"), plain("old", "3.9.1"))

    async def script(driver: Driver) -> None:
        await driver.opened("n", NewForm)
        assert "New environment" in driver.text
        assert "◂ as uv chooses ▸" in driver.text
        assert "◂ ~/.venvs ▸" in driver.text  # the default, which does not exist yet
        await driver.press(*"ml", "tab", *"numpy ./lib", "tab", "right", "tab", "right")
        assert "◂ 3.12 ▸" in driver.text
        await driver.press("enter")
        await driver.proposed()
        assert "Create ml" in driver.text

    drive(session, script)
    python = str(VENVS.parent / "pythons" / "3.12.11" / "bin" / "python")
    asked = session.actions.asked[-1]
    assert asked[0] is Action.NEW
    assert isinstance(asked[2], NewEnvironment)
    assert (asked[2].name, asked[2].packages, asked[2].root) == ("ml", ("numpy", "./lib"), VENVS)
    assert Path(asked[2].python or "").name == Path(python).name


def test_a_directory_is_a_project_without_packages() -> None:
    session = source(plain("app"), stores=(VENVS, WORK))

    async def script(driver: Driver) -> None:
        await driver.opened("n", NewForm)
        await driver.press(*"./app", "tab", "x")
        await driver.until(lambda: "A project is synced: leave the packages empty." in driver.text)
        await driver.press("backspace", "enter")
        await driver.proposed()

    drive(session, script)
    wanted = session.actions.asked[-1][2]
    assert isinstance(wanted, NewEnvironment)
    assert wanted.project is not None
    assert wanted.project.name == "app"
