"""Walks one place depth first, with one list of names in memory per level of the tree."""

import errno
import os
import stat
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from venvdash.model import Unsearched
from venvdash.records.directories import NOTHING, Reader, Seen, Writer, each, split
from venvdash.scanner.search.findings import AGAIN
from venvdash.scanner.search.matcher import DirectoryMatcher
from venvdash.scanner.search.mentions import SUFFIX
from venvdash.scanner.search.names import SIGNS
from venvdash.scanner.search.scope import COPIES, OTHERS, PACKAGED, SNAPSHOTS, Start
from venvdash.system.btrfs_subvolumes import is_read_only_subvolume
from venvdash.text import because, visible

_GIT, _OBJECTS = ".git", "objects"  # not entered: it contains no projects
_LINK, _SCRIPT = "link", "script"  # prefixes of such names in a list
_SHOWN = 200  # characters of a path that is too long to show
_MOST = 1000  # unreadable places that are listed
_MOST_LEFT_OUT = 100  # places of one kind that are listed; more are counted
_YOUNG = 2_000_000_000  # nanoseconds; a newer change time may hide a further change
_DENIED = (errno.EACCES, errno.EPERM)
_NONE: list[str] = []
_GONE = (errno.ENOENT, errno.ENOTDIR)  # while it was read


@dataclass
class LeftOut:
    """Places of one kind that are not entered: their number, and the first ones."""

    count: int = 0
    paths: list[str] = field(default_factory=list)


@dataclass
class WalkState:
    """The state that all walks of a search share.

    ``barred`` are paths that are not entered, with their kind if the walk reports them.
    ``follow`` is called for every link if links may lead to places that no walk reads.
    """

    barred: Mapping[str, str] = field(default_factory=dict)
    uid: int | None = None
    directories: int = 0
    done: set[tuple[int, int]] = field(default_factory=set)
    unsearched: dict[Path, Unsearched] = field(default_factory=dict)
    not_entered: dict[str, LeftOut] = field(default_factory=dict)
    follow: Callable[[str], None] | None = None

    def leave_out(self, what: str, *paths: str, count: int = 1) -> None:
        """Count places that are not entered; ``paths`` are the first of them."""
        kind = self.not_entered.setdefault(what, LeftOut())
        kind.count += count
        kind.paths += paths[: _MOST_LEFT_OUT - len(kind.paths)]


class _Frame:
    """One level of the walk: a directory and its subdirectories that are still to be entered.

    ``known`` are those with a record from the earlier search, in the order of the records; ``gone``
    are those that no longer exist, whose records are skipped.
    """

    __slots__ = ("depth", "device", "gone", "known", "new", "own", "path")

    def __init__(self, path: str, device: int, depth: int, own: bool) -> None:
        self.path, self.device, self.depth, self.own = path, device, depth, own
        self.known: Iterator[str] = iter(())
        self.gone: Collection[str] = ()
        self.new: Iterator[str] = iter(())


class Walk:
    """The walk of one place; ``step`` reads a part of it.

    ``reader`` has the records of the earlier search, ``writer`` takes those for the next one.
    ``counts_links``: on this file system a directory without subdirectories has two links.
    """

    def __init__(
        self,
        start: Start,
        matcher: DirectoryMatcher,
        state: WalkState,
        reader: Reader | None = None,
        writer: Writer | None = None,
        *,
        counts_links: bool = False,
    ) -> None:
        self.start = start
        reads_files = bool(matcher.script_inodes or matcher.scripts) or state.follow is not None
        self._leaf = 2 if counts_links and not reads_files else -1
        self._matcher, self._state = matcher, state
        self._reader, self._writer = reader or Reader(), writer or Writer()
        self._telling, self._inodes = matcher.telling, matcher.inodes
        self._script_inodes = matcher.script_inodes
        self._scripts = matcher.scripts
        self._folders = matcher.folders | {name.lower() for name in COPIES}
        self._barred_in = {os.path.dirname(path) for path in state.barred}
        self._trusted_before = 0
        self._frames: list[_Frame] = []
        self._root: tuple[int, int] | None = None
        self._begun = False

    @property
    def found_all(self) -> bool:
        """Whether a hit was found for every environment."""
        return self._matcher.done

    def step(self, most: int) -> bool:
        """Read up to ``most`` directories; return whether any are left."""
        self._trusted_before = time.time_ns() - _YOUNG
        if not self._begun:
            self._begun = True
            self._begin()
        frames, left = self._frames, most
        while frames and left:
            frame = frames[-1]
            name, seen, same = self._next_known(frame, left)
            left -= same
            if name is None and left:
                name = next(frame.new, None)
                if name is None:
                    frames.pop()
            if name is not None:
                left -= 1
                self._enter(frame, name, seen)
        if not frames and self._root and self.start.depth is None:
            self._state.done.add(self._root)
        return bool(frames)

    def _begin(self) -> None:
        path = self.start.path
        try:
            status = os.stat(path)
        except OSError as error:
            self._report(path, error, own=False)
            return
        if not stat.S_ISDIR(status.st_mode):
            self._matcher.look_at_script(path, status.st_ino)
            return
        self._root = (status.st_dev, status.st_ino)
        if self._root not in self._state.done:
            depth = self.start.depth
            top = _Frame(path, status.st_dev, 0 if depth is None else depth + 1, own=False)
            self._read(top, path, os.path.basename(path), status, self._reader.take(0))

    def _next_known(self, frame: _Frame, most: int) -> tuple[str | None, Seen | None, int]:
        """Return the next directory with a record that has to be looked into, and its record.

        Passed over, and counted as the third value, are up to ``most`` before it that are
        unchanged and have neither subdirectories nor telling entries. None where no other is left.
        """
        level, folder, same = len(self._frames), frame.path, 0
        take, writer = self._reader.take, None if self._writer.copies else self._writer
        inodes, done, folders, device = self._inodes, self._state.done, self._folders, frame.device
        barred = folder in self._barred_in
        name: str | None = None
        for name in frame.known:
            seen = take(level)
            if frame.gone and name in frame.gone:
                self._reader.skip(level)
                continue
            if seen is None or seen[2] or seen[3] or barred or not name.isascii():
                break
            if name.lower() in folders:
                break
            try:
                status = os.lstat(f"{folder}/{name}")
            except OSError:
                break
            inode = status.st_ino
            if seen[1] != status.st_ctime_ns or seen[0] != inode or status.st_dev != device:
                break
            if inode in inodes or (done and (device, inode) in done):
                break
            same += 1
            if writer:
                writer.again(level, seen)
            if same == most:
                name = None
                break
        else:
            name = None
        self._state.directories += same
        return name, seen if name else None, same

    def _enter(self, frame: _Frame, name: str, seen: Seen | None) -> None:
        """Read a subdirectory and write its record, also if it is not entered."""
        path = f"{frame.path}/{name}" if frame.path != "/" else f"/{name}"
        state = self._state
        barred = state.barred.get(path)
        if barred is not None:
            self._leave_out(barred, path)
        else:
            try:
                status = os.lstat(path)
            except OSError as error:
                self._report(path, error, own=frame.own)
            else:
                here = status.st_dev == frame.device
                if (
                    (here or (stat.S_ISDIR(status.st_mode) and self._is_subvolume(path)))
                    and (status.st_dev, status.st_ino) not in state.done
                    and self._read(frame, path, name, status, seen)
                ):
                    return
        level = len(self._frames)
        if seen is None or seen != NOTHING:
            self._writer.add(level)
        else:
            self._writer.again(level, seen)
        if seen is not None:
            self._reader.skip(level)

    def _read(
        self, above: _Frame, path: str, name: str, status: os.stat_result, seen: Seen | None
    ) -> bool:
        """Read a directory and record its entries; return False if it cannot be read."""
        level = len(self._frames)
        frame = None
        # The change time, since a program may set the modification time back (rsync, tar).
        if seen is not None and seen[1] == status.st_ctime_ns and seen[0] == status.st_ino:
            has = split(seen[3]) if seen[3] else _NONE
            self._writer.again(level, seen)
            if seen[2]:
                frame = _Frame(path, status.st_dev, above.depth - 1, _owned(status, self._state))
                frame.known = each(seen[2])
        else:
            try:
                if status.st_nlink == self._leaf:
                    inner, has = _NONE, self._matcher.telling_among(os.listdir(path))
                else:
                    inner, has = self._listed(path, name)
            except OSError as error:
                self._report(path, error, own=_owned(status, self._state))
                return False
            if inner or (seen is not None and seen[2]):
                frame = _Frame(path, status.st_dev, above.depth - 1, _owned(status, self._state))
                inner = self._arrange(frame, inner, seen)
            inside = self._note(level, status, inner, has)
            if frame is not None and seen is None:
                frame.new = each(inside)  # which needs less memory than a list, of very many
        self._state.directories += 1
        if (
            has
            or status.st_ino in self._inodes
            or name.lower() in self._folders
            or not name.isascii()
        ):
            self._look(path, has, status.st_ino)
        if frame is not None and frame.depth:
            self._frames.append(frame)
        return True

    def _look(self, path: str, has: Sequence[str], inode: int) -> None:
        name = os.path.basename(path)
        if name in COPIES and SIGNS.isdisjoint(has):
            self._leave_out(COPIES[name], path)
        telling = self._other_entries(path, has)
        wanted = inode if inode in self._inodes else None
        if telling or wanted is not None or self._matcher.wants(name):
            self._matcher.look(path, telling, wanted)

    def _arrange(self, frame: _Frame, inner: list[str], seen: Seen | None) -> list[str]:
        """Return the subdirectories: first those with records, in the order of the records."""
        if seen is None or not seen[2]:
            frame.new = iter(inner)
            return inner
        before, present = split(seen[2]), set(inner)
        known = [name for name in before if name in present]
        remembered = set(known)
        new = [name for name in inner if name not in remembered]
        frame.known, frame.new = iter(before), iter(new)
        frame.gone = present.symmetric_difference(before).difference(present)
        return [*known, *new]

    def _note(
        self, level: int, status: os.stat_result, inner: list[str], has: Sequence[str]
    ) -> bytes:
        """Record a directory and return the names in it, joined by NUL.

        A recent change time is not recorded, since it may hide a further change.
        """
        changed = status.st_ctime_ns if status.st_ctime_ns < self._trusted_before else 0
        inside = os.fsencode("\0".join(inner)) if inner else b""
        telling = os.fsencode("\0".join(has)) if has else b""
        self._writer.add(level, (status.st_ino if changed else 0, changed, inside, telling))
        return inside

    def _other_entries(self, path: str, has: Sequence[str]) -> list[str]:
        """Match the scripts and links among the entries; return the other entries."""
        telling = []
        for name in has:
            kind, separator, rest = name.partition("/")
            if not separator:
                telling.append(name)
            elif kind == _SCRIPT:
                self._look_at_script(f"{path}/{rest}")
            elif kind == _LINK and self._state.follow is not None:
                self._state.follow(f"{path}/{rest}")
        return telling

    def _look_at_script(self, file: str) -> None:
        try:
            status = os.lstat(file)
        except OSError:
            return
        if stat.S_ISREG(status.st_mode):
            self._matcher.look_at_script(file, status.st_ino)

    def _is_subvolume(self, path: str) -> bool:
        """Return whether a directory on another device is a subvolume to search."""
        read_only = is_read_only_subvolume(path)
        if read_only:
            self._leave_out(SNAPSHOTS, path)
        if read_only is None:
            reason = f"{visible(path)} was mounted while the search was running"
            self._unsearched(path, reason, AGAIN)
        return read_only is False

    def _listed(self, path: str, name: str) -> tuple[list[str], list[str]]:
        """Return the directories to enter, and the telling entries. Raises OSError.

        Links and scripts have the prefix ``link/`` or ``script/``.
        """
        telling = self._telling
        inner: list[str] = []
        has: list[str] = []
        files = bool(self._script_inodes or self._scripts) or self._state.follow is not None
        with os.scandir(path) as listing:
            for entry in listing:
                inside = entry.name
                if inside in telling or inside.endswith(SUFFIX):
                    has.append(inside)
                if entry.is_dir(follow_symlinks=False):
                    if inside not in PACKAGED:
                        inner.append(inside)
                elif files:
                    has += self._other(entry)
        if name in COPIES and SIGNS.isdisjoint(has):
            return _NONE, has
        if name == _GIT and _OBJECTS in inner:
            inner.remove(_OBJECTS)
        return inner, has

    def _other(self, entry: "os.DirEntry[str]") -> Iterator[str]:
        """Yield a link to follow, or a possible script, with its prefix."""
        if entry.is_symlink():
            if self._state.follow is not None:
                yield f"{_LINK}/{entry.name}"
        elif entry.inode() in self._script_inodes or self._scripts.may_be(entry.name):
            yield f"{_SCRIPT}/{entry.name}"

    def _leave_out(self, what: str, path: str) -> None:
        """Count a place that is not entered, once: whole places are read after parts of them."""
        if what and self.start.depth is None:
            self._state.leave_out(what, path)

    def _report(self, path: str, error: OSError, *, own: bool) -> None:
        """Report a directory that cannot be read, unless it belongs to another user."""
        if error.errno in _GONE:
            return
        if error.errno in _DENIED and not own:
            self._leave_out(COPIES.get(os.path.basename(path), OTHERS), path)
            return
        if error.errno == errno.ENAMETOOLONG:
            path = os.path.dirname(path[:_SHOWN])  # no line takes the whole of it
        shown, denied = visible(path), error.errno in _DENIED
        why = "cannot be read (no permission)" if denied else f"cannot be read ({because(error)})"
        release = f'`skip = ["{shown}"]` in the configuration'
        if denied:
            release = f"`chmod u+rx {shown}`, or {release}"
        self._unsearched(path, f"{shown} {why}, so it was not searched", release)

    def _unsearched(self, path: str, reason: str, release: str) -> None:
        if len(self._state.unsearched) < _MOST:
            self._state.unsearched.setdefault(Path(path), Unsearched(Path(path), reason, release))


def _owned(status: os.stat_result, state: WalkState) -> bool:
    return status.st_uid == state.uid
