"""Linking an environment to a project, step by step: all that leads there, or nothing of it.

The order: a journal is written; the entry renamed, where the tool looks for another name; the
tool's files and the project's link exchanged one by one; the journal is turned to done. What fails
before is taken back, and so is, at the next start, what a crash has left.
"""

import os
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from venvdash.actions.context import Context
from venvdash.actions.errors import ChangedError, FailedError, words
from venvdash.actions.journals.relink_journal import RelinkJournal, RelinkJournals
from venvdash.actions.journals.relink_stages import Stage
from venvdash.actions.journals.swap import Content, Swap
from venvdash.actions.prefix import repair
from venvdash.actions.prefix.path_rewrite import PathRewrite
from venvdash.actions.prefix.repair import Repair, RepairError, own_names
from venvdash.actions.relink.relink_changes import RelinkChanges, RelinkContext
from venvdash.actions.relocate import rename
from venvdash.actions.safety import file_swap, reachable, steps
from venvdash.actions.safety.environment_reader import read_at
from venvdash.actions.safety.in_use import busy
from venvdash.model import Environment, Row, Status, Verdict
from venvdash.stores.roots import Root
from venvdash.system import locks
from venvdash.system.processes import users
from venvdash.text import visible

_TOOLS_PATIENCE = 5.0  # seconds that a tool may hold the lock of its registry


@dataclass(frozen=True, slots=True)
class UndoResult:
    """What came of taking a journal back.

    ``problems`` are sentences on what could not be restored. ``retry`` says that an error of the
    system was among the reasons, such as a full disk: the same call may succeed later.
    """

    problems: tuple[str, ...] = ()
    retry: bool = False


def relink(
    wanted: RelinkChanges, journal: RelinkJournal, known: RelinkContext, journals: RelinkJournals
) -> str:
    """Do what was planned; ``journal`` says the same and what is remembered besides.

    Returns the key of the journal, which is at DONE then. Raises ChangedError where nothing was
    changed, and FailedError, whose text says in what state it is.
    """
    key = _begun(journal, journals)
    steps.step("begun")
    try:
        with_files = _with_files(wanted, journal)
        if with_files != journal:
            journals.drop(key, Stage.BEGUN)
            journal, key = with_files, _begun(with_files, journals)
        for swap in journal.gives_way:
            file_swap.put(swap)
            steps.step("gave way")
        if wanted.renamed:
            names = own_names(wanted.row.path)
            journal = replace(journal, files=tuple(_not_undone(wanted, names)))
            journals.rewrite(key, Stage.BEGUN, journal)
            table, context = known.table, known.context
            rename.rename(wanted.row, wanted.entry, table, context, names=names, follow=False)
            steps.step("moved")
        # Only now: the renaming has written into some of these files, too.
        journal = replace(journal, swaps=(*_installed(wanted), *journal.swaps))
        journals.rewrite(key, Stage.BEGUN, journal)
        steps.step("rewritten")
        _forth(journal)
        journals.turn(key, Stage.BEGUN, Stage.DONE)
        steps.step("done")
    except (ChangedError, FailedError, RepairError, OSError, ValueError) as error:
        reason = words(error)
        undone = revert(journal, known.context)
        if undone.problems:
            raise FailedError(f"{reason}. {' '.join(undone.problems)}") from error
        with suppress(OSError):
            journals.drop(key, Stage.BEGUN)
        raise ChangedError(f"{reason}. Nothing was changed.") from error
    return key


def revert(journal: RelinkJournal, context: Context) -> UndoResult:
    """Restore what was before, and return what cannot be restored.

    Where the environment cannot get its old name back, all stays as it is after the relinking.
    """
    at_new = is_at(journal.new, journal)
    for folder in journal.empty[::-1]:
        with suppress(OSError):
            folder.mkdir(exist_ok=True)
    changed = [swap for swap in journal.swaps if at_new or not _inside(swap, journal)]
    if not at_new:  # the place of a link that it leaves behind is still its own
        for swap in changed:
            file_swap.tidy(swap)
        changed = [swap for swap in changed if swap.path != journal.old]
    undone = _together(_back(swap) for swap in reversed(changed))
    for folder in journal.made[::-1]:
        with suppress(OSError):
            folder.rmdir()
    steps.step("swapped back")
    if journal.old == journal.new or (undone.retry and at_new):
        return undone  # what lies in it would not be found again under its old name
    try:
        if at_new:
            _rename_back(journal, context)
    except (ChangedError, FailedError, OSError) as error:
        with suppress(ChangedError, OSError):
            _forth(journal)
        reason = f"Cannot restore its old name: {words(error)}."
        failed = isinstance(error, FailedError | OSError)
        return UndoResult((*undone.problems, reason), undone.retry or failed)
    for folder in journal.made[::-1]:  # that in which it lay until now
        with suppress(OSError):
            folder.rmdir()
    gave_way = [_back(swap) for swap in reversed(journal.gives_way)]
    return _together([undone, *(_put(swap) for swap in journal.files), *gave_way])


def redo(journal: RelinkJournal) -> None:
    """Make the changes again that were taken back before one of them failed, as far as possible."""
    with suppress(ChangedError, OSError):
        _forth(journal)


def undo_refusals(journal: RelinkJournal, context: Context) -> Iterator[str]:
    """Yield what prevents undoing it as a whole: what has changed since, who uses it."""
    if not is_at(journal.new, journal):
        yield f"It is no longer at {visible(journal.new)}."
        return
    for swap in journal.swaps:
        try:
            if file_swap.look(swap.path) not in (swap.after, swap.before):
                yield f"{visible(swap.path)} has changed since the {journal.what}."
        except (ChangedError, OSError) as error:
            yield f"{words(error)}."
    if journal.old == journal.new:
        return
    context = with_places(journal, context)
    environment = _environment_at(journal.new, journal, context)
    if environment is None:
        yield "It is no longer an environment."
        return
    row = _row(environment, journal)
    replaced = any(swap.path == journal.old and swap.after for swap in journal.swaps)
    yield from rename.rename_refusals(row, journal.old, {}, context, free=replaced)
    in_use = busy(row, users([journal.new]).uses.get(journal.new, ()))
    if in_use is not None:
        yield in_use


def out_of_reach(journal: RelinkJournal, context: Context) -> str:
    """Return why nothing can be taken back now, a sentence; "" where all can be looked at."""
    records = (*journal.after, *journal.before)
    places = [journal.root]
    for folder in (swap.path.parent for swap in journal.swaps if not _inside(swap, journal)):
        while folder in journal.made:
            folder = folder.parent
        places.append(folder)
    waits = reachable.out_of_reach(places, context.mounts, records)
    if waits or any(is_at(entry, journal) for entry in (journal.old, journal.new)):
        return waits
    return reachable.out_of_reach([journal.old], context.mounts)


def environment_of(journal: RelinkJournal, context: Context) -> Environment | None:
    """Return its environment, wherever it lies now; None where it is gone."""
    for entry in dict.fromkeys((journal.new, journal.old)):
        if is_at(entry, journal):
            return _environment_at(entry, journal, with_places(journal, context))
    return None


def with_places(journal: RelinkJournal, context: Context) -> Context:
    """Return a context in which the directories that it was moved between count as stores.

    One of them may be a project, the other a folder in which no store looks.
    """
    if journal.old.parent == journal.new.parent:
        return context
    plain = {
        entry.parent: (Root(entry.parent, "folders"),)
        for entry in (journal.old, journal.new)
        if not any(above in context.roots for above in entry.parents)
    }
    return replace(context, roots={**plain, **context.roots}) if plain else context


def _environment_at(entry: Path, journal: RelinkJournal, context: Context) -> Environment | None:
    below = (above for above in entry.parents if above in context.roots)
    root = journal.root if journal.root in entry.parents else next(below, entry.parent)
    return read_at(journal.prefix(entry), entry, root, context)


def _begun(journal: RelinkJournal, journals: RelinkJournals) -> str:
    try:
        return journals.begin(journal)
    except OSError as error:
        raise unwritten_journal(error) from error


def unwritten_journal(error: OSError) -> ChangedError:
    """Return that no journal can be written, so that nothing is begun."""
    return ChangedError(f"Cannot write the journal: {words(error)}. Nothing was changed.")


def _with_files(wanted: RelinkChanges, journal: RelinkJournal) -> RelinkJournal:
    """Return the journal with path files for links where none can be made. Raises ChangedError."""
    changed = []
    for swap in journal.swaps:
        after = swap.after
        if after is not None and after.link and not file_swap.links_possible(swap.path.parent):
            if not wanted.path_files:
                raise ChangedError(f"Cannot create a link in {visible(swap.path.parent)}.")
            swap = replace(swap, after=replace(after, link=False))
        changed.append(swap)
    return replace(journal, swaps=tuple(changed))


def _not_undone(wanted: RelinkChanges, names: tuple[Path, ...]) -> Iterator[Swap]:
    """Yield what has to be put right in the environment once it has got its old name back."""
    prefix = wanted.row.environment.path
    forth = Repair.plan(prefix, names, wanted.prefix)
    for path, back, now in forth.not_undone_by(PathRewrite([wanted.prefix], prefix)):
        with suppress(UnicodeDecodeError):
            yield Swap(path, Content(back.decode()), Content(now.decode()))


def _installed(wanted: RelinkChanges) -> Iterator[Swap]:
    """Yield what in the environment, where it lies now, names a source tree that has moved."""
    for old, new in wanted.sources:
        for path, before, after in repair.sources(wanted.prefix, old, new):
            with suppress(UnicodeDecodeError):
                yield Swap(path, Content(before.decode()), Content(after.decode()))


def _forth(journal: RelinkJournal) -> None:
    """Exchange all that is to be exchanged. Raises ChangedError and OSError."""
    with ExitStack() as stack:
        if journal.lock is not None and journal.lock.parent.is_dir():
            lock = stack.enter_context(locks.lock_named(journal.lock, wait=_TOOLS_PATIENCE))
            if lock.busy:
                raise ChangedError(f"{journal.lock} is locked because its tool is running.")
        for folder in journal.made:
            folder.mkdir(exist_ok=True)
        for swap in journal.swaps:
            file_swap.put(swap)
            steps.step("swapped")
        for folder in journal.empty:
            with suppress(OSError):
                folder.rmdir()


def _back(swap: Swap) -> UndoResult:
    """Take one change back."""
    file_swap.tidy(swap)
    try:
        file_swap.put(swap.back())
    except FileNotFoundError:  # its directory is gone, and with it what was there
        return UndoResult()
    except (ChangedError, OSError) as error:
        return UndoResult((f"{words(error)}. It was left unchanged.",), isinstance(error, OSError))
    return UndoResult()


def _put(swap: Swap) -> UndoResult:
    """Correct a file of the environment; one that was written again since stays as it is."""
    try:
        file_swap.put(swap)
    except (ChangedError, FileNotFoundError):
        return UndoResult()
    except OSError as error:
        return UndoResult((f"{words(error)}.",), retry=True)
    return UndoResult()


def _together(results: Iterable[UndoResult]) -> UndoResult:
    results = list(results)
    problems = tuple(problem for one in results for problem in one.problems)
    return UndoResult(problems, any(one.retry for one in results))


def _rename_back(journal: RelinkJournal, context: Context) -> None:
    context = with_places(journal, context)
    environment = _environment_at(journal.new, journal, context)
    if environment is None:
        raise ChangedError("it is no longer an environment")
    rename.rename(_row(environment, journal), journal.old, {}, context, follow=False)
    steps.step("moved back")


def _row(environment: Environment, journal: RelinkJournal) -> Row:
    """Return a row for what the checks of a renaming want to know."""
    return Row(environment, Verdict(Status.STANDALONE, ""), journal.name)


def is_at(entry: Path, journal: RelinkJournal) -> bool:
    """Return whether a journal's environment lies at ``entry``."""
    try:
        return os.lstat(entry).st_ino == journal.inode
    except OSError:
        return False


def _inside(swap: Swap, journal: RelinkJournal) -> bool:
    """Whether it is in the environment, and so at another place while that has its old name."""
    return journal.old != journal.new and swap.path.is_relative_to(journal.new)
