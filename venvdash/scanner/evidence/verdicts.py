"""Which project an environment belongs to, and whether that exists: one pure function.

It takes the whole table and can be called again after every event. It must never call an
environment an orphan that an existing project claims.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from venvdash.model import (
    Claim,
    Direction,
    Environment,
    EvidenceKind,
    Facts,
    Place,
    Presence,
    Relation,
    Sighting,
    Status,
    Use,
    Verdict,
)
from venvdash.scanner.evidence import reasons
from venvdash.scanner.evidence.replaced import instead
from venvdash.system.clock import SKEW
from venvdash.system.foreground import in_turns
from venvdash.text import visible

_RANK = {how: rank for rank, how in enumerate(EvidenceKind)}  # declared best first
_SUREST = (Presence.PRESENT, Presence.UNREACHABLE, Presence.ABSENT)
_NEARNESS = {Direction.ENVIRONMENT: 0, Direction.PROJECT: 1, Direction.RECORD: 2}


def verdicts(claims: Iterable[Claim], facts: Facts) -> dict[Path, Verdict]:
    """Return the verdict on every environment of ``facts``.

    The order of ``claims`` does not matter; those on other environments are ignored. A project
    whose place was not checked counts as unreachable, unless the claim comes from the project
    itself.
    """
    grouped: dict[Path, set[Claim]] = defaultdict(set)
    for claim in in_turns(claims):
        if claim.environment in facts.environments:
            grouped[claim.environment].add(claim)
    cases = {
        path: _case(environment, grouped.get(path, set()), facts)
        for path, environment in in_turns(facts.environments.items())
    }
    copies = _copied_pointers(cases, facts)
    return {path: _decided(case, copies.get(path), facts) for path, case in in_turns(cases.items())}


@dataclass(frozen=True, slots=True)
class _Project:
    """One project under all spellings of its path; the best proof first."""

    claims: tuple[Claim, ...]
    place: Place

    @property
    def best(self) -> Claim:
        return self.claims[0]

    @property
    def path(self) -> Path:
        return self.claims[0].project

    @property
    def alive(self) -> bool:
        return self.place.presence is Presence.PRESENT

    @property
    def gone(self) -> bool:
        return self.place.presence is Presence.ABSENT

    @property
    def own(self) -> bool:
        """Whether the environment or its record names the project."""
        return any(claim.direction is not Direction.PROJECT for claim in self.claims)

    @property
    def chosen(self) -> bool:
        """Whether the user linked it and it may exist."""
        return self.best.how is EvidenceKind.USER and not self.gone


@dataclass(frozen=True, slots=True)
class _Case:
    """All evidence on one environment.

    ``hints`` are projects that only the record of an earlier environment at this path names.
    ``denied`` are proofs of projects that the user has unlinked.
    """

    environment: Environment
    claims: tuple[Claim, ...]
    projects: tuple[_Project, ...]
    hints: tuple[_Project, ...]
    denied: tuple[Claim, ...] = ()

    @property
    def live(self) -> tuple[_Project, ...]:
        return tuple(project for project in self.projects if project.alive)

    @property
    def chosen(self) -> bool:
        """Whether the user chose its projects, so that no tool's choice counts."""
        return any(project.chosen for project in self.projects)

    def seen(self, now: float) -> float | None:
        """When a recorded project was last seen, in seconds, None if never.

        A date after ``now`` was written while the clock was ahead and is ignored.
        """
        times = [c.seen for p in self.projects for c in p.claims if _recorded(c)]
        return max((time for time in times if time is not None and time <= now), default=None)

    @property
    def hint(self) -> Claim | None:
        """The best hint, existing projects first."""
        live = [hint for hint in self.hints if hint.alive]
        return (live or list(self.hints))[0].best if self.hints else None

    def verdict(
        self,
        status: Status,
        reason: str,
        projects: Iterable[_Project] = (),
        place: Path | None = None,
    ) -> Verdict:
        """Return the verdict, with the reason made safe to show."""
        chosen = tuple(projects)
        return Verdict(
            status=status,
            reason=visible(reason),
            projects=tuple(dict.fromkeys(project.path for project in chosen)),
            evidence=chosen[0].best.how if chosen else None,
            claims=self.claims,
            place=place,
        )


def _case(environment: Environment, claims: set[Claim], facts: Facts) -> _Case:
    ordered = tuple(sorted(claims, key=_order))
    memory = facts.memories.get(environment.path)
    recreated = memory is not None and memory.relation is Relation.RECREATED
    no = {_same(_place(claim, facts)) for claim in ordered if claim.how is EvidenceKind.DENIED}
    denied = tuple(c for c in ordered if no and _overruled(c, facts, no))
    groups: dict[object, list[Claim]] = defaultdict(list)
    places: dict[object, Place] = {}
    for claim in ordered:
        if claim.proves and claim not in denied:
            place = _place(claim, facts)
            key = _same(place)
            groups[key].append(claim)
            # Spellings of one place may differ in what is known: the surest wins.
            known = (places.get(key, place), place)
            places[key] = min(known, key=lambda one: _SUREST.index(one.presence))
    projects = [_Project(tuple(group), places[key]) for key, group in groups.items()]
    hints = [p for p in projects if recreated and all(_recorded(c) for c in p.claims)]
    proven = [project for project in projects if project not in hints]
    chosen = [project for project in proven if project.chosen]
    return _Case(environment, ordered, tuple(chosen or proven), tuple(hints), denied)


def _overruled(claim: Claim, facts: Facts, denied: set[object]) -> bool:
    """Return whether the claim proves a project that the user has unlinked.

    A pointer or hash of an existing project still counts, since the tool follows it; and the user's
    own link is newer.
    """
    if not claim.proves or claim.how is EvidenceKind.USER:
        return False
    place = _place(claim, facts)
    weak = _recorded(claim) or claim.how in (EvidenceKind.EDITABLE, EvidenceKind.SIBLING)
    return _same(place) in denied and (weak or place.presence is Presence.ABSENT)


def _order(claim: Claim) -> tuple[int, int, str, str, bool, float]:
    return (
        _RANK[claim.how],
        _NEARNESS[claim.direction],
        str(claim.project),
        claim.source,
        claim.seen is not None,  # now comes before any time
        -(claim.seen or 0.0),
    )


def _recorded(claim: Claim) -> bool:
    return claim.direction is Direction.RECORD


def _place(claim: Claim, facts: Facts) -> Place:
    known = facts.places.get(claim.project)
    if known is not None:
        return known
    if claim.direction is Direction.PROJECT:  # its own link was just read
        return Place(claim.project, Presence.PRESENT)
    reason = f"{visible(claim.project)} has not been read"
    return Place(claim.project, Presence.UNREACHABLE, reason)


def _same(place: Place) -> object:
    """Return what all spellings of one project share: its inode, or its real path."""
    if place.presence is Presence.PRESENT:
        if place.inode is not None and place.fsid is not None:
            return place.fsid, place.inode
        return place.real or place.path
    return place.path


def _copied_pointers(cases: Mapping[Path, _Case], facts: Facts) -> dict[Path, str]:
    """Return the reason for each environment with the pointer of the one it was copied from."""
    copied = {}
    for path, case in cases.items():
        made_at = case.environment.made_at
        if made_at is None or made_at == path or made_at not in cases or case.chosen:
            continue
        theirs = {_same(_place(c, facts)) for c in _pointers(cases[made_at])}
        shared = [c for c in _pointers(case) if _same(_place(c, facts)) in theirs]
        if shared:
            copied[path] = reasons.copied_pointer(shared[0], made_at)
    return copied


def _pointers(case: _Case) -> list[Claim]:
    return [c for c in case.claims if c.how is EvidenceKind.POINTER and not _recorded(c)]


def _decided(case: _Case, copied: str | None, facts: Facts) -> Verdict:
    traits = case.environment.traits
    if traits.tool:
        return case.verdict(Status.TOOL, reasons.tool(traits.tool), case.projects)
    memory = facts.memories.get(case.environment.path)
    if memory is not None and memory.relation is Relation.COPY:
        copied = reasons.copied_identity(memory.original)
    if copied:
        return case.verdict(Status.DUPLICATE, copied, case.projects)
    if case.live and not (_displaced(case) and not facts.settled):
        return _alive(case, facts)
    if not facts.settled:
        return case.verdict(Status.CHECKING, reasons.checking(), case.projects)
    return _without_live_proof(case, facts)


def _displaced(case: _Case) -> bool:
    """Return whether all projects that the environment names are gone; others link to it."""
    own = [project for project in case.projects if project.own]
    return bool(own) and all(project.gone for project in own)


def _alive(case: _Case, facts: Facts) -> Verdict:
    live = case.live
    gone = tuple(project for project in case.projects if not project.alive)
    if _displaced(case):
        named = next(project for project in case.projects if project.own)
        reason = reasons.led_elsewhere(named.best, [p.best for p in live])
        return case.verdict(
            Status.MOVED, reason, (named, *(p for p in gone if p != named)), live[0].path
        )
    first = live[0]
    used = None if case.chosen else _used_instead(case, facts)
    if used is not None:
        return case.verdict(Status.REPLACED, reasons.replaced(first.best, used), (*live, *gone))
    reason = reasons.linked(
        first.best, [p.path for p in live[1:]], [p.path for p in gone if p.gone]
    )
    return case.verdict(Status.LINKED, reason, (*live, *gone))


def _used_instead(case: _Case, facts: Facts) -> Use | None:
    """Return what is used instead, None if any existing project may use this environment."""
    used = None
    for project in case.live:
        spellings = [c.project for c in project.claims] + [project.place.real or project.path]
        tools = next((facts.tools[path] for path in spellings if path in facts.tools), None)
        use = instead(case.environment, project.claims, tools) if tools is not None else None
        if use is None:
            return None
        used = used or use
    return used


def _without_live_proof(case: _Case, facts: Facts) -> Verdict:
    """Return the verdict after the search on an environment that no existing project claims.

    A hint proves nothing, but as long as its project may exist the environment is no orphan.
    """
    expects = case.projects or case.environment.traits.expects_project
    named = (*case.projects, *case.hints) if expects else ()
    for project in named:
        sightings = _sightings(project, facts)
        if project.gone and sightings:
            reason = reasons.sighted(project.best, sightings)
            return case.verdict(Status.MOVED, reason, _first(project, case), sightings[0].place)
    again = facts.found_again.get(case.environment.path) if expects else None
    if again is not None:
        return case.verdict(Status.MOVED, again.reason, case.projects, again.place)
    hidden = next((p for p in named if not p.alive and not p.gone), None)
    if hidden:
        reason = reasons.unreachable(hidden.best, hidden.place)
        return case.verdict(Status.UNREACHABLE, reason, _first(hidden, case))
    if case.hint and any(project.alive for project in named):
        best = case.projects[0].best if case.projects else None
        return case.verdict(Status.DUPLICATE, reasons.contradicted(case.hint, best), case.projects)
    return _gone(case, facts) if case.projects else _unproven(case, facts)


def _found_before(case: _Case, facts: Facts) -> Place | None:
    """Return where an earlier search found its project, if that place is unreachable now."""
    for claim in case.claims:
        if claim.how is EvidenceKind.MENTION and claim.direction is Direction.RECORD:
            place = _place(claim, facts)
            if place.presence is Presence.UNREACHABLE:
                return place
    return None


def _sightings(project: _Project, facts: Facts) -> list[Sighting]:
    respelled = project.place.respelled
    sightings = [] if respelled is None else [Sighting(respelled, reasons.RESPELLED)]
    sightings += [s for c in project.claims for s in facts.sightings.get(c.project, ())]
    by_place = {sighting.place: sighting for sighting in reversed(sightings)}
    return sorted(by_place.values(), key=lambda sighting: str(sighting.place))


def _first(project: _Project, case: _Case) -> tuple[_Project, ...]:
    return (project, *(other for other in case.projects if other is not project))


def _gone(case: _Case, facts: Facts) -> Verdict:
    """Return the verdict if every proven project is gone.

    An environment that was changed after its project disappeared may still be used; changes before
    that, up to the last change of the parent directory, do not count. An editable install from an
    existing source tree proves no project, but the environment is no orphan. If the parent
    directory has a date in the future, the order of events is unknown.
    """
    now = facts.now + SKEW
    first, seen, changed = case.projects[0], case.seen(now), case.environment.changed
    went = max((p.place.ancestor_mtime or 0.0 for p in case.projects), default=0.0)
    if changed is not None and went > now:
        return case.verdict(Status.UNREACHABLE, reasons.undated(first.best), case.projects)
    since = max(seen or 0.0, went)
    if since and changed is not None and changed > since:
        reason = reasons.changed_since(first.best, since)
        return case.verdict(Status.MOVED, reason, case.projects)
    living = _living_mention(case, facts)
    if living is not None:
        reason = reasons.still_used(first.best, living)
        return case.verdict(Status.MOVED, reason, case.projects)
    away = _found_before(case, facts)
    if away is not None:
        return case.verdict(Status.UNREACHABLE, reasons.found_before(away), case.projects)
    others = [project.path for project in case.projects[1:]]
    reason = reasons.orphan(first.best, first.place, others, seen)
    return case.verdict(Status.ORPHAN, reason, case.projects)


def _living_mention(case: _Case, facts: Facts) -> Claim | None:
    """Return a mention in the environment whose directory exists or may exist.

    A proof that the user denied counts, too: no link, but the environment is no orphan either.
    """
    for claim in case.denied:
        if _place(claim, facts).presence is not Presence.ABSENT:
            return claim
    for claim in case.claims:
        if claim.how is not EvidenceKind.MENTION or claim.direction is not Direction.ENVIRONMENT:
            continue
        place = facts.places.get(claim.project)
        if place is not None and place.presence is not Presence.ABSENT:
            return claim
    return None


def _shared(case: _Case, facts: Facts) -> list[_Project]:
    """Return the existing source trees of the environment's editable installs."""
    mentions = [
        claim
        for claim in case.claims
        if claim.how is EvidenceKind.MENTION and claim.direction is Direction.ENVIRONMENT
    ]
    projects = {claim.project: _Project((claim,), _place(claim, facts)) for claim in mentions}
    return [project for project in projects.values() if project.alive]


def _unproven(case: _Case, facts: Facts) -> Verdict:
    if case.environment.traits.expects_project:
        reason = reasons.unknown(case.environment, facts.searched, case.hint)
        return case.verdict(Status.UNKNOWN, reason)
    shared = _shared(case, facts)
    if len(shared) > 1:
        reason = reasons.shared([project.path for project in shared])
        return case.verdict(Status.LINKED, reason, shared)
    return case.verdict(Status.STANDALONE, reasons.named(case.hint))
