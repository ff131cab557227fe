"""The stage of a scan that searches for the projects of the environments."""

import os
from collections.abc import Generator, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from itertools import islice
from pathlib import Path

from venvdash.model import (
    Claim,
    Direction,
    EvidenceKind,
    Presence,
    ProjectRecord,
)
from venvdash.scanner.events import (
    Event,
    Phase,
    Progress,
)
from venvdash.scanner.evidence.matching import Evidence, Matcher, evidence
from venvdash.scanner.evidence.moved_projects import MissingProjects, inside_stores
from venvdash.scanner.evidence.pointers import Pointers, named
from venvdash.scanner.evidence.project_settings import ProjectSettings
from venvdash.scanner.evidence.shared_hashes import inherited
from venvdash.scanner.projects.candidates import CandidateSearch
from venvdash.scanner.stages import lookups, missing_environments
from venvdash.scanner.stages.decision import decide
from venvdash.scanner.stages.scan_state import ScanState
from venvdash.scanner.stages.store_reading import answers, problem_of
from venvdash.stores import of_name, registry
from venvdash.stores.base import Store
from venvdash.system.timeouts import Failed, Job, TimedOut

_PART = 200  # candidates matched at a time


def search(state: ScanState) -> Iterator[Event]:
    """Search for projects, read the existing ones, and decide the final verdicts."""
    yield from _recall_linked(state)
    yield from _forget_outdated(state)
    records = state.recorded_projects
    matcher = Matcher(
        state.environments.values(),
        registry(),
        unproven=state.unproven(),
        missed=_missed(state, records),
        pointers=_pointing(state),
    )
    # Without places that do not respond: the search enters known projects wherever they lie.
    known = [
        path
        for path in dict.fromkeys([*state.places, *records])
        if state.presence(path) is not Presence.UNREACHABLE
    ]
    candidates = CandidateSearch(
        state.machine, state.config, known, matcher.wanted, state.cancelled, state.mounts
    )
    recalled = len(state.linked.found)
    ended = yield from _searched(state, candidates, matcher)
    if new := state.linked.found[recalled:]:
        yield from state.look(state.relate(new))
    claims = yield from _guessed(state, [records[p] for p in known if p in records], matcher)
    state.claims.extend(claims)
    yield from state.look(claims)
    state.claims += list(inherited(filter(state.holds, state.claims), state.environments))
    yield from lookups.read_projects(state)
    yield from lookups.ask_tools(state)
    yield from lookups.find_external_use(state)
    yield from lookups.find_again(state)
    if ended:
        decided = decide(state, final=True)
        missing = yield from missing_environments.find(state, decided.verdicts)
        yield replace(decided, missing=missing)


def _recall_linked(state: ScanState) -> Iterator[Event]:
    """Add the environments that projects once linked to, even if nothing links to them now."""
    known = state.environments
    gone = {path: one for path, one in state.saved.records.items() if path not in known}
    yield from state.linked.recall(gone)
    if not state.linked.found:
        return
    state.claims.extend(state.linked.claims)
    yield from state.look(state.relate(state.linked.found))


def _forget_outdated(state: ScanState) -> Iterator[Event]:
    """Drop recorded hash claims on projects that another project has replaced.

    Only for stores that compare the project's name as well as the hash of its path.
    """

    def check(claim: Claim, store: Store) -> tuple[Claim, bool]:
        return claim, store.fits(state.environments[claim.environment], claim.project)

    remembered = [
        (claim, store)
        for claim in state.claims
        if claim.how is EvidenceKind.HASH and claim.direction is Direction.RECORD
        and state.presence(claim.project) is Presence.PRESENT
        and (store := of_name(state.environments[claim.environment].store)) is not None
        and store.compares_names
    ]  # fmt: skip
    jobs = [Job(claim.project, partial(check, claim, store)) for claim, store in remembered]
    outdated = {c for c, fits in (yield from answers(state.patient, jobs)) if not fits}
    state.claims[:] = [claim for claim in state.claims if claim not in outdated]


def _missed(state: ScanState, records: Mapping[Path, ProjectRecord]) -> MissingProjects:
    """Return the projects that are missing, to recognise them elsewhere."""
    gone = {
        claim.project: state.environments[claim.environment].traits.script
        for claim in state.claims
        if claim.proves and state.presence(claim.project) is Presence.ABSENT
    }
    living = {
        os.fspath(claim.project)
        for claim in state.claims
        if claim.proves and state.presence(claim.project) is Presence.PRESENT
    }
    return MissingProjects(
        [r for r in records.values() if state.presence(r.path) is Presence.ABSENT],
        [path for path, script in gone.items() if not script],
        [path for path, script in gone.items() if script],
        {r.path: r.first_seen for r in records.values() if r.how is not EvidenceKind.MENTION},
        inside_stores(state.environments.values()).union(living),
    )


def _searched(
    state: ScanState, candidates: CandidateSearch, matcher: Matcher
) -> Generator[Event, None, bool]:
    """Add what the candidates prove; return whether the search was completed."""
    candidates_left = iter(candidates)
    while not state.cancelled():
        job = Job(
            state.machine.home,
            lambda: (part := list(islice(candidates_left, _PART)), evidence(part, matcher)),
        )
        for answer in state.patient.run([job]):
            if isinstance(answer, TimedOut | Failed):
                yield problem_of(answer)
                return False
            part, proven = answer
            state.claims.extend(proven.claims)
            state.pointers |= proven.pointers
            state.names |= proven.names
            for place, sightings in proven.sightings.items():
                state.sightings[place] = (*state.sightings.get(place, ()), *sightings)
            yield from state.look(proven.claims)
            yield from _outside(state, proven, matcher)
            state.searched_directories, state.searched_by_source = (
                candidates.directories,
                candidates.searched,
            )
            yield Progress(Phase.PROJECTS, candidates.directories, 0)
            if not part:
                return True
    return False


def _outside(state: ScanState, proven: Evidence, matcher: Matcher) -> Iterator[Event]:
    """Add the environments outside all stores that projects link to."""
    if not (proven.links_outside or proven.folders):
        return
    yield from state.linked.take(proven.links_outside, proven.folders)
    for environment in state.linked.new:
        matcher.add(environment, unproven=True)
    claims = state.linked.claims
    for folder in proven.folders:
        name = state.names.get(folder.project)
        claims += matcher.guess(folder.project, [name] if name else [])
    for link in proven.links_outside:
        if link.uses and link.target in state.environments:
            state.pointers[link.project] = link.target
        elif link.uses:
            state.dangling.append(link)
    state.claims.extend(claims)
    yield from state.look(claims)


def _guessed(
    state: ScanState, records: Iterable[ProjectRecord], matcher: Matcher
) -> Generator[Event, None, list[Claim]]:
    """Return the hash claims of every recorded project, missing ones included."""

    def guess(record: ProjectRecord) -> list[Claim]:
        names = [record.name] if record.name else []
        claims = matcher.guess(record.path, names)
        return claims or matcher.guess(record.path, names, script=True)

    jobs = [Job(record.path, partial(guess, record)) for record in records]
    return [claim for claims in (yield from answers(state.patient, jobs)) for claim in claims]


def _pointing(state: ScanState) -> Pointers:
    """Return the reader of pointers, for the stores that exist."""
    roots = state.reader.roots
    stores = [store for store in registry() if store.name in roots]
    hints = ProjectSettings(state.machine, named(state.environments.values()))
    return Pointers(stores, roots, hints, state.machine)
