"""The search: every place in turn, until the last one, the limit, or somebody stops it."""

import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from venvdash.config import Config
from venvdash.model import Environment, Facts
from venvdash.scanner.search.findings import AGAIN, Findings, Hit, Progress, Unsearched
from venvdash.scanner.search.places import Places, Start, inside
from venvdash.scanner.search.seeker import Seeker
from venvdash.scanner.search.walk import Ledger, Walk
from venvdash.system.machine import Machine
from venvdash.system.mounts import Mounts
from venvdash.system.patience import Failed, Job, NotAnswering, Patient
from venvdash.system.priority import read_when_idle
from venvdash.text import short_path, visible

PATIENCE = 10.0  # seconds for a part of a local disk
_PART = 500  # directories between two looks at the clock


def _silent(progress: Progress) -> None:
    """Tell nobody."""


def search(
    machine: Machine,
    config: Config,
    environments: Sequence[Environment],
    facts: Facts | None,
    *,
    limit: float | None = None,
    cancelled: Callable[[], bool] = lambda: False,
    progress: Callable[[Progress], None] = _silent,
    mounts: Mounts | None = None,
) -> Findings:
    """Look everywhere for what uses ``environments`` or may be their project.

    ``limit`` is how many seconds it may take, None for as long as it takes. Places that it, or
    ``cancelled``, keeps from being read are ``unsearched``. Raises nothing.
    """
    run = _Run(machine, config, environments, facts, mounts or Mounts.read())
    return run.everywhere(limit, cancelled, progress)


def recheck(
    machine: Machine,
    config: Config,
    environments: Sequence[Environment],
    facts: Facts | None,
    findings: Findings,
    *,
    cancelled: Callable[[], bool] = lambda: False,
) -> Findings:
    """Read again what most likely changed since a search: recorded places, pointers, HOME's top.

    Return its findings with what was found meanwhile; what was found before stays found.
    """
    run = _Run(machine, config, environments, facts, Mounts.read())
    near = list(findings.hits.values())
    places = [str(hit.project) for hit in near if hit.project is not None]
    places += [str(path) for path in (facts.pointers if facts else ())]
    found = run.near(places, cancelled)
    return replace(findings, hits={**found, **findings.hits})


@dataclass
class _Clock:
    """When to stop: ``why`` says what stopped the search, "" while nothing did."""

    end: float | None
    cancelled: Callable[[], bool]
    why: str = ""
    release: str = ""

    def over(self) -> bool:
        """Return whether the search has to stop now."""
        if self.cancelled():
            self.why, self.release = "the search was stopped", AGAIN
        elif self.end is not None and time.monotonic() > self.end:
            self.why = "the time for the search was over"
            self.release = "`--search-limit` with more minutes"
        return bool(self.why)


class _Run:
    def __init__(
        self,
        machine: Machine,
        config: Config,
        environments: Sequence[Environment],
        facts: Facts | None,
        mounts: Mounts,
    ) -> None:
        self._machine, self._environments = machine, environments
        self._places = Places(machine, config, mounts, tuple(environments), facts)
        self._seeker = Seeker(machine, config, environments, facts, self._places.spellings)
        self._ledger = Ledger(self._places.barred, machine.uid)
        self._read: list[str] = []

    def everywhere(
        self,
        limit: float | None,
        cancelled: Callable[[], bool],
        progress: Callable[[Progress], None],
    ) -> Findings:
        """Search every place."""
        clock = _Clock(None if limit is None else time.monotonic() + limit, cancelled)
        self._ledger.unsearched |= {place.path: place for place in self._places.unsearched()}
        for start in self._places.starts():
            if self._seeker.done:
                break
            if self._was_read(start):
                continue
            if clock.over():
                self._not_reached(start, clock)
            elif start.network:
                self._not_asked(start)
            else:
                self._walk(start, clock, progress)
        return self._findings(ended=not clock.why)

    def _was_read(self, start: Start) -> bool:
        """Return whether a whole place lies in one that was read to its end."""
        mount = self._places.mounts.of(start.path)
        return any(
            inside(start.path, path) and self._places.mounts.of(path) is mount
            for path in self._read
        )

    def near(self, places: Iterable[str], cancelled: Callable[[], bool]) -> dict[Path, Hit]:
        """Search recorded places, their siblings and ``places`` alone."""
        clock = _Clock(None, cancelled)
        starts = [start for start in self._places.starts() if start.depth is not None]
        starts += [Start(path, 0) for path in dict.fromkeys(places)]
        starts += [Start(os.fspath(self._machine.home), 1)]
        for start in starts:
            if not start.network and not clock.over():
                self._walk(start, clock, _silent)
        return self._seeker.hits

    def _walk(self, start: Start, clock: _Clock, progress: Callable[[Progress], None]) -> None:
        walk, path = Walk(start, self._seeker, self._ledger), Path(start.path)
        patient = Patient(PATIENCE, clock.cancelled)

        def part() -> bool:
            read_when_idle()
            return walk.step(_PART)

        while True:
            answer = next(patient.run([Job(path, part)]), None)
            progress(Progress(path, self._ledger.directories))
            if isinstance(answer, NotAnswering | Failed):
                self._silent_place(start)
                return
            if answer is False or self._seeker.done:
                break
            if answer is None or clock.over():
                self._not_reached(start, clock)
                return
        if start.depth is None:
            self._read.append(start.path)

    def _not_reached(self, start: Start, clock: _Clock) -> None:
        if start.depth is None:
            shown = visible(start.path)
            reason = f"{clock.why[0].upper()}{clock.why[1:]} before all of {shown} was searched"
            self._unsearched(start.path, reason, clock.release)

    def _silent_place(self, start: Start) -> None:
        shown = visible(start.path)
        self._unsearched(
            start.path,
            f"{shown} did not answer and was not searched to its end",
            f'`skip = ["{shown}"]` in the configuration',
        )

    def _not_asked(self, start: Start) -> None:
        self._silent_place(start)

    def _unsearched(self, path: str, reason: str, release: str) -> None:
        self._ledger.unsearched.setdefault(Path(path), Unsearched(Path(path), reason, release))

    def _findings(self, *, ended: bool) -> Findings:
        left_out = {place.path: place for place in self._places.not_entered()}
        left_out |= {place.path: place for place in self._ledger.not_entered.values()}
        return Findings(
            hits=dict(self._seeker.hits),
            unsearched=tuple(self._ledger.unsearched.values()),
            not_entered=tuple(left_out.values()),
            directories=self._ledger.directories,
            ended=ended,
            described=self._described(),
            searched_for=frozenset(environment.path for environment in self._environments),
        )

    def _described(self) -> str:
        count = f"{self._ledger.directories:,} directories"
        shown = list(_topmost(self._read))
        named = ", ".join(short_path(path, self._machine.home) for path in shown[:3])
        named += f" and {len(shown) - 3} more places" if len(shown) > 3 else ""
        return f"{count}: all of {named}" if named else count


def _topmost(paths: Iterable[str]) -> Iterator[str]:
    seen: list[str] = []
    for path in sorted(dict.fromkeys(paths)):
        if not any(path.startswith(other.rstrip("/") + "/") for other in seen):
            seen.append(path)
    yield from seen
