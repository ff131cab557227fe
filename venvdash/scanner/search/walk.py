"""Reading one place, depth first: its memory is one list of names for each level of the tree."""

import errno
import os
import stat
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from venvdash.scanner.search.findings import AGAIN, NotEntered, Unsearched
from venvdash.scanner.search.places import NEVER, Start
from venvdash.scanner.search.seeker import Seeker
from venvdash.system.subvolumes import is_read_only_subvolume
from venvdash.text import visible

_GIT, _OBJECTS = ".git", "objects"  # git's own store of everything that was ever committed
_DENIED = (errno.EACCES, errno.EPERM)
_GONE = (errno.ENOENT, errno.ENOTDIR)  # while it was read


@dataclass
class Ledger:
    """What all walks of one search share: what was read already, and what could not be.

    ``follow`` is told of every link, where links may lead to what no walk comes by.
    """

    barred: Collection[str] = ()
    uid: int | None = None
    directories: int = 0
    done: set[tuple[int, int]] = field(default_factory=set)
    unsearched: dict[Path, Unsearched] = field(default_factory=dict)
    not_entered: dict[str, NotEntered] = field(default_factory=dict)
    follow: Callable[[str], None] | None = None


@dataclass(slots=True)
class _Frame:
    path: str
    names: Iterator[str]
    device: int
    depth: int
    own: bool


class Walk:
    """One place; ``step`` reads a part of it."""

    def __init__(self, start: Start, seeker: Seeker, ledger: Ledger) -> None:
        self.start = start
        self._seeker, self._ledger = seeker, ledger
        self._telling, self._inodes = seeker.telling, seeker.inodes
        self._scripts = seeker.scripts
        self._frames: list[_Frame] = []
        self._root: tuple[int, int] | None = None
        self._begun = False

    def step(self, most: int) -> bool:
        """Read up to ``most`` directories; return whether any are left."""
        if not self._begun:
            self._begun = True
            self._begin()
        frames, left = self._frames, most
        while frames and left:
            frame = frames[-1]
            name = next(frame.names, None)
            if name is None:
                frames.pop()
                continue
            left -= 1
            self._enter(frame, name)
        if not frames and self._root and self.start.depth is None:
            self._ledger.done.add(self._root)
        return bool(frames)

    def _begin(self) -> None:
        path = self.start.path
        try:
            found = os.stat(path)
        except OSError as error:
            self._report(path, error, own=False)
            return
        if not stat.S_ISDIR(found.st_mode):
            self._seeker.look_at_script(path, found.st_ino)
            return
        self._root = (found.st_dev, found.st_ino)
        if self._root not in self._ledger.done:
            depth = self.start.depth
            self._read(path, found, -1 if depth is None else depth)

    def _enter(self, frame: _Frame, name: str) -> None:
        path = f"{frame.path}/{name}" if frame.path != "/" else f"/{name}"
        if path in self._ledger.barred:
            return
        try:
            found = os.lstat(path)
        except OSError as error:
            self._report(path, error, own=frame.own)
            return
        if not stat.S_ISDIR(found.st_mode) or (found.st_dev, found.st_ino) in self._ledger.done:
            return
        if found.st_dev != frame.device and not self._is_subvolume(path):
            return
        self._read(path, found, frame.depth - 1)

    def _is_subvolume(self, path: str) -> bool:
        """Return whether a directory with a device of its own belongs to this file system."""
        read_only = is_read_only_subvolume(path)
        if read_only:
            self._ledger.not_entered.setdefault("snapshots", NotEntered(Path(path), "snapshots"))
        if read_only is None:
            reason = f"{visible(path)} was mounted while the search was running"
            self._unsearched(path, reason, AGAIN)
        return read_only is False

    def _read(self, path: str, found: os.stat_result, depth: int) -> None:
        own = found.st_uid == self._ledger.uid
        self._ledger.directories += 1
        try:
            inner, has = self._listed(path)
        except OSError as error:
            self._report(path, error, own=own)
            return
        inode = found.st_ino if found.st_ino in self._inodes else None
        if has or inode is not None or self._seeker.wants(os.path.basename(path)):
            self._seeker.look(path, has, inode)
        if inner and depth:
            self._frames.append(_Frame(path, iter(inner), found.st_dev, depth, own))

    def _listed(self, path: str) -> tuple[list[str], list[str]]:
        """Return the directories to enter and the telling entries. Raises OSError."""
        telling, inodes, scripts = self._telling, self._inodes, self._scripts
        inner: list[str] = []
        has: list[str] = []
        files, follow = bool(inodes or scripts), self._ledger.follow
        with os.scandir(path) as listing:
            for entry in listing:
                name = entry.name
                if name in telling:
                    has.append(name)
                if entry.is_dir(follow_symlinks=False):
                    if name not in NEVER:
                        inner.append(name)
                    else:
                        self._left_out(path, name)
                elif entry.is_symlink():
                    if follow is not None:
                        follow(entry.path)
                elif files and (entry.inode() in inodes or scripts.may_be(name)):
                    self._seeker.look_at_script(entry.path, entry.inode())
        if _OBJECTS in inner and os.path.basename(path) == _GIT:
            inner.remove(_OBJECTS)
        return inner, has

    def _left_out(self, path: str, name: str) -> None:
        what = NEVER[name]
        if what not in self._ledger.not_entered:
            self._ledger.not_entered[what] = NotEntered(Path(path, name), what)

    def _report(self, path: str, error: OSError, *, own: bool) -> None:
        """Note a directory that cannot be read; of others' directories only that they are."""
        if error.errno in _GONE or (error.errno in _DENIED and not own):
            return
        shown, denied = visible(path), error.errno in _DENIED
        why = "may not be read" if denied else f"cannot be read ({(error.strerror or '').lower()})"
        release = f"`chmod u+rx {shown}`" if denied else f"make {shown} readable"
        self._unsearched(
            path,
            f"{shown} {why}, so that it was not searched",
            f'{release}, or `skip = ["{shown}"]` in the configuration',
        )

    def _unsearched(self, path: str, reason: str, release: str) -> None:
        self._ledger.unsearched.setdefault(Path(path), Unsearched(Path(path), reason, release))
