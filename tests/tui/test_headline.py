"""The headline: what is shown, and how to free space."""

from pathlib import Path

import pytest

from tests.tui.fake_session import FakeSession
from tests.tui.pilot import Driver, drive
from tests.tui.rows import everything, row, small_machine
from venvdash.model import DiskSpace, Limit, Row, Status
from venvdash.tui.headline import Headline, headline, limits_of
from venvdash.tui.table import Table, View

LIVE = row("live", Status.LINKED, mib=10, reclaimable=3)
OLD = row("old", Status.ORPHAN, mib=100, reclaimable=40)
OLDER = row("older", Status.ORPHAN, mib=100, reclaimable=2)
LOST = row("lost", Status.UNKNOWN, mib=8, reclaimable=8)


def table(*rows: Row, view: View = View.ALL, words: str = "") -> Table:
    made = Table(view=view)
    for one in rows:
        made.put(one)
    made.search(words)
    made.arrange()
    return made


@pytest.mark.parametrize(
    ("rows", "view", "words", "expected"),
    [
        ((), View.ALL, "", None),
        ((LIVE,), View.ALL, "", Headline("1 environment", "3.0 MiB")),
        ((LIVE, LOST), View.ALL, "", Headline("2 environments", "≥ 11.0 MiB")),
        ((LIVE, OLD), View.ALL, "", Headline("1 orphan", "40.0 MiB", "P prune", "≥ 43.0 MiB")),
        ((OLD, OLDER), View.ALL, "", Headline("2 orphans", "≥ 42.0 MiB", "P prune")),
        ((LIVE, OLD), View.ORPHANS, "", Headline("1 orphan", "40.0 MiB", "P prune")),
        ((LIVE, OLD, LOST), View.UNKNOWN, "", Headline("1 unknown", "8.0 MiB")),
        ((LIVE, LOST), View.ORPHANS, "", Headline("0 orphans", "0 B")),
        ((LIVE, OLD, LOST), View.ALL, "live", Headline("1 of 3 shown", "3.0 MiB")),
        ((OLD, OLDER), View.ORPHANS, "older", Headline("1 of 2 shown", "2.0 MiB")),
        ((LIVE, OLD), View.OTHER, "", Headline("1 orphan", "40.0 MiB", "P prune", "≥ 43.0 MiB")),
    ],
)
def test_figures_belong_to_the_view_and_the_filter(
    rows: tuple[Row, ...], view: View, words: str, expected: Headline | None
) -> None:
    assert headline(table(*rows, view=view, words=words)) == expected


def test_what_is_not_measured_yet_has_no_figure() -> None:
    unmeasured = row("new", Status.ORPHAN, mib=None)
    assert headline(table(unmeasured)) == Headline("1 orphan", "…", "P prune")


def space(limit: Limit, free: int, total: int, directory: str = "/") -> DiskSpace:
    return DiskSpace(Path(directory), free, total, total - free, limit)


def test_quotas_are_shown_and_inodes_where_they_are_scarce() -> None:
    roomy = space(Limit.INODES, 90, 100)
    quota = space(Limit.QUOTA, 2 * 2**30, 10 * 2**30)
    assert limits_of([]) == limits_of([roomy, space(Limit.BYTES, 0, 9)]) == ()
    assert limits_of([quota, roomy]) == (("quota ", "8.0 GiB of 10.0 GiB", False, False),)
    reached = space(Limit.FILE_QUOTA, 0, 100_000)
    scarce = space(Limit.INODES, 4000, 2_000_000)
    assert limits_of([quota, roomy, scarce, reached]) == (
        ("file quota ", "100k of 100k", True, True),
        ("inodes free ", "4.0k of 2.0M", True, True),
        ("quota ", "8.0 GiB of 10.0 GiB", False, False),
    )
    other = space(Limit.QUOTA, 1, 2**20, "/srv")
    assert limits_of([quota, other])[0].figures == "1.0 MiB of 1.0 MiB", "the closest one"


def test_what_is_scarce_comes_first_and_shows_who_has_the_files() -> None:
    async def script(driver: Driver) -> None:
        await driver.scanned()
        assert "Files" not in driver.lines[2]
        quota = space(Limit.QUOTA, 2 * 2**30, 10 * 2**30)
        driver.main.listing.show_limits([quota])
        await driver.pilot.pause()
        assert driver.lines[1] == (
            " 1 orphan, 212.0 MiB reclaimable: P prune  quota 8.0 GiB of 10.0 GiB"
        )
        assert "Files" not in driver.lines[2]
        driver.main.listing.show_limits([quota, space(Limit.FILE_QUOTA, 10, 50_000)])
        await driver.pilot.pause()
        assert driver.lines[1].startswith(
            " 1 orphan, 212.0 MiB reclaimable: P prune  file quota 50k of 50k"
        )
        assert driver.lines[2].endswith("Files")
        assert driver.lines[3].endswith("9.2k")

    drive(FakeSession(everything(small_machine())), script)
