"""Everything that is reported is in one line, at the same place on every screen, and in the log."""

from textual.geometry import Region

from tests.tui.fake_session import FakeSession
from tests.tui.pilot import Driver, drive
from tests.tui.rows import everything, small_machine
from tests.tui.test_trash_dialog import source as with_trash
from tests.tui.test_trash_dialog import thing
from venvdash.tui.dialogs.log import LogScreen
from venvdash.tui.dialogs.trash import TrashScreen
from venvdash.tui.notices import say
from venvdash.tui.widgets.message_line import MessageLine

LONG = "A sentence of so many words that it takes more than one line of a small terminal: " * 2


def source() -> FakeSession:
    return FakeSession(everything(small_machine()))


def shown(driver: Driver) -> Region:
    """Return where the line is on the topmost screen."""
    return driver.app.screen.query_one(MessageLine).region


def test_a_message_goes_after_a_while_and_a_failure_stays() -> None:
    async def script(driver: Driver) -> None:
        await driver.scanned()
        line = driver.main.contents.message_line
        assert not line.display
        say(driver.main, "Something failed.", severe=True)
        say(driver.main, "Something went well.")
        await driver.pilot.pause()
        assert "Something went well.  " in driver.lines[-2]
        assert "+1 more: @ log" in driver.lines[-2]
        line.forget(line.notices[-1])  # as it does by itself
        await driver.pilot.pause()
        assert "! Something failed." in driver.lines[-2]
        await driver.press("escape")
        assert not line.display
        kept = [(one.text, one.severe) for one in driver.main.contents.notices.kept]
        assert kept == [("Something failed.", True), ("Something went well.", False)]

    drive(source(), script)


def test_a_long_message_is_wrapped_and_three_lines_at_most() -> None:
    async def script(driver: Driver) -> None:
        await driver.scanned()
        say(driver.main, LONG, severe=True)
        await driver.pilot.pause()
        assert shown(driver).height == 3
        await driver.press("escape")
        say(driver.main, LONG * 4)
        await driver.pilot.pause()
        assert shown(driver).height == 3

    drive(source(), script)


def test_it_has_the_same_place_over_a_dialog() -> None:
    async def script(driver: Driver) -> None:
        await driver.scanned()
        say(driver.main, "One.")
        await driver.pilot.pause()
        before = shown(driver)
        await driver.opened("E", TrashScreen)
        await driver.press("r")
        await driver.until(lambda: "Restore webapp as …" in driver.text)
        await driver.press(*"x", "enter")
        await driver.until(lambda: "Restored webapp." in driver.text)
        assert isinstance(driver.app.screen, TrashScreen)
        assert shown(driver).bottom == before.bottom
        assert shown(driver).width == before.width

    drive(with_trash(thing("webapp", 3)), script)


def test_what_textual_reports_comes_there_as_well() -> None:
    async def script(driver: Driver) -> None:
        await driver.scanned()
        driver.app.notify("Saved [b]it[/b] \x1b[31m", title="T")
        await driver.pilot.pause()
        assert "Saved it \\e[31m" in driver.lines[-2]

    drive(source(), script)


def test_the_log_has_messages_between_the_commands() -> None:
    session = source()

    async def script(driver: Driver) -> None:
        await driver.scanned()
        session.log.begin(["uv", "sync"], session.machine.home).ended(0)
        say(driver.main, LONG, severe=True)
        await driver.press("at")
        screen = driver.app.screen
        assert isinstance(screen, LogScreen)
        text = driver.text
        assert text.index("! A sentence of so many") < text.index("$ uv sync")
        await driver.press("y")
        assert driver.app.clipboard == LONG
        await driver.press("y", "j", "j", "Y")
        assert "$ uv sync" in driver.text

    drive(session, script, (120, 40))
