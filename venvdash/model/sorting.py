"""The orders of a list of environments, and what it can be grouped by."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from venvdash.model.packaging import minor_version
from venvdash.model.status import Status
from venvdash.model.summary import Summary

# What needs a decision comes first.
STATUS_RANK = {
    status: rank
    for rank, status in enumerate(
        (
            Status.ORPHAN,
            Status.MISSING,
            Status.MOVED,
            Status.DUPLICATE,
            Status.UNREACHABLE,
            Status.UNKNOWN,
            Status.REPLACED,
            Status.STANDALONE,
            Status.LINKED,
            Status.TOOL,
            Status.CHECKING,
        )
    )
}


def version_numbers(version: str) -> list[int]:
    """Return the numbers of a version; -1 for a part that is none."""
    return [int(part) if part.isdigit() else -1 for part in version.split(".")]


# The value a column sorts by; None (not known yet) comes last, whichever way it is sorted.
SORT_KEYS: dict[str, Callable[[Summary], Any]] = {
    "name": lambda row: row.name.casefold(),
    "python": lambda row: version_numbers(row.python) if row.python is not None else None,
    "size": lambda row: row.on_disk,
    "reclaimable": lambda row: row.reclaimable,
    "cache": lambda row: row.cache_held,
    "used": lambda row: -row.used if row.used is not None else None,  # youngest first
    "status": lambda row: STATUS_RANK[row.status],
    "kind": lambda row: row.kind,
    "packages": lambda row: row.packages,
    "files": lambda row: row.files,
    "note": lambda row: (row.note or row.description).casefold() or None,
    "where": lambda row: row.projects[0].casefold() if row.projects else None,
}

# Columns whose first sorting is the biggest first: that is what people look for.
BIG_FIRST = frozenset({"python", "size", "reclaimable", "cache", "packages", "files"})


def in_order(rows: Iterable[Summary], key: str, *, descending: bool) -> list[Summary]:
    """Return the rows sorted by a key of ``SORT_KEYS``; equal ones by name, then by path."""
    by_name = sorted(rows, key=lambda row: (row.name.casefold(), str(row.path)))
    value_of = SORT_KEYS[key]
    pairs = [(value_of(row), row) for row in by_name]
    known = [pair for pair in pairs if pair[0] is not None]
    known.sort(key=lambda pair: pair[0], reverse=descending)
    return [row for _, row in known] + [row for value, row in pairs if value is None]


GROUP_KEYS: Mapping[str, Callable[[Summary], str]] = {
    "project": lambda row: row.project or "",
    "store": lambda row: row.store,
    "status": lambda row: row.status.value,
    "python": lambda row: minor_version(row.python),
}
"""What a list can be grouped by; a value is empty where it is not known."""
