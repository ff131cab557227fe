"""The first stage of a scan: list every store and read every environment in it."""

import time
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TypeVar

from venvdash.config import Config
from venvdash.model import Claim, Environment, NotEnvironment, Record
from venvdash.records import sidecar
from venvdash.records.inspections import Inspections
from venvdash.scanner.discovery import store_folders
from venvdash.scanner.discovery.inspection import Inspected, inspect
from venvdash.scanner.discovery.inspection_cache import InspectionCache
from venvdash.scanner.discovery.store_folders import ResolvedRoot
from venvdash.scanner.events import (
    EnvironmentFound,
    Event,
    InspectionsChanged,
    Phase,
    Problem,
    Progress,
    SkippedEntry,
    StoreSeen,
    StoresListed,
)
from venvdash.stores.roots import Entry, Root
from venvdash.system import reads
from venvdash.system.machine import Machine
from venvdash.system.mounts import Mounts
from venvdash.system.reads import Reads, Variables, recorded
from venvdash.system.timeouts import Failed, Job, TimedOut, TimedRunner
from venvdash.text import because

T = TypeVar("T")
U = TypeVar("U")


class StoreReader:
    """Reads every store once and fills ``environments``, ``sidecars`` and ``claims``.

    ``roots`` are the existing directories of each store, links resolved.
    """

    def __init__(
        self,
        machine: Machine,
        config: Config,
        patient: TimedRunner,
        saved: Inspections,
        mounts: Mounts,
    ) -> None:
        self._machine = machine
        self._saved, self._mounts = saved, mounts
        self._cache = InspectionCache(saved, mounts)
        self._config = config
        self._patient = patient
        self.environments: dict[Path, Environment] = {}
        self.sidecars: dict[Path, Record] = {}
        self.claims: list[Claim] = []
        self.roots: dict[str, list[Root]] = {}

    def events(self) -> Iterator[Event]:
        """Find and read every environment."""
        by_path: dict[Path, ResolvedRoot] = {}
        noting = Reads(time.time_ns())
        watched = replace(self._machine, variables=Variables(self._machine.variables))
        with recorded(noting):
            roots = store_folders.roots(watched, self._config)
        jobs = [
            Job(root.path, partial(_noted, noting, store_folders.resolve, root)) for root in roots
        ]
        for resolved in (yield from answers(self._patient, jobs)):
            by_path[resolved.real] = _shared(by_path.get(resolved.real), resolved)
            if resolved.exists:
                self.roots.setdefault(resolved.root.store, []).append(resolved.listed)
        entries: list[tuple[ResolvedRoot, Entry]] = []
        for resolved in by_path.values():
            yield from self._list(resolved, entries, noting)
        yield StoresListed(noting)
        counts = dict.fromkeys(by_path, 0)
        yield from self._read(entries, counts)
        saved, self._saved = self._saved, Inspections()
        cache, self._cache = self._cache, InspectionCache({}, self._mounts)
        if cache.added:
            yield InspectionsChanged(saved.updated(cache.unchanged, cache.added))
        del saved, cache  # they take much memory
        for real, resolved in by_path.items():
            yield StoreSeen(resolved.root, real, resolved.exists, counts[real], resolved.problem)

    def _list(
        self,
        resolved: ResolvedRoot,
        entries: list[tuple[ResolvedRoot, Entry]],
        noting: Reads,
    ) -> Iterator[Event]:
        if resolved.problem:
            yield Problem(resolved.real, resolved.problem)
        if resolved.problem or not resolved.exists:
            return
        job = Job(resolved.real, partial(_noted, noting, _entries, resolved))
        for listed in (yield from answers(self._patient, [job])):
            for entry in listed:
                if isinstance(entry, NotEnvironment):
                    yield SkippedEntry(entry)
                else:
                    entries.append((resolved, entry))

    def _read(
        self, entries: list[tuple[ResolvedRoot, Entry]], counts: dict[Path, int]
    ) -> Iterator[Event]:
        roots = {entry.prefix: resolved.real for resolved, entry in entries}
        uid, cache = self._machine.uid, self._cache
        listed = {real: one.listed for real, one in {r.real: r for r, _ in entries}.items()}
        jobs = [
            Job(entry.prefix, partial(inspect, entry, listed[resolved.real], uid, cache))
            for resolved, entry in entries
        ]
        outcomes = self._patient.run(jobs)
        for done, answer in enumerate(outcomes, 1):
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

    def read_sidecars(self, known: Mapping[Path, Record]) -> Iterator[Event]:
        """Read the sidecars that changed since ``known``, the records of the index by path."""
        jobs = [
            Job(path, partial(self._read_sidecar, environment, known.get(path)))
            for path, environment in self.environments.items()
            if environment.sidecar
        ]
        for path, record in (yield from answers(self._patient, jobs)):
            if isinstance(record, Record):
                self.sidecars[path] = record

    def _read_sidecar(
        self, environment: Environment, known: Record | None
    ) -> tuple[Path, Record | sidecar.SidecarProblem | None]:
        path = environment.path
        if known is not None and known.fingerprint == environment.fingerprint:
            written = reads.lstat(path / sidecar.NAME).st_mtime
            if written <= known.last_seen:
                return path, None
        return path, sidecar.read(path, self._machine.uid)


def _entries(resolved: ResolvedRoot) -> list[Entry | NotEnvironment]:
    return list(store_folders.entries(resolved))


def _noted(noting: Reads, function: Callable[[T], U], argument: T) -> U:
    """Call a function in this thread and note what it reads."""
    with recorded(noting):
        return function(argument)


def _shared(first: ResolvedRoot | None, other: ResolvedRoot) -> ResolvedRoot:
    """Return one root for a directory that two stores list, with the pointer that either has."""
    if first is None:
        return other
    pointer = first.root.pointer or other.root.pointer
    return replace(first, root=replace(first.root, pointer=pointer))


def answers(patient: TimedRunner, jobs: Iterable[Job[T]]) -> Generator[Event, None, list[T]]:
    """Run jobs; yield a Problem for each that fails or does not respond, return the results."""
    results: list[T] = []
    for answer in patient.run(jobs):
        if isinstance(answer, TimedOut | Failed):
            yield problem_of(answer)
        else:
            results.append(answer)
    return results


def problem_of(answer: TimedOut | Failed) -> Problem:
    """Return the problem to report for a job without a result."""
    if isinstance(answer, TimedOut):
        return Problem(answer.path, f"did not respond within {answer.seconds:g} s; skipped")
    return Problem(answer.path, f"could not be read: {because(answer.error)}")
