"""The line of keys: which are shown on which width and in which place, and what a click does."""

import pytest
from textual.content import Content

from tests.tui.fake_session import FakeSession
from tests.tui.pilot import Driver, drive
from tests.tui.rows import everything, small_machine
from venvdash.tui.widgets.key_footer import KeyFooter

_AT_80 = " ⏎ Details / Filter Space Mark d Delete s Shell S Sync R Relink   ? Keys q Quit"


def source() -> FakeSession:
    return FakeSession(everything(small_machine()))


def test_on_80_columns() -> None:
    async def script(driver: Driver) -> None:
        await driver.scanned()
        assert driver.lines[-1] == _AT_80

    drive(source(), script)


@pytest.mark.parametrize("width", [30, 50, 80, 100, 120, 160, 200])
def test_the_most_useful_are_left_where_there_is_no_room(width: int) -> None:
    async def script(driver: Driver) -> None:
        await driver.scanned()
        line = driver.lines[-1]
        assert line.endswith("q Quit")
        assert len(line) == width - 1
        words = ["Details", "Filter", "Mark", "Delete", "Shell", "Sync", "Relink"]
        words += ["Undo", "Trash", "Copy", "Log", "Pin"]
        shown = [word for word in words if f" {word} " in line]
        assert shown == words[: len(shown)]
        assert len(shown) >= {30: 1, 50: 3, 80: 7, 100: 8, 120: 11}.get(width, 12)

    drive(source(), script, (width, 24))


def test_it_shows_the_keys_of_where_one_is() -> None:
    async def script(driver: Driver) -> None:
        await driver.scanned()
        await driver.press("slash")
        assert driver.lines[-1].split() == ["⏎", "Keep", "Esc", "Clear", "⇥", "Complete"]
        await driver.press("escape")
        assert driver.lines[-1] == _AT_80
        await driver.press("5")
        assert "Filter" in driver.lines[-1]
        assert "Sync" not in driver.lines[-1]

    drive(source(), script)


def test_keys_are_coloured() -> None:
    async def script(driver: Driver) -> None:
        await driver.scanned()
        footer = driver.main.query_one(KeyFooter)
        key, meaning = list(footer.render_line(0))[1:3]
        assert (key.text, meaning.text.strip()) == ("⏎", "Details")
        assert key.style is not None
        assert meaning.style is not None
        assert key.style.bold
        assert not meaning.style.bold
        assert key.style.color != meaning.style.color
        assert key.style.bgcolor == meaning.style.bgcolor

    drive(source(), script)


def test_a_click_presses_the_key_and_a_gap_none() -> None:
    async def script(driver: Driver) -> None:
        await driver.scanned()
        footer = driver.main.query_one(KeyFooter)
        x = driver.lines[-1].index("Filter")
        tooltip = footer.key_at(x)
        assert tooltip is not None
        await driver.pilot.hover(footer, offset=(x, 0))
        assert footer.tooltip == "Show only matching environments"
        await driver.pilot.click(footer, offset=(x - 3, 0))
        await driver.pilot.pause()
        assert driver.main.focused is driver.main.listing.environments
        await driver.pilot.click(footer, offset=(x, 0))
        await driver.pilot.pause()
        assert driver.lines[-1].split() == ["⏎", "Keep", "Esc", "Clear", "⇥", "Complete"]

    drive(source(), script)


def test_it_is_drawn_again_only_where_keys_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = []
    plain = KeyFooter.render

    def render(footer: KeyFooter) -> Content:
        drawn.append(footer)
        return plain(footer)

    monkeypatch.setattr(KeyFooter, "render", render)

    async def script(driver: Driver) -> None:
        await driver.scanned()
        before = len(drawn)
        await driver.press("j", "j", "space", "2", "1")
        driver.main.refresh_bindings()
        await driver.pilot.pause()
        assert len(drawn) == before
        assert before <= 2

    drive(source(), script)
