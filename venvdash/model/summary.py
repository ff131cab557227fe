"""What a list shows of one environment: light enough to be read back by the thousand."""

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from venvdash.model.status import Flag, Location, Status


class Summary(NamedTuple):
    """One line of the list, with what the filter searches and what explains its status.

    Sizes are bytes, None where they are unknown; ``at_most``: ``reclaimable`` is an upper bound.
    ``packages`` and ``files`` count them, ``used`` is in seconds since the epoch. ``projects`` are
    directories, the one that is shown first; ``place`` is where a moved project is now,
    ``description`` what the project says it is.
    ``user_files`` says in words which files of the user's it holds. ``here``: it belongs to the
    project of the current directory. ``confirmed`` is False for what the last scan saw and the
    present one has not judged yet, ``gone`` True where the present one has not found it.
    """

    path: Path
    name: str
    status: Status
    reason: str = ""
    store: str = ""
    kind: str = ""
    python: str | None = None
    implementation: str | None = None
    location: Location = Location.CENTRAL
    flags: frozenset[Flag] = frozenset()
    packages: int = 0
    on_disk: int | None = None
    reclaimable: int | None = None
    at_most: bool = False
    cache_held: int | None = None
    files: int | None = None
    used: float | None = None
    projects: tuple[str, ...] = ()
    place: str | None = None
    note: str = ""
    description: str = ""
    user_files: str = ""
    here: bool = False
    confirmed: bool = True
    gone: bool = False

    @property
    def project(self) -> str | None:
        """The directory that is shown for its project: where that is now, or was."""
        return self.place or next(iter(self.projects), None)


class Sums:
    """Sums over rows: how many, the bytes that each alone frees, and how many these are of.

    ``bounded`` of the ``measured`` free at most what is counted.
    """

    __slots__ = ("bounded", "measured", "reclaimable", "rows")

    def __init__(
        self, rows: int = 0, reclaimable: int = 0, measured: int = 0, bounded: int = 0
    ) -> None:
        self.rows, self.reclaimable = rows, reclaimable
        self.measured, self.bounded = measured, bounded

    @classmethod
    def of(cls, rows: Iterable[Summary]) -> "Sums":
        """Return the sums over rows."""
        sums = cls()
        for row in rows:
            sums.count(row)
        return sums

    @classmethod
    def total(cls, parts: "Iterable[Sums]") -> "Sums":
        """Return the sums over several parts."""
        total = cls()
        for part in parts:
            total.rows += part.rows
            total.reclaimable += part.reclaimable
            total.measured += part.measured
            total.bounded += part.bounded
        return total

    def count(self, row: Summary, times: int = 1) -> None:
        """Add a row, or with ``times`` -1 take it away."""
        self.rows += times
        if row.reclaimable is not None:
            self.reclaimable += times * row.reclaimable
            self.measured += times
            self.bounded += times * row.at_most
