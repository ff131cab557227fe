"""The tables of the index: what is stored how. Raises what sqlite3 raises.

Paths, and names that come from disk, are stored as their bytes, since not all are UTF-8. Inodes
and file system ids are stored as text: SQLite's integers have 63 bits and a sign.
"""

import os
import sys
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from venvdash.model import (
    EnvironmentIdentity,
    EvidenceKind,
    ProjectRecord,
    Record,
    Usage,
    UserFiles,
    UserPlace,
)
from venvdash.records import history, merge
from venvdash.system.foreground import in_turns
from venvdash.system.shared_paths import shared_path

if TYPE_CHECKING:
    from sqlite3 import Connection

_APPLICATION = 0x76656E76  # "venv"
_NOBODY = b""  # the environment of a project whose environment was forgotten
_MOST_FORGOTTEN = 1000  # projects kept without an environment

# Each step takes the database from the version that its position says to the next one.
_STEPS = (
    (
        """CREATE TABLE environment (
            path BLOB PRIMARY KEY, identity TEXT NOT NULL,
            inode TEXT NOT NULL, cfg_inode TEXT NOT NULL,
            cfg_mtime_ns INTEGER NOT NULL, cfg_ctime_ns INTEGER NOT NULL,
            note TEXT NOT NULL, pinned INTEGER NOT NULL,
            last_sync REAL, last_shell REAL, first_seen REAL NOT NULL, last_seen REAL NOT NULL
        ) WITHOUT ROWID""",
        "CREATE UNIQUE INDEX environment_identity ON environment (identity)",
        """CREATE TABLE project (
            environment BLOB NOT NULL, path BLOB NOT NULL, how TEXT NOT NULL, real BLOB,
            inode TEXT, fsid TEXT, mount_point BLOB, mount_source BLOB,
            name BLOB, git BLOB, host BLOB, first_seen REAL NOT NULL, last_seen REAL NOT NULL,
            PRIMARY KEY (environment, path)
        ) WITHOUT ROWID""",
        """CREATE TABLE size (
            path BLOB PRIMARY KEY, apparent INTEGER NOT NULL, on_disk INTEGER NOT NULL,
            frees INTEGER NOT NULL, files INTEGER NOT NULL, cache_held INTEGER,
            exact INTEGER NOT NULL, measured REAL NOT NULL, trace BLOB NOT NULL
        )""",
    ),
    history.STEP,
    ("ALTER TABLE environment ADD COLUMN copied_from BLOB",),
    ("ALTER TABLE environment ADD COLUMN unfinished BLOB",),
    (
        "ALTER TABLE size ADD COLUMN user_files TEXT",  # JSON: count, bytes, [path, kind] …
        "ALTER TABLE size ADD COLUMN missing_files INTEGER",
    ),
    ("ALTER TABLE project ADD COLUMN birth INTEGER",),
    ("ALTER TABLE size ADD COLUMN at_most INTEGER NOT NULL DEFAULT 0",),
    ("ALTER TABLE size RENAME COLUMN frees TO reclaimable",),
    (
        "ALTER TABLE environment ADD COLUMN python BLOB",
        "ALTER TABLE environment ADD COLUMN base BLOB",
    ),
    # JSON: requirements of packages that no index has, and what cannot be installed again
    ("ALTER TABLE changed ADD COLUMN rebuild TEXT NOT NULL DEFAULT '[[], [], ]'",),
)
VERSION = len(_STEPS)


def version(database: "Connection") -> int | None:
    """Return the schema's version, 0 for an empty file, None for somebody else's database."""
    number = int(database.execute("PRAGMA user_version").fetchone()[0])
    owner = database.execute("PRAGMA application_id").fetchone()[0]
    if owner == _APPLICATION:
        return number
    used = database.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    return None if used or owner or number else 0


def upgrade(database: "Connection") -> None:
    """Bring the schema up to ``VERSION``, inside the caller's transaction."""
    for step in _STEPS[version(database) or 0 :]:  # another process may just have done it
        for statement in step:
            database.execute(statement)
    database.execute(f"PRAGMA application_id = {_APPLICATION}")
    database.execute(f"PRAGMA user_version = {VERSION}")


def records_and_projects(
    database: "Connection",
) -> tuple[dict[Path, Record], tuple[ProjectRecord, ...]]:
    """Return all records by path, and the newest record of every project, newest first.

    Raises ValueError or TypeError for values not of ours.
    """
    of: dict[bytes, list[ProjectRecord]] = {}
    newest: dict[bytes, ProjectRecord] = {}
    rows = database.execute(
        "SELECT environment, path, how, real, inode, fsid, mount_point, mount_source, name, git,"
        " host, first_seen, last_seen, birth FROM project ORDER BY last_seen DESC"
    )
    for environment, *values in in_turns(rows):
        project = _project(values)
        of.setdefault(environment, []).append(project)
        newest.setdefault(values[0], project)
    rows = database.execute(
        "SELECT path, identity, inode, cfg_inode, cfg_mtime_ns, cfg_ctime_ns, note, pinned,"
        " last_sync, last_shell, first_seen, last_seen, copied_from, unfinished, python,"
        " base FROM environment"
    )
    records = (_record(row, of.get(row[0], [])) for row in in_turns(rows))
    return {record.path: record for record in records}, tuple(newest.values())


def sizes(database: "Connection") -> dict[Path, tuple[Usage, bytes]]:
    """Return all sizes by path, with their traces."""
    rows = database.execute(
        "SELECT path, trace, user_files, exact, apparent, on_disk, reclaimable, files, cache_held,"
        " measured, missing_files, at_most FROM size"
    )
    return {_path(path): (_usage(values), bytes(trace)) for path, trace, *values in in_turns(rows)}


def put_records(database: "Connection", given: Iterable[Record]) -> None:
    """Store records, replacing what was known under the same path or id."""
    for record in given:
        _put(database, record, _rivals(database, record))


def put_unchanged(
    database: "Connection", given: Iterable[Record], known: Mapping[Path, Record]
) -> set[Path]:
    """Store those records under whose path and id the index has what it had in ``known``.

    Return their paths.
    """
    versions = {path: (record.identity, record.last_seen) for path, record in known.items()}
    stored = set()
    for record in given:
        rivals = _rivals(database, record)
        if all(versions.get(_path(path)) == (identity, seen) for path, identity, seen in rivals):
            _put(database, record, rivals)
            stored.add(record.path)
    return stored


def _rivals(database: "Connection", record: Record) -> list[tuple[bytes, str, float]]:
    """Return path, id and last sight of what a record replaces."""
    return database.execute(
        "SELECT path, identity, last_seen FROM environment WHERE path = ? OR identity = ?",
        (_bytes(record.path), record.identity),
    ).fetchall()


def _put(
    database: "Connection", record: Record, rivals: Collection[tuple[bytes, str, float]]
) -> None:
    path = _bytes(record.path)
    _drop(database, [place for place, *_ in rivals if place != path])
    database.execute(
        "INSERT OR REPLACE INTO environment VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)", _row(record)
    )
    if rivals:
        database.execute("DELETE FROM project WHERE environment = ?", (path,))
    database.executemany(
        "INSERT OR REPLACE INTO project VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
        [(path, *_project_row(project)) for project in merge.projects(record.projects)],
    )


def put_sizes(database: "Connection", given: Mapping[Path, tuple[Usage, bytes]]) -> None:
    """Store sizes, replacing those known for the same paths."""
    database.executemany(
        "INSERT OR REPLACE INTO size (path, trace, apparent, on_disk, reclaimable, files,"
        " cache_held, exact, measured, user_files, missing_files, at_most)"
        " VALUES (?,?,?,?,?,?,?,?,?,?,?,?)",
        [
            (
                _bytes(path),
                trace,
                usage.apparent,
                usage.on_disk,
                usage.reclaimable,
                usage.files,
                usage.cache_held,
                int(usage.exact),
                usage.measured,
                _user_files_text(usage.user_files),
                usage.missing_files,
                int(usage.at_most),
            )
            for path, (usage, trace) in in_turns(given.items())
        ],
    )


def drop(database: "Connection", given: Iterable[Path]) -> None:
    """Forget environments, and keep the newest of their projects as places to look at."""
    _drop(database, [_bytes(path) for path in given])
    database.execute(
        "DELETE FROM project WHERE environment = ? AND path NOT IN (SELECT path FROM project"
        " WHERE environment = ? ORDER BY last_seen DESC LIMIT ?)",
        (_NOBODY, _NOBODY, _MOST_FORGOTTEN),
    )


def _drop(database: "Connection", paths: Iterable[bytes]) -> None:
    for path in paths:
        database.execute("DELETE FROM environment WHERE path = ?", (path,))
        database.execute("DELETE FROM size WHERE path = ?", (path,))
        database.execute(
            "UPDATE OR REPLACE project SET environment = ? WHERE environment = ?", (_NOBODY, path)
        )


def _record(row: Any, projects: Iterable[ProjectRecord]) -> Record:
    (path, identity, inode, cfg_inode, mtime, ctime, note, pinned, *times) = row
    last_sync, last_shell, first_seen, last_seen, copied_from, unfinished, python, base = times
    return Record(
        identity=identity,
        path=_path(path),
        fingerprint=EnvironmentIdentity(int(inode), int(cfg_inode), int(mtime), int(ctime)),
        projects=tuple(projects),
        note=note,
        pinned=bool(pinned),
        last_sync=last_sync,
        last_shell=last_shell,
        unfinished=_name(unfinished),
        first_seen=float(first_seen),
        last_seen=float(last_seen),
        copied_from=_path(copied_from) if copied_from is not None else None,
        python=_shared_name(python),
        base=_path(base) if base is not None else None,
    )


def _row(record: Record) -> tuple[Any, ...]:
    fingerprint = record.fingerprint
    return (
        _bytes(record.path),
        record.identity,
        str(fingerprint.inode),
        str(fingerprint.cfg_inode),
        fingerprint.cfg_mtime_ns,
        fingerprint.cfg_ctime_ns,
        _text(record.note),
        int(record.pinned),
        record.last_sync,
        record.last_shell,
        record.first_seen,
        record.last_seen,
        _bytes(record.copied_from) if record.copied_from is not None else None,
        _blob(record.unfinished),
        _blob(record.python),
        _bytes(record.base) if record.base is not None else None,
    )


def _usage(values: Any) -> Usage:
    text, exact, apparent, on_disk, reclaimable, files, cache_held, measured, missing, at_most = (
        values
    )
    return Usage(
        apparent=apparent,
        on_disk=on_disk,
        reclaimable=reclaimable,
        files=files,
        cache_held=cache_held,
        exact=bool(exact),
        measured=measured,
        user_files=_user_files(text) if text is not None else None,
        missing_files=missing,
        at_most=bool(at_most),
    )


def _user_files_text(user_files: UserFiles | None) -> str | None:
    import json

    return (
        None
        if user_files is None
        else json.dumps([user_files.count, user_files.size, user_files.places])
    )


def _user_files(text: str) -> UserFiles:
    """Return what was found in an environment. Raises ValueError or TypeError for no such text."""
    import json

    count, size, places = json.loads(text)
    return UserFiles(
        int(count), int(size), tuple((str(path), UserPlace(kind)) for path, kind in places)
    )


def _project(values: Any) -> ProjectRecord:
    path, how, real, inode, fsid, point, source, name, git, host, *times = values
    first_seen, last_seen, birth = times
    place = _path(path)
    return ProjectRecord(
        path=place,
        how=EvidenceKind(how) if how in _HOWS else EvidenceKind.MENTION,
        real=place if real == path else _path(real) if real is not None else None,
        inode=int(inode) if inode is not None else None,
        fsid=int(fsid) if fsid is not None else None,
        birth=int(birth) if birth is not None else None,
        mount_point=_shared_name(point),
        mount_source=_shared_name(source),
        name=_name(name),
        git=_name(git),
        host=_shared_name(host),
        first_seen=float(first_seen),
        last_seen=float(last_seen),
    )


_HOWS = frozenset(how.value for how in EvidenceKind)


def _project_row(record: ProjectRecord) -> tuple[Any, ...]:
    return (
        _bytes(record.path),
        record.how.value,
        _bytes(record.real) if record.real is not None else None,
        str(record.inode) if record.inode is not None else None,
        str(record.fsid) if record.fsid is not None else None,
        _blob(record.mount_point),
        _blob(record.mount_source),
        _blob(record.name),
        _blob(record.git),
        _blob(record.host),
        record.first_seen,
        record.last_seen,
        record.birth,
    )


def _bytes(path: Path) -> bytes:
    return os.fsencode(path)


def _path(data: bytes) -> Path:
    return shared_path(os.fsdecode(data))


def _blob(name: str | None) -> bytes | None:
    return name.encode("utf-8", "surrogateescape") if name is not None else None


def _name(data: bytes | None) -> str | None:
    return data.decode("utf-8", "surrogateescape") if data is not None else None


def _shared_name(data: bytes | None) -> str | None:
    """Return a name that many records have, as it is in memory once."""
    name = _name(data)
    return sys.intern(name) if name is not None else None


def _text(text: str) -> str:
    """Return text that SQLite takes: a lone surrogate becomes a question mark."""
    return text.encode("utf-8", "replace").decode()
