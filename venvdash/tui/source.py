"""What the dashboard needs of a session: the real one has it all, a test's as much as it tests."""

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from venvdash.actions.events import ActionEvent, Finished
from venvdash.actions.process.run_log import Log
from venvdash.model import Plan, Proposal, Result, Row, Trashed
from venvdash.scanner.events import Problem
from venvdash.session.events import SessionEvent
from venvdash.system.machine import Machine

if TYPE_CHECKING:
    from venvdash.actions.delete.project_search import ProjectSearch
    from venvdash.actions.delete.prune import Offer
    from venvdash.actions.delete.selection_size import Together
    from venvdash.scanner.folders import EnvironmentFolder
    from venvdash.session.own_stores import Added


class Changes(Protocol):
    """What changes environments; each runs in the calling thread, as the session's own do.

    Of the proposals none raises: why something cannot be done is in the proposal.
    """

    def sync(self, row: Row, *, cancel: threading.Event | None = None) -> Proposal:
        """Return what a sync through uv would do; ``cancel`` ends the wait for uv."""

    def trust(self, projects: Iterable[Path]) -> None:
        """Let code of these projects of other users be run, for as long as the session lasts."""

    def relink(self, row: Row, project: Path, *, share: bool = False) -> Proposal:
        """Return what linking to ``project`` would do; with ``share`` beside its present ones."""

    def unlink(self, row: Row) -> Proposal:
        """Return what saying that it belongs to no project would do."""

    def projects(self, row: Row) -> list[Path]:
        """Return directories that it may belong to, the likeliest first."""

    def copy(
        self, row: Row, name: str, *, root: Path | None = None, python: str | None = None
    ) -> Proposal:
        """Return what a copy called ``name``, in the store at ``root`` or its own, would be."""

    def rename(self, row: Row, name: str) -> Proposal:
        """Return what giving it another name would do."""

    def move(self, row: Row, root: Path) -> Proposal:
        """Return what moving it to the store at ``root`` would do."""

    def pin(self, row: Row, *, pinned: bool) -> Row:
        """Pin or unpin one; return its row then. Raises AnnotationError."""

    def note(self, row: Row, text: str) -> Row:
        """Store a note, "" for none; return the row then. Raises AnnotationError."""

    def apply(
        self, proposals: Sequence[Proposal], cancel: threading.Event | None = None
    ) -> Iterator[ActionEvent]:
        """Carry out proposals one after the other and tell how it goes."""


class Source(Protocol):
    """What the dashboard needs of a session."""

    machine: Machine
    problems: list[Problem]
    log: Log
    """The programs that were run; any thread may read it at any time."""

    @property
    def changes(self) -> Changes:
        """What changes environments without deleting them."""

    def tidy(self) -> Sequence[str]:
        """Fix what a crash left, before the first scan; a sentence for each thing fixed."""

    def scan(
        self, *, usage: bool = True, cancel: threading.Event | None = None
    ) -> Iterator[SessionEvent]:
        """Scan the machine; runs in the calling thread."""

    def folders_outside(self) -> "Sequence[EnvironmentFolder]":
        """Return the folders of environments that are no store; at any time, in any thread."""

    def add_store(self, path: Path) -> "Added":
        """Make such a folder a store. Raises own_stores.RefusedError."""

    # Of these each runs in the calling thread, one thread at a time and none during a scan.

    def search_projects(self, holds: Callable[[Row], bool]) -> "ProjectSearch":
        """Start to search for the projects of what a rule holds for, or return the search for it.

        Any thread may wait for its end.
        """

    def take_findings(self, search: "ProjectSearch") -> Iterator[SessionEvent]:
        """Show in the table what a search found, and remember it."""

    def restore_found(self, search: "ProjectSearch") -> Iterator[ActionEvent]:
        """Restore what was deleted while the search ran, where it found the project."""

    @property
    def unsettled(self) -> Sequence[Row]:
        """What was deleted by hand and whose project is still to be searched for; at any time."""

    def remaining(self, finished: Finished) -> Finished:
        """Return how a deletion ended, as of now: without what was restored since."""

    def lost_in_trash(self) -> Sequence[Trashed]:
        """Return what lies in the trash because its project was not found, and may come back."""

    def search_trash(
        self, trash: Sequence[Trashed], cancel: threading.Event
    ) -> Sequence[tuple[Trashed, str]]:
        """Search for the projects of these; any thread may call it at any time."""

    @property
    def pins_unknown(self) -> str:
        """Why nobody knows what is pinned, so that no rule picks anything; "" where it is known."""

    def settle_trash(
        self, trash: Sequence[Trashed], found: Sequence[tuple[Trashed, str]]
    ) -> Iterator[ActionEvent]:
        """Take in what ``search_trash`` found: restore what was never searched for to the end."""

    def candidates(
        self, holds: Callable[[Row], bool], cancel: threading.Event | None = None
    ) -> Sequence["Offer"]:
        """Return what a rule holds for, once the projects of these were searched for."""

    def union(self, paths: Iterable[Path]) -> "Together":
        """Add up what deleting these together gives back."""

    def plan_delete(
        self,
        paths: Sequence[Path],
        cancel: threading.Event | None = None,
        *,
        early: bool = False,
        by_rule: bool = False,
    ) -> Plan:
        """Return what deleting these would do; ``early`` does not wait for the search.

        ``by_rule``: a rule has marked some of them.
        """

    def delete(
        self,
        plan: Plan,
        *,
        now: bool = False,
        clean_cache: bool = False,
        cancel: threading.Event | None = None,
    ) -> Iterator[ActionEvent]:
        """Carry out a plan that was shown."""

    @property
    def undoes_relink(self) -> bool:
        """Whether ``undo`` takes back a relinking; then the table is as old as before."""

    @property
    def undoable(self) -> int:
        """How many environments ``undo`` would bring back, or link again."""

    def newest_deletion(self) -> Sequence[Trashed]:
        """Return what the newest deletion, of whatever session, moved to the trash."""

    def restore_all(self, which: Iterable[Trashed]) -> Iterator[ActionEvent]:
        """Bring back several; the table is as old as before."""

    def undo(self) -> Iterator[ActionEvent]:
        """Take the last deletion back, all of it."""

    def trash(self) -> Sequence[Trashed]:
        """Return what lies in the trash, the newest first."""

    def restore(self, trashed: Trashed, name: str | None = None) -> Result:
        """Bring one back, under another name if that is given."""

    def empty_trash(
        self, which: Iterable[Trashed] | None = None, cancel: threading.Event | None = None
    ) -> Iterator[ActionEvent]:
        """Free what lies in the trash, all of it or ``which``.

        ``cancel`` ends the search for what was not searched for.
        """
