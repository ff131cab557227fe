"""The headline: what is shown, and how to free space."""

import pytest

from tests.tui.rows import row
from venvdash.model import Row, Status
from venvdash.tui.headline import Headline, headline
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
