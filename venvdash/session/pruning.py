"""What may be pruned: the rules, and a second look at every environment that they pick."""

import re
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from venvdash.model import Facts, Flag, Row, Status

if TYPE_CHECKING:
    from venvdash.session.core import Session

DAY = 86400.0
AGE = 90 * DAY  # seconds without a use, where a rule wants an age and none was given
# Whatever a rule says: these have a project, or nobody can tell.
_NEVER = frozenset(
    [Status.CHECKING, Status.MOVED, Status.UNREACHABLE, Status.DISPUTED, Status.TOOL]
)


@dataclass(frozen=True, slots=True)
class Rules:
    """Which environments to pick: the union of the first four, narrowed by the others.

    ``unknown`` and ``inactive`` take only what was not used for ``older_than`` seconds (90 days
    where that is None). ``gone_for``: seconds that the project is gone at least, as the folder
    above it tells. ``kinds`` and ``stores`` (names or directories): empty for all.
    """

    orphans: bool = True
    unknown: bool = False
    inactive: bool = False
    broken: bool = False
    older_than: float | None = None
    gone_for: float | None = None
    kinds: frozenset[str] = frozenset()
    stores: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Offer:
    """An environment that the rules picked.

    ``why`` is the reason in a sentence, with what was searched once more. ``held`` says, if it is
    not empty, why the environment is not offered after all: something was found that leads to it.
    """

    row: Row
    why: str
    held: str = ""


_UNITS = {"d": DAY, "w": 7 * DAY, "m": 30.44 * DAY, "y": 365.25 * DAY}
_AGE = re.compile(r"(\d{1,6}) *(d|days?|w|weeks?|mo?|months?|y|years?|)", re.ASCII)


def seconds_of(text: str) -> float | None:
    """Return how long ``90d``, ``12 w``, ``6mo``, ``1y`` or ``30`` (days) is; None for no age."""
    found = _AGE.fullmatch(text.strip().lower())
    return int(found[1]) * _UNITS[found[2][:1] or "d"] if found else None


def picks(rules: Rules, row: Row, facts: Facts | None, now: float) -> bool:
    """Return whether the rules pick a row; ``now`` is in seconds since the epoch."""
    environment, status = row.environment, row.verdict.status
    if status in _NEVER or environment.target is not None or _pinned(row):
        return False
    if rules.kinds and environment.traits.kind not in rules.kinds:
        return False
    places = {environment.store, str(environment.root)}
    if rules.stores and places.isdisjoint(rules.stores):
        return False
    if not any(_wanted(rules, row, now)):
        return False
    if rules.older_than is not None and not _unused(row, rules.older_than, now):
        return False
    return rules.gone_for is None or _gone(row, facts, rules.gone_for, now)


def _wanted(rules: Rules, row: Row, now: float) -> Iterator[bool]:
    status, age = row.verdict.status, rules.older_than if rules.older_than is not None else AGE
    yield rules.orphans and status is Status.ORPHAN
    yield rules.unknown and status is Status.UNKNOWN and _unused(row, age, now)
    yield rules.inactive and status is Status.INACTIVE and _unused(row, age, now)
    yield rules.broken and Flag.BROKEN in row.environment.flags


def _pinned(row: Row) -> bool:
    return Flag.PINNED in row.environment.flags or bool(row.record and row.record.pinned)


def _unused(row: Row, age: float, now: float) -> bool:
    """Return whether nothing shows that it was used in the last ``age`` seconds."""
    return row.used is not None and now - row.used >= age


def _gone(row: Row, facts: Facts | None, age: float, now: float) -> bool:
    """Return whether its projects have been gone for so long, as far as their folders tell."""
    if facts is None or not row.verdict.projects:
        return False
    for project in row.verdict.projects:
        place = facts.places.get(project)
        # The folder above was last changed when the project went, or later.
        if place is None or place.ancestor_mtime is None or now - place.ancestor_mtime < age:
            return False
    return True


def candidates(
    session: "Session", rules: Rules, cancel: threading.Event | None = None
) -> tuple[Offer, ...]:
    """Return what the rules pick, looked at once more; what something leads to is held."""
    from venvdash.scanner.secondlook import second_look

    now = time.time()
    rows = [row for row in session.rows.values() if picks(rules, row, session.facts, now)]
    rows.sort(key=lambda row: (row.name, row.path))
    orphans = [row for row in rows if row.verdict.status in (Status.ORPHAN, Status.UNKNOWN)]
    if not orphans:
        return tuple(Offer(row, row.verdict.reason) for row in rows)
    look = second_look(
        session.machine,
        session.config,
        [row.path for row in orphans],
        session.facts,
        cancel.is_set if cancel else lambda: False,
    )
    offers = []
    for row in rows:
        if row not in orphans:
            offers.append(Offer(row, row.verdict.reason))
            continue
        lead = look.leads.get(row.path, "") or session.referenced(row.path)
        if lead:
            offers.append(Offer(row, row.verdict.reason, lead))
            continue
        why = f"{row.verdict.reason}; {look.said}"
        row = replace(row, verdict=replace(row.verdict, reason=why))
        session.rows[row.path] = row
        offers.append(Offer(row, why))
    return tuple(offers)
