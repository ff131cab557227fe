"""The state of a scan in progress, which its stages read and extend."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from venvdash.config import Config
from venvdash.model import (
    Claim,
    Direction,
    EvidenceKind,
    Facts,
    FoundAgain,
    Memory,
    Place,
    Presence,
    ProjectRecord,
    ProjectTools,
    Record,
    Relation,
    Sighting,
)
from venvdash.records import identity
from venvdash.records.descriptions import Descriptions
from venvdash.records.inspections import Inspections
from venvdash.scanner.events import (
    Event,
)
from venvdash.scanner.evidence.project_links import ProjectLink
from venvdash.scanner.evidence.references import Reference
from venvdash.scanner.projects import presence
from venvdash.scanner.projects.current_info import CurrentInfo
from venvdash.scanner.stages.linked_environments import LinkedReader
from venvdash.scanner.stages.store_reading import StoreReader, problem_of
from venvdash.system import reads
from venvdash.system.foreground import in_turns
from venvdash.system.machine import Machine
from venvdash.system.mounts import Mounts
from venvdash.system.timeouts import Job, TimedRunner
from venvdash.text import visible


@dataclass(frozen=True, slots=True)
class SavedRecords:
    """What earlier scans recorded, as values, so that the scanner needs no database.

    ``sizes`` are packed footprints, ``host`` is this machine's id, ``descriptions`` what projects
    said of themselves.
    """

    records: Mapping[Path, Record] = field(default_factory=dict)
    sizes: Mapping[Path, bytes] = field(default_factory=dict)
    projects: tuple[ProjectRecord, ...] = ()
    host: str | None = None
    descriptions: Descriptions = field(default_factory=dict)


class ScanState:
    """What the stages of a scan have found so far."""

    def __init__(
        self,
        machine: Machine,
        config: Config,
        patient: TimedRunner,
        cancelled: Callable[[], bool],
        inspections: Inspections,
    ) -> None:
        self.machine = machine
        self.config = config
        self._saved = SavedRecords()
        self._recorded: dict[Path, ProjectRecord] = {}
        self.patient = patient
        self.cancelled = cancelled
        self.mounts = Mounts.read()
        self.reader = StoreReader(machine, config, patient, inspections, self.mounts)
        self.environments = self.reader.environments
        self.claims = self.reader.claims
        self.linked = LinkedReader(self.environments, self.reader.roots, machine.uid, patient)
        self.places: dict[Path, Place] = {}
        self.memories: dict[Path, Memory] = {}
        self.pointers: dict[Path, Path] = {}
        self.sightings: dict[Path, tuple[Sighting, ...]] = {}
        self.names: dict[Path, str] = {}
        self.dangling: list[ProjectLink] = []  # the `.venv` of projects, without an environment
        self.found_again: Mapping[Path, FoundAgain] = {}
        self.references: Mapping[Path, tuple[Reference, ...]] = {}
        self.current_info: dict[Path, CurrentInfo] = {}
        self.tools: dict[Path, ProjectTools] = {}
        self.searched_directories = 0
        self.searched_by_source: dict[str, int] = {}
        self.now = machine.clock().wall
        self._looker = presence.Looker(self.mounts, None)

    @property
    def saved(self) -> SavedRecords:
        """What earlier scans recorded; empty until it is loaded."""
        return self._saved

    @saved.setter
    def saved(self, saved: SavedRecords) -> None:
        self._saved = saved
        self._recorded = {project.path: project for project in saved.projects}
        self._looker = presence.Looker(self.mounts, saved.host)

    def presence(self, project: Path) -> Presence | None:
        """Return whether a project is present; None if its place was not checked."""
        place = self.places.get(project)
        return place.presence if place else None

    def recreated(self, environment: Path) -> bool:
        """Return whether the record at this path is that of an earlier environment."""
        memory = self.memories.get(environment)
        return memory is not None and memory.relation is Relation.RECREATED

    def holds(self, claim: Claim) -> bool:
        """Return whether the claim is on this environment, not on an earlier one at its path."""
        return not (claim.direction is Direction.RECORD and self.recreated(claim.environment))

    def unproven(self) -> set[Path]:
        """Return the environments that no existing project claims so far.

        The record of an earlier environment at the same path proves nothing.
        """
        denied = {(c.environment, c.project) for c in self.claims if c.how is EvidenceKind.DENIED}
        proven = {
            claim.environment
            for claim in self.claims
            if claim.proves
            and (claim.environment, claim.project) not in denied
            and self.presence(claim.project) is Presence.PRESENT
            and self.holds(claim)
        }
        return set(self.environments) - proven

    @property
    def recorded_projects(self) -> Mapping[Path, ProjectRecord]:
        """The newest record of each project, by path."""
        return self._recorded

    def relate(self, paths: Iterable[Path]) -> list[Claim]:
        """Load the records of the environments at ``paths``; return their claims."""
        environments = [
            identity.Found(path, environment.fingerprint, self.reader.sidecars.get(path))
            for path, environment in in_turns(self.environments.items())
            if environment.target is None
        ]
        related = identity.relate(environments, self.saved.records, self._alive, self.now)
        memories = {path: related[path] for path in paths if path in related}
        claims = [
            c for path, memory in memories.items() for c in _remembered(path, memory, self.now)
        ]
        self.memories |= memories
        self.claims.extend(claims)
        for memory in memories.values():
            for project in memory.record.projects:
                known = self._recorded.get(project.path)
                if known is None or known.last_seen < project.last_seen:
                    self._recorded[project.path] = project
        return claims

    def _alive(self, path: Path) -> bool:
        """Return whether a path outside the table holds an environment; True in doubt."""
        job = Job(path, lambda: reads.lexists(path / "pyvenv.cfg"))
        return all(answer is not False for answer in self.patient.run([job]))

    def look(self, claims: Iterable[Claim]) -> Iterator[Event]:
        """Check each claimed place once; one that does not respond is unreachable."""
        jobs: dict[Path, Job[Place]] = {}
        for claim in in_turns(claims):
            project = claim.project
            if project not in self.places and project not in jobs:
                script = self.environments[claim.environment].traits.script
                look = partial(
                    self._looker.look, project, self._recorded.get(project), script=script
                )
                jobs[project] = Job(project, look)
        if not jobs:
            return
        for answer in self.patient.run(jobs.values()):
            if isinstance(answer, Place):
                self.places[answer.path] = answer
            else:
                reason = f"{visible(answer.path)} does not respond"
                self.places[answer.path] = Place(answer.path, Presence.UNREACHABLE, reason)
                yield problem_of(answer)

    def facts(self, *, final: bool) -> Facts:
        """Return what the verdicts are decided on, as of now."""
        return Facts(
            environments=dict(self.environments),
            places=dict(self.places),
            memories=self.memories,
            claimed=self._claimed(),
            pointers=dict(self.pointers),
            tools=dict(self.tools),
            sightings=dict(self.sightings),
            searched=self.searched_directories,
            settled=final,
            now=self.now,
            found_again=self.found_again,
        )

    def _claimed(self) -> dict[Path, tuple[Path, ...]]:
        claimed: dict[Path, dict[Path, None]] = {}
        for claim in in_turns(self.claims):
            if claim.proves:
                claimed.setdefault(claim.environment, {})[claim.project] = None
        return {path: tuple(projects) for path, projects in claimed.items()}


def _remembered(path: Path, memory: Memory, now: float) -> Iterator[Claim]:
    """Yield the claims of a record; a date in the future is dropped."""
    for project in memory.record.projects:
        seen = project.last_seen if 0 < project.last_seen <= now else None
        yield Claim(path, project.path, project.how, Direction.RECORD, "", seen)
