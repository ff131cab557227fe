"""The dialog that shows a plan: what it says, and what it takes to say yes."""

import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from tests.tui.fake_session import EndedSearch, FakeSession
from tests.tui.pilot import Driver, drive
from tests.tui.rows import HOME, STORE, everything, row
from venvdash.actions.delete.consent import words_to_type
from venvdash.actions.delete.prune import Rules
from venvdash.model import Action, DiskSpace, Item, Limit, Plan, Refusal, Removal, Row, Status
from venvdash.presentation.plans import space_in_words
from venvdash.scanner.search import Findings
from venvdash.tui.dialogs.plan import PlanScreen

GONE = "~/code/old is not there; ~/code is, and can be read."
OLD = row("old", Status.ORPHAN, mib=100, reclaimable=40, cache=60, reason=GONE)
LIVE = row("live", Status.LINKED, mib=10, reclaimable=1, cache=9)
SCRATCH = row("scratch", Status.STANDALONE, mib=5, reclaimable=5, cache=0)
TOOL = row("ruff", Status.TOOL, mib=5, reclaimable=5, cache=0)


def plan(*items: Item, refused: Sequence[Refusal] = (), cache: Sequence[str] = ()) -> Plan:
    reclaimable = sum(item.row.usage.reclaimable for item in items if item.row.usage)
    held = 60 * 1024**2
    return Plan(Action.DELETE, items, tuple(refused), reclaimable, held, tuple(cache), unreadable=2)


def source(made: Plan | Exception) -> FakeSession:
    return FakeSession(everything([OLD, LIVE, SCRATCH, TOOL]), plan=made)


async def ask(driver: Driver) -> PlanScreen:
    """Open the dialog and wait until it shows the plan."""
    await driver.scanned()
    await driver.press("a", "d")
    screen = driver.app.screen
    assert isinstance(screen, PlanScreen)
    await driver.until(lambda: "once more" not in driver.text)
    return screen


@pytest.mark.parametrize("width", [40, 80])
def test_a_long_line_goes_on_below_where_it_begins(width: int) -> None:
    long = replace(OLD, verdict=replace(OLD.verdict, reason="its project is gone " * 9))
    session = source(plan(Item(long)))

    async def script(driver: Driver) -> None:
        await ask(driver)
        said = [line for line in driver.lines if "its project" in line or "is gone" in line]
        inside = [line.partition("│")[2] for line in said if "│" in line]
        assert len(inside) > 2
        assert {len(line) - len(line.lstrip()) for line in inside} == {3}

    drive(session, script, (width, 24))


@pytest.mark.parametrize(
    ("rows", "now", "typed"),
    [
        ([OLD], False, ()),
        ([OLD], True, ()),
        ([OLD] * 9, True, ()),
        ([LIVE], False, ()),
        ([LIVE], True, ("1",)),
        ([OLD, LIVE], False, ()),
        ([OLD, LIVE], True, ("2",)),
        ([SCRATCH, LIVE, OLD], False, ("3",)),
    ],
)
def test_the_count_is_typed_for_several_that_may_be_missed(
    rows: list[Row], now: bool, typed: tuple[str, ...]
) -> None:
    assert words_to_type(plan(*map(Item, rows)), now=now) == typed


def test_names_are_typed_where_the_plan_asks_for_them() -> None:
    made = plan(Item(SCRATCH, confirm="It holds a file."), Item(LIVE), Item(OLD, confirm="So."))
    for now in (False, True):
        assert words_to_type(made, now=now) == ("scratch", "old")


@pytest.mark.parametrize("keys", [["enter"], ["n"], ["escape"], ["q"], ["tab", "tab", "n"]])
def test_cancel_is_the_default_and_nothing_is_done(keys: list[str]) -> None:
    session = source(plan(Item(OLD)))

    async def script(driver: Driver) -> None:
        await ask(driver)
        await driver.press(*keys)
        assert not isinstance(driver.app.screen, PlanScreen)
        assert len(driver.workbench.selection.marks) == 4, "the marks stay"

    drive(session, script)
    assert [type(asked) for asked in session.asked] == [tuple]
    assert len(session.asked) == 1, "planned, and no more"


def test_y_before_the_plan_is_there_does_nothing() -> None:
    async def script(driver: Driver) -> None:
        await driver.scanned()
        screen = PlanScreen("Delete", "1 environment", HOME, 7)
        driver.app.push_screen(screen)
        await driver.pilot.pause()
        await driver.press("y", "f", "c")
        assert driver.app.screen is screen

    drive(source(plan()), script)


def test_yes_hands_on_the_very_plan_that_was_shown() -> None:
    made = plan(Item(OLD))
    session = source(made)

    async def script(driver: Driver) -> None:
        await ask(driver)
        await driver.press("y")
        await driver.until(lambda: len(session.asked) == 2)

    drive(session, script)
    asked = session.asked[1]
    assert isinstance(asked, tuple)
    assert asked[0] is made
    assert asked[1:] == (False, False)


def test_deleting_permanently_is_an_answer_and_cleaning_a_choice() -> None:
    session = source(plan(Item(OLD), cache=["torch", "numpy"]))

    async def script(driver: Driver) -> None:
        await ask(driver)
        assert "[ ] c  Run `uv cache clean` for 2 packages" in driver.text
        await driver.press("c")
        assert driver.text.count("[✓]") == 1
        await driver.press("c", "f")
        await driver.until(lambda: len(session.asked) == 2)

    drive(session, script)
    asked = session.asked[1]
    assert isinstance(asked, tuple)
    assert asked[1:] == (True, False)


@pytest.mark.parametrize(
    ("limit", "words"),
    [
        (Limit.QUOTA, "Your quota of 10.0 GiB is used up at ~/x"),
        (Limit.FILE_QUOTA, "Your quota of files of 11G is used up at ~/x"),
        (Limit.BYTES, "Only 0 B of 10.0 GiB are free at ~/x"),
    ],
)
def test_what_is_used_up_is_said_so(limit: Limit, words: str) -> None:
    space = DiskSpace(HOME / "x", free=0, total=10 * 2**30, limit=limit)
    assert space_in_words(space, HOME) == words


@pytest.mark.parametrize(
    ("limit", "words"),
    [
        (Limit.BYTES, "Only 512.0 MiB of 1.0 TiB are free at "),
        (Limit.QUOTA, "Only 512.0 MiB of 1.0 TiB of your quota are left at "),
        (Limit.INODES, "Only 537M of 1099G inodes are free at "),
        (Limit.FILE_QUOTA, "Only 537M of 1099G files of your quota are left at "),
        (None, "Only "),
    ],
)
def test_deleting_permanently_comes_first_near_a_limit(limit: Limit | None, words: str) -> None:
    full = limit is not None
    space = DiskSpace(STORE, free=2**29, total=2**40, limit=limit) if limit else None
    made = replace(plan(Item(OLD)), low_space=space)

    async def script(driver: Driver) -> None:
        screen = await ask(driver)
        text = driver.text
        assert (words in text) == full
        assert (text.index("Move to trash") > text.index("Delete permanently")) == full
        assert (text.index("Can be undone for 7 days") > text.index("Frees the space now")) == full
        assert screen.focused is screen.query_one("#no"), "Cancel is the default all the same"

    drive(source(made), script)


@pytest.mark.parametrize(
    ("how", "offered"),
    [
        (Removal.TRASH, {"Move to trash", "Delete permanently"}),
        (Removal.UNLINK, {"Move to trash"}),
        (Removal.TOOL, {"Delete  y"}),
        (Removal.UNFINISHED, {"Delete  y"}),
        (Removal.IN_PLACE, {"Delete permanently"}),
    ],
)
def test_only_answers_that_are_possible_are_offered(how: Removal, offered: set[str]) -> None:
    session = source(plan(Item(OLD, how=how)))

    async def script(driver: Driver) -> None:
        screen = await ask(driver)
        answers = ("Move to trash", "Delete permanently", "Delete  y")
        buttons = driver.text[driver.text.index("Cancel  n") :]
        assert {words for words in answers if words in buttons} == offered
        permanent = "Delete permanently" in offered
        if not permanent:
            await driver.press("f")
            assert driver.app.screen is screen
        await driver.press("f" if permanent else "y")
        await driver.until(lambda: len(session.asked) == 2)

    drive(session, script)
    asked = session.asked[1]
    assert isinstance(asked, tuple)
    assert asked[1] == ("Delete permanently" in offered)


def test_y_never_deletes_permanently() -> None:
    session = source(plan(Item(OLD, how=Removal.IN_PLACE)))

    async def script(driver: Driver) -> None:
        screen = await ask(driver)
        await driver.press("y")
        assert driver.app.screen is screen

    drive(session, script)
    assert len(session.asked) == 1


def test_the_dialog_is_as_high_as_its_plan() -> None:
    async def script(driver: Driver) -> None:
        screen = await ask(driver)
        await driver.until(lambda: "q Quit" not in driver.text)
        frame = screen.query_one("#plan")
        await driver.until(lambda: frame.size.height == screen.pane.line_count + 4)

    drive(source(plan(Item(OLD))), script, (120, 40))


def test_prune_is_about_all_orphans_whatever_is_marked() -> None:
    session = source(plan(Item(OLD)))

    async def script(driver: Driver) -> None:
        await driver.scanned()
        await driver.press("space", "P")
        await driver.until(lambda: "Prune 1 environment" in driver.text)
        assert session.asked == [Rules()]
        await driver.press("t")
        await driver.until(lambda: len(session.asked) == 2)

    drive(session, script)


def test_prune_waits_for_the_search_and_can_be_left_meanwhile() -> None:
    gate = threading.Event()
    session = source(plan(Item(OLD)))
    session.search = EndedSearch(Findings(ended=True), gate)

    async def script(driver: Driver) -> None:
        await driver.scanned()
        await driver.press("P")
        await driver.until(lambda: isinstance(driver.app.screen, PlanScreen))
        await driver.press("escape")
        assert not isinstance(driver.app.screen, PlanScreen)
        await driver.press("P")
        assert not session.asked, "nothing is planned before the search has ended"
        gate.set()
        await driver.until(lambda: "Prune 1 environment" in driver.text)

    drive(session, script)


def test_nothing_is_pruned_where_pins_are_unknown() -> None:
    session = source(plan(Item(OLD)))
    session.no_pins = "The pins cannot be read."

    async def script(driver: Driver) -> None:
        await driver.scanned()
        await driver.press("P")
        await driver.until(lambda: "Nothing can be pruned. The pins" in driver.text)
        assert not isinstance(driver.app.screen, PlanScreen)

    drive(session, script)
    assert not session.asked


def test_several_that_may_be_missed_go_only_when_their_number_was_typed() -> None:
    session = source(plan(Item(LIVE), Item(SCRATCH), Item(OLD)))

    async def script(driver: Driver) -> None:
        screen = await ask(driver)
        assert "Type 3 and Enter to confirm:" in driver.text
        await driver.press("y", "y", "enter", "2", "enter")
        assert driver.app.screen is screen
        await driver.press("backspace", "3", "enter")
        await driver.until(lambda: len(session.asked) == 2)

    drive(session, script)


@pytest.mark.parametrize("end", ["enter", "t"])
def test_the_number_can_be_typed_at_once_and_keys_of_answers_work(end: str) -> None:
    session = source(plan(Item(LIVE), Item(SCRATCH), Item(OLD)))

    async def script(driver: Driver) -> None:
        await ask(driver)
        await driver.press("3", end)
        await driver.until(lambda: len(session.asked) == 2)

    drive(session, script)


def test_esc_cancels_where_a_number_is_asked_for() -> None:
    session = source(plan(Item(LIVE), Item(SCRATCH), Item(OLD)))

    async def script(driver: Driver) -> None:
        screen = await ask(driver)
        await driver.press("enter")
        assert driver.app.screen is screen
        await driver.press("n")
        assert driver.app.screen is not screen

    drive(session, script)
    assert len(session.asked) == 1


@pytest.mark.parametrize(("item", "warned"), [(LIVE, True), (OLD, False)])
def test_deleting_what_a_project_uses_has_a_warning(item: Row, warned: bool) -> None:
    async def script(driver: Driver) -> None:
        await ask(driver)
        words = "1 linked environment: its project exists and uses it."
        assert (words in driver.text) == warned

    drive(source(plan(Item(item))), script)


def test_free_now_on_a_live_one_wants_the_number_typed() -> None:
    async def script(driver: Driver) -> None:
        screen = await ask(driver)
        assert "Type" not in driver.text
        await driver.press("f")
        assert "Type 1 and Enter to delete permanently:" in driver.text
        await driver.press("f", "enter")
        assert driver.app.screen is screen
        await driver.press("escape")

    drive(source(plan(Item(LIVE))), script)


def test_each_name_that_the_plan_asks_for_is_typed() -> None:
    why = "It holds a file of yours: notebooks/"
    session = source(plan(Item(SCRATCH, confirm=why), Item(LIVE), Item(OLD, confirm=why)))

    async def script(driver: Driver) -> None:
        screen = await ask(driver)
        assert why in driver.text
        assert "Type scratch and Enter to confirm:" in driver.text
        await driver.press(*"scratc", "enter")
        assert driver.app.screen is screen
        await driver.press("h", "enter")
        assert "Type old and Enter to confirm:" in driver.text
        assert driver.app.screen is screen
        await driver.press(*"old", "enter")
        await driver.until(lambda: len(session.asked) == 2)

    drive(session, script)


@pytest.mark.parametrize("refused", [(), (Refusal(STORE / "x", "x", "It is locked."),)])
def test_a_plan_with_nothing_to_do_says_so_and_offers_to_close(refused: Sequence[Refusal]) -> None:
    session = source(plan(refused=refused))

    async def script(driver: Driver) -> None:
        screen = await ask(driver)
        assert "Nothing to delete" in driver.text
        assert ("It is locked." in driver.text) == bool(refused)
        assert "Delete 0" not in driver.text
        assert "Close  Esc" in driver.text
        assert "Move to trash" not in driver.text
        assert "Delete " not in driver.text
        await driver.press("y", "f")
        assert driver.app.screen is screen
        await driver.press("enter")
        assert driver.app.screen is not screen

    drive(session, script)
    assert len(session.asked) == 1


def test_a_plan_that_cannot_be_made_is_said() -> None:
    async def script(driver: Driver) -> None:
        await ask(driver)
        assert "Planning failed: OSError: [/red] on fire\\e" in driver.text
        await driver.press("y")
        assert isinstance(driver.app.screen, PlanScreen)
        await driver.press("escape")

    drive(source(OSError("[/red] on fire\x1b")), script)


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (40, 12)])
def test_the_buttons_are_in_sight_on_every_screen(size: tuple[int, int]) -> None:
    many = [Item(row(f"old-{n}", Status.UNKNOWN, mib=1)) for n in range(50)]

    async def script(driver: Driver) -> None:
        await ask(driver)
        for words in ("Cancel", "Move to trash  t", "Type 50 and Enter to confirm", "[ ] c"):
            assert words in driver.text
        await driver.press("G")
        await driver.pilot.pause(0.05)
        assert "49-3f2a9c1d" in driver.text

    drive(source(plan(*many, cache=["a"])), script, size)


def test_without_marks_d_is_about_the_one_under_the_cursor() -> None:
    session = source(plan(Item(OLD)))

    async def script(driver: Driver) -> None:
        await driver.scanned()
        await driver.press("j", "d")
        await driver.until(lambda: bool(session.asked))
        await driver.press("escape", "5", "d")
        assert not isinstance(driver.app.screen, PlanScreen), "what is none is never acted on"

    drive(session, script)
    assert session.asked == [(Path(STORE / "old-3f2a9c1d"),)]


def test_a_dialog_that_is_left_at_once_does_no_harm() -> None:
    session = source(plan(Item(OLD)))

    async def script(driver: Driver) -> None:
        screen = await ask(driver)
        screen.fit()  # as whatever changes in it asks for
        screen.dismiss()
        screen._fit()
        await driver.until(lambda: driver.app.screen is driver.main)
        screen._fit()

    drive(session, script)
