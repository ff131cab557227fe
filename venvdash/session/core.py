"""The session: the one table that both faces draw."""

import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from venvdash.actions.recovery import recover
from venvdash.config import Config, load
from venvdash.model import Row, Trashed
from venvdash.scanner import service
from venvdash.scanner.events import Ended, Problem
from venvdash.scanner.stages.scan_state import SavedRecords
from venvdash.session import remembered_answers
from venvdash.session.events import SessionEvent
from venvdash.session.lookup import NamedTable
from venvdash.session.memory import ScanMemory
from venvdash.system.foreground import give_way
from venvdash.system.host import host_id
from venvdash.system.machine import Machine
from venvdash.system.timeouts import Failed, Job, TimedRunner

if TYPE_CHECKING:
    from venvdash.actions.delete.deletions import Deletions
    from venvdash.actions.delete.restore import Trash
    from venvdash.actions.delete.shared_searches import Searches
    from venvdash.actions.history.undo import UndoPlan
    from venvdash.actions.verbs import Actions
    from venvdash.model.installed import InstalledPackage
    from venvdash.records.snapshot import Settings
    from venvdash.scanner.discovery.other_folders import EnvironmentFolder
    from venvdash.scanner.usage.usage_index import UsageIndex
    from venvdash.session.environment_details import EnvironmentDetails
    from venvdash.session.installed import InstalledPackages
    from venvdash.session.suggested_stores import AddedStore

# Seconds for one step of it; each waits itself for what does not respond, and then goes on.
_RECOVERY_PATIENCE = 20.0


class Session(NamedTable):
    """A user's environments: scanned on demand, kept by path, the same for every face.

    ``rows`` are replaced, never changed in place; one thread at a time may scan. With ``records``
    False (or so configured) nothing is written anywhere.
    """

    def __init__(self, machine: Machine, config: Config, *, records: bool = True) -> None:
        remembers = records and config.records and machine.foreign_home is None
        super().__init__(
            machine, config, ScanMemory(machine, writes=remembers), remembers=remembers
        )
        self.patience = service.PATIENCE  # seconds that one directory may take to answer
        self._tidied = False
        # A scan's names are to be stored; True where one of them was asked for.
        self._names_of_scan: bool | None = None
        self._listed: float | None = None  # when the last complete scan ended
        self._list_due = False  # it is not stored yet

    @cached_property
    def actions(self) -> "Actions":
        """What changes environments; a list imports none of it."""
        from venvdash.actions.verbs import Actions

        return Actions(self)

    @property
    def deletions(self) -> "Deletions":
        """Deleting environments."""
        return self.actions.deletions

    @property
    def trash(self) -> "Trash":
        """What was deleted and can be restored."""
        return self.actions.trash

    def returned_trash(self) -> list[tuple[Trashed, str]]:
        """Return what in the trash has a project again where that was, each with a sentence."""
        return self.trash.returned() if self.may_have_trash else []

    @property
    def may_have_trash(self) -> bool:
        """Whether anything was deleted that may still be in the trash."""
        from venvdash.actions.delete import trash_locations

        return any(trash_locations.noted(self.machine.state_directory))

    @property
    def searches(self) -> "Searches":
        """The searches before anything is pruned."""
        return self.actions.searches

    def scan(
        self,
        *,
        usage: bool = True,
        search: bool = True,
        early: bool = True,
        asked: bool = False,
        cancel: threading.Event | None = None,
    ) -> Iterator[SessionEvent]:
        """Scan in this thread and yield what changes, as it does; the last event is ``Ended``.

        ``usage``: measure sizes. ``search``: look for projects (without it statuses stay
        ``checking`` where nothing proves them). ``early``: give rows before that search has ended.
        ``asked``: for one name, so that names are remembered even if none has changed. ``cancel``
        ends it within a tenth of a second. What it learned is stored by ``remember``.
        """
        self.stores, self.oddities = [], []
        self.problems = [Problem(None, problem.message) for problem in self.config.problems]
        self.listed = None
        seen: set[Path] = set()
        cancelled = (cancel or threading.Event()).is_set
        self._tidy(cancelled)

        def recall() -> SavedRecords:
            past = self._memory.load(sizes=usage)
            self._report(self._memory.problems())
            return past

        for event in service.scan(
            self.machine,
            self.config,
            recall,
            self._memory.inspections(),
            usage=usage,
            search=search,
            early=early,
            cancelled=cancelled,
            patience=self.patience,
        ):
            give_way()
            if isinstance(event, Ended) and not event.cancelled:
                yield from self._gone(seen)
                if usage and search:
                    self._listed, self._list_due = self.machine.clock().wall, True
            yield from self._take(event, seen)
        if search and not cancelled():
            self._names_of_scan = asked

    def remember(self) -> list[Problem]:
        """Store what scans have learned, the names of the last one, and its list.

        Both faces call it when the rows are shown and nobody waits, or what was asked for is done.
        """
        problems = self.store_records()  # before the names, which depend on the sidecars
        asked, self._names_of_scan = self._names_of_scan, None
        if asked is not None:
            remembered_answers.remember_names(self, asked=asked)
        if self._list_due:
            self.keep_list()
        return problems

    def keep_list(self, settings: "Settings | None" = None) -> None:
        """Store the rows for the first frame of the next start, if a complete scan has ended.

        ``settings``: how they are shown; None keeps what is stored. What cannot be stored is left
        out: the next start then shows an older list, or begins without one.
        """
        if self._listed is None or not self.remembers:
            return
        from venvdash.records import snapshot
        from venvdash.records.summaries import summary_of

        self._list_due = False
        with suppress(OSError):
            snapshot.write(
                self.machine.state_directory,
                host_id(),
                map(summary_of, [*self.rows.values(), *self.missing.values()]),
                other=len(self.problems) + len(self.oddities),
                now=self._listed,
                settings=settings,
            )

    def _usage_indexed(self, usage_index: "UsageIndex") -> None:
        self.deletions.sums.usage_index = usage_index

    def _tidy(self, cancelled: Callable[[], bool]) -> None:
        """Fix what a crash left before it is judged: a project's link may be missing."""
        if not self.remembers or self._tidied:
            return
        self._tidied = True
        for step, late in recover.steps_if_due(self, lambda: self.trash):
            job = Job(self.machine.home, step)
            for answer in TimedRunner(_RECOVERY_PATIENCE, cancelled).run([job]):
                if isinstance(answer, list):
                    self._report(Problem(None, sentence) for sentence in answer)
                    continue
                if isinstance(answer, Failed):
                    why = f"{type(answer.error).__name__}: {answer.error}"
                    late = f"Recovery from a crash failed: {why}."
                self._report([Problem(None, late)])
                return
            if cancelled():
                return

    def examine(self, row: Row) -> "EnvironmentDetails":
        """Return what is looked up for one environment only. Raises nothing."""
        from venvdash.session.environment_details import examine  # no list needs it

        return examine(row, self._references.get(row.path, ()), self.machine, self.config)

    @cached_property
    def _installed(self) -> "InstalledPackages":
        from venvdash.session.installed import InstalledPackages  # no list needs it

        return InstalledPackages()

    def installed(self, row: Row) -> "tuple[InstalledPackage, ...]":
        """Return the packages of an environment, compared with all known others.

        Raises nothing. Any thread may ask, one at a time, also during a scan.
        """
        return self._installed.of(row, list(self.rows.values()))

    def folders_outside(self) -> "list[EnvironmentFolder]":
        """Return the folders of environments that are no store; walks HOME. Any thread may ask."""
        from venvdash.session import suggested_stores

        return suggested_stores.suggestions(self.machine, self.config)

    def add_store(self, path: Path) -> "AddedStore":
        """Make a folder of environments a store, from the next scan on.

        Raises own_stores.RefusedError.
        """
        from venvdash.session import suggested_stores

        added = suggested_stores.add(path, self.machine, self.config)
        self.config = load(self.machine.config_file)
        return added

    def plan_undo(self, number: int | None = None) -> "UndoPlan | str":
        """Return what undoing a change would do, without ``number`` the newest that can be undone.

        Where there is none, return why, a sentence. It scans where the plan needs rows that are
        not known.
        """
        from venvdash.actions.history import undo

        status = undo.chosen(self, number)
        if isinstance(status, str):
            return status
        if undo.needs_scan(self, status):
            for _ in self.scan(usage=False):
                """Only what the table then knows counts."""
        self.store_records()
        return undo.plan(self, self.deletions, status)

    def tidy(self) -> list[str]:
        """Fix what a crash left, begin to free what is in the trash for too long.

        Returns a sentence for each thing fixed. The first scan does it where there is need. With
        another user's HOME nothing is touched.
        """
        return recover.always(self, self.trash)
