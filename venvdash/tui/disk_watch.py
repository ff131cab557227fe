"""Notices that environments or their projects changed on the disk. Knows no Textual.

The kernel reports changes in the directories that matter most (``system/inotify.py``). Everything
else, and everything where there is no inotify, is looked at in turn, each path once a minute.
"""

import contextlib
import os
import selectors
import socket
import threading
import time
from collections.abc import Callable

from venvdash.system.fingerprint import current
from venvdash.system.inotify import Change, Inotify
from venvdash.tui.watched_paths import WatchedPaths

_ROUND = 50.0  # seconds in which every polled path is looked at once
_STEP = 2.0  # seconds between two steps of a round
_QUIET = 0.5  # seconds without a change, after which changes are reported
_LONGEST = 1.5  # seconds after which they are reported in any case
# What venvdash itself writes, and what Python writes when a package is first imported.
_OWN = (".venvdash", "venvdash.toml", "__pycache__")

State = int | None  # a hash of what is compared, which takes a seventh of its memory


class DiskWatch:
    """A thread that calls ``changed``, in that thread, when something watched has changed."""

    def __init__(self, changed: Callable[[], None]) -> None:
        self._changed = changed
        self._given: Callable[[], WatchedPaths] | None = None
        self._given_visible: Callable[[], frozenset[str]] | None = None
        self._lock = threading.Lock()
        self._stopped = False
        self._wake: socket.socket | None = None
        self._polling = Polling()
        self._paths: WatchedPaths | None = None
        self._directories: frozenset[str] = frozenset()  # of which every entry counts

    def watch(
        self,
        visible: Callable[[], frozenset[str]],
        paths: Callable[[], WatchedPaths] | None = None,
    ) -> None:
        """Watch the directories of what is visible, and these paths, if given, from now on.

        Never waits: the thread calls both.
        """
        with self._lock:
            self._given_visible = visible
            self._given = paths or self._given
        if self._wake is None:
            woken, self._wake = socket.socketpair()
            woken.setblocking(False)
            self._wake.setblocking(False)
            threading.Thread(
                target=self._run, args=(woken,), name="disk-watch", daemon=True
            ).start()
        self._rouse()

    def stop(self) -> None:
        """End the thread, without waiting for it."""
        self._stopped = True
        self._rouse()

    def _rouse(self) -> None:
        if self._wake is not None:
            with contextlib.suppress(OSError):  # full or closed: the thread wakes in any case
                self._wake.send(b"x")

    def _run(self, woken: socket.socket) -> None:
        try:
            inotify: Inotify | None = Inotify()
        except OSError:
            inotify = None
        with selectors.DefaultSelector() as selector, contextlib.ExitStack() as stack:
            for end in filter(None, (self._wake, woken)):
                stack.callback(end.close)
            selector.register(woken, selectors.EVENT_READ)
            if inotify is not None:
                stack.callback(inotify.close)
                selector.register(inotify.descriptor, selectors.EVENT_READ)
            self._follow(selector, woken, inotify)

    def _follow(
        self, selector: selectors.BaseSelector, woken: socket.socket, inotify: Inotify | None
    ) -> None:
        pending = Pending()
        next_step = time.monotonic() + _STEP
        while not self._stopped:
            due = min(next_step, pending.due)
            selector.select(max(0.0, due - time.monotonic()))
            with contextlib.suppress(BlockingIOError):
                woken.recv(4096)
            if self._take_paths(inotify):
                pending.note()
            if inotify is not None and any(map(self._counts, inotify.changes())):
                pending.note()
            if time.monotonic() >= next_step:
                if self._polling.step(_STEP / _ROUND):
                    pending.note()
                next_step = time.monotonic() + _STEP
            if pending.take():
                self._changed()

    def _take_paths(self, inotify: Inotify | None) -> bool:
        """Watch what was given since; return whether it has changed since it was read."""
        with self._lock:
            visible, self._given_visible = self._given_visible, None
            paths, self._given = self._given, None
        if visible is None:
            return False
        known = self._read()
        self._paths = paths() if paths is not None else self._paths
        if self._paths is None:
            return False
        directories = self._paths.directories | visible()
        awaited = self._paths.awaited
        parents = frozenset(map(os.path.dirname, awaited))
        rest = directories if inotify is None else inotify.watch(directories | parents)
        self._polling.watch(self._paths.contents | rest & directories, self._paths.identities)
        self._directories = directories
        if any(map(os.path.isdir, awaited)):
            return True
        new = self._read() - known if paths is not None else ()
        return any(_newer(path, self._paths.since) for path in new)

    def _read(self) -> frozenset[str]:
        """Return the paths of which every change counts."""
        return self._directories | (self._paths.contents if self._paths else frozenset())

    def _counts(self, change: Change) -> bool:
        if change.name.startswith(_OWN):
            return False
        if not change.name or change.directory in self._directories:
            return True
        awaited = self._paths.awaited if self._paths else ()
        return os.path.join(change.directory, change.name) in awaited


class Pending:
    """Changes that are reported once they pause, or after a while."""

    def __init__(self) -> None:
        self._first = self._last = float("inf")

    @property
    def due(self) -> float:
        """When they are reported, by the monotonic clock in seconds."""
        return min(self._first + _LONGEST, self._last + _QUIET)

    def note(self) -> None:
        """Note a change."""
        self._last = time.monotonic()
        self._first = min(self._first, self._last)

    def take(self) -> bool:
        """Return whether it is time to report, and forget what is reported."""
        if time.monotonic() < self.due:
            return False
        self._first = self._last = float("inf")
        return True


class Polling:
    """Paths that are looked at in turn."""

    def __init__(self) -> None:
        self._states: dict[str, State] = {}
        self._identities: frozenset[str] = frozenset()
        self._order: list[str] = []
        self._at = 0

    def watch(self, contents: frozenset[str], identities: frozenset[str]) -> None:
        """Look at these paths from now on."""
        self._identities = identities
        wanted = contents | identities
        before, self._states = self._states, {}
        for path in wanted:
            self._states[path] = before[path] if path in before else self._look(path)
        self._order = sorted(wanted)

    def step(self, share: float) -> bool:
        """Look at so large a share of the paths; return whether one has changed."""
        count = int(len(self._order) * share) + 1
        end = self._at + count
        part = self._order[self._at : end] + self._order[: max(0, end - len(self._order))]
        self._at = end % max(1, len(self._order))
        changed = False
        for path in part:
            state = self._look(path)
            changed |= state != self._states[path]
            self._states[path] = state
        return changed

    def _look(self, path: str) -> State:
        fingerprint = current(path)
        if fingerprint is None:
            return None
        return hash(fingerprint[:2] if path in self._identities else fingerprint)


def _newer(path: str, since: float) -> bool:
    fingerprint = current(path)
    return fingerprint is not None and fingerprint.newest > since * 1e9
