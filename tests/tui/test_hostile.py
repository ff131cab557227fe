"""Names made to break a terminal: shown as escapes everywhere, and the dashboard lives on."""

import contextlib
import re
import sys
from collections.abc import Iterator

import pytest

from tests.tui.fake_session import FakeSession
from tests.tui.hostile import NAMES, empty_session, hostile_session
from tests.tui.pilot import Driver, drive
from tests.tui.terminal import Terminal
from venvdash.text import visible

_UNSAFE = (
    b"\x1b]0;",
    b"\x1b]2;",
    b"\x07",
    "\u202e".encode(),
    "\u2066".encode(),
    "\u200b".encode(),
    "\x9b".encode(),
    b"\xff",
)
# What Textual itself writes: a copied text in base64, and the shape of the mouse pointer.
_OWN = re.compile(rb"\x1b\](52;c;[A-Za-z0-9+/=]*|22;[a-z-]+)\x07")
_EIGHT_SCREENS_DOWN = ["\x06"] * 8


def assert_clean(output: bytes) -> None:
    """No unsafe byte was written beside the terminal commands of Textual itself."""
    rest = _OWN.sub(b"", output)
    for unsafe in _UNSAFE:
        assert unsafe not in rest, rest[max(0, rest.find(unsafe) - 60) :][:120]


@contextlib.contextmanager
def hostile_terminal(*words: str, size: tuple[int, int]) -> Iterator[Terminal]:
    """Run the dashboard over hostile names; what it wrote until it ended has to be clean."""
    terminal = Terminal([sys.executable, "-m", "tests.tui.hostile", *words], size=size)
    yield terminal
    assert terminal.quit() == 0, terminal.output[-4000:]
    assert_clean(terminal.output)


@pytest.mark.parametrize("size", [(80, 24), (140, 45)])
def test_no_unsafe_byte_reaches_a_real_terminal(size: tuple[int, int]) -> None:
    with hostile_terminal(size=size) as terminal:
        terminal.wait_for("a\\e]0;pwn\\x07b")
        terminal.wait_for("The scan failed")
        for _ in NAMES:
            terminal.send_each("j", "\r", "G", "\x1b", "y", "\r", "o")
        terminal.send_each("5", *("j" for _ in range(len(NAMES) * 2)))
        terminal.send_each("1", "/\x1b[200~a\x1b]0;pwn\x07b\x1b[201~", "\r", "\x1b")
        terminal.send_each(":", "pwn", "\x1b", "\x1b")


def test_no_unsafe_byte_of_a_plan_its_outcome_or_the_trash_does() -> None:
    with hostile_terminal(size=(80, 24)) as terminal:
        terminal.wait_for("The scan failed")
        terminal.send("x")
        terminal.wait_for("Mark by a rule")
        terminal.send_each("q", "a")
        terminal.wait_for("10 marked")
        terminal.send("d")
        terminal.wait_for("only here")
        terminal.send_each(*_EIGHT_SCREENS_DOWN, "G", "c", "f")
        terminal.wait_for("skipped")
        terminal.send_each(*("j" for _ in NAMES), "u", "E")
        terminal.wait_for("Trash: 10 environments")
        for _ in NAMES:
            terminal.send_each("f", "n", "r", "\x1b", "j")
        terminal.send_each("\x1b", "5", "G")


def test_no_unsafe_byte_of_a_proposal_its_outcome_a_form_or_the_log_does() -> None:
    with hostile_terminal(size=(140, 45)) as terminal:
        terminal.wait_for("The scan failed")
        for opener in ("R", "c", "\x1bOQ", "m"):  # F2
            terminal.send_each(opener, "jj\r", "G", "\x1b", "/\t", "\x1b", "\x1b")
        # Typed twice, a would unmark all again; a range from the first to the last never does.
        terminal.insist(["\x1b", "\x1b", "g", "v", "G", "v"], "10 marked")
        terminal.send("S")
        terminal.wait_for("5 skipped")
        terminal.send_each(*_EIGHT_SCREENS_DOWN, "y")
        terminal.wait_for("10 failed")
        terminal.send_each(*("j" for _ in NAMES), "@")
        terminal.wait_for("copy output")
        terminal.send_each(*("yYj" for _ in NAMES), "\x1b")


def test_keys_typed_ahead_of_the_screen_that_they_are_for_do_no_harm() -> None:
    terminal = Terminal([sys.executable, "-m", "tests.tui.hostile"])
    terminal.send("dGxjEkyGv a?SRcm@s")
    terminal.wait_for("The scan failed")
    for opener in "\ryxdE?:/SRcm@":
        terminal.send("\x1b")
        terminal.send("\x1b")
        terminal.send(f"{opener}GgjkfFcrynGu j")
    terminal.send("\x1b")
    assert terminal.quit() == 0, terminal.output[-4000:]


def test_stores_with_hostile_names_in_the_empty_screen() -> None:
    with hostile_terminal("empty", size=(120, 40)) as terminal:
        terminal.wait_for("a\\e]0;pwn\\x07b")
        terminal.send("5")


@pytest.mark.parametrize("size", [(80, 24), (200, 60)])
def test_names_are_shown_letter_by_letter(size: tuple[int, int]) -> None:
    async def script(driver: Driver) -> None:
        await driver.until(lambda: len(driver.listed) == len(NAMES))
        for name in NAMES:
            assert visible(name) in driver.text
        for _ in NAMES:
            await driver.press("enter")
            assert f"{visible(driver.current)}  ✗ orphan" in driver.text
            await driver.press("escape", "y", "escape", "j")
        assert driver.app.is_running

    drive(hostile_session(), script, size)


def test_a_name_that_looks_like_a_link_is_none() -> None:
    async def script(driver: Driver) -> None:
        await driver.until(lambda: len(driver.listed) == len(NAMES))
        place = driver.listed.index("[@click=app.quit]x[/]")
        for x in range(0, 80, 7):
            await driver.pilot.click("#environments", offset=(x, place + 1))
        await driver.pilot.click("#reason", offset=(14, 0))
        await driver.pilot.pause()
        assert driver.current == "[@click=app.quit]x[/]"
        assert driver.app.is_running

    drive(hostile_session(), script)


def test_the_palette_shows_names_and_never_reads_them_as_markup() -> None:
    async def script(driver: Driver) -> None:
        await driver.until(lambda: len(driver.listed) == len(NAMES))
        for typed, shown in (("red", "Go to: [/red]"), ("click", "Go to: [@click=app.quit]x[/]")):
            await driver.press("colon", *typed)
            await driver.until(lambda shown=shown: shown in driver.text)  # type: ignore[misc]  # mypy cannot infer a lambda's default
            await driver.press("escape")
        assert driver.app.is_running

    drive(hostile_session(), script)


def test_the_empty_screen_lives_with_them() -> None:
    async def script(driver: Driver) -> None:
        await driver.scanned()
        assert visible(NAMES[2]) in driver.text
        assert "[/red]" in driver.text

    source: FakeSession = empty_session()
    drive(source, script, (120, 40))
