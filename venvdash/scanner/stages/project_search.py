"""The stage of a scan that looks for projects: what still claims an environment."""

import os
from collections.abc import Generator, Iterable, Iterator, Mapping
from functools import partial
from itertools import islice
from pathlib import Path

from venvdash.model import (
    Claim,
    Direction,
    How,
    Presence,
    ProjectRecord,
)
from venvdash.scanner.events import (
    Event,
    Phase,
    Progress,
)
from venvdash.scanner.evidence.matching import Evidence, Matcher, evidence
from venvdash.scanner.evidence.moved_projects import Missed, inside_stores
from venvdash.scanner.evidence.pointers import Pointers, named
from venvdash.scanner.evidence.project_settings import Hints
from venvdash.scanner.evidence.shared_hashes import inherited
from venvdash.scanner.projects import candidates
from venvdash.scanner.stages import lookups
from venvdash.scanner.stages.decision import judged
from venvdash.scanner.stages.scan_state import Survey
from venvdash.scanner.stages.store_reading import told
from venvdash.stores import of_name, registry
from venvdash.stores.base import Store
from venvdash.system.timeouts import Failed, Job, NotAnswering

_PART = 200  # candidates judged in one go


def search(survey: Survey) -> Iterator[Event]:
    """Search for projects, visit the living ones, and judge for good."""
    yield from _recall_linked(survey)
    yield from _forget_outdated(survey)
    records = survey.remembered_projects()
    matcher = Matcher(
        survey.environments.values(),
        registry(),
        unproven=survey.unproven(),
        missed=_missed(survey, records),
        pointers=_pointing(survey),
    )
    # Not where something does not respond: the search enters what is known.
    known = [
        path
        for path in dict.fromkeys([*survey.places, *records])
        if survey.presence(path) is not Presence.UNREACHABLE
    ]
    found = candidates.search(
        survey.machine, survey.config, known, matcher.wanted, survey.cancelled, survey.mounts
    )
    recalled = len(survey.linked.found)
    ended = yield from _searched(survey, found, matcher)
    if new := survey.linked.found[recalled:]:
        yield from survey.look(survey.relate(new))
    claims = yield from _guessed(survey, [records[p] for p in known if p in records], matcher)
    survey.claims.extend(claims)
    yield from survey.look(claims)
    survey.claims += list(inherited(filter(survey.holds, survey.claims), survey.environments))
    yield from lookups.visit(survey)
    yield from lookups.ask_tools(survey)
    yield from lookups.look_outside(survey)
    yield from lookups.find_again(survey)
    if ended:
        yield judged(survey, final=True)


def _recall_linked(survey: Survey) -> Iterator[Event]:
    """Take in what projects led to once: nothing need lead there any more."""
    known = survey.environments
    gone = {path: one for path, one in survey.past.records.items() if path not in known}
    yield from survey.linked.recall(gone)
    if not survey.linked.found:
        return
    survey.claims.extend(survey.linked.claims)
    yield from survey.look(survey.relate(survey.linked.found))


def _forget_outdated(survey: Survey) -> Iterator[Event]:
    """Drop what is remembered of a project in whose place another one is now.

    Of stores that compare the project's name as well as the hash of its path.
    """

    def check(claim: Claim, store: Store) -> Claim | None:
        fits = store.fits(survey.environments[claim.environment], claim.project)
        return None if fits else claim

    remembered = [
        (claim, store)
        for claim in survey.claims
        if claim.how is How.HASH and claim.direction is Direction.RECORD
        and survey.presence(claim.project) is Presence.PRESENT
        and (store := of_name(survey.environments[claim.environment].store)) is not None
        and store.compares_names
    ]  # fmt: skip
    jobs = [Job(claim.project, partial(check, claim, store)) for claim, store in remembered]
    for answer in survey.patient.run(jobs):
        if isinstance(answer, Claim):
            survey.claims.remove(answer)
        elif isinstance(answer, NotAnswering | Failed):
            yield told(answer)


def _missed(survey: Survey, records: Mapping[Path, ProjectRecord]) -> Missed:
    """Return the projects that are gone from their places, to recognise them elsewhere."""
    gone = {
        claim.project: survey.environments[claim.environment].traits.script
        for claim in survey.claims
        if claim.proves and survey.presence(claim.project) is Presence.ABSENT
    }
    living = {
        os.fspath(claim.project)
        for claim in survey.claims
        if claim.proves and survey.presence(claim.project) is Presence.PRESENT
    }
    return Missed(
        [r for r in records.values() if survey.presence(r.path) is Presence.ABSENT],
        [path for path, script in gone.items() if not script],
        [path for path, script in gone.items() if script],
        {r.path: r.first_seen for r in records.values() if r.how is not How.MENTION},
        inside_stores(survey.environments.values()).union(living),
    )


def _searched(
    survey: Survey, found: candidates.Search, matcher: Matcher
) -> Generator[Event, None, bool]:
    """Take in what candidates prove; return whether the search came to its end."""
    candidates_left = iter(found)
    while not survey.cancelled():
        job = Job(
            survey.machine.home,
            lambda: (part := list(islice(candidates_left, _PART)), evidence(part, matcher)),
        )
        for answer in survey.patient.run([job]):
            if isinstance(answer, NotAnswering | Failed):
                yield told(answer)
                return False
            part, proven = answer
            survey.claims.extend(proven.claims)
            survey.pointers |= proven.pointers
            survey.names |= proven.names
            for place, sightings in proven.sightings.items():
                survey.sightings[place] = (*survey.sightings.get(place, ()), *sightings)
            yield from survey.look(proven.claims)
            yield from _outside(survey, proven, matcher)
            survey.searched_directories, survey.looked = found.directories, found.searched
            yield Progress(Phase.PROJECTS, found.directories, 0)
            if not part:
                return True
    return False


def _outside(survey: Survey, proven: Evidence, matcher: Matcher) -> Iterator[Event]:
    """Take in the environments outside all stores that projects lead to."""
    if not (proven.leads or proven.folders):
        return
    yield from survey.linked.take(proven.leads, proven.folders)
    for environment in survey.linked.new:
        matcher.add(environment, unproven=True)
    claims = survey.linked.claims
    for folder in proven.folders:
        name = survey.names.get(folder.project)
        claims += matcher.guess(folder.project, [name] if name else [])
    for lead in proven.leads:
        if lead.uses and lead.target in survey.environments:
            survey.pointers[lead.project] = lead.target
    survey.claims.extend(claims)
    yield from survey.look(claims)


def _guessed(
    survey: Survey, records: Iterable[ProjectRecord], matcher: Matcher
) -> Generator[Event, None, list[Claim]]:
    """Try the hashes of every project that is remembered, gone ones as well."""

    def guess(record: ProjectRecord) -> list[Claim]:
        names = [record.name] if record.name else []
        found = matcher.guess(record.path, names)
        return found or matcher.guess(record.path, names, script=True)

    claims: list[Claim] = []
    for answer in survey.patient.run([Job(r.path, partial(guess, r)) for r in records]):
        if isinstance(answer, list):
            claims += answer
        else:
            yield told(answer)
    return claims


def _pointing(survey: Survey) -> Pointers:
    """Return what reads the pointers in projects; of stores, those that are there."""
    roots = survey.reader.roots
    stores = [store for store in registry() if store.name in roots]
    hints = Hints(survey.machine, named(survey.environments.values()))
    return Pointers(stores, roots, hints, survey.machine)
