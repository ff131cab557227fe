"""The first stage of a scan: every store is listed, every environment in it is read."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from venvdash.config import Config
from venvdash.model import Claim, Environment, NotEnvironment, Record
from venvdash.records import sidecar
from venvdash.scanner.discovery import store_folders
from venvdash.scanner.discovery.inspection import Inspected, inspect
from venvdash.scanner.discovery.store_folders import ResolvedRoot
from venvdash.scanner.events import (
    EnvironmentFound,
    Event,
    Phase,
    Problem,
    Progress,
    SkippedEntry,
    StoreSeen,
)
from venvdash.stores.roots import Entry, Root
from venvdash.system.machine import Machine
from venvdash.system.timeouts import Failed, Job, NotAnswering, Patient
from venvdash.text import because


class StoreReader:
    """Reads every store once; ``environments``, ``sidecars`` and ``claims`` fill up meanwhile.

    ``roots`` are the existing directories of each store, links resolved, shared ones as well.
    """

    def __init__(self, machine: Machine, config: Config, patient: Patient) -> None:
        self._machine = machine
        self._config = config
        self._patient = patient
        self.environments: dict[Path, Environment] = {}
        self.sidecars: dict[Path, Record] = {}
        self.claims: list[Claim] = []
        self.roots: dict[str, list[Root]] = {}

    def events(self) -> Iterator[Event]:
        """Find and read every environment."""
        branches: dict[Path, ResolvedRoot] = {}
        roots = store_folders.roots(self._machine, self._config)
        for answer in self._patient.run([_resolving(root) for root in roots]):
            if isinstance(answer, ResolvedRoot):
                branches[answer.real] = _shared(branches.get(answer.real), answer)
                if answer.exists:
                    root = replace(answer.root, path=answer.real)
                    self.roots.setdefault(root.store, []).append(root)
            else:
                yield problem_of(answer)
        found: list[tuple[ResolvedRoot, Entry]] = []
        for branch in branches.values():
            yield from self._listed(branch, found)
        counts = dict.fromkeys(branches, 0)
        yield from self._read(found, counts)
        for real, branch in branches.items():
            yield StoreSeen(branch.root, real, branch.exists, counts[real], branch.problem)

    def _listed(
        self, branch: ResolvedRoot, found: list[tuple[ResolvedRoot, Entry]]
    ) -> Iterator[Event]:
        if branch.problem:
            yield Problem(branch.real, branch.problem)
        if branch.problem or not branch.exists:
            return
        job = Job(branch.real, lambda: list(store_folders.entries(branch)))
        for answer in self._patient.run([job]):
            if isinstance(answer, list):
                for one in answer:
                    if isinstance(one, NotEnvironment):
                        yield SkippedEntry(one)
                    else:
                        found.append((branch, one))
            else:
                yield problem_of(answer)

    def _read(
        self, found: list[tuple[ResolvedRoot, Entry]], counts: dict[Path, int]
    ) -> Iterator[Event]:
        roots = {entry.prefix: branch.real for branch, entry in found}
        jobs: list[Job[Inspected | NotEnvironment]]
        jobs = [self._reading(entry, branch) for branch, entry in found]
        answers = self._patient.run(jobs)
        for done, answer in enumerate(answers, 1):
            if isinstance(answer, NotEnvironment):
                yield SkippedEntry(answer)
            elif isinstance(answer, Inspected):
                environment = answer.environment
                if environment.path in self.environments:
                    continue  # one store lies in another
                counts[roots[environment.path]] += 1
                self.environments[environment.path] = environment
                self.claims.extend(answer.claims)
                yield EnvironmentFound(environment)
            else:
                yield problem_of(answer)
            if done % 50 == 0 or done == len(jobs):
                yield Progress(Phase.STORES, done, len(jobs))

    def _reading(self, entry: Entry, branch: ResolvedRoot) -> Job[Inspected | NotEnvironment]:
        root, uid = replace(branch.root, path=branch.real), self._machine.uid
        return Job(entry.prefix, lambda: inspect(entry, root, uid))

    def read_sidecars(self, known: Mapping[Path, Record]) -> Iterator[Event]:
        """Read the sidecars; ``known`` are the records that the index has, by path.

        Not those of which the index has known all since they were last written.
        """
        jobs = [
            self._reading_sidecar(environment, known.get(path))
            for path, environment in self.environments.items()
            if environment.sidecar
        ]
        for answer in self._patient.run(jobs):
            if isinstance(answer, NotAnswering | Failed):
                yield problem_of(answer)
            elif isinstance(answer[1], Record):
                self.sidecars[answer[0]] = answer[1]

    def _reading_sidecar(
        self, environment: Environment, known: Record | None
    ) -> Job[tuple[Path, Record | sidecar.SidecarProblem | None]]:
        path, uid = environment.path, self._machine.uid

        def read() -> tuple[Path, Record | sidecar.SidecarProblem | None]:
            if known is not None and known.fingerprint == environment.fingerprint:
                written = os.lstat(path / sidecar.NAME).st_mtime
                if written <= known.last_seen:
                    return path, None
            return path, sidecar.read(path, uid)

        return Job(path, read)


def _shared(first: ResolvedRoot | None, other: ResolvedRoot) -> ResolvedRoot:
    """Return one branch for a directory that two stores look at, with what both know of it."""
    if first is None:
        return other
    pointer = first.root.pointer or other.root.pointer
    return replace(first, root=replace(first.root, pointer=pointer))


def _resolving(root: Root) -> Job[ResolvedRoot]:
    return Job(root.path, lambda: store_folders.resolve(root))


def problem_of(answer: NotAnswering | Failed) -> Problem:
    """Return what to tell people of a job that gave nothing."""
    if isinstance(answer, NotAnswering):
        return Problem(answer.path, f"did not respond within {answer.seconds:g} s; skipped")
    return Problem(answer.path, f"could not be read: {because(answer.error)}")
