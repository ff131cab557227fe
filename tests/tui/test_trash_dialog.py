"""The screen of the trash."""

import time

from tests.tui.fake_session import FakeSession
from tests.tui.pilot import Driver, drive
from tests.tui.rows import STORE, everything, small_machine
from venvdash.model import Trashed
from venvdash.tui.dialogs.trash import TrashScreen
from venvdash.tui.widgets.trash_list import TrashList

MIB = 1024**2
DAY = 86400


def thing(name: str, days: float, *, reclaimable: int = 3, at_most: bool = False) -> Trashed:
    return Trashed(
        path=STORE / f".venvdash-trash-{name}",
        original=STORE / f"{name}-1a2b",
        name=name,
        since=time.time() - days * DAY,
        on_disk=30 * MIB,
        reclaimable=reclaimable * MIB,
        at_most=at_most,
        status="orphan",
        reason=f"the reason of {name}",
    )


def source(*trashed: Trashed) -> FakeSession:
    return FakeSession(everything(small_machine()), trashed=trashed)


def test_it_lists_what_since_when_and_how_much() -> None:
    async def script(driver: Driver) -> None:
        await driver.scanned()
        await driver.until(lambda: "trash 8.0 MiB" in driver.lines[1])
        await driver.opened("E", TrashScreen)
        assert "Trash: 2 environments, 8.0 MiB reclaimable" in driver.text
        for words in ("webapp", "orphan", "3 d", "30.0 MiB", "5.0 MiB", "the reason of webapp"):
            assert words in driver.text
        await driver.press("j")
        assert "the reason of shop" in driver.text
        assert "~/.cache/uv/environments-v2/shop-1a2b" in driver.text
        await driver.press("escape")
        assert not isinstance(driver.app.screen, TrashScreen)

    drive(source(thing("webapp", 3, reclaimable=5), thing("shop", 90)), script)


def test_an_upper_bound_says_so() -> None:
    async def script(driver: Driver) -> None:
        await driver.opened("E", TrashScreen)
        assert "≤5.0 MiB" in driver.text
        await driver.press("f")
        await driver.until(lambda: "This reclaims ≤5.0 MiB" in driver.text)

    drive(source(thing("webapp", 3, reclaimable=5, at_most=True)), script)


def test_an_empty_trash_says_so() -> None:
    async def script(driver: Driver) -> None:
        await driver.opened("E", TrashScreen)
        assert "The trash is empty." in driver.text
        await driver.press("r", "f", "F", "j", "enter")
        assert isinstance(driver.app.screen, TrashScreen)
        assert "trash" not in driver.lines[1]

    drive(source(), script)


def test_freeing_asks_and_no_is_the_default() -> None:
    session = source(thing("webapp", 3), thing("shop", 90))

    async def script(driver: Driver) -> None:
        await driver.opened("E", TrashScreen)
        await driver.press("f")
        assert (
            "Permanently delete webapp? This reclaims 3.0 MiB and cannot be undone." in driver.text
        )
        await driver.press("enter", "F")
        assert "Permanently delete all 2 environments?" in driver.text
        await driver.press("n")
        assert session.asked == []
        await driver.press("f", "y")
        await driver.until(lambda: session.asked == [(session.trashed[0],)])
        await driver.press("F", "right", "enter")
        await driver.until(lambda: len(session.asked) == 2)
        assert session.asked[1] == tuple(session.trashed)

    drive(session, script)


def test_a_name_that_is_taken_is_asked_for_anew() -> None:
    """The source refuses what is given no name, as if its own were taken."""
    item = thing("webapp", 3)
    session = source(item)

    async def script(driver: Driver) -> None:
        await driver.opened("E", TrashScreen)
        await driver.press("r")
        await driver.until(lambda: "Restore webapp as …" in driver.text)
        assert "the reason of webapp" in driver.text
        await driver.press(*["backspace"] * 30, "slash", "enter")
        assert "Type a name without /" in driver.text
        await driver.press("backspace", *"back", "enter")
        await driver.until(lambda: "Restored webapp." in driver.text)

    drive(session, script)
    assert session.asked == [(item, None), (item, "back")]


def test_several_are_marked_restored_and_freed() -> None:
    items = [thing("webapp", 3), thing("shop", 90), thing("api", 5, reclaimable=7)]
    session = source(*items)

    async def script(driver: Driver) -> None:
        await driver.opened("E", TrashScreen)
        await driver.press("space", "j", "space")
        assert "Trash: 3 environments, 13.0 MiB reclaimable · 2 marked, 10.0 MiB" in driver.text
        assert driver.text.count("✓") == 2
        await driver.press("f")
        assert "Permanently delete 2 environments? This reclaims 10.0 MiB" in driver.text
        await driver.press("y")
        await driver.until(lambda: session.asked == [(items[0], items[2])])
        await driver.press("a")
        assert "3 marked" in driver.text
        await driver.press("a", "a", "r")
        for _ in items:  # the source refuses what is given no name
            await driver.until(lambda: "Restore " in driver.text and " as …" in driver.text)
            await driver.press("enter")
        await driver.until(lambda: "Restored 3 environments." in driver.text)
        named = [one for one in session.asked if isinstance(one, tuple) and isinstance(one[1], str)]
        assert [one[0] for one in named] == items

    drive(session, script, (120, 40))


def test_the_order_is_chosen_and_the_cursor_stays_on_its_environment() -> None:
    items = [thing("webapp", 3), thing("shop", 90), thing("api", 5, reclaimable=7)]

    def names(driver: Driver) -> list[str]:
        listing = driver.app.screen.query_one(TrashList)
        return [item.name for item in listing.items]

    async def script(driver: Driver) -> None:
        await driver.opened("E", TrashScreen)
        assert names(driver) == ["webapp", "shop", "api"]
        await driver.press("greater_than_sign")
        assert names(driver) == ["api", "shop", "webapp"]
        assert driver.app.screen.query_one(TrashList).cursor_key == items[0].path
        await driver.press("I")
        assert names(driver) == ["webapp", "shop", "api"]
        await driver.press("less_than_sign", "less_than_sign")  # from the last column
        assert names(driver)[-1] == "api"
        await driver.pilot.click(TrashList, offset=(4, 0))
        assert names(driver) == ["api", "shop", "webapp"]

    drive(source(*items), script, (100, 30))


def test_the_frame_is_as_high_as_what_is_in_it() -> None:
    async def script(driver: Driver) -> None:
        await driver.opened("E", TrashScreen)
        small = driver.app.screen.query_one("#trash").region
        assert small.height < 10
        assert driver.lines[-1].strip().startswith("Space a mark   r restore")

    drive(source(thing("webapp", 3)), script, (80, 24))
    many = [thing(f"env{number}", number) for number in range(50)]

    async def full(driver: Driver) -> None:
        await driver.opened("E", TrashScreen)
        assert driver.app.screen.query_one("#trash").region.height == 21

    drive(source(*many), full, (80, 24))
