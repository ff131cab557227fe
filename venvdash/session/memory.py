"""The records that a session keeps from one scan to the next, in the index and in sidecars."""

import errno
import threading
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from venvdash.model import Environment, Facts, Memory, Record, Relation, Status, Usage
from venvdash.records import descriptions, identity, inspections, merge, pins, sidecar
from venvdash.records.descriptions import Descriptions
from venvdash.records.index import Index, index_path
from venvdash.records.inspections import Inspections
from venvdash.records.sidecar import keeps_sidecar
from venvdash.scanner.events import InspectionsChanged, Measured, Problem, VerdictsDecided
from venvdash.scanner.stages.scan_state import SavedRecords
from venvdash.system.foreground import in_turns
from venvdash.system.host import host_id
from venvdash.system.machine import Machine
from venvdash.system.reads import unnoted
from venvdash.text import because, visible

# A read-only store is not a problem to report.
_SILENT = frozenset({errno.EROFS, errno.EACCES, errno.EPERM, errno.ENOENT, errno.EEXIST})


@dataclass(slots=True)
class _Learned:
    """What scans learned that is not stored yet; ``facts`` is what the records follow from."""

    records: Mapping[Path, Record] = field(default_factory=dict)
    facts: Facts | None = None
    sizes: dict[Path, tuple[Usage, bytes]] = field(default_factory=dict)
    inspections: Inspections | None = None
    descriptions: Descriptions | None = None


class ScanMemory:
    """What scans remember: loaded in each scan, stored once its rows are shown.

    A scan only notes what it learned (``decided``, ``measured``); ``store`` is the one place that
    writes it, which faces call when nothing waits for it. With ``writes`` False nothing is written.
    Any thread may load and store.
    """

    def __init__(self, machine: Machine, *, writes: bool) -> None:
        self._machine = machine
        self._writes = writes
        self._host = host_id()
        self._lock = threading.RLock()  # one at a time loads or stores
        self._indexed = False  # whether the index could be read
        self._known: Mapping[Path, Record] = {}
        self._sizes: Mapping[Path, tuple[Usage, bytes]] = {}
        self._descriptions: Descriptions = {}
        self._learned = _Learned()
        self._problems: list[Problem] = []
        self._index_problems: set[str] = set()
        self._pins = pins.Pins({})
        self.pins_unknown = ""  # a sentence that says why pins are unknown
        self._set_aside = ""  # what was wrong with an index that this session set aside

    def load(self, *, sizes: bool) -> SavedRecords:
        """Return the records of the index, with ``sizes`` also the sizes."""
        with self._lock, self._index() as index:
            self._known, projects = index.records_and_projects()
            self._sizes = index.sizes() if sizes else {}
            self._read_pins(index)
            self._indexed = index.usable
            state = self._machine.state_directory
            self._descriptions = descriptions.read(state, self._host) if self._writes else {}
        return SavedRecords(
            records=self._known,
            sizes={path: note for path, (_, note) in self._sizes.items()},
            projects=projects,
            host=self._host,
            descriptions=self._descriptions,
        )

    @contextmanager
    def _index(self) -> Iterator[Index]:
        """Open the index, and report what is wrong with it."""
        index = Index.open(index_path(self._machine, self._host), read_only=not self._writes)
        try:
            yield index
        finally:
            self._report_index(index)
            index.close()

    def _read_pins(self, index: Index) -> None:
        """Read the file of pins; if it or the index is lost, pins may be lost, too."""
        self.pins_unknown = ""
        try:
            self._pins = pins.read(self._machine.state_directory)
        except (OSError, ValueError) as error:
            reason = because(error)
            where = visible(self._machine.state_directory / pins.NAME)
            self.pins_unknown = f"{where}: {reason}"
            self._problems.append(Problem(None, f"{self.pins_unknown}; pins are unknown"))
        if not self._writes:
            self.pins_unknown = "records are off (`--no-records` or `records = false`)"
        elif index.lost and not index.usable:
            self.pins_unknown = index.problem
        if self.pins_unknown:
            self.pins_unknown = f"Pins are unknown: {self.pins_unknown}."

    def _write_pins(self, records: Iterable[Record]) -> None:
        """Add to the file of pins those that only records hold, and new paths."""
        known = self._pins.paths
        added = {
            record.identity: record.path
            for record in records
            if record.pinned and known.get(record.identity) != record.path
        }
        if self.pins_unknown or not added:
            return
        state = self._machine.state_directory
        try:
            self._pins = pins.read(state).with_pins(added)  # another process may have changed it
            pins.write(state, self._pins)
        except (OSError, ValueError) as error:
            message = f"{visible(state / pins.NAME)} cannot be written: {because(error)}"
            self._problems.append(Problem(None, message))

    def pinned(self, records: Mapping[Path, Record]) -> frozenset[Path]:
        """Return the environments that the file of pins or a record says are pinned."""
        pinned = {path for path, record in records.items() if record.pinned}
        return self._pins.of(records) | pinned

    def usage(self, path: Path) -> Usage | None:
        """Return the size from the last measurement, which may be outdated."""
        known = self._sizes.get(path)
        return replace(known[0], exact=False) if known else None

    def requested_absences(self) -> Mapping[Path, float]:
        """Return which environments are not missed; see ``history.requested_absences``."""
        with self._lock, self._index() as index:
            return index.requested_absences()

    def inspections(self) -> Inspections:
        """Return what the last scan read of environments, as the next one begins."""
        self.store()
        state = self._machine.state_directory
        with unnoted():
            return inspections.read(state, self._host) if self._writes else Inspections()

    def inspected(self, event: InspectionsChanged) -> None:
        """Note what a scan read of environments."""
        self._learned.inspections = event.inspections

    def problems(self) -> list[Problem]:
        """Return the problems since the last call."""
        problems, self._problems = self._problems, []
        return problems

    def measured(self, event: Measured) -> None:
        """Note a size."""
        sizes = self._learned.sizes
        known = sizes.get(event.environment) or self._sizes.get(event.environment)
        note = event.note if event.note is not None else (known[1] if known else None)
        if note is None or (known and note == known[1] and _alike(event.usage, known[0])):
            return
        sizes[event.environment] = (event.usage, note)

    def decided(self, event: VerdictsDecided) -> dict[Path, Record]:
        """Note what a scan decided; return the records that the environments have then."""
        now = self._machine.clock().wall
        records = {}
        for path, memory in in_turns(event.facts.memories.items()):
            record = identity.kept(memory, now, event.facts.environments[path])
            if record is None:
                continue
            proven = event.projects.get(path, ())
            if proven and event.verdicts[path].status is not Status.DUPLICATE:
                record = replace(record, projects=merge.projects((*proven, *record.projects)))
            records[path] = record
        for path in self.pinned(records):
            if path in records and not records[path].pinned:
                records[path] = replace(records[path], pinned=True)
        self._learned.records, self._learned.facts = records, event.facts
        self._learned.descriptions = event.descriptions
        return records

    def store(self) -> None:
        """Store what scans have learned since the last call, if anything.

        On a full disk, in a read-only store or when the process is killed only the records are
        lost, and the next scan learns them again.
        """
        with self._lock:
            learned, self._learned = self._learned, _Learned()
            if self._writes:
                self._store_records(learned)
                self._store_inspections(learned.inspections)
                self._store_descriptions(learned.descriptions)
            self._known, self._sizes = {}, {}  # the next scan loads them again

    def _store_inspections(self, read_inspections: Inspections | None) -> None:
        if read_inspections is not None:
            with suppress(OSError):  # the next scan reads them again
                inspections.write(self._machine.state_directory, self._host, read_inspections)

    def _store_descriptions(self, found: Descriptions | None) -> None:
        if found is None:
            return
        lasting = {path: one for path, one in found.items() if one.fingerprint is not None}
        if lasting != self._descriptions:
            descriptions.write(self._machine.state_directory, self._host, lasting)

    def _store_records(self, learned: _Learned) -> None:
        """Store records first in the index, in one transaction, then in sidecars.

        What another process has stored since the scan began stays: it is newer.
        """
        records, facts = learned.records, learned.facts
        changed = {
            path
            for path, record in in_turns(records.items())
            if facts and self._changed(facts.environments[path], facts.memories[path], record)
        }
        unknown = records.keys() - self._known.keys() if self._indexed else set[Path]()
        news, stored = changed | unknown, None
        if news or learned.sizes:
            with self._index() as index:
                given = [records[path] for path in news]
                stored = index.remember_scan(given, self._known, learned.sizes)
        overtaken = set[Path]() if stored is None else news - stored
        due = changed - overtaken
        self._write_pins(record for path, record in records.items() if path not in overtaken)
        self._write_sidecars(
            record
            for path, record in records.items()
            if facts and path in due and keeps_sidecar(facts.environments[path])
        )

    def _changed(self, environment: Environment, memory: Memory, record: Record) -> bool:
        """Return whether a record says more than what is stored of its environment.

        The date when a project was last seen is compared with the last change of its environment;
        without a change since, a newer date is not worth storing.
        """
        if memory.relation is not Relation.SAME or merge.worth_writing(memory.record, record):
            return True
        stored = self._known.get(environment.path)
        if stored is not None and identity.not_ahead(stored, record.last_seen) is not stored:
            return True  # it was stored while the clock was ahead
        missing = not environment.sidecar and keeps_sidecar(environment)
        return missing or (environment.changed or 0.0) >= memory.record.last_seen

    def _report_index(self, index: Index) -> None:
        """Report a problem of the index once; an index that was set aside counts until the end."""
        if index.lost and index.usable:
            self._set_aside = self._set_aside or index.problem
        if self._set_aside and not self.pins_unknown:
            file = visible(self._machine.state_directory / pins.NAME)
            self.pins_unknown = (
                f"Pins are unknown: {self._set_aside}. "
                f"Pins are also stored in {file}, which venvdash uses from the next start on."
            )
        if index.problem and index.problem not in self._index_problems:
            self._index_problems.add(index.problem)
            self._problems.append(Problem(None, index.problem))

    def _write_sidecars(self, records: Iterable[Record]) -> None:
        errors = []
        for record in records:
            try:
                sidecar.write(record.path, record, flush=False)
            except OSError as error:
                errors.append(error)
        failed = Counter(because(error) for error in errors if error.errno not in _SILENT)
        for reason, count in failed.items():
            message = f"{count} sidecar{'s' * (count > 1)} cannot be written: {reason}"
            self._problems.append(Problem(None, f"{message}; the list is still complete"))


def _alike(usage: Usage, known: Usage) -> bool:
    """Return whether two measurements are equal but for their dates."""
    return replace(usage, measured=known.measured, exact=known.exact) == known
