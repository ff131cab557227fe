"""The scan: stores -> environments -> claims -> verdicts -> sizes, told as typed events.

It knows no screen, writes nothing and runs nothing of what it finds. Whatever lies on the disk
becomes a row or a reason, never an exception; whatever does not answer is given up.
"""

import os
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import islice
from pathlib import Path

from venvdash.config import Config
from venvdash.model import (
    Claim,
    Direction,
    Facts,
    FoundAgain,
    How,
    Memory,
    Place,
    Presence,
    ProjectRecord,
    ProjectTools,
    Record,
    Relation,
    Sighting,
    Status,
    Verdict,
)
from venvdash.records import identity
from venvdash.scanner import candidates, outside, places, tools
from venvdash.scanner.events import (
    Booked,
    Ended,
    Event,
    Judged,
    Measured,
    Phase,
    Problem,
    Progress,
)
from venvdash.scanner.hints import Hints
from venvdash.scanner.linked import LinkedReader
from venvdash.scanner.matching import Evidence, Matcher, evidence
from venvdash.scanner.pointers import Pointers, named
from venvdash.scanner.reading import Reader, told
from venvdash.scanner.references import Reference
from venvdash.scanner.siblings import inherited
from venvdash.scanner.sightings import Missed, inside_stores
from venvdash.scanner.verdicts import verdicts
from venvdash.scanner.visits import Visit, visiting
from venvdash.stores import of_name, registry
from venvdash.stores.base import Store
from venvdash.system.machine import Machine
from venvdash.system.mounts import Mounts
from venvdash.system.patience import Failed, Job, NotAnswering, Patient
from venvdash.text import visible

_PART = 200  # candidates judged in one go
PATIENCE = 10.0  # seconds for one directory; a sleeping disk needs some, a dead mount never answers


@dataclass(frozen=True, slots=True)
class Past:
    """What earlier runs remember; values, so that the scanner needs no database.

    ``sizes`` are the opaque notes of ``usage.measure``, ``host`` is this machine's id.
    """

    records: Mapping[Path, Record] = field(default_factory=dict)
    sizes: Mapping[Path, bytes] = field(default_factory=dict)
    projects: tuple[ProjectRecord, ...] = ()
    host: str | None = None


def scan(
    machine: Machine,
    config: Config,
    recall: Callable[[], Past],
    *,
    usage: bool = True,
    search: bool = True,
    early: bool = True,
    cancelled: Callable[[], bool],
    patience: float = PATIENCE,
) -> Iterator[Event]:
    """Scan everything and tell it as it comes; ``Ended`` is always the last event.

    ``recall`` gives what is remembered; it is asked once all environments have been told, since
    the first rows need no memory. ``search`` looks for projects, ``usage`` measures, ``early``
    tells verdicts that the search may still revise. ``patience`` is how many seconds one directory
    may take. ``cancelled`` is asked often; true ends the scan within 100 ms.
    """
    started = time.monotonic()
    survey = _Survey(machine, config, recall, Patient(patience, cancelled), cancelled)
    stages = [survey.stores(), survey.proofs(early=early)]
    stages += [survey.search()] if search else []
    stages += [survey.sizes()] if usage else []
    for stage in stages:
        yield from stage
        if cancelled():
            break
    yield Ended(cancelled(), time.monotonic() - started)


class _Survey:
    """One scan in progress: what has been found so far."""

    def __init__(
        self,
        machine: Machine,
        config: Config,
        recall: Callable[[], Past],
        patient: Patient,
        cancelled: Callable[[], bool],
    ) -> None:
        self._machine = machine
        self._config = config
        self._recall = recall
        self._past = Past()
        self._patient = patient
        self._cancelled = cancelled
        self._reader = Reader(machine, config, patient)
        self._environments = self._reader.environments
        self._claims = self._reader.claims
        self._linked = LinkedReader(self._environments, self._reader.roots, machine.uid, patient)
        self._places: dict[Path, Place] = {}
        self._memories: dict[Path, Memory] = {}
        self._pointers: dict[Path, Path] = {}
        self._sightings: dict[Path, tuple[Sighting, ...]] = {}
        self._names: dict[Path, str] = {}
        self._found_again: Mapping[Path, FoundAgain] = {}
        self._references: Mapping[Path, tuple[Reference, ...]] = {}
        self._visits: dict[Path, Visit] = {}
        self._tools: dict[Path, ProjectTools] = {}
        self._searched_directories = 0
        self._looked: dict[str, int] = {}
        self._now = machine.clock().wall
        self._mounts = Mounts.read()

    def stores(self) -> Iterator[Event]:
        """Find and read every environment."""
        return self._reader.events()

    # Proofs: what the environments themselves, and our records, say.

    def proofs(self, *, early: bool) -> Iterator[Event]:
        """Recall what is remembered, look at the places named, and judge a first time."""
        self._past = self._recall()
        yield from self._reader.read_sidecars(self._past.records)
        self._relate(self._environments)
        yield from self._look(self._claims)
        if early:
            yield self._judged(final=False)

    def _relate(self, paths: Iterable[Path]) -> list[Claim]:
        """Recall what is known of the environments at ``paths``; return the claims of that."""
        found = [
            identity.Found(path, environment.fingerprint, self._reader.sidecars.get(path))
            for path, environment in self._environments.items()
            if environment.target is None
        ]
        related = identity.relate(found, self._past.records, self._alive, self._now)
        memories = {path: related[path] for path in paths if path in related}
        claims = [
            c for path, memory in memories.items() for c in _remembered(path, memory, self._now)
        ]
        self._memories |= memories
        self._claims.extend(claims)
        return claims

    def _alive(self, path: Path) -> bool:
        """Return whether an environment lies at a path outside the table; yes where in doubt."""
        job = Job(path, lambda: os.path.lexists(path / "pyvenv.cfg"))
        return all(answer is not False for answer in self._patient.run([job]))

    def _look(self, claims: Iterable[Claim]) -> Iterator[Event]:
        """Look at each place claimed, once; one that does not answer is out of reach."""
        records = self._remembered_projects()
        jobs = {}
        for claim in claims:
            if claim.project not in self._places and claim.project not in jobs:
                script = self._environments[claim.environment].traits.script
                jobs[claim.project] = self._looking(claim.project, records, script)
        for answer in self._patient.run(jobs.values()):
            if isinstance(answer, Place):
                self._places[answer.path] = answer
            else:
                reason = f"{visible(answer.path)} does not answer"
                self._places[answer.path] = Place(answer.path, Presence.UNREACHABLE, reason)
                yield told(answer)

    def _looking(
        self, path: Path, records: Mapping[Path, ProjectRecord], script: bool
    ) -> Job[Place]:
        host, record = self._past.host, records.get(path)
        return Job(path, lambda: places.look(path, self._mounts, record, host, script=script))

    def _remembered_projects(self) -> dict[Path, ProjectRecord]:
        newest = {project.path: project for project in self._past.projects}
        for memory in self._memories.values():
            for project in memory.record.projects:
                known = newest.get(project.path)
                if known is None or known.last_seen < project.last_seen:
                    newest[project.path] = project
        return newest

    # Projects: looking for what still claims an environment.

    def search(self) -> Iterator[Event]:
        """Search for projects, visit the living ones, and judge for good."""
        yield from self._recall_linked()
        yield from self._forget_outdated()
        records = self._remembered_projects()
        matcher = Matcher(
            self._environments.values(),
            registry(),
            unproven=self._unproven(),
            missed=self._missed(records),
            pointers=self._pointing(),
        )
        # Not where something does not answer: the search enters what is known.
        known = [
            path
            for path in dict.fromkeys([*self._places, *records])
            if self._presence(path) is not Presence.UNREACHABLE
        ]
        found = candidates.search(
            self._machine, self._config, known, matcher.wanted, self._cancelled, self._mounts
        )
        recalled = len(self._linked.found)
        ended = yield from self._searched(found, matcher)
        if new := self._linked.found[recalled:]:
            yield from self._look(self._relate(new))
        claims = yield from self._guessed([records[p] for p in known if p in records], matcher)
        self._claims.extend(claims)
        yield from self._look(claims)
        self._claims += list(inherited(filter(self._holds, self._claims), self._environments))
        yield from self._visit()
        yield from self._ask_tools()
        yield from self._look_outside()
        yield from self._find_again()
        if ended:
            yield self._judged(final=True)

    def _recall_linked(self) -> Iterator[Event]:
        """Take in what projects led to once: nothing need lead there any more."""
        known = self._environments
        gone = {path: one for path, one in self._past.records.items() if path not in known}
        yield from self._linked.recall(gone)
        self._claims.extend(self._linked.claims)
        yield from self._look(self._relate(self._linked.found))

    def _forget_outdated(self) -> Iterator[Event]:
        """Drop what is remembered of a project in whose place another one is now.

        Of stores that compare the project's name as well as the hash of its path.
        """

        def check(claim: Claim, store: Store) -> Claim | None:
            fits = store.fits(self._environments[claim.environment], claim.project)
            return None if fits else claim

        remembered = [
            (claim, store)
            for claim in self._claims
            if claim.how is How.HASH and claim.direction is Direction.RECORD
            and self._presence(claim.project) is Presence.PRESENT
            and (store := of_name(self._environments[claim.environment].store)) is not None
            and store.compares_names
        ]  # fmt: skip
        jobs = [Job(claim.project, partial(check, claim, store)) for claim, store in remembered]
        for answer in self._patient.run(jobs):
            if isinstance(answer, Claim):
                self._claims.remove(answer)
            elif isinstance(answer, NotAnswering | Failed):
                yield told(answer)

    def _missed(self, records: Mapping[Path, ProjectRecord]) -> Missed:
        """Return the projects that are gone from their places, to recognise them elsewhere."""
        gone = {
            claim.project: self._environments[claim.environment].traits.script
            for claim in self._claims
            if claim.proves and self._presence(claim.project) is Presence.ABSENT
        }
        living = {
            os.fspath(claim.project)
            for claim in self._claims
            if claim.proves and self._presence(claim.project) is Presence.PRESENT
        }
        return Missed(
            [r for r in records.values() if self._presence(r.path) is Presence.ABSENT],
            [path for path, script in gone.items() if not script],
            [path for path, script in gone.items() if script],
            {r.path: r.first_seen for r in records.values() if r.how is not How.MENTION},
            inside_stores(self._environments.values()).union(living),
        )

    def _searched(self, found: candidates.Search, matcher: Matcher) -> Generator[Event, None, bool]:
        """Take in what candidates prove; return whether the search came to its end."""
        candidates_left = iter(found)
        while not self._cancelled():
            job = Job(
                self._machine.home,
                lambda: (part := list(islice(candidates_left, _PART)), evidence(part, matcher)),
            )
            for answer in self._patient.run([job]):
                if isinstance(answer, NotAnswering | Failed):
                    yield told(answer)
                    return False
                part, proven = answer
                self._claims.extend(proven.claims)
                self._pointers |= proven.pointers
                self._names |= proven.names
                for place, sightings in proven.sightings.items():
                    self._sightings[place] = (*self._sightings.get(place, ()), *sightings)
                yield from self._look(proven.claims)
                yield from self._outside(proven, matcher)
                self._searched_directories, self._looked = found.directories, found.searched
                yield Progress(Phase.PROJECTS, found.directories, 0)
                if not part:
                    return True
        return False

    def _outside(self, proven: Evidence, matcher: Matcher) -> Iterator[Event]:
        """Take in the environments outside all stores that projects lead to."""
        if not (proven.leads or proven.folders):
            return
        yield from self._linked.take(proven.leads, proven.folders)
        for environment in self._linked.new:
            matcher.add(environment, unproven=True)
        claims = self._linked.claims
        for folder in proven.folders:
            name = self._names.get(folder.project)
            claims += matcher.guess(folder.project, [name] if name else [])
        for lead in proven.leads:
            if lead.uses and lead.target in self._environments:
                self._pointers[lead.project] = lead.target
        self._claims.extend(claims)
        yield from self._look(claims)

    def _guessed(
        self, records: Iterable[ProjectRecord], matcher: Matcher
    ) -> Generator[Event, None, list[Claim]]:
        """Try the hashes of every project that is remembered, gone ones as well."""

        def guess(record: ProjectRecord) -> list[Claim]:
            names = [record.name] if record.name else []
            found = matcher.guess(record.path, names)
            return found or matcher.guess(record.path, names, script=True)

        claims: list[Claim] = []
        for answer in self._patient.run([Job(r.path, partial(guess, r)) for r in records]):
            if isinstance(answer, list):
                claims += answer
            else:
                yield told(answer)
        return claims

    def _unproven(self) -> set[Path]:
        """Return the environments that nothing alive claims so far.

        The record of what lay here before an environment was made again proves nothing of it.
        """
        denied = {(c.environment, c.project) for c in self._claims if c.how is How.DENIED}
        proven = {
            claim.environment
            for claim in self._claims
            if claim.proves
            and (claim.environment, claim.project) not in denied
            and self._presence(claim.project) is Presence.PRESENT
            and self._holds(claim)
        }
        return set(self._environments) - proven

    def _holds(self, claim: Claim) -> bool:
        """Whether it speaks of the environment of today, not of one that lay there before."""
        return not (claim.direction is Direction.RECORD and self._recreated(claim.environment))

    def _pointing(self) -> Pointers:
        """Return what reads the pointers in projects; of stores, those that are there."""
        roots = self._reader.roots
        stores = [store for store in registry() if store.name in roots]
        hints = Hints(self._machine, named(self._environments.values()))
        return Pointers(stores, roots, hints, self._machine)

    def _recreated(self, environment: Path) -> bool:
        memory = self._memories.get(environment)
        return memory is not None and memory.relation is Relation.RECREATED

    def _presence(self, project: Path) -> Presence | None:
        place = self._places.get(project)
        return place.presence if place else None

    def _visit(self) -> Iterator[Event]:
        """Read what living projects call themselves, and when they were last worked on.

        What is gone is called as it last called itself.
        """
        before = self._remembered_projects()
        living = [p for p, place in self._places.items() if place.presence is Presence.PRESENT]
        jobs = [visiting(path, self._places[path], before.get(path)) for path in living]
        for answer in self._patient.run(jobs):
            if isinstance(answer, Visit):
                self._visits[answer.path] = answer
                if answer.name:
                    self._names.setdefault(answer.path, answer.name)
            else:
                yield told(answer)
        for path, record in before.items():
            if record.name and self._presence(path) is Presence.ABSENT:
                self._names.setdefault(path, record.name)

    def _ask_tools(self) -> Iterator[Event]:
        """Find out what the tools of living projects would use, where that is not plain."""
        asked = tools.unclear(filter(self._holds, self._claims), self._environments)
        living = [path for path in asked if self._presence(path) is Presence.PRESENT]
        machine, config = self._machine, self._config
        jobs = [Job(path, partial(asked[path].ask, machine, config)) for path in living]
        for answer in self._patient.run(jobs):
            if isinstance(answer, tuple):
                self._tools[answer[0]] = answer[1]
            else:
                yield told(answer)

    def _find_again(self) -> Iterator[Event]:
        """Look where an earlier search before a deletion found something, if that is still there.

        It proves nothing, but a list is to agree with what a prune holds.
        """
        unproven = self._unproven()
        found: dict[Path, list[Path]] = {}
        for claim in self._claims:
            remembered = claim.how is How.MENTION and claim.direction is Direction.RECORD
            there = self._presence(claim.project) is Presence.PRESENT
            if remembered and there and claim.environment in unproven:
                found.setdefault(claim.environment, []).append(claim.project)
        if not found:
            return
        from venvdash.scanner.search import find_again  # only where a search has found something

        job = Job(
            self._machine.home,
            lambda: find_again(self._machine, self._config, self._facts(final=False), found),
        )
        for answer in self._patient.run([job]):
            if isinstance(answer, dict):
                self._found_again = answer
            else:
                yield told(answer)

    def _look_outside(self) -> Iterator[Event]:
        """Find out what else names or uses an environment, and flag those."""
        environments = list(self._environments.values())
        job = Job(
            self._machine.home, lambda: outside.look(self._machine, self._mounts, environments)
        )
        for answer in self._patient.run([job]):
            if not isinstance(answer, outside.Outside):
                yield told(answer)
                continue
            self._references = answer.references
            for path, flags in answer.flags.items():
                environment = self._environments[path]
                self._environments[path] = replace(environment, flags=environment.flags | flags)

    # Verdicts: over the whole table, whenever something was learned.

    def _facts(self, *, final: bool) -> Facts:
        return Facts(
            environments=dict(self._environments),
            places=dict(self._places),
            memories=self._memories,
            claimed=self._claimed(),
            pointers=dict(self._pointers),
            tools=dict(self._tools),
            sightings=dict(self._sightings),
            searched=self._searched_directories,
            settled=final,
            now=self._now,
            found_again=self._found_again,
        )

    def _judged(self, *, final: bool) -> Judged:
        facts = self._facts(final=final)
        decided = verdicts(self._claims, facts)
        return Judged(
            decided,
            facts,
            final,
            names=dict(self._names),
            activity={v.path: v.worked_on for v in self._visits.values() if v.worked_on},
            projects=self._to_remember(decided) if final else {},
            references=self._references,
            looked=dict(self._looked),
        )

    def _claimed(self) -> dict[Path, tuple[Path, ...]]:
        found: dict[Path, dict[Path, None]] = {}
        for claim in self._claims:
            if claim.proves:
                found.setdefault(claim.environment, {})[claim.project] = None
        return {path: tuple(projects) for path, projects in found.items()}

    def _to_remember(
        self, decided: Mapping[Path, Verdict]
    ) -> dict[Path, tuple[ProjectRecord, ...]]:
        """Return for each environment its living project, or where a moved one was found."""
        moved = {
            path: places.look(verdict.place, self._mounts)
            for path, verdict in decided.items()
            if verdict.status is Status.MOVED and verdict.place is not None
        }
        found = {
            path: (places.found_at(place, self._mounts, now=self._now),)
            for path, place in moved.items()
            if place.presence is Presence.PRESENT
        }
        return found | {
            path: tuple(
                self._project_record(path, claim)
                for claim in _best_claims(verdict)
                if self._presence(claim.project) is Presence.PRESENT
            )
            for path, verdict in decided.items()
            if verdict.status in (Status.LINKED, Status.INACTIVE)
        }

    def _project_record(self, environment: Path, claim: Claim) -> ProjectRecord:
        visit = self._visits.get(claim.project)
        memory = self._memories.get(environment)
        known = memory.record.projects if memory else ()
        before = next((record for record in known if record.path == claim.project), None)
        return places.record_of(
            self._places[claim.project],
            claim.how,
            self._mounts,
            now=self._now,
            host=self._past.host,
            name=visit.name if visit else None,
            git=visit.git if visit else None,
            before=before,
        )

    # Sizes, last: what they are belongs to what was found, and takes longest.

    def sizes(self) -> Iterator[Event]:
        """Measure every environment, and again tell what only the whole table shows."""
        from venvdash.scanner.union import Book
        from venvdash.scanner.usage import measure  # a listing without sizes needs none of it
        from venvdash.stores import uv_settings

        paths, book = list(self._environments), Book()
        cache = uv_settings.cache_directory(self._machine)[0]
        total, done = len(paths), 0
        for sized in measure(paths, self._past.sizes, self._cancelled, book=book, cache=cache):
            if sized.problem:
                yield Problem(sized.path, sized.problem)
            if sized.usage.cache_held is None:
                done += 1
                yield Progress(Phase.SIZES, done, total)
            yield Measured(sized.path, sized.usage, sized.remember)
        yield Booked(book)


def _remembered(path: Path, memory: Memory, now: float) -> Iterator[Claim]:
    """Yield what is remembered; a date of a time when the clock was ahead is none."""
    for project in memory.record.projects:
        seen = project.last_seen if 0 < project.last_seen <= now else None
        yield Claim(path, project.path, project.how, Direction.RECORD, "", seen)


def _best_claims(verdict: Verdict) -> list[Claim]:
    """Return the best proof of each project, as a verdict orders them."""
    best: dict[Path, Claim] = {}
    for claim in verdict.claims:
        if claim.proves and claim.project in verdict.projects:
            best.setdefault(claim.project, claim)
    return list(best.values())
