"""Sync: the plan, always made first by uv's own dry run, and carrying it out.

uv deletes and recreates an environment where its Python does not fit the project. So it is
asked first to keep to the environment's own interpreter; only where that cannot be is a
replacement proposed, which has to pass what a deletion has to. uv takes its lock on the
environment itself: nothing here holds it meanwhile.
"""

import os
import threading
from collections.abc import Generator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from venvdash.actions.context import Context
from venvdash.actions.errors import ChangedError
from venvdash.actions.events import ActionEvent
from venvdash.actions.process.child_process import CancelledError
from venvdash.actions.process.run_log import typed
from venvdash.actions.process.side_by_side import cores, in_order
from venvdash.actions.process.uv import UvError
from venvdash.actions.process.uv_lock import leaving_no_lock
from venvdash.actions.safety import environment_state, refusals
from venvdash.actions.safety.environment_reader import read_again
from venvdash.actions.sync import recreate
from venvdash.actions.sync.command import CannotSyncError, UntrustedError, sync_command
from venvdash.actions.sync.dry_run import DryRun, dry_run, in_words
from venvdash.actions.sync.messages import SyncMessages, listed
from venvdash.actions.sync.output import heard
from venvdash.actions.sync.preserve import SavedFiles, saved_files
from venvdash.actions.table import Table
from venvdash.model import Action, Environment, Outcome, Proposal, Result, Row, Status
from venvdash.scanner.usage.tree_count import count
from venvdash.stores.base import normalised
from venvdash.text import because

_SHOWN = 6  # packages in a sentence


@dataclass(frozen=True, slots=True)
class SyncResult:
    """What became of a sync.

    ``environment`` is as it is now: up to date where the result is done, else lacking what was to
    come into it. None where there is nothing to remember: it was left as it was, or is gone.
    """

    result: Result
    environment: Environment | None = None


@dataclass(frozen=True, slots=True)
class _Plan:
    """What is shown, and what uv said that it would do: None where it cannot be done."""

    proposal: Proposal
    foreseen: DryRun | None = None


def propose(
    table: Table,
    row: Row,
    *,
    project: Path | None = None,
    extra: Sequence[str] = (),
    cancel: threading.Event | None = None,
) -> Proposal:
    """Return what a sync would do. Raises nothing.

    ``project`` says which of several is meant, ``extra`` are further arguments for the command.
    """
    (made,) = propose_each(table, [row], project=project, extra=extra, cancel=cancel)
    return made


def propose_each(
    table: Table,
    rows: Sequence[Row],
    *,
    project: Path | None = None,
    extra: Sequence[str] = (),
    cancel: threading.Event | None = None,
) -> Generator[Proposal, None, None]:
    """Yield what a sync of each would do, in the order of ``rows``, as ``propose``.

    uv is asked about several at once, one on each processor.
    """
    context, cancel = table.context(), cancel or threading.Event()

    def proposal(row: Row) -> Proposal:
        try:
            if row.verdict.status is Status.MISSING:
                return recreate.propose(row, extra, context, cancel)
            return _planned(table, row, context, project, extra, cancel).proposal
        except CancelledError:
            return Proposal(Action.SYNC, row, refusal="Cancelled while the plan was being made.")

    threads = max(cores() - table.spare_cores, 1)
    yield from in_order(proposal, rows, threads, cancel)


def apply(
    table: Table, shown: Proposal, cancel: threading.Event
) -> Generator[ActionEvent, None, SyncResult]:
    """Carry out a proposal, unless it would now do more than was shown; report how it goes."""
    row, context = shown.row, table.context()
    try:
        before = environment_state.look(row, context).environment
        plan = _planned(table, row, context, shown.project, shown.extra, cancel)
    except ChangedError as error:
        return SyncResult(_result(row, Outcome.SKIPPED, str(error)))
    except CancelledError:
        return SyncResult(_result(row, Outcome.SKIPPED, "Cancelled before anything was changed."))
    more = [warning for warning in plan.proposal.warns if warning not in shown.warns]
    if plan.foreseen is None:
        return SyncResult(_result(row, Outcome.SKIPPED, plan.proposal.refusal))
    if more:
        reason = f"The plan has changed since it was shown: {more[0]} Nothing was changed."
        return SyncResult(_result(row, Outcome.SKIPPED, reason))
    if plan.foreseen.nothing:
        result = _result(row, Outcome.DONE, "Already up to date.")
        return SyncResult(result, read_again(row.environment, context))
    return (yield from _carried_out(row, before, plan.foreseen, context, cancel))


def _planned(
    table: Table,
    row: Row,
    context: Context,
    project: Path | None,
    extra: Sequence[str],
    cancel: threading.Event | None,
) -> _Plan:
    proposal = Proposal(Action.SYNC, row, place=row.environment.entry, extra=tuple(extra))
    try:
        made = sync_command(row, project, extra, context)
        proposal = replace(proposal, project=made.project)
        with leaving_no_lock(row.path, context.notes):
            foreseen = dry_run(row, made, context.log, cancel)
        if foreseen.replaced:
            _replaceable(row, foreseen, context, table.rows)
    except CannotSyncError as error:
        distrusted = error.project if isinstance(error, UntrustedError) else None
        return _Plan(replace(proposal, refusal=str(error), distrusted=distrusted))
    words = SyncMessages(row, foreseen, context)
    try:
        says, warns = tuple(words.says()), tuple(words.warns())
    except OSError as error:
        return _Plan(replace(proposal, refusal=f"Cannot read it: {because(error)}."))
    proposal = replace(
        proposal,
        says=says,
        warns=warns,
        python=foreseen.python if foreseen.replaced else None,
        commands=() if foreseen.nothing else (foreseen.way.command,),
        packages=foreseen.packages,
    )
    return _Plan(proposal, foreseen)


def _replaceable(row: Row, foreseen: DryRun, context: Context, table: Mapping[Path, Row]) -> None:
    """Raise CannotSyncError unless the environment might be deleted as well."""
    if (count := len(row.verdict.projects)) > 1:
        raise CannotSyncError(
            f"It would have to be deleted and recreated with Python {foreseen.python}, and "
            f"{count} projects share it. `venvdash new` creates one for this project alone."
        )
    reason = refusals.refusal(row, refusals.Neighbours.of(table, [row]), context, frozenset())
    reason = reason or _why_kept(row)
    if reason is not None:
        raise CannotSyncError(
            f"It would have to be deleted and recreated with Python {foreseen.python}, "
            f"which is not possible. {reason}"
        )


def _why_kept(row: Row) -> str | None:
    """Return why the user must not lose what is in an environment: uv deletes it for good."""
    if row.record is not None and row.record.pinned:
        return "It is pinned."
    try:
        user_files = count(os.fsencode(row.environment.entry)).user_files
    except OSError as error:
        return f"Cannot read it: {because(error)}."
    if user_files < 0:
        return "Cannot check whether it contains your own files."
    if user_files:
        return "It contains your own files: move them elsewhere first (see `venvdash info`)."
    return None


def _carried_out(
    row: Row,
    before: Environment,
    foreseen: DryRun,
    context: Context,
    cancel: threading.Event,
) -> Generator[ActionEvent, None, SyncResult]:
    """Run the command, and read the environment afterwards, also if it failed."""
    problems: list[str] = []
    failure, stopped = "", False
    with ExitStack() as stack:
        files = SavedFiles(row.path, ())
        if foreseen.replaced:
            try:
                files = stack.enter_context(saved_files(row.path, context.notes))
            except OSError as error:
                reason = because(error)
                text = (
                    f"Cannot back up the files that tools keep in it: {reason}. The "
                    "environment is unchanged."
                )
                return SyncResult(_result(row, Outcome.SKIPPED, text))
        try:
            yield from heard(foreseen, context, cancel)
        except CancelledError:
            stopped = True
        except UvError as error:
            failure = f"{foreseen.way.program.stem} failed: {in_words(error)}"
        finally:
            problems += files.put_back()
    now = read_again(row.environment, context)
    if now is None:
        command = typed((str(foreseen.way.program), *foreseen.way.words), foreseen.way.variables)
        text = (
            f"{failure or 'Stopped.'} The environment no longer exists: run "
            f"`{command}` to recreate it."
        )
        return SyncResult(_result(row, Outcome.FAILED, text))
    end = _End(foreseen, before, now)
    if stopped or failure:
        text = " ".join([failure or "Stopped.", end.state(stopped), *problems])
        return SyncResult(_result(row, Outcome.FAILED, text), now if end.lacks(stopped) else None)
    if foreseen.packages and not end.touched:
        text = f"{foreseen.way.program.stem} succeeded, but the environment has not changed."
        return SyncResult(_result(row, Outcome.FAILED, text))
    return SyncResult(_result(row, Outcome.DONE, " ".join([end.changes, *problems])), now)


@dataclass(frozen=True, slots=True)
class _End:
    """What an environment was and is."""

    foreseen: DryRun
    before: Environment
    now: Environment

    @property
    def touched(self) -> bool:
        """Whether anything in it was changed."""
        before, now = self.before, self.now
        return (
            before.fingerprint != now.fingerprint
            or before.packages != now.packages
            or before.changed != now.changed
        )

    def lacks(self, stopped: bool) -> bool:
        """Whether it lacks something: also where nothing that was to come had come yet."""
        return self.touched or (stopped and bool(self.foreseen.packages))

    def state(self, stopped: bool) -> str:
        """In what state it was left, in sentences."""
        if self.touched:
            return "It is incomplete: sync it again."
        if self.lacks(stopped):
            return "Nothing was changed yet, and it is still incomplete: sync it again."
        return "The environment is unchanged."

    @property
    def changes(self) -> str:
        """What a sync that ended well has changed, in sentences."""
        old = {normalised(package.name): package for package in self.before.packages}
        new = {normalised(package.name): package for package in self.now.packages}
        parts = []
        if self.foreseen.replaced:
            parts.append(f"recreated with Python {self.now.python}.")
            old = {}
        installed = [f"{one.name} {one.version}" for name, one in new.items() if name not in old]
        removed = [f"{one.name} {one.version}" for name, one in old.items() if name not in new]
        changed = [
            f"{one.name} {old[name].version} → {one.version}"
            for name, one in new.items()
            if name in old and old[name].version != one.version
        ]
        again = {normalised(o.name) for o in self.foreseen.packages if o.action == "reinstalled"}
        same = [
            f"{one.name} {one.version}"
            for name, one in new.items()
            if name in again and name in old and old[name].version == one.version
        ]
        changes = {
            "Installed": installed,
            "Removed": removed,
            "Changed": changed,
            "Reinstalled": same,
        }
        for what, names in changes.items():
            if names:
                parts.append(f"{what}: {listed(names, _SHOWN)}.")
        return " ".join(parts) or "Already up to date."


def _result(row: Row, outcome: Outcome, reason: str) -> Result:
    return Result(row.path, row.name, outcome, reason, place=row.environment.entry)
