"""What the first line of figures says: what is shown, and how to free space. Knows no Textual."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

from venvdash import formats
from venvdash.model.summary import Sums
from venvdash.text import counted
from venvdash.tui.table import Table, View

if TYPE_CHECKING:
    from venvdash.model import DiskSpace


class Limit(NamedTuple):
    """What is left of something: a label and figures; ``low``: nearly nothing is.

    ``counts_files``: it is files that are scarce then, not bytes.
    """

    label: str
    figures: str
    low: bool
    counts_files: bool


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


def limits_of(spaces: "Iterable[DiskSpace]") -> tuple[Limit, ...]:
    """Return what to show of these: quotas always, inodes where they are scarce.

    Of several file systems that which has the least left. What is low comes first.
    """
    from venvdash.model.plans import Limit as Kind
    from venvdash.system.disk_space import low

    closest: dict[Kind, DiskSpace] = {}
    for space in sorted(spaces, key=lambda space: space.free / space.total):
        closest.setdefault(space.limit, space)
    shown = []
    for kind, label in (
        (Kind.QUOTA, "quota "),
        (Kind.FILE_QUOTA, "file quota "),
        (Kind.INODES, "inodes free "),
    ):
        found = closest.get(kind)
        if found is None or (kind is Kind.INODES and not low(found)):
            continue
        write = formats.number if found.counts_files else formats.size
        first = found.free if kind is Kind.INODES else found.used
        figures = f"{write(first)} of {write(found.total)}"
        shown.append(Limit(label, figures, low(found), found.counts_files))
    return tuple(sorted(shown, key=lambda limit: not limit.low))
