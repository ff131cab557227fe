"""The table that scans fill: its rows, and what else is known of them."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from venvdash.actions.events import RowChanged, RowGone
from venvdash.actions.table import Table
from venvdash.config import Config
from venvdash.model import (
    Environment,
    Facts,
    Flag,
    NotEnvironment,
    Record,
    Row,
    Status,
    Verdict,
)
from venvdash.records.flags import flagged
from venvdash.scanner.events import (
    EnvironmentFound,
    Event,
    InspectionsChanged,
    Measured,
    Problem,
    SkippedEntry,
    StoreSeen,
    StoresListed,
    UsageIndexed,
    VerdictsDecided,
)
from venvdash.session import current_environment, row_names
from venvdash.session.events import EnvironmentsMissing, SessionEvent
from venvdash.session.memory import ScanMemory
from venvdash.system.clock import SKEW
from venvdash.system.foreground import in_turns
from venvdash.system.machine import Machine
from venvdash.system.reads import Reads

_CHECKING = Verdict(Status.CHECKING, "Searching for its project.")

if TYPE_CHECKING:
    from venvdash.scanner.usage.usage_index import UsageIndex


class ScannedTable(Table):
    """The table that scans fill. ``rows`` are replaced, never changed in place."""

    def __init__(
        self, machine: Machine, config: Config, memory: ScanMemory, *, remembers: bool
    ) -> None:
        super().__init__(machine, config, remembers=remembers)
        self.stores: list[StoreSeen] = []
        self.oddities: list[NotEnvironment] = []
        self.listed: Reads | None = None  # what the list of the stores depends on
        self.searched = 0
        self.searched_by_source: Mapping[str, int] = {}  # directories searched for projects, by why
        self._memory = memory
        self._activity: Mapping[Path, float] = {}

    @property
    def rules_stopped(self) -> str:
        """Why rules must delete nothing: pins or settings are unknown; "" if they are known."""
        return self._memory.pins_unknown or self.config.unsafe

    def store_records(self) -> list[Problem]:
        """Store what scans have learned, and return the problems with that.

        Every change begins with it.
        """
        self._memory.store()
        problems = self._memory.problems()
        self._report(problems)
        return problems

    # Events of a scan.

    def _take(self, event: Event, seen: set[Path]) -> Iterator[SessionEvent]:
        if isinstance(event, EnvironmentFound):
            seen.add(event.environment.path)
            yield self._found(event.environment)
        elif isinstance(event, VerdictsDecided):
            yield from self._decided(event)
        elif isinstance(event, Measured):
            yield from self._measured(event)
        elif isinstance(event, InspectionsChanged):
            self._memory.inspected(event)
        elif isinstance(event, UsageIndexed):
            self._usage_indexed(event.usage_index)
        elif isinstance(event, StoresListed):
            self.listed = event.reads
        else:
            self._note(event)
            yield event

    def _note(self, event: Event) -> None:
        if isinstance(event, StoreSeen):
            self.stores.append(event)
        elif isinstance(event, SkippedEntry):
            self.oddities.append(event.what)
        elif isinstance(event, Problem):
            self.problems.append(event)

    def _usage_indexed(self, usage_index: "UsageIndex") -> None:
        """Take the usage index of a scan; for subclasses that delete."""

    def _found(self, environment: Environment) -> SessionEvent:
        known = self.rows.get(environment.path)
        if known:
            row = replace(known, environment=environment)
        else:
            name = environment.traits.project_name or environment.traits.name
            row = Row(environment, _CHECKING, name, used=environment.used)
        self.rows[environment.path] = row
        return RowChanged(row)

    def _decided(self, event: VerdictsDecided) -> Iterator[SessionEvent]:
        self._names, self._activity = event.names or self._names, event.activity
        self._references = event.references or self._references
        self.searched, self.facts = event.facts.searched, event.facts
        self.searched_by_source = event.searched_by_source
        verdicts = event.verdicts.items()
        called = row_names.names(
            [
                (event.facts.environments[path], verdict)
                for path, verdict in in_turns(event.verdicts.items())
            ],
            self._names,
        )
        here = self._nearest(event)
        pinned = self._memory.pinned({p: m.record for p, m in event.facts.memories.items()})
        changed, now = [], self.machine.clock().wall
        for path, verdict in in_turns(verdicts):
            row = self.rows.get(path)
            if row is None:
                continue
            memory = event.facts.memories.get(path)
            record = memory.record if memory else None
            if record is not None and record.pinned != (path in pinned):
                record = replace(record, pinned=path in pinned)
            usage = row.usage or self._memory.usage(path)
            environment = flagged(event.facts.environments[path], record, usage)
            row = replace(
                row,
                environment=environment,
                verdict=verdict,
                name=called[path],
                usage=usage,
                record=record,
                used=self._used(environment, verdict, record, now),
                here=not here.isdisjoint(verdict.projects),
                description=_description(verdict, event),
                title=self._names.get(verdict.project, "") if verdict.project else "",
                pointed=current_environment.pointing(path, verdict, event.facts),
                endangered=_endangered(verdict, event.facts),
            )
            self.rows[path] = row
            changed.append(row)
        for row in in_turns(changed):  # after all rows are up to date
            yield RowChanged(row, settled=event.final)
        if event.final:  # after the rows were shown, before they are measured
            yield from self._lacking(event)
            for path, record in self._memory.decided(event).items():
                self.rows[path] = replace(self.rows[path], record=record)

    def _lacking(self, event: VerdictsDecided) -> Iterator[SessionEvent]:
        """Take which projects lack their environment, but for those that nobody misses."""
        if not (event.missing or self.missing):
            return
        from venvdash.session import missing_rows  # most lists need none of it

        missing = missing_rows.missed(event.missing, self._memory.requested_absences())
        known = self._memory.usage
        self.missing = {
            one.path: missing_rows.row(one, event, known(one.path), self.machine.cwd)
            for one in missing
            if one.path not in self.rows
        }
        now = self.machine.clock().wall
        for path, row in self.missing.items():
            used = self._used(row.environment, row.verdict, row.record, now)
            self.missing[path] = replace(row, used=used)
        yield EnvironmentsMissing(tuple(self.missing.values()))

    def _measured(self, event: Measured) -> Iterator[SessionEvent]:
        row = self.rows.get(event.environment)
        if row is not None:
            environment = flagged(row.environment, row.record, event.usage)
            row = replace(row, environment=environment, usage=event.usage)
            self.rows[event.environment] = row
            self._memory.measured(event)
            settled = row.verdict.status is not Status.CHECKING
            yield RowChanged(row, settled=settled, measured=True)

    def _gone(self, seen: set[Path]) -> Iterator[SessionEvent]:
        for path in [path for path in self.rows if path not in seen]:
            del self.rows[path]
            yield RowGone(path)

    def at_rest(self, row: Row) -> Row:
        """Return a row as it is while no process uses the environment, and no tool locks it."""
        flags = row.environment.flags - {Flag.IN_USE, Flag.LOCKED}
        environment = replace(row.environment, flags=flags)
        now = self.machine.clock().wall
        used = self._used(environment, row.verdict, row.record, now)
        return replace(row, environment=environment, used=used)

    def _used(
        self, environment: Environment, verdict: Verdict, record: Record | None, now: float
    ) -> float | None:
        times = [environment.used]
        times += [self._activity.get(project) for project in verdict.projects]
        if record:
            times += [record.last_sync, record.last_shell]
        if Flag.IN_USE in environment.flags:
            return now
        newest = max((when for when in times if when is not None), default=None)
        # A date in the future was stored while the clock was ahead.
        return None if newest is not None and newest > now + SKEW else newest

    def _nearest(self, judged: VerdictsDecided) -> set[Path]:
        """Return the nearest project upwards from the current directory, in all spellings."""
        here = self.machine.cwd
        if here is None:
            return set()
        above = {here, *here.parents}
        depths: dict[Path, int] = {}
        for verdict in judged.verdicts.values():
            for project in verdict.projects:
                place = judged.facts.places.get(project)
                really = place.real if place and place.real else project
                if project in above or really in above:
                    depths[project] = len(really.parts)
        deepest = max(depths.values(), default=0)
        return {project for project, depth in depths.items() if depth == deepest}


def _description(verdict: Verdict, event: VerdictsDecided) -> str:
    """Return what the project that is shown says it is, "" where it says nothing."""
    shown = verdict.place or verdict.project
    description = event.descriptions.get(str(shown))
    return description.text if description else ""


def _endangered(verdict: Verdict, facts: Facts) -> Path | None:
    """Return the directory in a project that the next sync of its tool deletes."""
    tools = [facts.tools[project] for project in verdict.projects if project in facts.tools]
    uses = [use for project_tools in tools for use in project_tools.uses.values()]
    return next((use.deletes for use in uses if use.deletes is not None), None)
