"""The index: one SQLite database a host, outside the environments.

It holds what the sidecars hold, for uv deletes everything inside an environment when it makes one
again; and sizes. It is a convenience: whatever is wrong with it ends as ``problem``, never as an
exception or a wait. Only what is not a database of ours is set aside, as it cannot be used at all.

The journal is SQLite's rollback journal: a WAL needs a file that even readers must write.
"""

import contextlib
import errno
import os
import stat
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from venvdash.model import ProjectRecord, Record, Usage
from venvdash.records import history, tables
from venvdash.records.history import Change, Stage
from venvdash.system import reads, trust
from venvdash.system.machine import Machine
from venvdash.system.mounts import Mounts
from venvdash.system.timeouts import Failed, Job, TimedOut, TimedRunner
from venvdash.text import because, visible

if TYPE_CHECKING:
    from sqlite3 import Connection, Error

T = TypeVar("T")

_PATIENCE = 3.0  # seconds for opening
_BUSY = 2.0  # seconds to wait for another process, which is alone while it commits


def index_path(machine: Machine, host: str) -> Path:
    """Return where the index of the machine with the id ``host`` lies (a HOME may be shared)."""
    return machine.state_directory / f"{host}.sqlite"


class Index:
    """An open index, or the want of one; for one thread at a time.

    ``problem`` says in a sentence for people what is wrong, "" when nothing is. ``usable`` is
    False where there is no memory: nothing is found in it and nothing kept. ``lost``: there is, or
    was until it was set aside now, a file whose content is not known.
    """

    def __init__(self, path: Path, read_only: bool = False) -> None:
        """Use ``Index.open``; this makes one without memory."""
        self.path = path
        self.read_only = read_only
        self.problem = ""
        self.lost = False
        self._database: Connection | None = None

    @classmethod
    def open(cls, path: Path, *, read_only: bool = False, mounts: Mounts | None = None) -> "Index":
        """Open the index at ``path``, made if it is not there; never raises, never hangs.

        With ``read_only`` nothing is written or made: a missing one is an empty one.
        """
        index = cls(path, read_only)
        mounts = mounts or Mounts.read()
        if _on_network(path, mounts):
            index.problem = _remote(path)
            return index
        job = Job(path, lambda: _opened(path, read_only, mounts))
        # Only a thread that may be left behind can ask a file system that does not respond.
        answers = TimedRunner(_PATIENCE, lambda: False).run([job])
        answer = next(answers)
        if isinstance(answer, TimedOut):
            index.problem = f"{visible(path)} does not respond, so no records are kept"
            index.lost = True
            return index
        if isinstance(answer, Failed):
            index.problem = _no_memory(path, answer.error)
        else:
            index._database, index.problem = answer
        index.lost = bool(index.problem) and (index.usable or os.path.lexists(path))
        return index

    @classmethod
    def in_memory(cls) -> "Index":
        """Return an index that lasts as long as the process; not usable without sqlite3."""
        index = cls(Path(":memory:"))
        with contextlib.suppress(ImportError):  # as where Python was built without its headers
            import sqlite3

            index._database = sqlite3.connect(
                ":memory:", isolation_level=None, check_same_thread=False
            )
            tables.upgrade(index._database)
        return index

    @property
    def usable(self) -> bool:
        """Whether there is a memory to ask."""
        return self._database is not None

    def close(self) -> None:
        """Let go of the file."""
        database, self._database = self._database, None
        if database is not None:
            with contextlib.suppress(Exception):  # nothing is left to lose
                database.close()

    def records(self) -> dict[Path, Record]:
        """Return all records by the path where their environment was last seen."""
        return self.records_and_projects()[0]

    def projects(self) -> tuple[ProjectRecord, ...]:
        """Return every project ever seen, one record a path, the one seen last first."""
        return self.records_and_projects()[1]

    def records_and_projects(self) -> tuple[dict[Path, Record], tuple[ProjectRecord, ...]]:
        """Return what ``records`` and ``projects`` do, read at one moment."""
        nothing: tuple[dict[Path, Record], tuple[ProjectRecord, ...]] = ({}, ())
        return self._ask(tables.records_and_projects, nothing)

    def sizes(self) -> dict[Path, tuple[Usage, bytes]]:
        """Return the sizes last measured, by environment, each with its measurer's own bytes."""
        return self._ask(tables.sizes, {})

    def remember(self, records: Iterable[Record]) -> bool:
        """Store ``records``, all or none; return whether they are stored.

        A record replaces what was known under its path and under its id.
        """
        given = list(records)
        return not given or self.alter(lambda database: tables.put_records(database, given))

    def remember_scan(
        self,
        records: Collection[Record],
        known: Mapping[Path, Record],
        sizes: Mapping[Path, tuple[Usage, bytes]],
    ) -> set[Path] | None:
        """Store what a scan learned, all or nothing; return the paths of the records stored.

        ``known`` are the records that the scan began with. What another process has stored of an
        environment since then stays. None if nothing could be stored.
        """
        stored: set[Path] = set()

        def change(database: "Connection") -> None:
            stored.update(tables.put_unchanged(database, records, known))
            tables.put_sizes(database, sizes)

        return stored if self.alter(change) else None

    def forget(self, paths: Iterable[Path]) -> bool:
        """Drop what is known of these environments; their projects stay known as projects."""
        given = list(paths)
        return not given or self.alter(lambda database: tables.drop(database, given))

    def changes(self, stage: Stage | None = None) -> list[Change]:
        """Return the history of changes, or those at a stage, the newest first."""
        return self._ask(lambda database: history.read(database, stage), [])

    def requested_absences(self) -> dict[Path, float]:
        """Return which environments are not missed; see ``history.requested_absences``."""
        return self._ask(history.requested_absences, {})

    def add_change(self, change: Change) -> int:
        """Store a change; return its number, 0 where it could not be stored."""
        numbers = [0]
        stored = self.alter(lambda database: numbers.append(history.add(database, change)))
        return numbers[-1] if stored else 0

    def _ask(self, question: "Callable[[Connection], T]", nothing: T) -> T:
        if self._database is None:
            return nothing
        try:
            # Records lie in two tables: both must be read at one moment.
            with _transaction(self._database, "BEGIN"):
                return question(self._database)
        except _errors() as error:
            # Half a memory is worse than none: what is missing would be taken for new.
            if _useless(error, reading=True):
                self._create_again()
            else:
                self.problem = _no_memory(self.path, error)
                self.lost = True
                self.close()
            return nothing

    def alter(self, change: "Callable[[Connection], None]") -> bool:
        """Carry out ``change`` in one transaction; return whether it is stored."""
        for _ in range(2):  # once more if the database had to be created again
            if self._database is None or self.read_only:
                return False
            try:
                with _transaction(self._database, "BEGIN IMMEDIATE"):
                    change(self._database)
            except _errors() as error:
                if not _useless(error, reading=False):
                    self.problem = _no_memory(self.path, error)
                    return False
                self._create_again()
            else:
                return True
        return False

    def _create_again(self) -> None:
        self.close()
        self.lost = True
        if self.read_only:
            self.problem = f"{visible(self.path)} is damaged, so no records are kept"
            return
        try:
            self.problem = _set_aside(self.path, "is damaged", "broken")
            self._database, _ = _opened(self.path, False, Mounts())
        except _errors() as again:
            self.problem = _no_memory(self.path, again)


def _errors() -> tuple[type[Exception], ...]:
    import sqlite3

    # The last three are what values make that nobody of ours wrote.
    return sqlite3.Error, OSError, ValueError, TypeError, OverflowError


def _useless(error: Exception, reading: bool) -> bool:
    """Whether the file is no database of ours, rather than out of reach for now.

    While ``reading``, values that make no sense come from the file; else from the caller.
    """
    import sqlite3

    if isinstance(error, sqlite3.InterfaceError | sqlite3.ProgrammingError | OSError):
        return False
    if not isinstance(error, sqlite3.Error):
        return reading
    # The low byte is the primary code; a missing table is the plain SQLITE_ERROR.
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
    return code in (
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_NOTADB,
        sqlite3.SQLITE_ERROR,
        sqlite3.SQLITE_FORMAT,
    )


@contextlib.contextmanager
def _transaction(database: "Connection", begin: str) -> Iterator[None]:
    database.execute(begin)
    try:
        yield
        database.execute("COMMIT")
    except BaseException:
        with contextlib.suppress(Exception):  # the first error tells more
            database.execute("ROLLBACK")
        raise


def _opened(path: Path, read_only: bool, mounts: Mounts) -> "tuple[Connection | None, str]":
    """Return a connection (None without an index) and the problem to report."""
    if _on_network(Path(os.path.realpath(path)), mounts):
        return None, _remote(path)
    told = ""
    status, regular = _lookup(path)
    if read_only and regular and not (status and status.st_size):
        return None, ""
    if not regular:
        if read_only:
            return None, f"{visible(path)} is not a regular file, so no records are kept"
        told = _set_aside(path, "is not a regular file", "broken")
        status = None
    if problem := _foreign(path, status):
        return None, problem
    return _connected(path, read_only, told)


def _lookup(path: Path) -> tuple[os.stat_result | None, bool]:
    """Return what is there, and whether that, or a new file in its place, can be the index."""
    try:
        status = reads.stat(path)
    except FileNotFoundError:
        return None, not os.path.lexists(path)
    except OSError as error:
        if error.errno == errno.ELOOP and os.path.islink(path):
            return None, False
        raise
    return status, stat.S_ISREG(status.st_mode)


def _connected(path: Path, read_only: bool, problem: str) -> "tuple[Connection | None, str]":
    import sqlite3

    for _ in range(2):
        if not read_only:
            _make(path)
        database = sqlite3.connect(
            path.absolute().as_uri() + ("?mode=ro" if read_only else "?mode=rw"),
            uri=True,
            timeout=_BUSY,
            isolation_level=None,  # transactions are begun by hand
            check_same_thread=False,  # opened in a thread of its own, used by the caller's
        )
        try:
            reason = _prepared(database, read_only)
            if not reason:
                return database, problem
        except sqlite3.Error as error:
            if not _useless(error, reading=True):
                database.close()
                raise
            reason = ("is damaged", "broken")
        database.close()
        if read_only:
            return None, f"{visible(path)} {reason[0]}, so no records are kept"
        problem = _set_aside(path, *reason)
    return None, problem


def _prepared(database: "Connection", read_only: bool) -> tuple[str, str] | None:
    """Make or upgrade the tables; return why the file cannot be used, and a name for its kind."""
    version = tables.version(database)
    if version is None:
        return "is not a venvdash index", "broken"
    if version > tables.VERSION:
        return f"has schema {version}, written by a newer version of venvdash", f"schema-{version}"
    if version < tables.VERSION and not read_only:
        with _transaction(database, "BEGIN IMMEDIATE"):
            tables.upgrade(database)
    elif version < tables.VERSION:
        return f"has the old schema {version}", "old"
    # Losing the last moments at a power cut is fine, a broken file is not.
    database.execute("PRAGMA synchronous = NORMAL")
    # Others can read until a transaction commits, however large it is.
    database.execute("PRAGMA cache_spill = OFF")
    return None


def _make(path: Path) -> None:
    """Make the folder and the file for the user's eyes only, where there is none."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with contextlib.suppress(FileExistsError):
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))


def _foreign(path: Path, status: os.stat_result | None) -> str:
    """Return why a file is left alone that somebody else could have put there, or in such a folder.

    Root with the HOME of somebody else (sudo) must not believe what is written there, nor leave
    files that the owner of that HOME then cannot write.
    """
    why = ""
    if status is not None and not trust.trusted(status.st_uid):
        why = "belongs to another user"
    elif status is not None and (os.path.islink(path) or status.st_nlink > 1):
        why = "is a link"
    if why:
        return f"{visible(path)} {why}, so no records are kept"
    parent = next(folder for folder in path.absolute().parents if os.path.lexists(folder))
    if parent == parent.parent and hasattr(os, "geteuid") and os.geteuid() == 0:
        # A HOME that is not there: it is not ours to create.
        return f"{visible(path.parent)} does not exist, so no records are kept"
    try:
        trust.check_folder(path.parent)
    except PermissionError as error:
        return f"{visible(path.parent)}: {because(error)}, so no records are kept"
    return ""


def _set_aside(path: Path, why: str, kind: str) -> str:
    """Rename the file, with its journal, out of the way; return what to tell. Raises OSError."""
    aside = path.with_name(f"{path.name}.{kind}")
    if os.path.isdir(aside) or os.path.isdir(path):
        aside = path.with_name(f"{aside.name}-{os.urandom(4).hex()}")
    # A journal left behind would be played back into the new file.
    for end in ("-journal", "-wal", "-shm"):
        with contextlib.suppress(FileNotFoundError):
            os.replace(f"{path}{end}", f"{aside}{end}")
    with contextlib.suppress(FileNotFoundError):  # another process did it a moment before
        os.replace(path, aside)
    return f"{visible(path)} {why}; it was renamed to {visible(aside.name)} and a new one created"


def _on_network(path: Path, mounts: Mounts) -> bool:
    mount = mounts.of(path)
    return mount is not None and mount.network


def _remote(path: Path) -> str:
    return (
        f"{visible(path)} is on a network file system, so no records are kept outside "
        "the environments; set VENVDASH_STATE_DIR to a folder on a local disk"
    )


def _no_memory(path: Path, error: "Exception | Error") -> str:
    if isinstance(error, ImportError):  # as where Python was built without its headers
        return "this Python has no sqlite3, so no records are kept outside the environments"
    import sqlite3

    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return f"{visible(path)} is in use by another program, so no records are kept"
    return f"{visible(path)}: {visible(because(error))}, so no records are kept"
