"""How many days something has been in the trash, counted here and not told by dates.

One small JSON file for each computer that uses the state directory. What is not noted in it has
just come: so nothing is freed early where the file is lost, or was never written.
"""

import json
import math
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path

from venvdash.records.day_count import DayCount, advanced
from venvdash.system.clock import Moment
from venvdash.system.files import UnreadableError
from venvdash.system.host import host_id
from venvdash.system.reads import unnoted
from venvdash.system.state_files import StateFolder

_FOLDER = "days"  # in the state directory
_LIMIT = 16 * 1024 * 1024  # bytes; about 150 for each directory in the trash
_MOST_DAYS = 10**6
_ROUNDING = 0.01  # days


@dataclass(frozen=True, slots=True)
class Waiting:
    """Since when something is in the trash, and on which day its end was announced.

    ``since`` is a ``DayCount.position``: days, and a part of one.
    """

    since: float
    announced: int | None = None


@dataclass(frozen=True, slots=True)
class TrashDays:
    """The count of days, and what waits in the trash, by the path of its trash directory.

    ``checked`` is the counted day of the last look at what is to be freed.
    """

    count: DayCount = field(default_factory=DayCount)
    checked: int = 0
    waiting: Mapping[Path, Waiting] = field(default_factory=dict)

    @property
    def new_day(self) -> bool:
        """Whether a day was counted since the last look at what is to be freed."""
        return self.count.days > self.checked

    def left(self, path: Path, keep: float) -> float:
        """Return after how many days a trash directory is freed, if each stays for ``keep``."""
        known = self.waiting.get(path)
        spent = self.count.position - known.since if known else 0.0
        left = keep - spent
        return left if left > _ROUNDING else 0.0

    def holding(self, paths: Iterable[Path]) -> "TrashDays":
        """Return the same with these in the trash and nothing else."""
        fresh = Waiting(self.count.position)
        return replace(self, waiting={path: self.waiting.get(path, fresh) for path in paths})

    def checked_now(self, keep: float) -> tuple["TrashDays", list[Path], list[Path]]:
        """Return the days after a look, what is to be announced, and what is to be freed.

        Announced is what will be freed on the next counted day, and freed is only what was
        announced on an earlier one; what is kept for less than a day is not announced. What was
        to be freed and is still there comes again on another day.
        """
        today = self.count.days
        ending = [p for p in self.waiting if self.left(p, keep) <= 1 + _ROUNDING and keep >= 1]
        ending = [path for path in ending if self.waiting[path].announced is None]
        due = self.new_day or keep < 1
        expired = [path for path in self.waiting if due and self._expired(path, keep)]
        announced = {path: replace(self.waiting[path], announced=today) for path in ending}
        return replace(self, checked=today, waiting={**self.waiting, **announced}), ending, expired

    def _expired(self, path: Path, keep: float) -> bool:
        announced = self.waiting[path].announced
        was_announced = announced is not None and announced < self.count.days
        return self.left(path, keep) == 0 and (was_announced or keep < 1)


def as_of(state: Path, now: Moment) -> TrashDays:
    """Return the days as of ``now``; writes nothing."""
    return _as_of(_read(state), now)


def looked(state: Path, now: Moment) -> TrashDays:
    """Return the days as of ``now``, and store what would be forgotten otherwise."""
    stored = _read(state)
    days = _as_of(stored, now)
    if stored is None or _news(stored.count, days.count):
        store(state, days)
    return days


def _as_of(stored: TrashDays | None, now: Moment) -> TrashDays:
    if stored is None:
        return TrashDays(advanced(None, now))
    return replace(stored, count=advanced(stored.count, now))


def _news(before: DayCount, count: DayCount) -> bool:
    same = (before.days, before.boot_id, before.offset) == (count.days, count.boot_id, count.offset)
    return not same or count.boot < before.boot


def store(state: Path, days: TrashDays) -> bool:
    """Store the days; return whether that was possible."""
    table = {
        "count": asdict(days.count),
        "checked": days.checked,
        "trash": [[str(p), one.since, one.announced] for p, one in days.waiting.items()],
    }
    with suppress(OSError):
        StateFolder(state, _FOLDER).write(_name(), json.dumps(table).encode())
        return True
    return False


def _name() -> str:
    return f"{host_id()}.json"


def _read(state: Path) -> TrashDays | None:
    """Return what was stored, None where there is nothing, or nothing that makes sense."""
    try:
        with unnoted():  # it changes with the clock; a list of what is in the trash is never kept
            table = json.loads(StateFolder(state, _FOLDER).read(_name(), _LIMIT))
        count = DayCount(**{one.name: table["count"][one.name] for one in fields(DayCount)})
        _check(count)
        checked = _day(table["checked"], count.days)
        waiting = {Path(p): _waiting(one, count.days) for p, *one in table["trash"]}
    except (OSError, UnreadableError, ValueError, LookupError, TypeError, RecursionError):
        return None
    return TrashDays(count, checked, waiting)


def _check(count: DayCount) -> None:
    """Raise ValueError or TypeError for values that no count has."""
    for one in fields(DayCount):
        value = getattr(count, one.name)
        if one.name == "boot_id":
            value.encode()
        elif isinstance(value, bool) or not math.isfinite(value):
            raise ValueError
    if not isinstance(count.days, int) or not 0 <= count.days <= _MOST_DAYS:
        raise ValueError
    if count.running < 0 or count.passed < 0 or count.doubt < 0:
        raise ValueError


def _waiting(fields: list[object], days: int) -> Waiting:
    since, announced = fields
    if isinstance(since, bool) or not isinstance(since, int | float) or not 0 <= since <= days + 1:
        raise ValueError
    return Waiting(float(since), None if announced is None else _day(announced, days))


def _day(value: object, days: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= days:
        raise ValueError
    return value
