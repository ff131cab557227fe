"""Saying which project an environment belongs to, as both faces do it."""

import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from venvdash.actions import relink_stages, relinking
from venvdash.actions.context import Context
from venvdash.actions.events import Progressed, Told
from venvdash.actions.links import ChangedError
from venvdash.actions.relink_journal import Journal, Journals
from venvdash.actions.relink_plan import plan
from venvdash.actions.relink_stages import Stage
from venvdash.actions.relink_values import Known, Relinking
from venvdash.actions.rollback import FailedError, words
from venvdash.actions.unlink_plan import plan_unlink
from venvdash.model import Outcome, ProjectRecord, Proposal, Result, Row
from venvdash.session import linked
from venvdash.session.amending import amend
from venvdash.session.events import Finished
from venvdash.system.host import host_id
from venvdash.text import visible

if TYPE_CHECKING:
    from venvdash.session.core import Session

_CHANGED = "It is not as it was when this was shown. Nothing was changed: look at it again."


def propose(session: "Session", row: Row, project: Path, *, share: bool = False) -> Proposal:
    """Return what linking to ``project`` would do; with ``share`` beside its present ones."""
    return plan(row, project, _known(session), shared=share).proposal


def propose_unlink(session: "Session", row: Row) -> Proposal:
    """Return what taking the link away would do."""
    return plan_unlink(row, _known(session)).proposal


def offered(session: "Session", row: Row) -> list[Path]:
    """Return directories that it may belong to, the likeliest first."""
    return linked.candidates(session, row)


def apply(session: "Session", proposal: Proposal, cancel: threading.Event) -> Iterator[Told]:
    """Carry it out and tell how it goes; the last word is a ``Result``.

    Everything is planned once more: what would be done now must be what was shown.
    """
    row, project, known = proposal.row, proposal.project, _known(session)
    yield Progressed("relinking" if project is not None else "unlinking")
    if project is not None:
        wanted = plan(row, project, known, shared=proposal.shared)
    else:
        wanted = plan_unlink(row, known)
    wanted = wanted.taking([edit for edit in wanted.offers if edit in proposal.edits])
    if wanted.refusal:
        yield _result(row, Outcome.SKIPPED, wanted.refusal)
    elif replace(wanted.proposal, says=()) != replace(proposal, says=()):
        yield _result(row, Outcome.SKIPPED, _CHANGED)
    elif cancel.is_set():
        yield _result(row, Outcome.SKIPPED, "Cancelled before it began.")
    else:
        yield _done(session, wanted, known)


def undo(session: "Session", key: str | None = None) -> Iterator[Finished]:
    """Take back the last relinking or unlinking that is known, or the one of that key."""
    yield Finished((_undone(session, key),))


def recover(session: "Session") -> list[str]:
    """End what a crash has left; return what was done, a sentence each. Raises nothing."""
    state = session.machine.state_directory
    if not relink_stages.due(state):
        return []
    from venvdash.actions import trash

    said = list(trash.recover(_context(session)))  # a renaming, too, broke off
    try:
        with Journals(state, wait=0.0) as journals:
            for key, stage, journal in list(journals.found(host_id())):
                if stage is not Stage.KEPT:
                    said += _fixed(session, journals, key, stage, journal)
    except (ChangedError, OSError):  # another venvdash is at it, or the disk fails: next time
        pass
    return said


def _done(session: "Session", wanted: Relinking, known: Known) -> Result:
    row = wanted.row
    try:
        with _opened(session) as journals:
            journal = _journal(session, wanted, known)
            if _changes_nothing(wanted, journal):
                return _result(row, Outcome.DONE, "Nothing had to be changed.", wanted.entry)
            key = relinking.relink(wanted, journal, known, journals)
            if _remember(session, known.context, journal, journal.after):
                journals.turn(key, Stage.DONE, Stage.KEPT)  # else the next start remembers it
            journals.prune()
    except ChangedError as error:
        return _result(row, Outcome.SKIPPED, str(error))
    except FailedError as error:
        return _result(row, Outcome.FAILED, str(error))
    except (OSError, ValueError) as error:
        return _result(row, Outcome.FAILED, f"{words(error)}. The next start tidies up.")
    session.relinks.append((time.monotonic(), key))
    return _result(row, Outcome.DONE, "", wanted.entry)


def _changes_nothing(wanted: Relinking, journal: Journal) -> bool:
    """Return whether all is as wanted already; nothing is there to be undone then."""
    if wanted.renamed or wanted.sources or journal.swaps or journal.made or journal.empty:
        return False
    before, after = (
        {one.path: one.how for one in projects} for projects in (journal.before, journal.after)
    )
    return before == after


def _opened(session: "Session") -> Journals:
    """Return the journals, locked. Raises ChangedError."""
    try:
        return Journals(session.machine.state_directory)
    except OSError as error:
        raise relinking.unwritten(error) from error


def _undone(session: "Session", wanted: str | None) -> Result:
    nothing = Result(Path(), "undo", Outcome.SKIPPED, "There is no relinking to take back.")
    context = _context(session)
    try:
        with Journals(session.machine.state_directory) as journals:
            for key, stage, journal in journals.found(host_id()):
                if stage is not Stage.BEGUN and wanted in (None, key):
                    return _taken_back(session, context, journals, key, stage, journal)
    except (ChangedError, OSError) as error:
        return replace(nothing, outcome=_outcome(error), reason=f"{words(error)}.")
    return nothing


def _outcome(error: Exception) -> Outcome:
    return Outcome.SKIPPED if isinstance(error, ChangedError) else Outcome.FAILED


def _taken_back(
    session: "Session",
    context: Context,
    journals: Journals,
    key: str,
    stage: Stage,
    journal: Journal,
) -> Result:
    """Undo one relinking: all of it, or nothing with the journal kept for another attempt."""
    prefix = journal.prefix(journal.new)
    reasons = () if stage is Stage.UNDOING else relinking.undoable(journal, context)
    for reason in reasons:
        return Result(prefix, journal.name, Outcome.SKIPPED, reason, place=journal.new)
    journals.turn(key, stage, Stage.UNDOING)
    undone = relinking.take_back(journal, context)
    said = " ".join(undone.problems)
    if undone.problems and relinking.lies_at(journal.new, journal):
        relinking.redo(journal)
        journals.turn(key, Stage.UNDOING, Stage.KEPT)
        said += " It was not undone; `venvdash relink --undo` tries again."
        return Result(prefix, journal.name, Outcome.FAILED, said, place=journal.new)
    if _remember(session, context, journal, journal.before) and not undone.retry:
        journals.drop(key, Stage.UNDOING)  # else the next start ends it
    outcome = Outcome.FAILED if undone.problems else Outcome.DONE
    before = journal.prefix(journal.old)
    return Result(before, journal.name, outcome, said, place=journal.old)


def _fixed(
    session: "Session", journals: Journals, key: str, stage: Stage, journal: Journal
) -> Iterator[str]:
    """End one that was interrupted: taken back, or remembered if all of it was done."""
    context, name = _context(session), visible(journal.name, 64)
    if stage is Stage.DONE:
        if _remember(session, context, journal, journal.after):
            journals.turn(key, Stage.DONE, Stage.KEPT)
        return
    undone = relinking.take_back(journal, context)
    said = " ".join(undone.problems)
    if undone.retry:
        yield (
            f"{name}: its relinking was interrupted and cannot be undone now: {said} "
            "The next start tries again."
        )
        return
    if undone.problems and journal.old != journal.new and relinking.lies_at(journal.new, journal):
        _remember(session, context, journal, journal.after)
        journals.turn(key, stage, Stage.KEPT)
        yield f"{name}: its relinking had been interrupted, and is done. {said}"
        return
    if stage is Stage.BEGUN or _remember(session, context, journal, journal.before):
        journals.drop(key, stage)
    yield f"{name}: its relinking had been interrupted; all is as it was before it. {said}".rstrip()


def _journal(session: "Session", wanted: Relinking, known: Known) -> Journal:
    row, environment = wanted.row, wanted.row.environment
    below = environment.path.relative_to(environment.entry)
    record = linked.record(session, row)
    before = record.projects if record else ()
    try:
        inode = environment.entry.lstat().st_ino
    except FileNotFoundError:  # renamed by another venvdash until just now
        raise ChangedError("It is not there any more. Nothing was changed.") from None
    return Journal(
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
        swaps=wanted.swaps,
        made=wanted.made,
        empty=wanted.empty,
        lock=wanted.lock,
        before=before,
        after=linked.after(wanted, before, known.context.mounts),
    )


def _remember(
    session: "Session", context: Context, journal: Journal, projects: tuple[ProjectRecord, ...]
) -> bool:
    """Let these be the projects that are remembered of a journal's environment.

    False where that cannot be read, or not be stored, just now.
    """
    if not session.remembers:
        return True
    environment = relinking.found(journal, context)
    if environment is None:
        return not any(relinking.lies_at(at, journal) for at in (journal.old, journal.new))
    places = [journal.prefix(journal.old), journal.prefix(journal.new)]
    known = linked.known(session, environment, places)
    change = amend(session, environment, known, lambda record: replace(record, projects=projects))
    return change.stored


def _known(session: "Session") -> Known:
    places = session.facts.places if session.facts else {}
    return Known(session.rows, _context(session), session.config, places, session.referenced)


def _context(session: "Session") -> Context:
    context = Context.current(session.machine, session.config, session.log)
    return replace(context, notes=session.machine.state_directory) if session.remembers else context


def _result(row: Row, outcome: Outcome, reason: str, place: Path | None = None) -> Result:
    return Result(row.path, row.name, outcome, reason, place=place or row.environment.entry)
