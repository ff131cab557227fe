"""Renaming, step by step: name, programs and the project's link agree at any time, or will.

The order: checked again; locked; ``rename.toml`` written into it and flushed; renamed; its files
made to name the new place; the project's link changed; the journal removed. What fails before the
end is reverted. A crash in between leaves the journal: ``finish_rename`` ends the work at the place
where the entry lies then.
"""

import os
import stat
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path

from venvdash.actions.context import Context
from venvdash.actions.delete import trash_locations
from venvdash.actions.errors import ChangedError, words
from venvdash.actions.journals import rename_journal
from venvdash.actions.journals.rename_journal import RenameJournal
from venvdash.actions.prefix.repair import Repair, RepairError, own_names, refusal
from venvdash.actions.safety import environment_state, project_links, refusals, steps
from venvdash.actions.safety.in_use import busy
from venvdash.actions.safety.placement import UNNOTED, movable, taken, unwritten
from venvdash.actions.safety.rollback import Rollback, lock_uv, locked, opened
from venvdash.model import Edit, Environment, Row
from venvdash.system import locks, overlayfs, responsiveness
from venvdash.system.directory import Directory
from venvdash.system.files import real
from venvdash.system.mounts import Mounts
from venvdash.system.processes import users
from venvdash.text import visible


def rename_refusals(
    row: Row, new: Path, table: Mapping[Path, Row], context: Context, *, free: bool = False
) -> Iterator[str]:
    """Yield why the row's entry cannot be renamed to the path ``new``, the weightiest first.

    ``table`` holds every known environment. ``free``: what is at ``new`` will be gone by then. Who
    uses it, and what locks it, is asked later.
    """
    environment = row.environment
    if environment.target is not None:
        yield "It is a link: rename its target instead."
        return
    if not movable(environment):
        yield "It is managed by a tool that tracks it by its path."
        return
    yield from refusals.refusals_to_move(row, table, context)
    if overlayfs.renamable(environment.entry, context.mounts) is False:
        yield (
            "It is in a layer of a container image, where directories cannot be renamed: "
            "copy it, then delete it with `--now`."
        )
    if new == environment.entry:
        yield "It already has that name."
    if not free:
        yield from taken(new)
    yield from refusals.unmakeable(new)
    if reason := refusal(_prefix(environment, new)):
        yield reason


def rename(
    row: Row,
    new: Path,
    table: Mapping[Path, Row],
    context: Context,
    *,
    names: tuple[Path, ...] = (),
    follow: bool = True,
) -> str:
    """Rename the row's entry to ``new``, on the same file system, with all that names its place.

    Directories on the way to ``new`` are made. ``names`` are the places that it takes for its own,
    if they are known (``own_names``). Without ``make_change`` its project's links are left to the
    caller. Returns what there is to know, a sentence or
    nothing. Nothing is run. Raises ChangedError where nothing was changed, and FailedError, whose
    text says in what state it is.
    """
    environment = row.environment
    try:
        for reason in rename_refusals(row, new, table, context):
            raise ChangedError(reason)
        with ExitStack() as stack:
            place = stack.enter_context(opened(environment.entry.parent))
            into = place
            if os.path.realpath(new.parent) != str(place.path):
                stack.callback(_remove_empty, _made(new.parent))  # where nothing came into it
                into = stack.enter_context(opened(new.parent))
            # Always in one order, or two of us might wait for each other.
            for one in sorted({place, into}, key=lambda directory: directory.path):
                stack.enter_context(locked(one))
            with Rollback() as back:
                return _Work(row, context, place, into, new.name, back).done(names, follow)
    except RepairError as error:
        raise ChangedError(str(error)) from error
    except (OSError, ValueError) as error:
        raise ChangedError(f"{words(error)}.") from error


def finish_rename(directory: Directory, path: Path) -> Iterator[str]:
    """End a renaming that was interrupted, of the open ``directory`` that lies at ``path``.

    Its name decides: programs, links and path files are made to agree with it. Yields what there
    is to say of it, a sentence. Raises OSError and JournalError; the journal stays then.
    """
    renaming = rename_journal.read(directory)
    if renaming is None:
        if directory.has(rename_journal.NAME):
            return  # a copy of what was being renamed
        rename_journal.remove(directory)
        return
    changed = [change.path.parent for change in (*renaming.links, *renaming.edits)]
    for silent in responsiveness.unresponsive(changed):
        sentence = f"{visible(path)}: an interrupted rename cannot be completed now: "
        yield f"{sentence}{visible(silent)} does not respond."
        return
    here = real(path)
    notes: list[str] = []
    if here in (real(renaming.old), real(renaming.new)):
        forth = here == real(renaming.new)
        other = renaming.old if forth else renaming.new
        names = [renaming.prefix(other), *(renaming.names if forth else ())]
        Repair.plan(renaming.prefix(here), names, renaming.prefix(here)).apply()
        notes = [
            make_change(do, change if forth else _turned(change), here, other)
            for do, change in changes(renaming.links, renaming.edits)
        ]
    rename_journal.remove(directory)
    if renaming.mode & 0o700 != 0o700 and directory.status().st_mode & 0o700 == 0o700:
        directory.permit(renaming.mode)
    sentence = (
        f"{visible(path)}: its rename was interrupted. The environment is complete under this name."
    )
    yield " ".join([sentence, *(f"{visible(note)}." for note in notes if note)])


class _Work:
    """One renaming, its directories open and locked; all that it does, ``back`` can take back."""

    def __init__(
        self,
        row: Row,
        context: Context,
        place: Directory,
        into: Directory,
        name: str,
        back: Rollback,
    ) -> None:
        self.row, self.context = row, context
        self.place, self.into, self.back = place, into, back
        self.old, self.new = place.path / row.environment.entry.name, into.path / name

    def done(self, names: tuple[Path, ...], follow: bool) -> str:
        """Do it; return what there is to know."""
        self._check()
        with ExitStack() as stack:
            entry = stack.enter_context(self.place.open(self.old.name))
            names = names or own_names(self.row.environment.path)
            fixed, renaming = self._prepared(entry, names, follow)
            steps.step("checked")
            lock = lock_uv(self.row.environment, entry, stack)
            steps.step("locked")
            self._begin(entry, renaming)
            self._rename(entry, lock)
            self._lead(fixed, renaming)
        with self.into.open(self.new.name) as now:
            rename_journal.remove(now)
            if renaming.mode & 0o700 != 0o700:
                now.permit(renaming.mode)
        steps.step("settled")
        _remove_empty(_between(self.row.environment.root, self.old.parent))
        if self.place.has(self.old.name):
            return f"Another program has recreated {visible(self.old)}; it was left alone."
        return ""

    def _check(self) -> None:
        """Raise ChangedError unless it is still what was listed, and not in use."""
        environment_state.look(self.row, self.context)
        for reason in refusals.revived(self.row, self.context.machine.home):
            raise ChangedError(reason)
        for reason in refusals.mounted(self.old, Mounts.read()):
            raise ChangedError(reason)
        for reason in refusals.marked(self.row.environment):
            raise ChangedError(reason)
        entry = self.row.environment.entry
        in_use = busy(self.row, users([entry]).uses.get(entry, ()))
        if in_use is not None:
            raise ChangedError(in_use)

    def _prepared(
        self, entry: Directory, names: tuple[Path, ...], follow: bool
    ) -> tuple[Repair, RenameJournal]:
        """Work out all that will be written. Raises ChangedError where something cannot be."""
        environment, status = self.row.environment, entry.status()
        new = _prefix(environment, self.new)
        fixed = Repair.plan(environment.path, names, new)
        if fixed.left:
            raise ChangedError(unwritten(environment.path, fixed.left))
        led, edits = project_links.changed_for(self.row, self.new) if follow else ((), ())
        for change in (*led, *edits):
            if not project_links.removable(change.path):
                raise ChangedError(
                    f"You have no permission to change its project's link {visible(change.path)}."
                )
        below = os.path.relpath(environment.path, environment.entry)
        return fixed.at(new), RenameJournal(
            old=self.old,
            new=self.new,
            inode=status.st_ino,
            mode=stat.S_IMODE(status.st_mode),
            below="" if below == "." else below,
            names=names,
            links=led,
            edits=edits,
        )

    def _begin(self, entry: Directory, renaming: RenameJournal) -> None:
        state = self.context.machine.state_directory
        for directory in {self.place.path, self.into.path}:
            if not trash_locations.note(state, directory):
                raise ChangedError(UNNOTED)
        if renaming.mode & 0o700 != 0o700:  # the journal must be written into it
            entry.permit(renaming.mode | 0o700)
            self.back.add(partial(entry.permit, renaming.mode))
        self.back.add(partial(rename_journal.remove, entry))
        rename_journal.write(entry, renaming)
        steps.step("journalled")

    def _rename(self, entry: Directory, lock: locks.Lock) -> None:
        status = entry.status()
        if entry.descriptor is None:
            lock.release()  # Windows renames no directory in which a file is open
        self.place.rename(self.old.name, self.new.name, self.into)
        back = partial(self.into.rename, self.new.name, self.old.name, self.place)
        self.back.add(back, trash=self.new)
        steps.step("renamed")
        if not os.path.samestat(self.into.look(self.new.name), status):
            raise ChangedError("Another environment replaced it at the last moment.")
        for reason in refusals.mounted(self.new, Mounts.read()):
            raise ChangedError(reason)
        self.into.sync()
        self.place.sync()

    def _lead(self, fixed: Repair, renaming: RenameJournal) -> None:
        """Make what names the old place name the new one."""
        self.back.add(fixed.undo, trash=self.new)
        fixed.apply()
        steps.step("repaired")
        for do, change in changes(renaming.links, renaming.edits):
            self.back.add(partial(revert_change, do, change))
            do(change)
        steps.step("linked")


def _prefix(environment: Environment, entry: Path) -> Path:
    """Return where the environment is when its entry lies at ``entry``."""
    return entry / environment.path.relative_to(environment.entry)


def changes(
    led: Sequence[Edit], edits: Sequence[Edit]
) -> Iterator[tuple[Callable[[Edit], bool], Edit]]:
    """Yield the changes to projects' links and path files, each with what carries it out."""
    for change in led:
        yield project_links.redirect, change
    for change in edits:
        yield project_links.rewrite, change


def _turned(change: Edit) -> Edit:
    return replace(change, before=change.after, after=change.before)


def revert_change(do: Callable[[Edit], bool], change: Edit) -> None:
    """Take a change to a link or path file back, if it was made. Raises OSError."""
    with suppress(ChangedError):  # not made yet, or somebody else has changed it since
        do(_turned(change))


def make_change(do: Callable[[Edit], bool], change: Edit, entry: Path, former: Path) -> str:
    """Make a change that a journal names; return why it is not made, "" if it is.

    ``entry`` is where the environment lies, ``former`` where it lay.
    """
    if not project_links.may_follow(change, entry, former):
        return (
            f"{change.path} was left unchanged: it did not point to {former}, or would not "
            f"point to {entry}"
        )
    try:
        do(change)
    except (ChangedError, OSError) as error:
        return words(error)
    return ""


def _made(directory: Path) -> list[Path]:
    """Make a directory with those above it; return what was made, the deepest first."""
    missing = []
    while not os.path.isdir(directory):
        missing.append(directory)
        directory = directory.parent
    for path in reversed(missing):
        path.mkdir()
    return missing


def _between(root: Path, directory: Path) -> list[Path]:
    """Return a directory and those above it, below ``root``, the deepest first."""
    if root not in directory.parents:
        return []
    return [path for path in (directory, *directory.parents) if root in path.parents]


def _remove_empty(directories: Sequence[Path]) -> None:
    """Remove those of these directories in which nothing lies, each before its parent."""
    for directory in directories:
        with suppress(OSError):
            directory.rmdir()
