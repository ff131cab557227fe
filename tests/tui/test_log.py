"""The log: the commands that were run, each with what it wrote, as it writes it."""

from pathlib import Path

import pytest

from tests.tui.fake_session import FakeSession
from tests.tui.hostile import NAMES
from tests.tui.pilot import Driver, drive
from tests.tui.rows import HOME, everything, small_machine
from venvdash.actions.process import run_log
from venvdash.text import visible
from venvdash.tui.dialogs.log import LogScreen
from venvdash.tui.widgets.output_pane import OutputPane


def source() -> FakeSession:
    return FakeSession(everything(small_machine()))


async def opened(driver: Driver) -> LogScreen:
    await driver.scanned()
    await driver.press("at")
    screen = driver.app.screen
    assert isinstance(screen, LogScreen)
    return screen


def output(driver: Driver) -> list[str]:
    """What the pane of the output shows."""
    pane = driver.app.screen.query_one(OutputPane)
    return [pane.line_at(y).text.rstrip() for y in range(pane.size.height)]


@pytest.mark.parametrize("size", [(80, 24), (200, 50)])
def test_commands_are_listed_the_newest_first_with_how_they_ended(size: tuple[int, int]) -> None:
    session = source()
    first = session.log.begin(["/usr/bin/uv", "lock", "a b"], HOME / "code", {"UV_X": "1"})
    first.lines("Resolved\n2 packages")
    first.ended(0)
    session.log.begin(["uv", "sync"], HOME).ended(2)
    session.log.begin(["uv", "sync"], HOME).ended(-9)
    session.log.begin(["none"], HOME).ended(None)

    async def script(driver: Driver) -> None:
        await opened(driver)
        lines = [line for line in driver.lines if " s " in line and ":" in line]
        endings = ["not started", "signal 9", "failed: 2", "ok"]
        assert [word for line, word in zip(lines, endings, strict=True) if word in line] == endings
        assert "$ uv lock a b" in lines[-1]
        await driver.press("G")
        assert "UV_X=1 uv lock 'a b'  in ~/code, ok" in driver.text
        assert output(driver)[:2] == ["Resolved", "2 packages"]
        await driver.press("y")
        assert driver.app.clipboard == "UV_X=1 uv lock 'a b'"
        await driver.press("Y")
        assert driver.app.clipboard == "Resolved\n2 packages\n"
        await driver.press("enter", "escape")
        assert isinstance(driver.app.screen, LogScreen), "out of the output first"
        await driver.press("escape")
        assert not isinstance(driver.app.screen, LogScreen)

    drive(session, script, size)


def test_an_empty_log_says_what_it_is_for() -> None:
    async def script(driver: Driver) -> None:
        await opened(driver)
        assert "Nothing yet" in driver.text
        await driver.press("y", "Y", "enter", "X", "at")
        assert driver.app.is_running

    drive(source(), script)


def test_it_lives_while_it_is_open_and_follows_the_end_unless_one_reads() -> None:
    session = source()

    async def script(driver: Driver) -> None:
        await opened(driver)
        run = session.log.begin(["uv", "sync"], HOME)
        await driver.until(lambda: "running" in driver.text)
        for number in range(run_log.LINES + 50):
            run.line(f"line {number}")
        last = run_log.LINES + 49
        await driver.until(lambda: output(driver)[-1] == f"line {last}")
        assert "50 lines omitted before these" in driver.text
        await driver.press("tab", "g")
        assert output(driver)[0] == "line 50"
        run.line("one more")
        await driver.until(lambda: "51 lines omitted before these" in driver.text)
        assert output(driver)[0] == "line 51"
        await driver.press("G")
        run.line("and one")
        await driver.until(lambda: output(driver)[-1] == "and one")
        run.ended(0)
        await driver.until(lambda: ", ok," in driver.text)
        session.log.begin(["uv", "pip", "list"], HOME)
        await driver.until(lambda: "uv pip list  in ~, running" in driver.text)
        assert not any(output(driver))

    drive(session, script)


def test_a_command_that_one_looks_at_stays_under_the_cursor() -> None:
    session = source()
    for number in range(3):
        session.log.begin(["uv", str(number)], HOME).ended(0)

    async def script(driver: Driver) -> None:
        await opened(driver)
        assert "uv 2  in" in driver.text
        await driver.press("j")
        assert "uv 1  in" in driver.text
        session.log.begin(["uv", "3"], HOME)
        await driver.until(lambda: "… uv 3" in driver.text)
        assert "uv 1  in" in driver.text

    drive(session, script)


def test_long_lines_are_wrapped_for_the_width_that_there_is() -> None:
    session = source()
    long = "".join(f"{number:04}" for number in range(100))
    session.log.begin(["uv"], HOME).lines(f"{long}\n漢字{long}")

    async def script(driver: Driver) -> None:
        await opened(driver)
        for size in ((80, 24), (120, 40), (41, 20)):
            await driver.pilot.resize_terminal(*size)
            await driver.pilot.pause(0.1)
            await driver.press("tab", "g")
            shown = "".join(output(driver))
            assert shown[:200] == long[:200]

    drive(session, script)


def test_hostile_commands_and_output_are_escaped_and_copied_harmlessly() -> None:
    session = source()
    for name in NAMES:
        run = session.log.begin([f"/bin/{name}", name, ""], Path("/") / name, {"A": name})
        run.line(name)

    async def script(driver: Driver) -> None:
        await opened(driver)
        for name in reversed(NAMES):
            assert visible(name) in driver.text
            await driver.press("y")
            copied = driver.app.clipboard
            assert visible(copied) == copied
            await driver.press("Y")
            assert driver.app.clipboard == f"{visible(name)}\n"
            await driver.press("j")

    drive(session, script, (120, 40))
