"""The history of changes, as the index stores it: each with a number that is never used again.

Raises what sqlite3 raises. Paths and names are stored as in ``tables``; packages as JSON.
"""

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from venvdash.model import Action, Package

if TYPE_CHECKING:
    from sqlite3 import Connection

TRASHED, FREED, RESTORED = "in trash", "freed", "restored"
LOST = "lost"  # from the trash, and not through venvdash; never stored


class Stage(StrEnum):
    """How far a change is."""

    BEGUN = "begun"  # under way, or interrupted: whether it happened is not known yet
    DONE = "done"
    UNDONE = "undone"


STEP = (
    """CREATE TABLE change (
        number INTEGER PRIMARY KEY AUTOINCREMENT, action TEXT NOT NULL, since REAL NOT NULL,
        stage TEXT NOT NULL, ended REAL NOT NULL, owner TEXT NOT NULL, journal TEXT NOT NULL,
        content TEXT NOT NULL
    )""",
    """CREATE TABLE changed (
        change INTEGER NOT NULL, path BLOB NOT NULL, name BLOB NOT NULL, place BLOB,
        inode TEXT NOT NULL, kind BLOB NOT NULL, status TEXT NOT NULL, reason BLOB NOT NULL,
        project BLOB, target BLOB, python BLOB NOT NULL, packages TEXT NOT NULL,
        on_disk INTEGER NOT NULL, reclaimable INTEGER NOT NULL, trash BLOB, state TEXT NOT NULL,
        ended REAL NOT NULL
    )""",
    "CREATE INDEX changed_change ON changed (change)",
    "CREATE INDEX changed_trash ON changed (trash)",
)
_MOST = 5000  # environments kept; the oldest changes go first


@dataclass(frozen=True, slots=True)
class ChangedEnvironment:
    """One environment of a change, as it was before; sizes are bytes.

    ``path`` is where its entry was and ``place`` where the change put it (of a copy: the copy's),
    ``inode`` the number of the entry that is there now, 0 where it is not known. ``project`` is
    the one that it belonged to, ``target`` the one that it was linked to. Of a deletion ``status``
    and ``reason`` are why it was deleted, ``trash`` is where it was moved to, and ``state`` is one
    of the words above, as of ``ended`` (seconds since the epoch, 0.0 where it never changed);
    ``requirements`` are names of packages that did not come from an index, each with its line of
    a requirements file; ``lost`` are names, "" for files of the user, each with a sentence that
    says why that cannot be installed again. ``inside`` is where its prefix was below the entry, ""
    where that was the entry itself.
    """

    path: Path
    name: str
    place: Path | None = None
    inode: int = 0
    kind: str = ""
    status: str = ""
    reason: str = ""
    project: Path | None = None
    target: Path | None = None
    python: str = ""
    packages: tuple[Package, ...] = ()
    on_disk: int = 0
    reclaimable: int = 0
    trash: Path | None = None
    state: str = ""
    ended: float = 0.0
    requirements: tuple[tuple[str, str], ...] = ()
    lost: tuple[tuple[str, str], ...] = ()
    inside: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """One change of one or several environments; times are seconds since the epoch.

    ``number`` is 0 before it is stored. ``owner`` is the process that carries it out, while it
    does. ``journal`` is the key of a relink's journal; ``content`` a digest of what the change
    created, for telling whether that was changed since.
    """

    action: Action
    since: float
    environments: tuple[ChangedEnvironment, ...]
    number: int = 0
    stage: Stage = Stage.DONE
    ended: float = 0.0
    owner: str = ""
    journal: str = ""
    content: str = ""


def add(database: "Connection", change: Change) -> int:
    """Store a change; return its number."""
    cursor = database.execute(
        "INSERT INTO change (action, since, stage, ended, owner, journal, content)"
        " VALUES (?,?,?,?,?,?,?)",
        _row(change),
    )
    number = cursor.lastrowid or 0
    _add_environments(database, number, change.environments)
    _bound(database)
    return number


def put(database: "Connection", change: Change) -> None:
    """Replace what is stored of a change; without environments it is forgotten."""
    database.execute("DELETE FROM changed WHERE change = ?", (change.number,))
    if not change.environments:
        database.execute("DELETE FROM change WHERE number = ?", (change.number,))
        return
    database.execute(
        "UPDATE change SET action = ?, since = ?, stage = ?, ended = ?, owner = ?, journal = ?,"
        " content = ? WHERE number = ?",
        (*_row(change), change.number),
    )
    _add_environments(database, change.number, change.environments)


def add_unknown(database: "Connection", changes: Iterable[Change]) -> None:
    """Store deletions of what no change is known to have moved to the trash."""
    for change in changes:
        trash = [os.fsencode(one.trash) for one in change.environments if one.trash]
        known = database.execute(
            f"SELECT 1 FROM changed WHERE trash IN ({','.join('?' * len(trash))})",  # noqa: S608 - only placeholders
            trash,
        )
        if known.fetchone() is None:
            add(database, change)


def mark(database: "Connection", trash: Sequence[Path], state: str, when: float) -> None:
    """Note what became of what lay in these trash directories."""
    database.executemany(
        "UPDATE changed SET state = ?, ended = ? WHERE trash = ? AND state = ?",
        [(state, when, os.fsencode(path), TRASHED) for path in trash],
    )


def trash_again(
    database: "Connection", number: int, one: ChangedEnvironment, trash: Path, when: float
) -> None:
    """Note that ``one``, of the change ``number``, was moved to ``trash`` to undo that change.

    Where the change restored what a deletion had deleted, the deletion can be undone again.
    """
    path, inode = os.fsencode(one.path), str(one.inode)
    row = database.execute(
        "SELECT max(change) FROM changed JOIN change ON changed.change = change.number"
        " WHERE action = ? AND state = ? AND path = ? AND inode = ? AND number < ?",
        (Action.DELETE, RESTORED, path, inode, number),
    ).fetchone()
    database.execute(
        "UPDATE changed SET trash = ?, state = ?, ended = 0"
        " WHERE change = ? AND path = ? AND inode = ?",
        (os.fsencode(trash), TRASHED, row[0], path, inode),
    )
    database.execute(
        "UPDATE changed SET trash = ? WHERE change = ? AND inode = ?",
        (os.fsencode(trash), number, inode),
    )
    end(database, number, when)


def end(database: "Connection", number: int, when: float) -> None:
    """Note that a change was undone."""
    database.execute(
        "UPDATE change SET stage = ?, ended = ? WHERE number = ?", (Stage.UNDONE, when, number)
    )


def end_journal(database: "Connection", journal: str, when: float) -> None:
    """Note that the relink with this journal was undone."""
    database.execute(
        "UPDATE change SET stage = ?, ended = ? WHERE journal = ?", (Stage.UNDONE, when, journal)
    )


def read(database: "Connection", stage: Stage | None = None) -> list[Change]:
    """Return all changes, or those at a stage, the newest first.

    Raises ValueError or TypeError for values that are not ours.
    """
    wanted = (stage or "",)
    changes = database.execute(
        "SELECT number, action, since, stage, ended, owner, journal, content FROM change"
        " WHERE ? IN ('', stage) ORDER BY number DESC",
        wanted,
    ).fetchall()
    environments: dict[int, list[ChangedEnvironment]] = {int(row[0]): [] for row in changes}
    rows = database.execute(
        "SELECT change, path, name, place, inode, kind, status, reason, project, target, python,"
        " packages, on_disk, reclaimable, trash, state, changed.ended, rebuild FROM changed"
        " JOIN change ON changed.change = change.number"
        " WHERE ? IN ('', stage) ORDER BY changed.rowid",
        wanted,
    )
    for number, *row in rows:
        environments[int(number)].append(_environment(row))
    return [_change(row, environments[int(row[0])]) for row in changes]


def requested_absences(database: "Connection") -> dict[Path, float]:
    """Return the environments that are not missed, and since when (seconds since the epoch).

    venvdash deleted them, or ``forget`` hides that they are missing. Paths are those of entries.
    """
    rows = database.execute(
        "SELECT path, max(since) FROM changed JOIN change ON changed.change = change.number"
        " WHERE (action = ? AND stage = ?) OR (action = ? AND state != ?) GROUP BY path",
        (Action.FORGET, Stage.DONE, Action.DELETE, RESTORED),
    )
    return {Path(os.fsdecode(path)): float(since) for path, since in rows}


def _bound(database: "Connection") -> None:
    """Forget the oldest changes, where there are too many environments. The newest stays."""
    database.execute(
        "DELETE FROM changed WHERE change <= (SELECT change FROM changed ORDER BY change DESC"
        " LIMIT 1 OFFSET ?) AND change < (SELECT max(number) FROM change)",
        (_MOST,),
    )
    database.execute("DELETE FROM change WHERE number NOT IN (SELECT change FROM changed)")


def _add_environments(
    database: "Connection", number: int, environments: Sequence[ChangedEnvironment]
) -> None:
    database.executemany(
        f"INSERT INTO changed VALUES ({','.join('?' * 18)})",  # noqa: S608 - only placeholders
        [(number, *_environment_row(one)) for one in environments],
    )


def _row(change: Change) -> tuple[Any, ...]:
    return (
        change.action.value,
        change.since,
        change.stage.value,
        change.ended,
        change.owner,
        change.journal,
        change.content,
    )


def _change(row: Any, environments: Sequence[ChangedEnvironment]) -> Change:
    number, action, since, stage, ended, owner, journal, content = row
    return Change(
        action=Action(action),
        since=float(since),
        environments=tuple(environments),
        number=int(number),
        stage=Stage(stage),
        ended=float(ended),
        owner=str(owner),
        journal=str(journal),
        content=str(content),
    )


def _environment_row(one: ChangedEnvironment) -> tuple[Any, ...]:
    import json

    packages = [[p.name, p.version, p.origin, p.editable] for p in one.packages]
    return (
        os.fsencode(one.path),
        _blob(one.name),
        _path_blob(one.place),
        str(one.inode),
        _blob(one.kind),
        one.status,
        _blob(one.reason),
        _path_blob(one.project),
        _path_blob(one.target),
        _blob(one.python),
        json.dumps(packages),  # what is not ASCII is escaped, half of a surrogate pair as well
        one.on_disk,
        one.reclaimable,
        _path_blob(one.trash),
        one.state,
        one.ended,
        json.dumps([one.requirements, one.lost, one.inside]),
    )


def _environment(row: Any) -> ChangedEnvironment:
    import json

    path, name, place, inode, kind, status, reason, project, target, python, *rest = row
    packages, on_disk, reclaimable, trash, state, ended, rebuild = rest
    requirements, lost, inside = json.loads(rebuild)
    return ChangedEnvironment(
        path=Path(os.fsdecode(path)),
        name=_text(name),
        place=_path(place),
        inode=int(inode),
        kind=_text(kind),
        status=str(status),
        reason=_text(reason),
        project=_path(project),
        target=_path(target),
        python=_text(python),
        packages=tuple(Package(*values) for values in json.loads(packages)),
        on_disk=int(on_disk),
        reclaimable=int(reclaimable),
        trash=_path(trash),
        state=str(state),
        ended=float(ended),
        requirements=tuple((str(name), str(line)) for name, line in requirements),
        lost=tuple((str(name), str(why)) for name, why in lost),
        inside=str(inside),
    )


def _path_blob(path: Path | None) -> bytes | None:
    return None if path is None else os.fsencode(path)


def _path(data: bytes | None) -> Path | None:
    return None if data is None else Path(os.fsdecode(data))


def _blob(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogatepass")
