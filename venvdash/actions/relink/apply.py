"""Carries out a relink or an unlink, undoes it, and ends one that a crash interrupted."""

import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from venvdash.actions.context import Context
from venvdash.actions.errors import ChangedError, FailedError, words
from venvdash.actions.events import ActionEvent, Finished, Progressed
from venvdash.actions.journals import relink_stages
from venvdash.actions.journals.relink_journal import RelinkJournal, RelinkJournals
from venvdash.actions.journals.relink_stages import Stage
from venvdash.actions.outcome import UP_TO_DATE, result_of
from venvdash.actions.record_update import own_record, record_at, update_record
from venvdash.actions.relink import project_candidates, transaction
from venvdash.actions.relink.plan import plan
from venvdash.actions.relink.relink_changes import RelinkChanges, RelinkContext
from venvdash.actions.relink.unlink import plan_unlink
from venvdash.actions.table import Table
from venvdash.model import Action, Outcome, ProjectRecord, Proposal, Result
from venvdash.records.sidecar import NAME as SIDECAR
from venvdash.system.directory import Directory
from venvdash.system.host import host_id
from venvdash.text import visible

_CHANGED = "It has changed since the plan was shown. Nothing was changed; review the new plan."


def apply(table: Table, proposal: Proposal, cancel: threading.Event) -> Iterator[ActionEvent]:
    """Carry it out and tell how it goes; the last word is a ``Result``.

    Everything is planned once more: what would be done now must be what was shown.
    """
    row, project, known = proposal.row, proposal.project, RelinkContext.of(table)
    yield Progressed("relinking" if project is not None else "unlinking")
    if project is not None:
        wanted = plan(row, project, known, shared=proposal.shared)
    else:
        wanted = plan_unlink(row, known)
    yield from carried_out(table, still_wanted(wanted, proposal), known, cancel)


def still_wanted(wanted: RelinkChanges, proposal: Proposal) -> RelinkChanges:
    """Return what has just been planned again, refused if it is not what ``proposal`` showed."""
    wanted = wanted.taking([edit for edit in wanted.offers if edit in proposal.edits])
    now, shown = (replace(one, says=(), git=()) for one in (wanted.proposal, proposal))
    if wanted.refusal or now == shown:
        return wanted
    return replace(wanted, refusal=_CHANGED)


def carried_out(
    table: Table, wanted: RelinkChanges, known: RelinkContext, cancel: threading.Event
) -> Iterator[Result]:
    """Carry out what was planned."""
    if wanted.refusal:
        yield result_of(wanted.row, Outcome.SKIPPED, wanted.refusal)
    elif cancel.is_set():
        yield result_of(wanted.row, Outcome.SKIPPED, "Cancelled before it started.")
    else:
        yield carry_out(table, wanted, known)


def undo(table: Table, key: str | None = None) -> Iterator[Finished]:
    """Take back the last relinking or unlinking that is known, or the one of that key."""
    yield Finished((_undone(table, key),))


def recover(table: Table) -> list[str]:
    """End what a crash has left; return what was done, a sentence each. Raises nothing."""
    state = table.machine.state_directory
    if not relink_stages.due(state):
        return []

    sentences: list[str] = []
    try:
        with RelinkJournals(state, wait=0.0) as journals:
            for key, stage, journal in list(journals.found(host_id())):
                if stage is not Stage.KEPT:
                    sentences += _fixed(table, journals, key, stage, journal)
    except (ChangedError, OSError):  # another venvdash is at it, or the disk fails: next time
        pass
    return sentences


def carry_out(table: Table, wanted: RelinkChanges, known: RelinkContext) -> Result:
    """Do what was planned just now, and return what became of it."""
    row = wanted.row
    try:
        with _opened(table) as journals:
            journal = _journal(table, wanted, known)
            if _changes_nothing(wanted, journal):
                return result_of(row, Outcome.DONE, UP_TO_DATE, wanted.entry)
            key = transaction.relink(wanted, journal, known, journals)
            if _remember(table, known.context, journal, journal.after):
                journals.turn(key, Stage.DONE, Stage.KEPT)  # else the next start remembers it
            journals.prune()
    except ChangedError as error:
        return result_of(row, Outcome.SKIPPED, str(error))
    except FailedError as error:
        return result_of(row, Outcome.FAILED, str(error))
    except (OSError, ValueError) as error:
        return result_of(
            row, Outcome.FAILED, f"{words(error)}. venvdash will clean up at its next start."
        )
    return result_of(row, Outcome.DONE, "", wanted.entry)


def _changes_nothing(wanted: RelinkChanges, journal: RelinkJournal) -> bool:
    """Return whether all is as wanted already; nothing is there to be undone then."""
    if wanted.renamed or wanted.sources or journal.swaps or journal.made or journal.empty:
        return False
    before, after = (
        {one.path: one.how for one in projects} for projects in (journal.before, journal.after)
    )
    return before == after


def _opened(table: Table) -> RelinkJournals:
    """Return the journals, locked. Raises ChangedError."""
    try:
        return RelinkJournals(table.machine.state_directory)
    except OSError as error:
        raise transaction.unwritten_journal(error) from error


def _undone(table: Table, wanted: str | None) -> Result:
    nothing = Result(Path(), "undo", Outcome.SKIPPED, "There is no relink to undo.")
    context = table.context()
    try:
        with RelinkJournals(table.machine.state_directory) as journals:
            for key, stage, journal in journals.found(host_id()):
                if stage is not Stage.BEGUN and wanted in (None, key):
                    return _taken_back(table, context, journals, key, stage, journal)
    except (ChangedError, OSError) as error:
        outcome = Outcome.SKIPPED if isinstance(error, ChangedError) else Outcome.FAILED
        return replace(nothing, outcome=outcome, reason=f"{words(error)}.")
    return nothing


def obstacle(table: Table, key: str) -> str:
    """Return why a relinking cannot be undone now, a sentence; "" where nothing prevents it."""
    try:
        with RelinkJournals(table.machine.state_directory) as journals:
            for name, stage, journal in journals.found(host_id()):
                if name == key and stage is not Stage.BEGUN:
                    return next(_obstacles(journal, stage, table.context()), "")
    except (ChangedError, OSError) as error:
        return f"{words(error).rstrip('.')}."
    return "What is needed to undo it is no longer kept."


def _obstacles(journal: RelinkJournal, stage: Stage, context: Context) -> Iterator[str]:
    if waits := transaction.out_of_reach(journal, context):
        yield waits
    elif stage is not Stage.UNDOING:
        yield from transaction.undo_refusals(journal, context)


def _taken_back(
    table: Table,
    context: Context,
    journals: RelinkJournals,
    key: str,
    stage: Stage,
    journal: RelinkJournal,
) -> Result:
    """Undo one relinking: all of it, or nothing with the journal kept for another attempt."""
    prefix = journal.prefix(journal.new)
    for reason in _obstacles(journal, stage, context):
        return Result(prefix, journal.name, Outcome.SKIPPED, reason, place=journal.new)
    journals.turn(key, stage, Stage.UNDOING)
    undone = transaction.revert(journal, context)
    sentences = " ".join(undone.problems)
    if undone.problems and transaction.is_at(journal.new, journal):
        transaction.redo(journal)
        journals.turn(key, Stage.UNDOING, Stage.KEPT)
        again = "undo" if journal.action is Action.MOVE else "relink --undo"
        sentences += f" The {journal.what} was not undone; run `venvdash {again}` to try again."
        return Result(prefix, journal.name, Outcome.FAILED, sentences, place=journal.new)
    table.change_log.journal_undone(key)
    if _remember(table, context, journal, journal.before) and not undone.retry:
        journals.drop(key, Stage.UNDOING)  # else the next start ends it
    outcome = Outcome.FAILED if undone.problems else Outcome.DONE
    before = journal.prefix(journal.old)
    return Result(before, journal.name, outcome, sentences, place=journal.old)


def _fixed(
    table: Table, journals: RelinkJournals, key: str, stage: Stage, journal: RelinkJournal
) -> Iterator[str]:
    """End one that was interrupted: taken back, or remembered if all of it was done."""
    context, name = table.context(), visible(journal.name, 64)
    waits = transaction.out_of_reach(journal, context)
    if waits:
        yield _unfixed(name, journal.what, waits)
        return
    if stage is Stage.DONE:
        if _remember(table, context, journal, journal.after):
            journals.turn(key, Stage.DONE, Stage.KEPT)
        return
    undone = transaction.revert(journal, context)
    problems = " ".join(undone.problems)
    if undone.retry:
        yield _unfixed(name, journal.what, problems)
        return
    if undone.problems and journal.old != journal.new and transaction.is_at(journal.new, journal):
        _remember(table, context, journal, journal.after)
        journals.turn(key, stage, Stage.KEPT)
        yield f"{name}: its {journal.what} was interrupted and has been completed. {problems}"
        return
    if stage is Stage.UNDOING:
        table.change_log.journal_undone(key)
    if stage is Stage.BEGUN or _remember(table, context, journal, journal.before):
        journals.drop(key, stage)
    yield f"{name}: its {journal.what} was interrupted and has been undone. {problems}".rstrip()


def _unfixed(name: str, what: str, why: str) -> str:
    return (
        f"{name}: an interrupted {what} cannot be undone now: {why} venvdash "
        "will try again at its next start."
    )


def _journal(table: Table, wanted: RelinkChanges, known: RelinkContext) -> RelinkJournal:
    row, environment = wanted.row, wanted.row.environment
    below = environment.path.relative_to(environment.entry)
    record = own_record(table, row)
    before = record.projects if record else ()
    try:
        inode = environment.entry.lstat().st_ino
    except FileNotFoundError:  # renamed by another venvdash until just now
        raise ChangedError("It no longer exists. Nothing was changed.") from None
    return RelinkJournal(
        action=wanted.proposal.action,
        name=row.name[:500],
        since=time.time(),
        host=host_id() or "",
        root=environment.root,
        old=environment.entry,
        new=wanted.entry,
        below="" if str(below) == "." else str(below),
        inode=inode,
        project=wanted.project,
        gives_way=wanted.gives_way,
        swaps=wanted.swaps,
        made=wanted.made,
        empty=wanted.empty,
        lock=wanted.lock,
        before=before,
        after=project_candidates.after(wanted, before, known.context.mounts),
    )


def _remember(
    table: Table, context: Context, journal: RelinkJournal, projects: tuple[ProjectRecord, ...]
) -> bool:
    """Let these be the projects that are remembered of a journal's environment.

    False where that cannot be read, or not be stored, just now.
    """
    if not table.remembers:
        return True
    environment = transaction.environment_of(journal, context)
    if environment is not None and environment.entry.parent == journal.project:
        with suppress(OSError), Directory(environment.path) as prefix:
            prefix.unlink(SIDECAR)  # it is listed with its project, and not remembered
        return True
    if environment is None:
        return not any(transaction.is_at(at, journal) for at in (journal.old, journal.new))
    places = [journal.prefix(journal.old), journal.prefix(journal.new)]
    known = record_at(table, environment, places)
    change = update_record(
        table, environment, known, lambda record: replace(record, projects=projects)
    )
    return change.stored
