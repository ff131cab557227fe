"""Totals of environments: by store, status, Python or kind, and what lies on the disk twice.

Each is what the environments take and free together: what they share counts once.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from venvdash.formats import bounded, certainty, size
from venvdash.model import Row
from venvdash.model.packaging import minor_version
from venvdash.presentation.tables import Column, table
from venvdash.scanner.usage.package_copies import PackageCopies, package_copies
from venvdash.session import Session
from venvdash.text import counted, visible

GROUPS: Mapping[str, Callable[[Row], str]] = {
    "store": lambda row: row.environment.store,
    "status": lambda row: row.verdict.status.value,
    "python": lambda row: minor_version(row.environment.python),
    "kind": lambda row: row.environment.traits.kind,
}
"""What environments can be grouped by; a value may be empty where it is not known."""

_NAMED = 10  # packages held more than once


@dataclass(frozen=True, slots=True)
class Total:
    """What some environments take and free together, in bytes; None without sizes.

    ``value`` is what they have in common. ``exact`` and ``at_most`` are as in ``Usage``.
    """

    value: str
    environments: int
    on_disk: int | None = None
    reclaimable: int | None = None
    cache_held: int | None = None
    exact: bool = True
    at_most: bool = False


def total_of(opened: Session, rows: Sequence[Row], value: str = "", *, usage: bool = True) -> Total:
    """Return the total of some rows of the last scan; ``usage``: it measured sizes."""
    if not usage:
        return Total(value, len(rows))
    sums = opened.deletions.sums
    union = sums.union(rows)
    exact = all(row.usage is not None and row.usage.exact for row in rows)
    return Total(
        value,
        len(rows),
        sums.on_disk(rows),
        union.reclaimable,
        union.cache_held,
        exact and union.exact,
        union.at_most,
    )


def totals_by(opened: Session, rows: Iterable[Row], by: str, *, usage: bool) -> list[Total]:
    """Return the total of each group of rows, the largest first; ``by`` is a key of ``GROUPS``."""
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(GROUPS[by](row), []).append(row)
    totals = [total_of(opened, some, value, usage=usage) for value, some in groups.items()]
    return sorted(totals, key=lambda one: (-(one.on_disk or one.environments), one.value))


@dataclass(frozen=True, slots=True)
class Report:
    """All that `list --by` says: the groups, all of them together, and packages held twice."""

    by: str
    groups: Sequence[Total]
    whole: Total
    copies: Sequence[PackageCopies]

    def lines(self) -> Iterator[str]:
        """Yield the report as lines of text."""
        totals = [*self.groups, self.whole]
        sizes = self.whole.on_disk is not None
        yield from table(_columns(self.by, sizes=sizes), [_cells(one, sizes) for one in totals])
        if self.copies:
            yield ""
            yield "Held more than once:"
            yield from table(
                _COPIES, [_copy_cells(one) for one in self.copies[:_NAMED]], indent="  "
            )
            if len(self.copies) > _NAMED:
                yield f"  and {len(self.copies) - _NAMED} more"

    def json(self) -> dict[str, object]:
        """Return the report as JSON shows it."""
        return {
            "by": self.by,
            "groups": [_total_json(one) for one in self.groups],
            "total": _total_json(replace(self.whole, value="")),
            "held_more_than_once": [
                {
                    "name": one.name,
                    "version": one.version,
                    "environments": one.environments,
                    "on_disk": one.on_disk,
                    "extra": one.extra,
                }
                for one in self.copies
            ],
        }


def report(opened: Session, rows: Sequence[Row], by: str, *, usage: bool) -> Report:
    """Return the totals of rows by a key of ``GROUPS``; with ``usage`` it reads RECORD files."""
    copies = package_copies(row.environment for row in rows) if usage else []
    groups = totals_by(opened, rows, by, usage=usage)
    return Report(by, groups, total_of(opened, rows, "total", usage=usage), copies)


def total_in_words(total: Total) -> str:
    """Return a total as a line below a list."""
    words = counted(total.environments, "environment")
    if total.on_disk is None or total.reclaimable is None:
        return words
    free = certainty(total.exact, total.at_most) + size(total.reclaimable)
    return f"{words}, {size(total.on_disk)} on disk, {free} reclaimable"


_COPIES = (
    Column("PACKAGE", least=12),
    Column("ENVIRONMENTS", right=True),
    Column("SIZE", right=True),
    Column("ONE COPY WOULD SAVE", right=True, drop=1),
)


def _copy_cells(one: PackageCopies) -> tuple[str, ...]:
    name = visible(f"{one.name} {one.version}", 64)
    return (name, f"×{one.environments}", size(one.on_disk), size(one.extra))


def _columns(by: str, *, sizes: bool) -> tuple[Column, ...]:
    measured = (
        Column("SIZE", right=True),
        Column("RECLAIMABLE", right=True),
        Column("+CACHE", right=True, drop=1),
    )
    head = Column(by.upper(), least=12), Column("ENVIRONMENTS", right=True, drop=2)
    return (*head, *(measured if sizes else ()))


def _cells(total: Total, sizes: bool) -> tuple[str, ...]:
    value = visible(total.value, 48) or "-"
    if not sizes:
        return (value, str(total.environments))
    return (
        value,
        str(total.environments),
        size(total.on_disk),
        bounded(total.reclaimable or 0, total.at_most),
        size(total.cache_held),
    )


def _total_json(total: Total) -> dict[str, object]:
    return {
        "value": total.value or None,
        "environments": total.environments,
        "on_disk": total.on_disk,
        "reclaimable": total.reclaimable,
        "cache_held": total.cache_held,
        "exact": total.exact,
        "at_most": total.at_most,
    }
