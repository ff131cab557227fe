"""The state of everything that a scan read, compact enough to compare all of it in milliseconds.

Of each path only what was read of it counts (``reads.Read``). A name that a directory does not
have, or an entry of which only the type was read, is covered by the state of the directory. A
directory of which only the entries were read is unchanged as long as they are the same: in HOME,
shells create and remove files all the time.

The rule of ``system.fingerprint`` holds: what was changed less than two seconds before the scan
began has no state, and nothing is remembered then. This module imports little, since
``without_scan`` compares with it.
"""

import errno
import json
import os
import struct
import time
import zlib
from array import array
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from itertools import chain, islice

from venvdash.system import fingerprint
from venvdash.system.dependencies import UnsettledError, of_variable
from venvdash.system.reads import Read, Reads

_TYPE, _LINK, _DIRECTORY = 0o170000, 0o120000, 0o040000  # S_IFMT, S_IFLNK, S_IFDIR
_MOUNTS = "/proc/self/mountinfo"
_LIMIT = 1024 * 1024  # bytes of it
_SECONDS = 3600.0  # that a state is used: what depends on the time alone is noticed after that
_JUMP = 60.0  # seconds by which the wall clock may differ from the boot clock
_ENTRIES, _PARENTS, _NAME = int(Read.ENTRIES), int(Read.PARENTS), int(Read.NAME)
_WHOLE = int(Read.ENTRIES | Read.CONTENT | Read.ACCESS_TIME)
_TARGET, _ACCESS, _IDENTITY = int(Read.TARGET), int(Read.ACCESS_TIME), int(Read.IDENTITY)

_LENGTHS = struct.Struct("<QQ")
_WIDTH, _IDENTITY_WIDTH = 7, 5

_Status = Callable[[bytes], os.stat_result]


class ScanReads(Reads):
    """What a scan reads, and when it began, in nanoseconds since the epoch."""

    def __init__(self) -> None:
        super().__init__()
        self.begun = time.time_ns()
        self._entries: dict[str, list[int]] = {}  # of directories that were being changed

    def path(self, path: str, what: int) -> None:
        """Note a path, before it is read."""
        if what == _ENTRIES and path not in self.paths:
            with suppress(OSError, ValueError):
                if not self._settled(os.stat(path)):
                    self._entries[path] = entries(path)
        super().path(path, what)

    def add(self, other: Reads) -> None:
        """Note what was read in a part of this, after it was read."""
        for path, what in other.paths.items():
            self.paths[path] = self.paths.get(path, 0) | what
        self.variables |= other.variables
        self.complete &= other.complete

    def state(self, cwd: str, unreliable: Collection[int] = ()) -> bytes:
        """Return the state of everything that was read, in a scan with the directory ``cwd``.

        Raises UnsettledError where something has none, or may have changed since the scan began, or
        lies on one of the ``unreliable`` devices, where changes may not show.
        """
        if not self.complete:
            raise UnsettledError("something that is not noted was read")
        captured = _Captured(self, unreliable)
        try:
            for path, what in list(_with_parents(self.paths)):
                captured.add(path, what)
            return captured.packed(self.variables, cwd)
        except (OSError, OverflowError) as error:
            raise UnsettledError(str(error)) from error

    def _settled(self, status: os.stat_result) -> bool:
        return fingerprint.settled(fingerprint.of_stat(status), self.begun)

    def is_settled(self, path: str, status: os.stat_result, what: int) -> bool:
        """Return whether ``what`` was read of a path is what ``status`` is the status of."""
        if what & _ACCESS and status.st_atime_ns + fingerprint.RACY > self.begun:
            return False
        if self._settled(status):
            return True
        before = self._entries.get(path)  # the times of a directory are more than its entries
        return before is not None and what & _WHOLE == _ENTRIES and before == entries(path)


def _with_parents(paths: Mapping[str, int]) -> Iterator[tuple[str, int]]:
    """Yield all paths with what was read of them, and what resolving links read above them."""
    parents: dict[str, int] = {}
    for path, what in paths.items():
        if not what & _PARENTS:
            continue
        for spelled in (path, os.path.realpath(path)):
            while spelled not in parents:
                parents[spelled] = _NAME
                spelled = os.path.dirname(spelled)
    for path in paths.keys() | parents.keys():
        yield path, paths.get(path, 0) | parents.get(path, 0)


class _Captured:
    """The states of paths, in the lists in which ``unchanged`` compares them."""

    def __init__(self, noted: ScanReads, unreliable: Collection[int]) -> None:
        self._noted, self._unreliable = noted, unreliable
        self._whole: dict[str, tuple[int, ...]] = {}
        self._targets: dict[str, tuple[int, ...]] = {}
        self._identities: dict[str, tuple[int, ...]] = {}
        self._target_identities: dict[str, tuple[int, ...]] = {}
        self._errors: dict[str, int] = {}  # of lstat
        self._dangling: dict[str, int] = {}  # errors of stat
        self._entries: dict[str, list[int]] = {}
        self._directories: set[str] = set()  # of which a change of any entry is noticed
        self._named: list[tuple[str, os.stat_result]] = []  # of which only the type was read
        self._absent: list[str] = []

    def add(self, path: str, what: int) -> None:
        """Take the state of a path."""
        try:
            status = os.lstat(path)
        except FileNotFoundError:
            self._absent.append(path)
        except OSError as error:
            self._errors[path] = error.errno or 0
        except ValueError:
            return  # no such path can exist
        else:
            if status.st_mode & _TYPE == _LINK:
                self._add_link(path, status, what)
            elif what & _WHOLE:
                self._check(path, status, what)
                self._whole[path] = _numbers(status, what)
                self._enter(path, status, what)
            elif what & _IDENTITY:
                self._identify(path, status, self._identities)
            else:
                self._named.append((path, status))

    def _add_link(self, path: str, link: os.stat_result, what: int) -> None:
        self._check(path, link)
        self._whole[path] = _numbers(link, 0)
        try:
            status = os.stat(path)
        except OSError as error:
            self._dangling[path] = error.errno or 0
            return
        if what & _WHOLE:
            self._check(path, status, what)
            self._targets[path] = _numbers(status, what)
            self._directories.add(path)
        elif what & ~_TARGET:
            self._identify(path, status, self._target_identities)
        else:  # as that of many interpreters is the same, it is looked at once
            target = os.path.join(os.path.dirname(path), os.readlink(path))
            if target not in self._whole:
                self.add(target, _TARGET)

    def _enter(self, path: str, status: os.stat_result, what: int) -> None:
        if status.st_mode & _TYPE == _DIRECTORY:
            self._directories.add(path)
            if what & _WHOLE == _ENTRIES:
                self._entries[path] = entries(path)

    def _identify(
        self, path: str, status: os.stat_result, identities: dict[str, tuple[int, ...]]
    ) -> None:
        """Take which file or directory it is; what is created in a directory changes nothing."""
        if status.st_mode & _TYPE != _DIRECTORY or status.st_mtime_ns != status.st_ctime_ns:
            self._check(path, status)
        identities[path] = _identity(status)

    def _check(self, path: str, status: os.stat_result, what: int = _ENTRIES) -> None:
        if status.st_dev in self._unreliable or not self._noted.is_settled(path, status, what):
            raise UnsettledError(path)

    def packed(self, variables: Mapping[str, str], cwd: str) -> bytes:
        """Return the state; see ``unchanged``. Raises OSError, UnsettledError, OverflowError."""
        for path, status in self._named:
            if os.path.dirname(path) not in self._directories:
                self._identify(path, status, self._identities)
        for path in {self._first_missing(path) for path in self._absent}:
            self._miss(path, os.path.dirname(path))
        states = (self._whole, self._targets, self._identities, self._target_identities)
        errors = (self._errors, self._dangling)
        header = {
            **_surroundings(cwd),
            "clocks": _clocks(),
            "variables": dict(variables),
            "entries": self._entries,
            "counts": [len(part) for part in (*states, *errors)],
        }
        numbers = array("q")
        for state in chain.from_iterable(part.values() for part in states):
            numbers.extend(state)
        numbers.extend(chain.from_iterable(part.values() for part in errors))
        head = json.dumps(header).encode()
        paths = b"\0".join(map(os.fsencode, chain(*states, *errors)))
        return _LENGTHS.pack(len(head), len(paths)) + head + paths + numbers.tobytes()

    def _miss(self, path: str, above: str) -> None:
        """Take that there is nothing at a path: from the directory, since errors take longer."""
        if above in self._directories:
            return
        status = os.lstat(above)
        if status.st_mode & _TYPE == _DIRECTORY:
            self._whole[above] = _numbers(status, 0)
            self._enter(above, status, _ENTRIES)
        else:
            self._errors[path] = errno.ENOENT

    def _first_missing(self, path: str) -> str:
        """Return the highest of the directories that are missing at or above a path."""
        while True:
            above = os.path.dirname(path)
            if above in self._directories:
                return path
            try:
                status = os.stat(above)
            except FileNotFoundError:
                if os.path.lexists(above):  # a link to nowhere
                    return path
                path = above
                continue
            self._check(above, status)
            return path


def unchanged(state: bytes, cwd: str) -> bool:
    """Return whether everything is as it was. Raises ValueError for what is no state."""
    try:
        return _unchanged(state, cwd)
    except (KeyError, TypeError, AttributeError, OverflowError, struct.error) as error:
        raise ValueError("is no state") from error
    except OSError:
        return False


def _unchanged(state: bytes, cwd: str) -> bool:
    head, length = _LENGTHS.unpack_from(state)
    start = _LENGTHS.size + head
    header = json.loads(state[_LENGTHS.size : start])
    now = _surroundings(cwd)
    if {key: header[key] for key in now} != now or not _soon_after(*header["clocks"]):
        return False
    if any(of_variable(name, os.environ) != was for name, was in header["variables"].items()):
        return False
    paths = iter(state[start : start + length].split(b"\0"))
    numbers = array("q", state[start + length :])
    whole, targets, identities, others, *errors = header["counts"]
    end = _WIDTH * (whole + targets)
    parts, more = iter(numbers[:end]), iter(numbers[end:])
    return (
        len(numbers) == end + _IDENTITY_WIDTH * (identities + others) + sum(errors)
        and _same(os.lstat, islice(paths, whole), parts, header["entries"])
        and _same(os.stat, islice(paths, targets), parts, {})
        and _identical(os.lstat, islice(paths, identities), more)
        and _identical(os.stat, islice(paths, others), more)
        and _failing(os.lstat, islice(paths, errors[0]), more)
        and _failing(os.stat, islice(paths, errors[1]), more)
        and next(paths, b"") == b""
    )


def _same(
    status: _Status,
    paths: Iterable[bytes],
    numbers: Iterator[int],
    entered: Mapping[str, list[int]],
) -> bool:
    """Return whether everything has the numbers of ``_numbers``, or a directory its entries."""
    rows = zip(*[numbers] * _WIDTH, strict=False)
    for path, (device, inode, mode, size, modified, changed, accessed) in zip(
        paths, rows, strict=False
    ):
        found = status(path)
        if (
            found.st_ctime_ns != changed
            or found.st_mtime_ns != modified
            or found.st_ino != inode
            or found.st_size != size
            or found.st_dev != device
            or found.st_mode != mode
        ):
            directory = os.fsdecode(path)
            if directory not in entered or entries(directory) != entered[directory]:
                return False
        elif accessed and found.st_atime_ns != accessed:
            return False
    return True


def _identical(status: _Status, paths: Iterable[bytes], numbers: Iterator[int]) -> bool:
    rows = zip(*[numbers] * _IDENTITY_WIDTH, strict=False)
    return all(_identity(status(path)) == was for path, was in zip(paths, rows, strict=False))


def _failing(status: _Status, paths: Iterable[bytes], numbers: Iterable[int]) -> bool:
    """Return whether each path still gives its error."""
    for path, was in zip(paths, numbers, strict=False):
        try:
            status(path)
        except OSError as error:
            if error.errno == was:
                continue
        return False
    return True


def _numbers(status: os.stat_result, what: int) -> tuple[int, ...]:
    accessed = status.st_atime_ns if what & _ACCESS else 0
    times = (status.st_mtime_ns, status.st_ctime_ns, accessed)
    return (status.st_dev, status.st_ino, status.st_mode, status.st_size, *times)


def _identity(status: os.stat_result) -> tuple[int, ...]:
    return (status.st_dev, status.st_ino, status.st_mode, status.st_uid, status.st_gid)


def entries(directory: str) -> list[int]:
    """Return checksums of a directory and of the names and types in it. Raises OSError."""
    from venvdash.system.birth_time import birth_of

    with os.scandir(directory) as listing:
        listed = sorted(
            (entry.name, entry.inode(), entry.is_symlink(), entry.is_dir(follow_symlinks=False))
            for entry in listing
        )
    text = repr((_identity(os.stat(directory)), birth_of(directory), listed))
    data = text.encode("utf-8", "surrogatepass")
    return [len(data), zlib.crc32(data), zlib.crc32(data[::-1])]  # hashlib takes 5 ms to import


def _surroundings(cwd: str) -> dict[str, object]:
    """Return what a scan depends on besides files and variables. Raises OSError."""
    with open(_MOUNTS, "rb") as file:
        mounts = file.read(_LIMIT)
    return {
        "cwd": cwd,
        "users": [os.geteuid(), os.getegid(), *sorted(os.getgroups())],
        "mounts": zlib.crc32(mounts),
        "mounted": len(mounts),
    }


def _clocks() -> tuple[float, float]:
    return time.time(), time.clock_gettime(time.CLOCK_BOOTTIME)


def _soon_after(wall: float, booted: float) -> bool:
    """Return whether it was a short time ago, by both clocks."""
    now, since_boot = _clocks()
    passed = since_boot - booted
    return 0 <= passed < _SECONDS and abs(now - wall - passed) < _JUMP
