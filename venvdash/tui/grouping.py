"""The list in groups: by project, store, status or Python; each can be folded. Knows no Textual."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from venvdash.model.sorting import GROUP_KEYS, STATUS_RANK, version_numbers
from venvdash.model.status import Status
from venvdash.model.summary import Summary, Sums
from venvdash.text import short_path

_UNKNOWN = {
    "project": "no project",
    "store": "no store",
    "python": "unknown Python",
}
_MANY = frozenset({"project"})  # of which there are about as many as rows
# Sorted by one of these, groups lie in the order of their sums.
_SUMMED: Mapping[str, Callable[["Group"], int]] = {
    "size": lambda group: group.on_disk,
    "reclaimable": lambda group: group.sums.reclaimable,
    "cache": lambda group: sum(row.cache_held or 0 for row in group.rows),
    "packages": lambda group: sum(row.packages for row in group.rows),
    "files": lambda group: group.files,
}


class Union(NamedTuple):
    """What the environments of a group take and free together: what they share counts once.

    In bytes; ``at_most`` is as in ``Usage``.
    """

    on_disk: int
    reclaimable: int
    cache_held: int
    at_most: bool


class Group:
    """Rows that have something in common; a line above them shows what they are together.

    ``by`` and ``value``: what they have in common. ``union`` is None until it is computed; until
    then the sums are bounds: of what each takes, at most that, and of what each frees, at least.
    """

    def __init__(self, by: str, value: str, home: Path | None) -> None:
        self.by, self.value, self._home = by, value, home
        self.rows: list[Summary] = []
        self.folded = False
        self.union: Union | None = None

    @property
    def key(self) -> tuple[str, str]:
        """What tells it from other groups, and from paths."""
        return self.by, self.value

    @property
    def title(self) -> str:
        """What is shown above its rows, not yet safe to show."""
        if not self.value:
            return _UNKNOWN[self.by]
        if self.by == "project":
            return short_path(self.value, self._home)
        return f"Python {self.value}" if self.by == "python" else self.value

    @cached_property
    def paths(self) -> frozenset[Path]:
        """The paths of its rows."""
        return frozenset(row.path for row in self.rows)

    @cached_property
    def sums(self) -> Sums:
        """What its rows free, each alone."""
        return Sums.of(self.rows)

    @cached_property
    def measured(self) -> bool:
        """Whether the size of all its environments is known; what is missing has none."""
        missing = sum(row.status is Status.MISSING for row in self.rows)
        return self.sums.measured == len(self.rows) - missing

    @cached_property
    def on_disk(self) -> int:
        """What its rows take, each alone, in bytes."""
        return sum(row.on_disk or 0 for row in self.rows)

    @cached_property
    def files(self) -> int:
        """How many files its rows have."""
        return sum(row.files or 0 for row in self.rows)

    @cached_property
    def used(self) -> float | None:
        """When one of its rows was used last."""
        return max((row.used for row in self.rows if row.used is not None), default=None)

    @cached_property
    def orphans(self) -> int:
        """How many of its rows are orphans."""
        return sum(row.status is Status.ORPHAN for row in self.rows)


Line = Summary | Group


@dataclass
class Folds:
    """Which groups are folded: all or none, except for some, by their values."""

    all: bool = False
    exceptions: set[str] = field(default_factory=set)

    def has(self, value: str) -> bool:
        """Return whether the group with this value is folded."""
        return (value in self.exceptions) != self.all

    def set(self, value: str, *, folded: bool) -> None:
        """Fold a group, or unfold it."""
        (self.exceptions.discard if folded == self.all else self.exceptions.add)(value)

    def set_all(self, *, folded: bool) -> None:
        """Fold all groups, or unfold all."""
        self.all, self.exceptions = folded, set()


class Grouping:
    """What the list is grouped by, "" for nothing, and which groups are folded.

    While a filter is active (``filtered``), what it leaves is unfolded until the user folds it.
    """

    def __init__(self, home: Path | None) -> None:
        self._home = home
        self.by = ""
        self.folds = Folds()
        self._filtered: Folds | None = None
        self.groups: list[Group] = []
        self.unions: dict[frozenset[Path], Union] = {}

    def begin(self, by: str, exceptions: Iterable[str], *, folded: bool) -> None:
        """Begin with what is remembered."""
        self.by, self.folds = by, Folds(folded, set(exceptions))

    @property
    def _folds(self) -> Folds:
        return self.folds if self._filtered is None else self._filtered

    def filtered(self, active: bool) -> None:
        """Begin or end a filter, or change it."""
        self._filtered = Folds() if active else None

    def group_by(self, by: str) -> None:
        """Group by a key of ``GROUP_KEYS``, or by nothing: "".

        Projects begin folded: most have one environment, whose line would be there twice.
        """
        if by != self.by:
            self.by, self.folds = by, Folds(by in _MANY)
            self.filtered(self._filtered is not None)

    def fold(self, group: Group, *, folded: bool) -> None:
        """Fold a group, or unfold it."""
        self._folds.set(group.value, folded=folded)

    def fold_all(self, *, folded: bool) -> None:
        """Fold all groups, or unfold all."""
        self._folds.set_all(folded=folded)

    def group_of(self, row: Summary) -> Group | None:
        """Return the group of a row, None where there is none."""
        value = GROUP_KEYS[self.by](row) if self.by else ""
        return next((group for group in self.groups if group.value == value), None)

    def lines(self, rows: Sequence[Summary], sort: str, *, descending: bool) -> Sequence[Line]:
        """Return the lines for rows in their order: headers, and rows that are not folded."""
        if not self.by:
            self.groups = []
            return rows
        self.groups = self._ordered(self._collected(rows), sort, descending)
        lines: list[Line] = []
        for group in self.groups:
            group.folded = self._folds.has(group.value)
            lines.append(group)
            if not group.folded:
                lines += group.rows
        return lines

    def _collected(self, rows: Iterable[Summary]) -> list[Group]:
        found: dict[str, Group] = {}
        value_of = GROUP_KEYS[self.by]
        for row in rows:
            value = value_of(row)
            group = found.get(value)
            if group is None:
                group = found[value] = Group(self.by, value, self._home)
            group.rows.append(row)
        if self.unions:
            for group in found.values():
                group.union = self.unions.get(group.paths)
        return list(found.values())

    def _ordered(self, groups: list[Group], sort: str, descending: bool) -> list[Group]:
        """Return groups in the order of a list that is sorted so; they came in that of rows."""
        if sort in _SUMMED:
            return sorted(groups, key=_SUMMED[sort], reverse=descending)
        if sort == "used":
            return groups
        known = [group for group in groups if group.value]
        ordered = sorted(known, key=_value_key, reverse=descending)
        return ordered + [group for group in groups if not group.value]

    def take_unions(self, unions: Mapping[frozenset[Path], Union]) -> None:
        """Take what was computed of groups, by their rows' paths."""
        self.unions |= unions
        for group in self.groups:
            group.union = self.unions.get(group.paths) if len(group.rows) > 1 else None


def _value_key(group: Group) -> Any:
    if group.by == "status":
        return STATUS_RANK[Status(group.value)]
    return version_numbers(group.value) if group.by == "python" else group.value.casefold()
