"""What a search saw of every directory, so that the next one reads only what changed.

One file for each place that is searched, in the order in which the search meets the directories:
each parent before what is in it. It is read and written as a stream, so that no number of
directories needs memory. A file is ``MAGIC``, a line of JSON with the question that was asked, and
one record for each directory: ``_HEAD`` (level, inode, change time in nanoseconds, lengths), the
names of its subdirectories and of what else is telling in it, each list joined by NUL bytes.
"""

import contextlib
import hashlib
import json
import os
import struct
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import BinaryIO

from venvdash.system.atomic import PREFIX
from venvdash.system.files import own_uid
from venvdash.system.state_files import StateFolder
from venvdash.system.trust import trusted

FOLDER = "search"
MAGIC = b"venvdash directories 1\n"
_HEAD = struct.Struct("<IQqII")
_unpack = _HEAD.unpack_from
_SIZE = 28  # bytes of it
_LONGEST = 1 << 26  # bytes of one list of names, or of the question
_BUFFER = 1 << 18
_PARTS = 1000  # directories that are written at once
_MOST = 64  # places that are remembered
_DAY = 86_400.0  # seconds


# One directory as it was: inode, change time, subdirectories, telling entries.
Seen = tuple[int, int, bytes, bytes]
NOTHING: Seen = (0, 0, b"", b"")


def split(names: bytes) -> list[str]:
    """Return the names that were joined by NUL bytes."""
    return os.fsdecode(names).split("\0") if names else []


def each(names: bytes) -> Iterator[str]:
    """Yield the names that were joined by NUL bytes; of many never all at once."""
    if len(names) < _BUFFER:
        yield from split(names)
        return
    start = 0
    while (end := names.find(b"\0", start)) >= 0:
        yield os.fsdecode(names[start:end])
        start = end + 1
    yield os.fsdecode(names[start:])


class Reader:
    """Reads the records of one place in their order; ends where they do not fit."""

    def __init__(self, file: BinaryIO | None = None) -> None:
        self.file = file
        self._data = b""
        self._at = 0  # in the data
        self._before = file.tell() if file is not None else 0  # bytes before the data
        self._first = self._before  # … of the records
        self._taken = 0  # of the record that was taken last, in the data

    def take(self, level: int) -> Seen | None:
        """Return the next record if it is of ``level``, and go on; else the memory is of no use."""
        at = self._at
        try:
            depth, inode, changed, first, second = _unpack(self._data, at)
        except struct.error:
            head = self._head()
            if head is None:
                self.close()
                return None
            depth, inode, changed, first, second = head
            at = self._at
        if not first and not second and depth == level:  # as most
            self._taken, self._at = at, at + _SIZE
            return inode, changed, b"", b""
        if depth != level or first >= _LONGEST or second >= _LONGEST:
            self.close()
            return None
        size = first + second
        start = at + _SIZE
        if start + size > len(self._data):
            self._fill(_SIZE + size)
            start = self._at + _SIZE
            if start + size > len(self._data):
                self.close()
                return None
        self._taken = start - _SIZE
        middle, end = start + first, start + size
        self._at = end
        return inode, changed, self._data[start:middle], self._data[middle:end]

    def skip(self, level: int) -> None:
        """Pass over what lies below a directory of ``level``."""
        while (head := self._head()) is not None and head[0] > level:
            if self.take(head[0]) is None:
                return

    def before(self) -> Iterator[bytes]:
        """Yield everything that stands before the record that was taken last. Raises OSError."""
        if self.file is None:
            return
        here = self.file.tell()
        self.file.seek(self._first)
        left = self._before + self._taken - self._first
        while left > 0 and (data := self.file.read(min(left, _BUFFER))):
            yield data
            left -= len(data)
        self.file.seek(here)

    def close(self) -> None:
        """Forget what follows."""
        if self.file is not None:
            self.file.close()
            self.file = None
        self._data = b""

    def _head(self) -> tuple[int, int, int, int, int] | None:
        if self.file is None:
            return None
        if self._at + _SIZE > len(self._data):
            self._fill(_SIZE)
            if self._at + _SIZE > len(self._data):
                return None
        head = _HEAD.unpack_from(self._data, self._at)
        return head if head[3] < _LONGEST and head[4] < _LONGEST else None

    def _fill(self, size: int) -> None:
        """Read on, so that ``size`` bytes are there if the file has them."""
        rest = self._data[self._at :]
        self._before += self._at
        self._taken -= self._at
        try:
            more = self.file.read(max(size, _BUFFER)) if self.file is not None else b""
        except OSError:
            more = b""
        self._data, self._at = rest + more, 0


class Writer:
    """Writes the records of one place; nothing counts before ``keep``.

    As long as all is as ``old`` has it, nothing is written.
    """

    def __init__(
        self, file: BinaryIO | None = None, temporary: Path | None = None, old: Reader | None = None
    ) -> None:
        self._file, self._temporary = file, temporary
        self._old = old if old is not None and old.file is not None else None
        self._parts: list[bytes] = []

    @property
    def copies(self) -> bool:
        """Whether nothing is written yet, so that ``again`` does nothing."""
        return self._old is not None

    def add(self, level: int, seen: Seen = NOTHING) -> None:
        """Append one directory; the old record of it, if there is one, was taken just before."""
        if self._file is None:
            return
        if self._old is not None:
            old, self._old = self._old, None
            self._copy(old)
        inode, changed, inner, has = seen
        head = _HEAD.pack(level, inode, changed, len(inner), len(has))
        self._parts.append(head + inner + has if inner or has else head)
        if len(self._parts) > _PARTS:
            self._flush()

    def again(self, level: int, seen: Seen) -> None:
        """Append a directory that is as the record says that was taken last."""
        if self._old is None:
            self.add(level, seen)

    def keep(self, name: str) -> None:
        """Put the file in its place, under ``name``."""
        if self._file is None or self._temporary is None:
            return
        if self._old is not None:  # all is as it was
            with contextlib.suppress(OSError):
                os.utime(self._temporary.with_name(name))
            self.drop()
            return
        self._flush()
        with contextlib.suppress(OSError):
            if self._file is not None:
                self._file.close()
                os.replace(self._temporary, self._temporary.with_name(name))
                self._file = self._temporary = None
        self.drop()

    def drop(self) -> None:
        """Leave everything as it was."""
        if self._file is not None:
            with contextlib.suppress(OSError):
                self._file.close()
        self._file = None
        if self._temporary is not None:
            with contextlib.suppress(OSError):
                self._temporary.unlink()

    def _copy(self, old: Reader) -> None:
        """Take over everything before the record that was taken last: the first that differs."""
        try:
            for data in old.before():
                if self._file is not None:
                    self._file.write(data)
        except OSError:
            self.drop()

    def _flush(self) -> None:
        parts, self._parts = self._parts, []
        try:
            if self._file is not None:
                self._file.write(b"".join(parts))
        except OSError:
            self.drop()


class Directories:
    """The remembered places in the state directory ``state``; None remembers nothing.

    Whatever is wrong with a file, it is as if there were none. Raises nothing.
    """

    def __init__(self, state: Path | None) -> None:
        self._folder = StateFolder(state, FOLDER) if state is not None else None

    def open(self, place: str, question: "Question") -> tuple[Reader, Writer]:
        """Return what is remembered of a place, as far as it answers, and what replaces it."""
        if self._folder is None:
            return Reader(), Writer()
        try:
            path = self._folder.create() / named(place)
        except OSError:
            return Reader(), Writer()
        reader = _reader(path, question)
        return reader, _writer(path, question, reader)

    def tidy(self) -> None:
        """Remove the files of the places that were searched longest ago, if there are many."""
        if self._folder is None:
            return
        with contextlib.suppress(OSError):
            paths = sorted(self._folder.path.iterdir(), key=lambda path: -path.lstat().st_mtime)
            kept = [path for path in paths if not path.name.startswith(PREFIX)][:_MOST]
            for path in paths:
                # What a killed search left; one that still runs writes all the time.
                left = path.name.startswith(PREFIX) and time.time() - path.lstat().st_mtime > _DAY
                if left or (path not in kept and not path.name.startswith(PREFIX)):
                    path.unlink()


class Question:
    """What a search looks for: ``exact`` must be the same, of ``wanted`` no more may be asked."""

    def __init__(self, exact: str, wanted: Mapping[str, frozenset[str]]) -> None:
        self.exact, self.wanted = exact, wanted

    def table(self) -> dict[str, object]:
        """Return the question as it is kept with the answers."""
        sets = {name: sorted(names) for name, names in self.wanted.items()}
        return {"exact": self.exact, **sets}

    def covered_by(self, table: object) -> bool:
        """Return whether an earlier question asked at least for all of this."""
        if not isinstance(table, dict) or table.get("exact") != self.exact:
            return False
        for name, wanted in self.wanted.items():
            asked = table.get(name)
            if not isinstance(asked, list) or not wanted.issubset(map(str, asked)):
                return False
        return True


def named(place: str) -> str:
    """Return the name of a place's file."""
    return hashlib.blake2b(os.fsencode(place), digest_size=16).hexdigest()


def _reader(path: Path, question: Question) -> Reader:
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    try:
        descriptor = os.open(path, flags | getattr(os, "O_CLOEXEC", 0))
        file = os.fdopen(descriptor, "rb", _BUFFER)
    except OSError:
        return Reader()
    status = os.fstat(descriptor)
    own = trusted(status.st_uid, own_uid()) and status.st_nlink == 1
    try:
        known = own and file.read(len(MAGIC)) == MAGIC
        if known and question.covered_by(json.loads(file.readline(_LONGEST))):
            return Reader(file)
    except (OSError, ValueError, RecursionError):
        pass
    file.close()
    return Reader()


def _writer(path: Path, question: Question, old: Reader) -> Writer:
    temporary = path.with_name(PREFIX + os.urandom(8).hex())
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0)
    try:
        file = os.fdopen(os.open(temporary, flags, 0o600), "wb", _BUFFER)
    except OSError:
        return Writer()
    writer = Writer(file, temporary, old)
    try:
        file.write(MAGIC + json.dumps(question.table()).encode() + b"\n")
    except OSError:
        writer.drop()
    return writer
