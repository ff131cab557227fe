"""The table of environments, as far as actions read it and keep it up to date."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from venvdash.actions.change_log import ChangeLog
from venvdash.actions.context import PATIENCE, Context
from venvdash.actions.process.run_log import Log
from venvdash.config import Config
from venvdash.model import Facts, Presence, Row
from venvdash.scanner.events import Problem
from venvdash.scanner.evidence.references import Reference
from venvdash.system.machine import Machine


class Table:
    """What is known of this user's environments, and what actions may do with them.

    ``rows`` are replaced, never changed in place. ``missing`` are rows of projects without their
    environment, by its path; never one of ``rows``. With ``remembers`` False nothing is written
    outside the environments and projects that an action is about. ``trusted`` are projects of
    other users, links resolved, whose code may be run. ``log`` has the programs that were started.
    """

    def __init__(self, machine: Machine, config: Config, *, remembers: bool) -> None:
        self.machine = machine
        self.config = config
        self.remembers = remembers
        self.rows: dict[Path, Row] = {}
        self.missing: dict[Path, Row] = {}
        self.facts: Facts | None = None  # what the verdicts were decided on
        self.problems: list[Problem] = []
        self.log = Log()
        self.trusted: set[Path] = set()
        self.patience = PATIENCE  # seconds to wait for another venvdash that changes a store
        self.spare_cores = 0  # how many cores long work leaves to whoever types meanwhile
        self.change_log = ChangeLog(machine, remembers=remembers)
        self._names: Mapping[Path, str] = {}
        self._references: Mapping[Path, tuple[Reference, ...]] = {}

    @property
    def rules_stopped(self) -> str:
        """Why rules must delete nothing: pins or settings are unknown; "" if they are known."""
        return self.config.unsafe

    def store_records(self) -> object:
        """Store what scans have learned, before something else changes the records."""

    def context(self) -> Context:
        """Return what actions may know of the machine as it is now."""
        context = Context.current(self.machine, self.config, self.log)
        notes = self.machine.state_directory if self.remembers else None
        trusted = frozenset(self.trusted)
        return replace(context, trusted=trusted, notes=notes, patience=self.patience)

    def known_projects(self) -> Iterator[tuple[Path, str]]:
        """Yield the projects that the last scan came by, and what each calls itself, or ""."""
        places = self.facts.places if self.facts else {}
        there = [path for path, place in places.items() if place.presence is Presence.PRESENT]
        others = [path for path in self._names if path not in places]
        for path in dict.fromkeys((*there, *others)):
            yield path, self._names.get(path, "")

    def referenced(self, path: Path) -> str:
        """Return what outside names an environment (a kernel, a service …), "" where nothing."""
        references = self._references.get(path, ())
        return f"{references[0].what}: {references[0].file}" if references else ""

    def report(self, path: Path | None, message: str) -> None:
        """Add a problem to those that are shown."""
        self.problems.append(Problem(path, message))

    def _report(self, problems: Iterable[Problem]) -> None:
        self.problems.extend(problems)
