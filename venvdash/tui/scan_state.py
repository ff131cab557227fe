"""What a scan has found so far. Knows no Textual."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from venvdash.actions.events import RowChanged, RowGone
from venvdash.model import NotEnvironment
from venvdash.scanner.discovery.other_folders import EnvironmentFolder
from venvdash.scanner.events import Ended, Phase, Problem, Progress, SkippedEntry, StoreSeen
from venvdash.session.events import EnvironmentsMissing
from venvdash.text import visible
from venvdash.tui.background_scan import DiskFree, Fixed, ScanEvent
from venvdash.tui.jobs import JobFailed
from venvdash.tui.table import Table, View


@dataclass
class ScanState:
    """The table of rows, and everything else that a scan finds.

    ``due`` says that the table must be arranged again, ``complete`` that all environments have
    been found, ``folders`` those of environments that are no store, ``failure`` how the last scan
    failed, ``fixed`` what was fixed: safe to show.
    """

    table: Table = field(default_factory=Table)
    problems: list[Problem] = field(default_factory=list)
    oddities: list[NotEnvironment] = field(default_factory=list)
    stores: list[StoreSeen] = field(default_factory=list)
    folders: Sequence[EnvironmentFolder] = ()
    progress: Progress | None = None
    disk_free: int | None = None
    outcome: str = ""
    failure: str = ""
    fixed: list[str] = field(default_factory=list)
    complete: bool = False
    ended: bool = False  # the last scan, and was not cancelled
    due: bool = False

    def begin(self) -> None:
        """Forget what the last scan found beside the rows: a new one begins."""
        self.problems, self.oddities, self.stores = [], [], []
        self.progress = Progress(Phase.STORES, 0, 0)
        self.outcome = self.failure = ""
        self.ended = False

    def end(self, problems: list[Problem]) -> None:
        """Note that the scan has ended; ``problems`` are all of the session's."""
        if self.ended:
            self.due |= bool(self.table.settle())
        self.problems += [problem for problem in problems if problem not in self.problems]
        self.progress = None
        self.complete = True

    def take(self, events: Iterable[ScanEvent | JobFailed]) -> set[Path]:
        """Take events in and return the paths whose rows changed; the last row of each counts."""
        rows: dict[Path, RowChanged] = {}
        for event in events:
            if isinstance(event, RowChanged):
                rows[event.row.path] = event
            elif isinstance(event, RowGone):
                rows.pop(event.path, None)
                self.due |= self.table.drop(event.path)
            elif isinstance(event, EnvironmentsMissing):
                self.due |= self.table.put_missing(event.rows)
            else:
                self._take_other(event)
        touched = set(rows)
        for change in rows.values():
            self.due |= self.table.put(change.row, settled=change.settled)
        if self.table.remembered and any(change.settled for change in rows.values()):
            touched |= self.table.mark_gone()
        return touched

    def _take_other(self, event: ScanEvent | JobFailed) -> None:
        match event:
            case Progress():
                self.progress = event
                self.complete |= event.phase is not Phase.STORES
            case StoreSeen():
                self.stores.append(event)
            case SkippedEntry():
                self.oddities.append(event.what)
            case Problem():
                self.problems.append(event)
            case Fixed():
                self.fixed.append(visible(event.message))
            case DiskFree():
                self.disk_free = event.free
            case Ended():
                how = "scan stopped after" if event.cancelled else "scanned in"
                self.ended = not event.cancelled
                self.outcome = f"{how} {event.seconds:.1f} s"
            case JobFailed():
                self.failure = f"The scan failed: {visible(event.message)}"
                self.problems.append(Problem(None, self.failure))
                self.outcome = "the scan failed"

    @property
    def counts(self) -> tuple[int, ...]:
        """How many there are in each view."""
        other = len(self.problems) + len(self.oddities)
        rows = (self.table.count(view) for view in View if view is not View.OTHER)
        return (*rows, other)
