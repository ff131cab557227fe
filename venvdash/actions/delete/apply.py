"""Deleting, step by step: an environment is whole in its place or whole in the trash at any time.

The order: looked at again; locked; ``trash.toml`` written into it and flushed; the project's link
removed; the processes looked at once more; renamed into the trash (``trash_folder``); looked at
once more. What fails before the end is taken back. The renames of a plan are flushed together at
its end: what a power failure takes back before that lies whole in its place, with its journal. A
crash in between leaves the journal in the directory that it is about: see ``trash``.
"""

import errno
import os
import stat
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path

from venvdash.actions.context import Context
from venvdash.actions.delete import in_place, trash_folder, trash_locations
from venvdash.actions.delete.shown_items import OpenItem, ShownItems
from venvdash.actions.errors import ChangedError, FailedError, words
from venvdash.actions.journals import trash_journal
from venvdash.actions.process import tool_commands
from venvdash.actions.process.uv import UvError
from venvdash.actions.safety import project_links, refusals, steps
from venvdash.actions.safety.environment_state import States
from venvdash.actions.safety.rollback import Rollback, lock_uv, locked, opened
from venvdash.model import Environment, Item, Outcome, Plan, Removal, Result, Trashed
from venvdash.system import locks
from venvdash.system.directory import Directory
from venvdash.system.mounts import Mounts
from venvdash.text import visible

_NAME_LIMIT = 500  # characters
_REASON_LIMIT = 1000  # characters


class Deleter:
    """Applies a plan: made when it is shown, used item by item when it was confirmed.

    ``measured`` has the packed footprints of the environments' entries that were made for the plan,
    ``states`` what the environments were when it was made. Use it as a context manager, or
    ``close`` it. One thread at a time.
    """

    def __init__(
        self,
        plan: Plan,
        context: Context,
        measured: Mapping[Path, bytes] | None = None,
        states: States | None = None,
    ) -> None:
        self.plan = plan
        self._context = context
        self._shown = ShownItems(plan, context, measured or {}, states)
        self._noted: set[Path] = set()
        self._unsynced: set[Path] = set()

    def close(self) -> None:
        """Flush the renames to the disk, and let go of the directories that are held."""
        for path in sorted(self._unsynced):
            with suppress(OSError), Directory(path) as changed:
                changed.sync()
        if self._unsynced:
            steps.step("synced")
        self._unsynced.clear()
        self._shown.close()

    def __enter__(self) -> "Deleter":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def run(self) -> Iterator[Result]:
        """Apply all items in their order."""
        for item in self.plan.items:
            yield self.apply(item)

    def apply(self, item: Item, *, now: bool = False) -> Result:
        """Delete one environment, or leave it as it is and say why. Raises nothing of its own.

        ``now``: it is to be freed for good as soon as this returns, so where it cannot go to the
        trash, it is prepared to be freed where it lies.
        """
        row = item.row
        held = self._shown.of(row.path)
        if isinstance(held, str):
            return _result(item, Outcome.SKIPPED, held)
        try:
            if item.how == Removal.TOOL:
                return self._by_tool(item, held)
            if item.how == Removal.UNLINK:
                return self._alias(item, held)
            if item.how == Removal.IN_PLACE:
                return self._in_place(item, held, now)
            return self._away(item, held, now)
        except ChangedError as error:
            return _result(item, Outcome.SKIPPED, str(error))
        except FailedError as error:
            return _result(item, Outcome.FAILED, str(error), trash=error.trash)
        except (OSError, ValueError) as error:
            return _result(item, Outcome.FAILED, f"{words(error)}. The environment is unchanged.")
        finally:
            self._shown.done(row.path)

    # Doing.

    def _away(self, item: Item, held: OpenItem, now: bool) -> Result:
        """Move it to the trash; where there is none, and it is to be freed, let that begin."""
        try:
            return self._to_trash(item, held, now)
        except (FailedError, OSError) as error:
            if not _no_trash(error):
                raise
            if now:
                return self._in_place(item, held, now)
            reason = f"{words(error)}. Use `--now` to delete it permanently without the trash."
            return _result(item, Outcome.FAILED, reason)

    def _to_trash(self, item: Item, held: OpenItem, now: bool) -> Result:
        environment = item.row.environment
        with ExitStack() as stack:
            place = stack.enter_context(opened(environment.entry.parent))
            stack.enter_context(locked(place, self._context.patience))
            self._shown.check(item, held, place)
            new_files = self._shown.new_files(held, environment.entry, for_good=now)
            folder = self._folder(item, place, stack)
            entry = stack.enter_context(place.open(environment.entry.name))
            status = entry.status()
            if (status.st_dev, status.st_ino) != held.inode:
                raise ChangedError("Another environment has replaced it since the plan was shown.")
            steps.step("checked")
            lock = lock_uv(environment, entry, stack)
            steps.step("locked")
            with Rollback() as back:
                trash = self._move(item, place, folder, entry, back, lock)
                if now:  # nobody can write there by its path any more
                    self._shown.new_files(held, trash, for_good=True)
            self._unsynced |= {place.path, folder.path}
            reason = " ".join(filter(None, (_debris(place, environment), new_files)))
            return _result(item, Outcome.DONE, reason, trash=trash)

    def _in_place(self, item: Item, held: OpenItem, now: bool) -> Result:
        """Write into an environment that it is being freed; ``purge`` does the rest."""
        if not now:
            raise ChangedError(in_place.NO_TRASH)
        environment = item.row.environment
        with ExitStack() as stack:
            place = stack.enter_context(opened(environment.entry.parent))
            stack.enter_context(locked(place, self._context.patience))
            self._shown.check(item, held, place)
            self._shown.new_files(held, environment.entry, for_good=True)
            entry = stack.enter_context(place.open(environment.entry.name))
            status = entry.status()
            if (status.st_dev, status.st_ino) != held.inode:
                raise ChangedError("Another environment has replaced it since the plan was shown.")
            steps.step("checked")
            lock_uv(environment, entry, stack)
            steps.step("locked")
            mode = stat.S_IMODE(status.st_mode)
            if mode & 0o700 != 0o700:
                entry.permit(mode | 0o700)
            known = _journal(item, status.st_ino, mode)
            in_place.begin(entry, replace(known, how=Removal.IN_PLACE))
            self._note(place.real())
            steps.step("freeing begun")
            return _result(item, Outcome.DONE, "", trash=environment.entry)

    def _alias(self, item: Item, held: OpenItem) -> Result:
        """Move the link alone into a trash directory made for it."""
        name, trash = item.row.environment.entry.name, _trash_name()
        with ExitStack() as stack:
            place = stack.enter_context(opened(item.row.environment.entry.parent))
            stack.enter_context(locked(place, self._context.patience))
            self._shown.check(item, held, place)
            folder = self._folder(item, place, stack)
            steps.step("checked")
            with Rollback() as back:
                folder.make(trash)
                back.add(partial(folder.remove, trash))
                box = stack.enter_context(folder.open(trash))
                steps.step("made")
                back.add(partial(trash_journal.remove, box))
                trash_journal.write(box, _journal(item, held.inode[1], 0))
                steps.step("journalled")
                place.rename(name, trash_journal.LINK, box)
                back.add(partial(box.rename, trash_journal.LINK, name, place), trash=box.path)
                steps.step("renamed")
                if box.look(trash_journal.LINK).st_ino != held.inode[1]:
                    raise ChangedError("Another environment replaced it at the last moment.")
                steps.step("verified")
            box.sync()
            self._unsynced |= {place.path, folder.path}
            return _result(item, Outcome.DONE, "", trash=box.path)

    def _by_tool(self, item: Item, held: OpenItem) -> Result:
        environment = item.row.environment
        with opened(environment.entry.parent) as place:
            self._shown.check(item, held, place)
            self._shown.new_files(held, environment.entry, for_good=True)
            try:
                command = tool_commands.command(environment, self._context.machine)
                steps.step("checked")
                tool_commands.run(command, self._context.machine, self._context.log)
            except tool_commands.ToolError as error:
                return _result(item, Outcome.SKIPPED, str(error))
            except UvError as error:
                words = visible(error.words or "no reason given")
                return _result(item, Outcome.FAILED, f"`{visible(error.command)}` failed: {words}")
            if place.has(environment.entry.name):
                reason = f"`{visible(command.shown)}` succeeded, but the environment still exists."
                return _result(item, Outcome.FAILED, reason)
        for link in item.links:
            with suppress(OSError, ChangedError):
                project_links.remove(link)
        return _result(item, Outcome.DONE, f"Permanently deleted by `{visible(command.shown)}`.")

    def _folder(self, item: Item, place: Directory, stack: ExitStack) -> Directory:
        """Open and lock the folder that it is moved to: ``place``, or one of our own.

        Both are noted, so that what a crash leaves in them is found. Raises OSError.
        """
        self._note(place.real())
        if item.folder is None or not item.folder.own:
            return place
        folder = stack.enter_context(trash_folder.made(item.folder))
        stack.enter_context(locked(folder, self._context.patience))
        self._note(item.folder.path)
        return folder

    def _note(self, place: Path) -> None:
        if place not in self._noted:
            trash_locations.note(self._context.machine.state_directory, place)
            self._noted.add(place)

    def _move(
        self,
        item: Item,
        place: Directory,
        folder: Directory,
        entry: Directory,
        back: Rollback,
        lock: locks.Lock,
    ) -> Path:
        """Make the changes, and add to ``back`` how each is undone."""
        name, trash = entry.path.name, _trash_name()
        status = entry.status()
        mode = stat.S_IMODE(status.st_mode)
        if mode & 0o700 != 0o700:  # the journal must be written into it
            entry.permit(mode | 0o700)
            back.add(partial(entry.permit, mode))
        back.add(partial(trash_journal.remove, entry))
        in_place.write_with_room(entry, _journal(item, status.st_ino, mode))
        steps.step("journalled")
        self._unlink(item, back)
        if entry.descriptor is None:
            lock.release()  # Windows renames no directory in which a file is open
        self._shown.check_unused(item)
        steps.step("unused")
        place.rename(name, trash, folder)
        back.add(partial(folder.rename, trash, name, place), trash=folder.path / trash)
        steps.step("renamed")
        if not os.path.samestat(folder.look(trash), status):
            raise ChangedError("Another environment replaced it at the last moment.")
        for reason in refusals.mounted(folder.real() / trash, Mounts.read()):
            raise ChangedError(reason)
        steps.step("verified")
        return folder.path / trash

    def _unlink(self, item: Item, back: Rollback) -> None:
        place = item.row.environment.entry
        for link in item.links:
            if project_links.remove(link):
                back.add(partial(project_links.restore, link, place), journalled=True)
            steps.step("unlinked")
        for edit in item.edits:
            if project_links.remove_file(edit):
                back.add(partial(project_links.restore_file, edit, place), journalled=True)
            steps.step("edited")


def _trash_name() -> str:
    return trash_journal.PREFIX + os.urandom(8).hex()


def _journal(item: Item, inode: int, mode: int) -> Trashed:
    row, usage = item.row, item.row.usage
    return Trashed(
        path=row.environment.entry,
        original=row.environment.entry,
        name=row.name[:_NAME_LIMIT],
        project=row.verdict.project,
        since=time.time(),
        on_disk=usage.on_disk if usage else 0,
        reclaimable=usage.reclaimable if usage else 0,
        at_most=usage.at_most if usage else False,
        links=item.links,
        edits=item.edits,
        status=row.verdict.status.value,
        reason=row.verdict.reason[:_REASON_LIMIT],
        kind=row.environment.traits.kind,
        how=item.how,
        inode=inode,
        mode=mode,
        unsearched=item.searching,
    )


def _no_trash(error: Exception) -> bool:
    """Return whether something is whole in its place since it cannot go to the trash at all.

    Because the disk is full, or no directory can be renamed there.
    """
    cause = error.__cause__ if isinstance(error, FailedError) else error
    in_trash = isinstance(error, FailedError) and error.trash is not None
    untrashable = (*in_place.FULL, errno.EXDEV)
    return not in_trash and isinstance(cause, OSError) and cause.errno in untrashable


def _debris(place: Directory, environment: Environment) -> str:
    if not place.has(environment.entry.name):
        return ""
    return f"Another program has recreated {visible(environment.entry)}; it was left alone."


def _result(item: Item, outcome: Outcome, reason: str, *, trash: Path | None = None) -> Result:
    usage = item.row.usage
    return Result(
        path=item.row.path,
        name=item.row.name,
        outcome=outcome,
        reason=reason,
        trash=trash,
        on_disk=usage.on_disk if usage else 0,
        reclaimable=usage.reclaimable if usage else 0,
    )
