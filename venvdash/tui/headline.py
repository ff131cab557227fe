"""What the first line of figures says: what is shown, and how to free space. Knows no Textual."""

from typing import NamedTuple

from venvdash import formats
from venvdash.model.summary import Sums
from venvdash.text import counted
from venvdash.tui.table import Table, View


class Headline(NamedTuple):
    """A count, the bytes that can be reclaimed, and the key that does it, "" for none.

    ``rest``: the bytes of all environments where the headline is about some of them, else "".
    """

    what: str
    reclaimable: str
    key: str = ""
    rest: str = ""


def headline(table: Table) -> Headline | None:
    """Return the headline of what is shown; None where there is no environment at all."""
    view = View.ALL if table.view is View.OTHER else table.view
    sums, orphans = table.sums_of(view), table.sums_of(View.ORPHANS)
    if not table.total:
        return None
    if view is table.view and len(table.shown) != sums.rows:
        return Headline(f"{len(table.shown)} of {sums.rows} shown", _bytes(table.sums_shown))
    if orphans.rows and view in (View.ALL, View.ORPHANS):
        rest = _bytes(sums) if view is View.ALL and sums.rows > orphans.rows else ""
        return Headline(counted(orphans.rows, "orphan"), _bytes(orphans), "P prune", rest)
    what = f"{sums.rows} {view}"
    if view is View.ALL:
        missing = table.missing
        what = counted(sums.rows - missing, "environment") + f", {missing} missing" * bool(missing)
    return Headline(what, _bytes(sums))


def _bytes(sums: Sums) -> str:
    """Return what the rows reclaim: each alone, so that what several share comes on top."""
    if not sums.measured:
        return formats.size(None) if sums.rows else formats.size(0)
    if sums.rows == 1 and not sums.bounded:
        return formats.size(sums.reclaimable)
    return formats.at_least(sums.reclaimable, sums.bounded > 0)
