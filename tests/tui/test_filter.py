"""Queries in the filter: what they show, what is wrong with them, and their completion."""

import time
from dataclasses import replace

import pytest

from tests.tui.pilot import Driver, drive
from tests.tui.rows import DAY, many, row
from tests.tui.test_dashboard import source
from tests.tui.test_table import names, table
from venvdash.model import Package, Row, Status
from venvdash.model.query_parser import QueryError

NUMPY = (Package("numpy", "1.26.4"),)


def some() -> list[Row]:
    return [
        row("api", Status.ORPHAN, mib=3000, days=100, packages=NUMPY),
        row("web", mib=10, days=1, packages=(Package("numpy", "2.1.0"),)),
        row("lab", Status.STANDALONE, packages=(Package("torch", "2.5.1"),)),
    ]


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("status:orphan", ["api"]),
        ("size:1GB..", ["api"]),
        ("used:90d.. api", ["api"]),
        ("pkg:numpy", ["api", "web"]),
        ("pkg:numpy..1", ["api"]),
        ("not:pkg:numpy", ["lab"]),
        ("python:3.12 not:status:linked", ["api", "lab"]),
        ("", ["api", "lab", "web"]),
    ],
)
def test_what_a_query_shows(query: str, shown: list[str]) -> None:
    made = table(some())
    made.search(query)
    made.arrange()
    assert names(made) == shown
    assert {item.name for item in made.matching()} == set(shown)


def test_what_is_not_known_is_counted_until_it_is() -> None:
    made = table(some())
    made.search("size:1GB.. not:web")
    made.arrange()
    assert names(made) == ["api"]
    assert made.undecided == "1 environment not decided: size not measured (1)."
    lab = made.rows[next(path for path in made.rows if "lab" in path.name)]
    assert made.put(replace(lab, usage=row("lab", mib=1).usage)), "the count changes"
    made.arrange()
    assert (names(made), made.undecided) == (["api"], "")


def test_packages_of_remembered_rows_are_not_known() -> None:
    made = table(some())
    for path, summary in made.summaries.items():
        made.summaries[path] = summary._replace(confirmed=False)
    made.rows.clear()
    made.search("pkg:numpy")
    made.arrange()
    assert names(made) == []
    assert made.undecided.startswith("3 environments not decided: packages not known")


def test_an_error_leaves_the_last_query() -> None:
    made = table(some())
    made.search("status:orphan")
    with pytest.raises(QueryError):
        made.search("status:orphan size:")
    made.arrange()
    assert names(made) == ["api"]


def test_each_row_is_asked_once_for_each_term() -> None:
    made = table(many(500))
    asked = 0
    made.search("size:1MB.. used:..400d project")
    assert made.query is not None
    begun = made.query.terms[0]

    class Counting(type(begun)):  # type: ignore[misc]  # mypy knows no base that is computed
        __slots__ = ()

        def decide(self, item: object, known: object) -> object:
            nonlocal asked
            asked += 1
            return super().decide(item, known)

    counting = Counting(begun.key, begun.low, begun.high)  # type: ignore[attr-defined]  # a Span's
    made.query = replace(made.query, terms=(counting, *made.query.terms[1:]))
    made.arrange()
    assert asked == 500
    assert made.shown


def test_a_query_that_is_wrong_says_why_below_the_line_and_the_last_one_holds() -> None:
    async def script(driver: Driver) -> None:
        await driver.scanned()
        await driver.press("slash", *"status:orphan")
        assert driver.listed == ["billing-legacy"]
        await driver.press(",")
        assert driver.listed == ["billing-legacy"]
        assert "\n status: has an empty value. Allowed: duplicate, " in driver.text
        await driver.press("backspace", *" siz:")
        (at,) = (n for n, line in enumerate(driver.lines) if line.startswith(" / status:orphan"))
        assert driver.lines[at + 1].startswith(" unknown key siz:. Did you mean size:?")
        assert driver.lines[at + 1].endswith("…"), "one line"
        await driver.press("enter")
        assert driver.main.listing.filter_text == "status:orphan siz:"
        assert "unknown key" in driver.text
        await driver.press("escape")
        assert len(driver.listed) == 13
        assert "unknown key" not in driver.text

    drive(source(), script)


def test_what_was_not_decided_is_said_below_the_line() -> None:
    async def script(driver: Driver) -> None:
        await driver.scanned()
        await driver.press("slash", *"size:1B..")
        shown = len(driver.listed)
        assert 0 < shown < 13
        assert f"{13 - shown} environment" in driver.text
        assert "size not measured" in driver.text

    drive(source(), script)


def test_tab_completes_keys_and_values() -> None:
    async def script(driver: Driver) -> None:
        await driver.scanned()
        line = driver.main.listing
        await driver.press("slash", *"not:stat", "tab")
        assert line.filter_text == "not:status:"
        await driver.press("tab")
        assert "not:status:linked  not:status:missing  not:status:moved" in driver.text
        await driver.press("o", "tab")
        assert line.filter_text == "not:status:orphan"
        assert len(driver.listed) == 12
        await driver.press(*" zzzz", "tab")
        assert line.filter_text == "not:status:orphan zzzz"

    drive(source(), script)


def test_hostile_values_are_shown_as_text() -> None:
    async def script(driver: Driver) -> None:
        await driver.scanned()
        await driver.press("slash")
        driver.main.listing.search("status:[red]\x1b[31m")
        await driver.pilot.pause()
        assert 'has no value "[red]\\e[31m"' in driver.text

    drive(source(), script)


def test_ages_are_of_now() -> None:
    made = table([row("young", days=1), row("old", days=400)])
    made.search("used:1y..")
    made.arrange()
    assert names(made) == ["old"]
    young = made.rows[next(path for path in made.rows if "young" in path.name)]
    made.put(replace(young, used=time.time() - 500 * DAY))
    made.arrange()
    assert names(made) == ["old", "young"]


def test_a_word_without_a_match_may_be_a_package() -> None:
    async def script(driver: Driver) -> None:
        await driver.scanned()
        await driver.press("slash", *"torch")
        await driver.until(lambda: "No matches for “torch”. Esc clears" in driver.text)
        assert "As a package: pkg:torch" in driver.text
        await driver.press("ctrl+u", *"pkg", "colon", *"torch")
        await driver.until(lambda: driver.listed == ["lab"])
        await driver.press("ctrl+u", *"pkg", "colon", *"jax")
        await driver.until(lambda: "No matches" in driver.text)
        assert "As a package" not in driver.text

    drive(source(some()), script)
