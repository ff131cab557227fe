"""A session that answers what a test says: what the dashboard is tested with."""

import threading
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from textual.app import App

from tests.tui.rows import HOME
from venvdash.actions.delete.project_search import ProjectSearch, Tell, quiet
from venvdash.actions.delete.prune import PruneCandidate, Rules
from venvdash.actions.delete.selection_size import SelectionSize
from venvdash.actions.events import ActionEvent, Finished, RowChanged
from venvdash.actions.history.undo import UndoPlan
from venvdash.actions.new.plan import NewEnvironment, planned
from venvdash.actions.process.run_log import Log
from venvdash.actions.verbs import Actions
from venvdash.config import Config
from venvdash.model import (
    Action,
    Flag,
    Outcome,
    Plan,
    Proposal,
    Result,
    Row,
    Trashed,
)
from venvdash.records.history import Change, ChangedEnvironment
from venvdash.records.snapshot import Settings
from venvdash.scanner.discovery.other_folders import EnvironmentFolder
from venvdash.scanner.events import Ended, Problem
from venvdash.scanner.search import Findings
from venvdash.session import Session
from venvdash.session.events import SessionEvent
from venvdash.session.subshell import Invocation
from venvdash.session.suggested_stores import AddedStore
from venvdash.system.machine import Machine
from venvdash.tui.suspend import ExternalPrograms

Told = SessionEvent | threading.Event | Exception


def _told(events: Iterable[object], cancel: threading.Event | None) -> Iterator[Any]:
    """Yield the events; raise an exception among them, wait at a threading.Event."""
    for event in events:
        if isinstance(event, Exception):
            raise event
        if not isinstance(event, threading.Event):
            yield event
            continue
        while not event.wait(0.01):
            if cancel is not None and cancel.is_set():
                break


@dataclass
class FakeActions(Actions):
    """Actions that propose what ``answers`` holds for a row's path and tell what ``applying`` does.

    Of a row without an answer it is proposed to do what was asked for. At a threading.Event it
    waits, or for the end of it all where it is cancelled. ``asked`` notes what was asked for.
    """

    answers: dict[Path, Proposal | Exception | threading.Event] = field(default_factory=dict)
    offered: Sequence[Path] | Exception = ()
    applying: Iterable[ActionEvent | threading.Event | Exception] = (Finished(()),)
    asked: list[tuple[object, ...]] = field(default_factory=list)
    applied: list[Sequence[Proposal]] = field(default_factory=list)

    def _answer(self, action: Action, row: Row, *asked: object) -> Proposal:
        self.asked.append((action, row.name, *asked))
        answer = self.answers.get(row.path)
        if isinstance(answer, threading.Event):
            answer.wait(60)
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, Proposal):
            return replace(answer, action=action, row=row)
        return Proposal(action, row, (f"It will be done: {action}.",))

    def sync_each(self, *asked: Any, **options: Any) -> Generator[Proposal, None, None]:
        for row in asked[0]:
            yield self._answer(Action.SYNC, row)

    def trust(self, projects: Iterable[Path]) -> None:
        trusted = set(projects)
        self.asked.append(("trust", *sorted(trusted)))
        answers = self.answers.items()
        self.answers = {
            path: answer
            for path, answer in answers
            if not (isinstance(answer, Proposal) and answer.distrusted in trusted)
        }

    def relink(self, row: Row, project: Path, *, share: bool = False) -> Proposal:
        return self._answer(Action.RELINK, row, project, share)

    def unlink(self, row: Row) -> Proposal:
        return self._answer(Action.UNLINK, row)

    def pin(self, row: Row, *, pinned: bool) -> Row:
        self.asked.append(("pin", row.name, pinned))
        flags = row.environment.flags - {Flag.PINNED} | ({Flag.PINNED} if pinned else set())
        return replace(row, environment=replace(row.environment, flags=flags))

    def note(self, row: Row, text: str) -> Row:
        self.asked.append(("note", row.name, text))
        return row

    def projects(self, row: Row) -> list[Path]:
        if isinstance(self.offered, Exception):
            raise self.offered
        return list(self.offered)

    def copy(
        self, row: Row, name: str, *, root: Path | None = None, python: str | None = None
    ) -> Proposal:
        return self._answer(Action.COPY, row, name, root, python)

    def new(self, wanted: NewEnvironment) -> Proposal:
        place = planned(wanted.name, wanted.root or HOME)
        return self._answer(Action.NEW, place, wanted)

    def rename(self, row: Row, name: str) -> Proposal:
        return self._answer(Action.RENAME, row, name)

    def move(self, row: Row, root: Path) -> Proposal:
        return self._answer(Action.MOVE, row, root)

    def apply(
        self, proposals: Sequence[Proposal], cancel: threading.Event | None = None
    ) -> Iterator[ActionEvent]:
        self.applied.append(proposals)
        yield from _told(self.applying, cancel)


class EndedSearch(ProjectSearch):
    """A search that has ended; with ``gate`` only once that is set."""

    def __init__(self, findings: Findings, gate: threading.Event | None = None) -> None:
        super().__init__(Machine(home=HOME), Config(), {}, None, None)
        self._found, self._gate = findings, gate

    @property
    def over(self) -> bool:
        return self._gate is None or self._gate.is_set()

    @property
    def findings(self) -> Findings:
        return self._found

    def wait(self, cancel: threading.Event | None = None, tell: Tell = quiet) -> Findings:
        while self._gate is not None and not self._gate.wait(0.01):
            if cancel is not None and cancel.is_set():
                break
        return self._found


def undo_plan(action: Action = Action.DELETE, since: float = 0.0, **more: Any) -> UndoPlan:
    """Return the plan to undo a change of one environment, by default one of this session."""
    return UndoPlan(Change(action, since, (ChangedEnvironment(HOME / "x", "webapp"),)), **more)


@dataclass
class FakeSession(Session):
    """A session that yields a list of events; at a threading.Event it waits, as for a slow disk.

    It is its own ``deletions``, ``trash`` and ``searches``.

    ``plan`` (``replanned`` once the search has ended), ``deleting``, ``undoing`` and ``trashed``
    are what it answers to people who delete.
    ``search`` is the search for projects, ``found`` what it changes in the table, ``restored``
    what is restored then, ``returned`` what in the trash has a project again, ``settled`` what is
    restored of that at once. ``owed`` was deleted and is still to be searched for.
    """

    events: Sequence[Told] = ()
    machine: Machine = field(default_factory=lambda: Machine(home=HOME))
    config: Config = field(default_factory=Config)
    problems: list[Problem] = field(default_factory=list)
    scans: int = 0
    plan: Plan | Exception = field(default_factory=lambda: Plan(Action.DELETE, ()))
    replanned: Plan | None = None
    deleting: Sequence[ActionEvent | threading.Event | Exception] = ()
    undoing: Sequence[ActionEvent] = (Finished(()),)
    undo_plan: UndoPlan | str = field(default_factory=lambda: undo_plan())
    trashed: Sequence[Trashed] = ()
    led: Mapping[str, str] = field(default_factory=dict)
    no_pins: str = ""
    search: EndedSearch = field(default_factory=lambda: EndedSearch(Findings(ended=True)))
    found: Sequence[SessionEvent] = ()
    restored: Sequence[ActionEvent] = ()
    returned: Sequence[tuple[Trashed, str]] = ()
    owed: Sequence[Row] = ()
    settled: Sequence[ActionEvent] = ()
    kept: Settings | None = None
    asked: list[object] = field(default_factory=list)
    log: Log = field(default_factory=Log)
    folders: Sequence[EnvironmentFolder] = ()
    actions: FakeActions = field(default_factory=FakeActions)

    deletions: Any = None
    trash: Any = None
    searches: Any = None

    def __post_init__(self) -> None:
        self.deletions = self.trash = self.searches = self
        self.actions.undo = self.undo  # type: ignore[method-assign]  # a fake
        self.actions.restore = self.restore  # type: ignore[method-assign]  # a fake

    def scan(
        self,
        *,
        usage: bool = True,
        search: bool = True,
        early: bool = True,
        asked: bool = False,
        cancel: threading.Event | None = None,
    ) -> Iterator[SessionEvent]:
        self.scans += 1
        for event in self.events:
            if isinstance(event, Exception):
                raise event
            if isinstance(event, threading.Event):
                while not event.wait(0.01):
                    if cancel is not None and cancel.is_set():
                        yield Ended(cancelled=True, seconds=0.1)
                        return
            else:
                yield event

    def keep_list(self, settings: Settings | None = None) -> None:
        self.kept = settings

    def tidy(self) -> list[str]:
        return []

    def remember(self) -> list[Problem]:
        return []

    def folders_outside(self) -> list[EnvironmentFolder]:
        return list(self.folders)

    def add_store(self, path: Path) -> AddedStore:
        self.asked.append(path)
        (folder,) = [one for one in self.folders if one.path == path]
        self.folders = [one for one in self.folders if one.path != path]
        return AddedStore(folder, HOME / ".config/venvdash/config.toml", "")

    def union(self, paths: Iterable[Path]) -> SelectionSize:
        wanted = set(paths)
        rows = [event.row for event in self.events if isinstance(event, RowChanged)]
        sizes = [row.usage for row in rows if row.path in wanted and row.usage]
        reclaimable = sum(usage.reclaimable for usage in sizes)
        held = sum(usage.cache_held or 0 for usage in sizes)
        exact = all(usage.exact for usage in sizes)
        at_most = any(usage.at_most for usage in sizes)
        return SelectionSize(len(wanted), reclaimable, held, exact, at_most)

    def on_disk(self, paths: Iterable[Path]) -> int:
        wanted = set(paths)
        rows = [event.row for event in self.events if isinstance(event, RowChanged)]
        return sum(row.usage.on_disk for row in rows if row.path in wanted and row.usage) // 2

    @property
    def rules_stopped(self) -> str:
        return self.no_pins

    def candidates(
        self, holds: Callable[[Row], bool], cancel: threading.Event | None = None
    ) -> Sequence[PruneCandidate]:
        rows = [event.row for event in self.events if isinstance(event, RowChanged)]
        return [
            PruneCandidate(row, row.verdict.reason, self.led.get(row.name, ""))
            for row in rows
            if holds(row)
        ]

    def of_rule(self, holds: Callable[[Row], bool]) -> ProjectSearch:
        return self.search

    def lost(self) -> Sequence[Trashed]:
        return [trashed for trashed, _ in self.returned]

    def search_projects(
        self, trash: Sequence[Trashed], cancel: threading.Event
    ) -> Sequence[tuple[Trashed, str]]:
        assert list(trash) == self.lost()
        return self.returned

    def remaining(self, finished: Finished) -> Finished:
        last = [event for event in self.restored if isinstance(event, Finished)]
        back = {one.path for event in last for one in event.results}
        left = tuple(one for one in finished.results if one.path not in back)
        return replace(finished, results=left, in_trash=sum(one.reclaimable for one in left))

    def settle(
        self, trash: Sequence[Trashed], found: Sequence[tuple[Trashed, str]]
    ) -> Iterator[ActionEvent]:
        yield from self.settled

    def taken(self, search: ProjectSearch) -> Iterator[SessionEvent]:
        yield from self.found

    def restore_found(self, search: ProjectSearch) -> Iterator[ActionEvent]:
        self.owed = ()
        yield from self.restored

    def plan_delete(self, paths: Sequence[Path], *asked: Any, **options: Any) -> Plan:
        self.asked.append(tuple(paths))
        if isinstance(self.plan, Exception):
            raise self.plan
        return self.replanned if self.replanned and self.search.over else self.plan

    def plan_prune(self, rules: Rules, *asked: Any, **options: Any) -> Plan:
        self.asked.append(rules)
        if isinstance(self.plan, Exception):
            raise self.plan
        return self.plan

    def delete(
        self,
        plan: Plan,
        *,
        now: bool = False,
        clean_cache: bool = False,
        cancel: threading.Event | None = None,
    ) -> Iterator[ActionEvent]:
        self.asked.append((plan, now, clean_cache))
        yield from _told(self.deleting, cancel)

    def plan_undo(self, number: int | None = None) -> UndoPlan | str:
        return self.undo_plan

    def undo(self, plan: UndoPlan, cancel: threading.Event | None = None) -> Iterator[ActionEvent]:
        self.asked.append(plan)
        yield from self.undoing

    def find(self) -> Sequence[Trashed]:  # type: ignore[override]  # as the trash
        return self.trashed

    def restore(self, trashed: Trashed, name: str | None = None) -> Result:
        self.asked.append((trashed, name))
        taken = Outcome.SKIPPED if name is None else Outcome.DONE
        return Result(trashed.original, trashed.name, taken, trashed.reason, trashed.path)

    def empty(
        self, which: Iterable[Trashed] | None = None, cancel: threading.Event | None = None
    ) -> Iterator[ActionEvent]:
        chosen = list(self.trashed if which is None else which)
        self.asked.append(tuple(chosen))
        results = [Result(item.original, item.name, Outcome.DONE) for item in chosen]
        yield Finished(tuple(results), freed=sum(item.reclaimable for item in chosen))


@dataclass
class FakePrograms(ExternalPrograms):
    """Runs nothing: notes what it was to run, and answers ``problem``.

    ``refuses`` is raised by what prepares, which waits for ``gate``.
    """

    terminal: bool = True
    problem: str = ""
    refuses: Exception | None = None
    gate: threading.Event | None = None
    ran: list[Invocation] = field(default_factory=list)

    def possible(self, app: App[int]) -> bool:
        return self.terminal

    def shell(self, session: Session, row: Row) -> Invocation:
        return self._prepared("shell", row)

    def edit(self, session: Session, row: Row) -> Invocation:
        return self._prepared("edit", row)

    def _prepared(self, what: str, row: Row) -> Invocation:
        if self.gate is not None:
            self.gate.wait(60)
        if self.refuses is not None:
            raise self.refuses
        return Invocation((what, row.name), {}, row.path, interactive=what == "shell")

    def run(self, app: App[int], invocation: Invocation) -> str:
        self.ran.append(invocation)
        return self.problem
