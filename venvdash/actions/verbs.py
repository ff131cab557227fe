"""All verbs of one table, as both faces use them: planned, shown, then carried out."""

import threading
from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from venvdash.actions import auto_activation
from venvdash.actions.delete.deletions import Deletions
from venvdash.actions.events import ActionEvent, Finished, RowState
from venvdash.actions.outcome import result_of
from venvdash.actions.table import Table
from venvdash.model import Action, Outcome, Proposal, Result, Row, Trashed
from venvdash.model.status import State

if TYPE_CHECKING:
    from venvdash.actions.history.status import ChangeStatus
    from venvdash.actions.history.undo import UndoPlan
    from venvdash.actions.new.plan import NewEnvironment
    from venvdash.model.cached_packages import CachedPackage, CacheUse
    from venvdash.records.history import ChangedEnvironment

STATES = {
    Action.SYNC: State.SYNCING,
    Action.RELINK: State.RELINKING,
    Action.UNLINK: State.RELINKING,
    Action.USE: State.RELINKING,
    Action.COPY: State.COPYING,
    Action.NEW: State.CREATING,
    Action.RENAME: State.RENAMING,
    Action.MOVE: State.MOVING,
}
"""What an environment's state is while a change is carried out."""

_ENDS = {
    Outcome.DONE: State.DONE,
    Outcome.SKIPPED: State.SKIPPED,
    Outcome.FAILED: State.FAILED,
}


class Actions:
    """Plans and carries out every verb. One thread at a time may use it.

    ``deletions`` plans and carries out what deletes, ``trash`` restores and frees, ``searches``
    has the searches for projects. The other verbs are methods: each returns a proposal without
    changing anything and raises nothing; why something cannot be done is the ``refusal``.
    ``apply`` looks at each again before it begins. Afterwards the table is as old as before.
    """

    def __init__(self, table: Table) -> None:
        self._table = table
        self.deletions = Deletions(table)
        self.trash = self.deletions.trash
        self.searches = self.deletions.searches
        self.history_silent: list[Path] = []

    # What would be done.

    def sync(
        self,
        row: Row,
        extra: Sequence[str] = (),
        *,
        project: Path | None = None,
        cancel: threading.Event | None = None,
    ) -> Proposal:
        """Return what a sync through uv would do; ``extra`` are further arguments for uv.

        It asks uv, which may take as long as the network does. ``project`` is the one of several
        that is meant; without it the current directory's, or the first. ``cancel`` ends the wait.
        """
        from venvdash.actions.sync import plan

        return plan.propose(self._with_records(), row, project=project, extra=extra, cancel=cancel)

    def sync_each(
        self,
        rows: Sequence[Row],
        extra: Sequence[str] = (),
        *,
        project: Path | None = None,
        cancel: threading.Event | None = None,
    ) -> Generator[Proposal, None, None]:
        """Yield what a sync of each of ``rows`` would do, in their order, as ``sync``.

        uv is asked about several at once.
        """
        from venvdash.actions.sync import plan

        return plan.propose_each(self._table, rows, project=project, extra=extra, cancel=cancel)

    def relink(self, row: Row, project: Path, *, share: bool = False) -> Proposal:
        """Return what linking to ``project`` would do; with ``share`` beside its present ones."""
        from venvdash.actions.relink.plan import plan
        from venvdash.actions.relink.relink_changes import RelinkContext

        context = RelinkContext.of(self._with_records())
        return self._with_git(plan(row, project, context, shared=share).proposal)

    def use(self, row: Row, project: Path) -> Proposal:
        """Return what letting ``project`` use it from now on would do; its others keep it.

        It asks uv what a sync in each of them would take from the others.
        """
        from venvdash.actions.use.plan import plan

        return plan(self._with_records(), row, project).proposal

    def unlink(self, row: Row) -> Proposal:
        """Return what saying that it belongs to no project would do."""
        from venvdash.actions.relink.relink_changes import RelinkContext
        from venvdash.actions.relink.unlink import plan_unlink

        context = RelinkContext.of(self._with_records())
        return self._with_git(plan_unlink(row, context).proposal)

    def copy(
        self, row: Row, name: str, *, root: Path | None = None, python: str | None = None
    ) -> Proposal:
        """Return what a copy called ``name``, in the store at ``root`` or its own, would be."""
        from venvdash.actions.copy.plan import propose_copy

        return propose_copy(self._with_records(), row, name, root=root, python=python)

    def new(self, wanted: "NewEnvironment") -> Proposal:
        """Return what creating an environment would do; its row is of what will be there."""
        from venvdash.actions.new import for_project, plan

        if wanted.project is not None:
            return for_project.propose(self._with_records(), wanted, wanted.project)
        return plan.propose(self._with_records(), wanted)

    def deleted_as(self, name: str) -> "ChangedEnvironment | None":
        """Return the newest environment of that name or path that is no longer in the trash."""
        from venvdash.actions.new import rebuild

        return rebuild.find(self.history(), name, self._table.machine.expand(name))

    def rebuild(self, deleted: "ChangedEnvironment") -> Proposal:
        """Return what recreating a deleted environment from its recorded packages would do."""
        from venvdash.actions.new import rebuild

        return rebuild.propose(self._with_records(), deleted)

    def rename(self, row: Row, name: str) -> Proposal:
        """Return what giving it another name would do."""
        from venvdash.actions.relocate.plan import propose_rename

        return self._with_git(propose_rename(self._with_records(), row, name))

    def move(self, row: Row, root: Path) -> Proposal:
        """Return what moving it to the store at ``root`` would do."""
        from venvdash.actions.relocate.plan import propose_move

        return self._with_git(propose_move(self._with_records(), row, root))

    def adopt(self, row: Row, root: Path | None = None) -> Proposal:
        """Return what moving it out of its project would do.

        It goes to the store at ``root``, else to where its tool looks, else to the default store.
        """
        from venvdash.actions.adopt.plan import leave

        return self._with_git(leave(self._with_records(), row, root).proposal)

    def move_in(self, row: Row) -> Proposal:
        """Return what moving it into its project would do."""
        from venvdash.actions.adopt.plan import enter

        return self._with_git(enter(self._with_records(), row).proposal)

    def _with_git(self, proposal: Proposal) -> Proposal:
        """Return it with what git says of the files and links that it replaces."""
        from venvdash.actions.safety.git_state import git_states

        if proposal.refusal:
            return proposal
        paths = [link.path for link in proposal.links]
        paths += [edit.path for edit in proposal.edits]
        return replace(proposal, git=git_states(paths, self._table.machine))

    def _with_records(self) -> Table:
        """Return the table, once what scans learned is stored.

        A sidecar that is written after an environment was planned for would look like a change.
        """
        self._table.store_records()
        return self._table

    # What is known or settled before a proposal.

    def projects(self, row: Row) -> list[Path]:
        """Return directories that it may belong to, the likeliest first."""
        from venvdash.actions.relink.project_candidates import candidates

        return candidates(self._table, row)

    def trust(self, projects: Iterable[Path]) -> None:
        """Let code of these projects of other users be run, for as long as the session lasts."""
        self._table.trusted.update(projects)

    # What needs no proposal, since the same takes it back.

    def pin(self, row: Row, *, pinned: bool) -> Row:
        """Pin or unpin one; return its row then. Raises annotating.AnnotationError."""
        from venvdash.actions import annotate

        return annotate.pin(self._table, self._table.rows.get(row.path, row), pinned=pinned)

    def note(self, row: Row, text: str) -> Row:
        """Store a note, "" for none; return the row then. Raises annotating.AnnotationError."""
        from venvdash.actions import annotate

        return annotate.note(self._table, self._table.rows.get(row.path, row), text)

    # Doing it.

    def apply(
        self, proposals: Sequence[Proposal], cancel: threading.Event | None = None
    ) -> Iterator[ActionEvent]:
        """Carry out proposals one after the other and tell how it goes; ``Finished`` comes last.

        What is refused is skipped with its reason. ``cancel`` ends the one under way as soon as
        that can be done cleanly, and leaves alone what has not begun.
        """
        from venvdash.actions.history import settle

        cancel = cancel or threading.Event()
        results: list[Result] = []
        for proposal in proposals:
            yield RowState(proposal.row.path, State.QUEUED)
        for proposal in proposals:
            result = _not_now(proposal, cancel)
            if result is None:
                yield RowState(proposal.row.path, STATES[proposal.action])
                steps = self._carried_out(proposal, cancel)
                for event in settle.recorded(self._table, proposal, steps):
                    if isinstance(event, Result):
                        result = event
                    else:
                        yield event
            if result is None:
                result = result_of(proposal.row, Outcome.FAILED, "It ended unexpectedly.")
            auto_activation.follow(self._table, proposal, result)
            results.append(result)
            # Moved to another disk, the original is in the trash.
            state = _ENDS[result.outcome] if result.trash is None else State.IN_TRASH
            yield RowState(proposal.row.path, state, result.reason)
        yield Finished(tuple(results))

    def restore(self, trashed: Trashed, name: str | None = None) -> Result:
        """Restore one from the trash, under another ``name`` for its entry if that is given."""
        from venvdash.actions.history import settle

        return settle.restore(self._table, self.trash, trashed, name)

    # uv's cache.

    def cache_use(self, cancel: threading.Event) -> "CacheUse":
        """Return how environments use uv's cache. Raises cache.plan.CacheError."""
        from venvdash.actions.cache import plan

        return plan.cache_use(self._table, self.trash, cancel)

    def clean_cache(
        self, packages: "Sequence[CachedPackage]", cancel: threading.Event
    ) -> Iterator[ActionEvent]:
        """Have uv remove packages that no environment has from its cache."""
        from venvdash.actions.cache import apply

        return apply.clean(self._table, self.trash, packages, cancel)

    # What was done.

    def history(self) -> "list[ChangeStatus]":
        """Return the history of changes as of now, the newest first.

        ``history_silent`` are the places then of which nobody can tell what still lies there.
        """
        from venvdash.actions.history import status

        changes, self.history_silent = status.statuses(self._table)
        return changes

    def undo(
        self, plan: "UndoPlan", cancel: threading.Event | None = None
    ) -> Iterator[ActionEvent]:
        """Undo a change that was planned; ``Finished`` comes last.

        Unless a deletion was undone, the table is as old as before: scan again.
        """
        from venvdash.actions.history import undo

        return undo.apply(self._table, self.deletions, plan, cancel)

    def _carried_out(self, proposal: Proposal, cancel: threading.Event) -> Iterator[ActionEvent]:
        """Carry out one proposal; what does so is imported when it is first needed."""
        table = self._table
        match proposal.action:
            case Action.SYNC:
                from venvdash.actions.sync import apply as sync_apply

                return sync_apply.apply(table, proposal, cancel)
            case Action.RELINK | Action.UNLINK:
                from venvdash.actions.relink import apply as relink_apply

                return relink_apply.apply(table, proposal, cancel)
            case Action.USE:
                from venvdash.actions.use import apply as use_apply

                return use_apply.apply(table, proposal, cancel)
            case Action.COPY:
                from venvdash.actions.copy import apply as copy_apply

                return copy_apply.apply(table, proposal, cancel)
            case Action.NEW:
                from venvdash.actions.new import apply as new_apply

                return new_apply.apply(table, proposal, cancel)
            case Action.MOVE if proposal.project is not None:
                from venvdash.actions.adopt import apply as adopt_apply

                return adopt_apply.apply(table, self.deletions, proposal, cancel)
            case Action.RENAME | Action.MOVE:
                from venvdash.actions.relocate import apply as relocate_apply

                return relocate_apply.apply(table, self.deletions, proposal, cancel)
        raise ValueError(proposal.action)  # deleting has plans of its own


def _not_now(proposal: Proposal, cancel: threading.Event) -> Result | None:
    if cancel.is_set():
        return result_of(proposal.row, Outcome.SKIPPED, "Cancelled before it started.")
    if proposal.refusal:
        return result_of(proposal.row, Outcome.SKIPPED, proposal.refusal)
    return None
