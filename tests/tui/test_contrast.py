"""What is written on the screen can be read, whatever the theme."""

from collections.abc import Iterator

import pytest
from rich.segment import Segment
from rich.style import Style
from textual.color import Color

from tests.tui.fake_session import FakeSession
from tests.tui.pilot import Driver, drive
from tests.tui.rows import everything, row, small_machine
from venvdash.model import Item, Plan, Status
from venvdash.model.plans import Action
from venvdash.tui.contrast import LEAST, contrast, legible

_ROUNDING = 0.15  # of colours to whole numbers, and of muted text, which is mixed while drawn
_OLD = row("old", Status.ORPHAN, mib=9, reclaimable=4, reason="~/code/old is not there.")


def source() -> FakeSession:
    return FakeSession(everything(small_machine()), plan=Plan(Action.DELETE, (Item(_OLD),)))


def segments(driver: Driver) -> Iterator[Segment]:
    """Yield the pieces of text on the screen that hold a letter or digit."""
    for strip in driver.app.screen._compositor.render_strips():
        yield from (one for one in strip if any(map(str.isalnum, one.text)))


def unreadable(driver: Driver) -> list[tuple[str, str, str, float]]:
    found = []
    for one in segments(driver):
        style = one.style
        if style is None or style.color is None or style.bgcolor is None:
            continue
        text, below = (Color.from_rich_color(color) for color in (style.color, style.bgcolor))
        if contrast(text, below) < LEAST - _ROUNDING:
            found.append((one.text.strip(), text.hex, below.hex, contrast(text, below)))
    return found


@pytest.mark.parametrize("keys", [("space", "j"), ("question_mark",), ("P",), ("x",)])
def test_all_text_can_be_read_in_every_theme(keys: tuple[str, ...]) -> None:
    async def script(driver: Driver) -> None:
        await driver.scanned()
        await driver.press(*keys)
        for name, theme in driver.app.available_themes.items():
            if not theme.ansi:
                driver.app.theme = name
                await driver.pilot.pause()
                assert not unreadable(driver), name

    drive(source(), script, (120, 40))


@pytest.mark.parametrize("theme", ["ansi-dark", "ansi-light"])
def test_with_the_terminal_s_own_colours_no_text_has_that_of_its_ground(theme: str) -> None:
    async def script(driver: Driver) -> None:
        await driver.scanned()
        driver.app.theme = theme
        await driver.pilot.pause()
        for one in segments(driver):
            assert one.style is not None
            same = one.style.color == one.style.bgcolor
            assert not same or one.style.color is None or one.style.color.is_default

    drive(source(), script, (120, 40))


def brightness(style: Style | None) -> float:
    assert style is not None
    assert style.color is not None
    return Color.from_rich_color(style.color).brightness


def test_without_colour_what_is_wrong_stands_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")

    async def script(driver: Driver) -> None:
        await driver.scanned()
        styles = {one.text.strip(): one.style for one in segments(driver)}
        for word in ("orphan", "broken"):
            style = styles[word]
            assert style is not None
            assert style.bold
        linked = styles["linked"]
        assert linked is not None
        assert not linked.bold
        for word in ("orphan", "broken"):
            assert brightness(styles[word]) >= brightness(linked)

    drive(source(), script, (120, 40))


def test_a_colour_that_can_be_read_stays_as_it_is() -> None:
    white, black, grey = Color.parse("white"), Color.parse("black"), Color.parse("#666666")
    assert legible(white, [black]) == white
    assert contrast(legible(grey, [black]), black) >= LEAST
    assert round(contrast(white, black)) == 21
