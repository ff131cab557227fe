"""Which files and variables an answer was computed from.

Within ``recorded`` every path that this thread reads through this module or ``system.files`` is
noted, and every variable that it reads from ``Variables``. As long as none of them changes, the
same question has the same answer. Stores and scans read the disk only in these ways; a test goes
through all of them.
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from enum import IntFlag
from typing import TYPE_CHECKING

from venvdash.system.dependencies import (
    CONTENT,
    EXISTENCE,
    VARIABLE,
    UnsettledError,
    of_variable,
    state,
)
from venvdash.system.foreground import give_way

if TYPE_CHECKING:
    StrPath = str | os.PathLike[str]


class Read(IntFlag):
    """What was read of a path."""

    NAME = 1  # whether and as what it exists, a link itself
    TARGET = 2  # whether and as what it exists, links followed
    IDENTITY = 4  # which directory or file it is, whose it is, and who may use it
    ENTRIES = 8  # which entries a directory has
    CONTENT = 16  # anything else
    ACCESS_TIME = 32
    PARENTS = 64  # which of the directories above are links


# As numbers, which are quicker.
_NAME, _TARGET, _IDENTITY = int(Read.NAME), int(Read.TARGET), int(Read.IDENTITY)
_ENTRIES, _CONTENT, _PARENTS = int(Read.ENTRIES), int(Read.CONTENT), int(Read.PARENTS)


class Reads:
    """What was read: absolute paths, existing or not, and names of variables, in order.

    With ``before``, the time of the question in nanoseconds since the epoch, ``states`` has the
    state in which each was just before it was read: see ``system.dependencies``. ``complete`` is
    False if something was read that is not noted, such as a relative path, or has no such state.
    """

    def __init__(self, before: int | None = None) -> None:
        self.before = before
        self.paths: dict[str, int] = {}  # with what of ``Read`` was read of each
        self.variables: dict[str, str] = {}  # with their states
        self.states: dict[str, str] = {}
        self.complete = True

    @property
    def resolved(self) -> bool:
        """Whether links were resolved, so that directories above matter, too."""
        return any(what & _PARENTS for what in self.paths.values())

    def path(self, path: str, what: int) -> None:
        """Note a path; only its first state counts."""
        if not (path.startswith(os.sep) or os.path.isabs(path)):  # the first is quicker
            self.complete = False
            return
        self.paths[path] = self.paths.get(path, 0) | what
        content = what >= _IDENTITY and what != _PARENTS
        marked = f"{CONTENT if content else EXISTENCE}{path}"
        if self.before is None or marked in self.states:
            return
        try:
            self.states[marked] = state(path, content=content, before=self.before)
        except UnsettledError:
            self.complete = False

    def variable(self, name: str, variables: Mapping[str, str]) -> None:
        """Note a variable."""
        self.variables[name] = self.states[f"{VARIABLE}{name}"] = of_variable(name, variables)

    def add(self, other: "Reads") -> None:
        """Note what was read in a part of this."""
        for path, what in other.paths.items():
            self.path(path, what)
        self.variables |= other.variables
        self.states |= {f"{VARIABLE}{name}": was for name, was in other.variables.items()}
        self.complete &= other.complete


_current: ContextVar[Reads | None] = ContextVar("reads", default=None)


@contextmanager
def recorded(reads: Reads | None = None) -> Iterator[Reads]:
    """Note in ``reads`` what this thread reads; other threads need a context of their own."""
    reads, outer = reads or Reads(), _current.get()
    token = _current.set(reads)
    try:
        yield reads
    finally:
        _current.reset(token)
        if outer is not None:
            outer.add(reads)


@contextmanager
def unnoted() -> Iterator[None]:
    """Note nothing: what is read does not change the answer, such as what it was last time."""
    token = _current.set(None)
    try:
        yield
    finally:
        _current.reset(token)


def note(path: "StrPath", what: int = _CONTENT) -> None:
    """Note that an answer depends on what lies at ``path``, which is read now."""
    give_way()
    reads = _current.get()
    if reads is not None:
        reads.path(os.fspath(path), what)


def note_more() -> None:
    """Note that an answer depends on more than files and variables, such as the time."""
    reads = _current.get()
    if reads is not None:
        reads.complete = False


class Variables(Mapping[str, str]):
    """Environment variables that are noted when they are read by name."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._variables = variables

    def __getitem__(self, name: str) -> str:
        reads = _current.get()
        if reads is not None:
            reads.variable(name, self._variables)
        return self._variables[name]

    def __iter__(self) -> Iterator[str]:
        reads = _current.get()
        if reads is not None:
            reads.complete = False
        return iter(self._variables)

    def __len__(self) -> int:
        return len(self._variables)


# The functions of ``os`` and ``os.path`` of these names, noted.


def lexists(path: "StrPath") -> bool:
    """Return whether something lies at ``path``; a link counts itself."""
    note(path, _NAME)
    return os.path.lexists(path)


def exists(path: "StrPath") -> bool:
    """Return whether something lies at ``path``, links followed."""
    note(path, _TARGET)
    return os.path.exists(path)


def isdir(path: "StrPath") -> bool:
    """Return whether ``path`` is a directory or a link to one."""
    note(path, _TARGET)
    return os.path.isdir(path)


def isfile(path: "StrPath") -> bool:
    """Return whether ``path`` is a regular file or a link to one."""
    note(path, _TARGET)
    return os.path.isfile(path)


def islink(path: "StrPath") -> bool:
    """Return whether ``path`` is a symbolic link."""
    note(path, _NAME)
    return os.path.islink(path)


def realpath(path: "StrPath") -> str:
    """Return ``path`` with links resolved as far as it exists. Raises OSError and ValueError."""
    note(path, _PARENTS)
    return os.path.realpath(path)


def readlink(path: "StrPath") -> str:
    """Return the target of a link as it is written. Raises OSError."""
    note(path, _NAME)
    return os.readlink(path)


def access(path: "StrPath", mode: int, *, effective_ids: bool = False) -> bool:
    """Return whether this process may use ``path`` so."""
    note(path, _IDENTITY)
    return os.access(path, mode, effective_ids=effective_ids)


def stat(path: "StrPath") -> os.stat_result:
    """Return the status of what lies at ``path``, links followed. Raises OSError."""
    note(path)
    return os.stat(path)


def lstat(path: "StrPath") -> os.stat_result:
    """Return the status of what lies at ``path``. Raises OSError."""
    note(path)
    return os.lstat(path)


def target_exists(path: "StrPath") -> None:
    """Raise OSError where nothing lies at ``path``, links followed, or where it is unreadable."""
    note(path, _TARGET)
    os.stat(path)


def identity(path: "StrPath", *, follow: bool = True) -> os.stat_result:
    """Return the status of ``path``, of which only type, mode, owner and inode are used.

    Raises OSError.
    """
    note(path, _IDENTITY)
    return os.stat(path, follow_symlinks=follow)


def listdir(path: "StrPath") -> list[str]:
    """Return the names in a directory. Raises OSError."""
    note(path, _ENTRIES)
    return os.listdir(path)


def scandir(path: "StrPath") -> "os._ScandirIterator[str]":
    """Return the entries of a directory; what ``stat`` says of an entry is not noted.

    Raises OSError.
    """
    note(path, _ENTRIES)
    return os.scandir(path)
