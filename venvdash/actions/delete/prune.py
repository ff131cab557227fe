"""What may be pruned: the rules, and the search for the projects of all that they pick."""

import os
import shlex
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from venvdash.actions.delete import user_files
from venvdash.actions.delete.days_left import ages_as_of
from venvdash.actions.delete.project_search import Tell, quiet
from venvdash.actions.delete.shared_searches import Searches, held_by, sought
from venvdash.actions.table import Table
from venvdash.model import Facts, Flag, Location, Presence, Refusal, Row, Status
from venvdash.model.quantities import DAY
from venvdash.system.mounts import Mounts
from venvdash.text import visible

AGE = 90 * DAY  # seconds without a use, where a rule wants an age and none was given
# Whatever a rule says: these have a project, or nobody can tell.
_NEVER = frozenset(
    [
        *(Status.CHECKING, Status.MOVED, Status.UNREACHABLE, Status.DUPLICATE, Status.TOOL),
        Status.MISSING,
    ]
)
_BY_QUERY = frozenset([Status.ORPHAN, Status.REPLACED, Status.UNKNOWN, Status.STANDALONE])


@dataclass(frozen=True, slots=True)
class Rules:
    """Which environments to pick: the union of the first four, narrowed by the others.

    ``unknown`` and ``replaced`` take only what was not used for ``older_than`` seconds (90 days
    where that is None). ``gone_for``: seconds that the project is gone at least, as the folder
    above it tells. ``kinds`` and ``stores`` (names or directories): empty for all.
    """

    orphans: bool = True
    unknown: bool = False
    replaced: bool = False
    broken: bool = False
    older_than: float | None = None
    gone_for: float | None = None
    kinds: frozenset[str] = frozenset()
    stores: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class PruneCandidate:
    """An environment that the rules picked.

    ``why`` is the reason in a sentence, with what was searched. ``held`` says, if it is not empty,
    why the environment is not offered after all: its project was found, or may lie where nobody
    could search.
    """

    row: Row
    why: str
    held: str = ""


def picks(rules: Rules, row: Row, facts: Facts | None, now: float) -> bool:
    """Return whether the rules pick a row; ``now`` is in seconds since the epoch."""
    environment = row.environment
    if not _may_be_picked(row):
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


def query_may_pick(row: Row) -> bool:
    """Return whether a query may pick a row to be deleted: nothing that a project or tool uses."""
    return _may_be_picked(row) and row.verdict.status in _BY_QUERY


def _may_be_picked(row: Row) -> bool:
    environment = row.environment
    return not (
        row.verdict.status in _NEVER
        or environment.target is not None
        or environment.location is not Location.CENTRAL
        or _pinned(row)
    )


def _wanted(rules: Rules, row: Row, now: float) -> Iterator[bool]:
    status, age = row.verdict.status, rules.older_than if rules.older_than is not None else AGE
    yield rules.orphans and status is Status.ORPHAN
    yield rules.unknown and status is Status.UNKNOWN and _unused(row, age, now)
    yield rules.replaced and status is Status.REPLACED and _unused(row, age, now)
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


def _interpreter_away(row: Row) -> str:
    """Return why the interpreter of a broken environment may come back, a sentence; "" if not.

    It may lie on a disk that is not mounted: then every environment made from it is broken.
    """
    environment = row.environment
    if Flag.BROKEN not in environment.flags or row.verdict.status is Status.ORPHAN:
        return ""
    from venvdash.scanner.projects.presence import look

    mounts = Mounts.read()
    python = Path(os.path.realpath(environment.path / "bin" / "python"))
    for path in (python, environment.base or python):
        place = look(path, mounts)
        if place.presence is Presence.UNREACHABLE:
            return f"Its interpreter may only be temporarily unavailable: {place.reason}."
    return ""


def pruned(table: Table, rules: Rules) -> Callable[[Row], bool]:
    """Return whether the rules pick a row of this table, as of now."""
    facts, now = table.facts, ages_as_of(table.machine)
    return lambda row: picks(rules, row, facts, now)


def spared(table: Table, holds: Callable[[Row], bool]) -> Iterator[Refusal]:
    """Yield why a rule leaves pinned environments alone that it would take without their pins."""
    for row in () if table.rules_stopped else table.rows.values():
        if _pinned(row) and holds(_without_pin(row)):
            yield Refusal(row.path, row.name, "It is pinned.")


def _without_pin(row: Row) -> Row:
    environment, record = row.environment, row.record
    return replace(
        row,
        environment=replace(environment, flags=environment.flags - {Flag.PINNED}),
        record=record and replace(record, pinned=False),
    )


def candidates(
    table: Table,
    searches: Searches,
    measure: user_files.Measure,
    holds: Callable[[Row], bool],
    cancel: threading.Event | None = None,
    tell: Tell = quiet,
) -> tuple[PruneCandidate, ...]:
    """Return what a rule holds for, once their projects were searched for; found ones are held.

    ``cancel`` ends the search: what it has not proven is held. ``tell`` hears how far it is.
    """
    paths = [row.path for row in table.rows.values() if holds(row)]
    wanted = sought(table.rows[path] for path in paths)
    findings = None
    if wanted:
        search = searches.covering(wanted)
        findings = search.wait(cancel, tell)
        for _ in searches.take(search):
            """The environments have changed. Reload the list and try again."""
    own = user_files.held([table.rows[path] for path in paths], measure)
    rows = sorted((table.rows[path] for path in paths), key=lambda row: (row.name, row.path))
    searched = {row.path for row in wanted}
    offers = []
    for row in rows:
        held = table.rules_stopped
        if findings is not None and row.path in searched:
            held = held or held_by(findings, row)
        held = held or table.referenced(row.path) or own.get(row.path, "")
        held = held or _interpreter_away(row)
        offers.append(PruneCandidate(row, row.verdict.reason, held))
    return tuple(offers)


def why_held(offer: PruneCandidate) -> str:
    """Return why a rule does not take it; where its project was found, also what can be done."""
    verdict, name = offer.row.verdict, shlex.quote(visible(offer.row.name))
    if verdict.status is not Status.MOVED or offer.held != verdict.reason:
        return offer.held
    if verdict.place is None:
        return f"{offer.held} Run `venvdash delete {name}` to delete it anyway."
    relink = f"venvdash relink {name} {shlex.quote(visible(verdict.place))}"
    return (
        f"{offer.held} Run `{relink}` to keep it for that project, or `venvdash delete "
        f"{name}` to delete it."
    )
