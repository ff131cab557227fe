"""What a plan to delete showed: held until it is carried out, and compared with what is there then.

Between the two a user may take hours: directories are replaced, projects come back, files are
created, programs are started.
"""

import os
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from venvdash.actions.context import Context
from venvdash.actions.delete import new_files
from venvdash.actions.errors import ChangedError, GoneError, words
from venvdash.actions.safety import project_links, refusals
from venvdash.actions.safety.environment_state import EnvironmentState, States
from venvdash.actions.safety.in_use import busy, in_use
from venvdash.model import Item, Plan, Removal
from venvdash.system import responsiveness
from venvdash.system.directory import Directory
from venvdash.system.mounts import Mounts
from venvdash.system.processes import ProcessWatch

_FRESH, _STALE = 0.25, 2.0  # seconds that a look at all processes counts for, at least and most
_SHARE = 20.0  # … and how many times what it took
_LOOKED_AT = 200  # environments that one look is for: those that come next
_HELD = 200  # directories held open at once; others are recognised by inode and fingerprint


@dataclass(frozen=True, slots=True)
class OpenItem:
    """An item as the plan showed it; ``directory``, open, keeps its inode from being reused.

    ``contents`` is None where nothing is known of files of the user's in it.
    """

    look: EnvironmentState
    inode: tuple[int, int]
    directory: Directory | None
    contents: new_files.MeasuredContents | None


class ShownItems:
    """The items of a plan as they were when it was made. One thread at a time.

    ``measured`` has the packed footprints of the environments' entries that were made for the plan,
    ``states`` what the environments were when it was made, as far as that is known.
    """

    def __init__(
        self,
        plan: Plan,
        context: Context,
        measured: Mapping[Path, bytes],
        states: States | None = None,
    ) -> None:
        self._context, self._measured, self._by_rule = context, measured, plan.by_rule
        self._states = states or States(context)
        self._held: dict[Path, OpenItem | str] = {}
        self._left: dict[Path, Item] = {}
        self._look: _Look | None = None
        self._folders: dict[Path, set[Path]] = {}  # in which links to each may be
        for item in plan.items:
            self._held[item.row.path] = self._hold(item)
            self._left[item.row.path] = item

    def of(self, path: Path) -> "OpenItem | str":
        """Return how an environment was shown, or why it cannot be deleted, a sentence."""
        return self._held.get(path, "It is not part of this plan.")

    def done(self, path: Path) -> None:
        """Let go of one that was deleted, or left alone."""
        self._left.pop(path, None)
        _close(self._held.get(path))

    def close(self) -> None:
        """Let go of the directories that are held."""
        for held in self._held.values():
            _close(held)

    def _hold(self, item: Item) -> "OpenItem | str":
        environment = item.row.environment
        directory = None
        try:
            look = self._states.first(item.row)
            status = os.lstat(environment.entry)
            if environment.target is None and len(self._held) < _HELD:
                directory = Directory(environment.entry)
                if not os.path.samestat(directory.status(), status):
                    raise ChangedError("It was replaced while venvdash was reading it.")
            return OpenItem(look, (status.st_dev, status.st_ino), directory, self._contents(item))
        except (ChangedError, OSError, ValueError) as error:
            if directory is not None:
                directory.close()
            return str(error) if isinstance(error, ChangedError) else f"{words(error)}."

    def _contents(self, item: Item) -> new_files.MeasuredContents | None:
        usage, entry = item.row.usage, item.row.environment.entry
        if item.how == Removal.UNLINK or usage is None or usage.user_files is None:
            return None
        return new_files.MeasuredContents.of(
            entry, usage.user_files, self._measured.get(entry, b"")
        )

    def new_files(self, held: OpenItem, entry: Path, *, for_good: bool) -> str:
        """Say which files the user created since; raise ChangedError where they forbid it."""
        by_rule = self._by_rule
        return new_files.check(held.contents, entry, by_rule=by_rule, for_good=for_good)

    def check(self, item: Item, held: OpenItem, place: Directory) -> None:
        """Raise ChangedError unless everything still is as it was shown."""
        row, environment = item.row, item.row.environment
        name = environment.entry.name
        try:
            status = place.look(name)
        except FileNotFoundError:
            raise GoneError("It was already removed.") from None
        if (status.st_dev, status.st_ino) != held.inode:
            raise ChangedError("Another environment has replaced it since the plan was shown.")
        look = self._states.again(row)
        # What an alias leads to may change: only the link goes.
        if look.text != held.look.text or (environment.target is None and look != held.look):
            raise ChangedError("It has changed since the plan was shown.")
        entry = place.real() / name
        for reason in self._standing(item, entry):
            raise ChangedError(reason)
        if item.how != Removal.UNLINK:
            now = project_links.links_to(row, silent=self._latest(item).silent)
            if not (set(now[0]) <= set(item.links) and set(now[1]) <= set(item.edits)):
                raise ChangedError("A project now links to it, which the plan did not show.")

    def _standing(self, item: Item, entry: Path) -> Iterator[str]:
        """Yield what prevents it now that may not have when the plan was made."""
        context, row, environment = self._context, item.row, item.row.environment
        yield from refusals.protected(entry, environment, context)
        yield from refusals.revived(row, context.machine.home)
        if environment.target is not None:
            return
        yield from refusals.owned(environment, context.machine.uid)
        yield from refusals.mounted(entry, Mounts.read())
        yield from refusals.marked(environment)
        reason = busy(row, self._latest(item).watch.users(environment.entry))
        if reason is not None:
            yield reason

    def check_unused(self, item: Item) -> None:
        """Raise ChangedError if a process has started to use it since ``check``; cheap."""
        reason = in_use(self._latest(item).watch.users(item.row.environment.entry))
        if reason is not None:
            raise ChangedError(reason)

    def _latest(self, item: Item) -> "_Look":
        """Return a look that counts now, and for an item.

        One look counts for a moment and for the environments that come next. The dearer a look, the
        longer, so that a large bulk spends little of its time on looking.
        """
        path = item.row.path
        if self._look is None or time.monotonic() > self._look.ends or path not in self._look.items:
            items = {path: item, **dict(islice(self._left.items(), _LOOKED_AT))}
            self._look = _Look(items, self._folders_of)
        return self._look

    def _folders_of(self, item: Item) -> set[Path]:
        path = item.row.path
        if path not in self._folders:
            self._folders[path] = project_links.folders(item.row)
        return self._folders[path]


class _Look:
    """What holds at one moment for several items: which processes use them, and ``silent``.

    That are the folders with links to them that do not respond; ``folders_of`` an item returns
    those to ask.
    """

    def __init__(self, items: Mapping[Path, Item], folders_of: Callable[[Item], set[Path]]) -> None:
        began = time.monotonic()
        self.items = items
        trees = [item for item in items.values() if item.how != Removal.UNLINK]
        self.silent = frozenset(
            responsiveness.unresponsive(folder for item in trees for folder in folders_of(item))
        )
        self.watch = ProcessWatch([item.row.environment.entry for item in trees])
        took = time.monotonic() - began
        self.ends = began + took + min(max(_FRESH, took * _SHARE), _STALE)


def _close(held: "OpenItem | str | None") -> None:
    if isinstance(held, OpenItem) and held.directory is not None:
        held.directory.close()
