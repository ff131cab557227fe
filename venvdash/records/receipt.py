"""Receipts: what is remembered of environments that were deleted, as the index stores it.

Raises what sqlite3 raises. Paths and names are stored as in ``tables``; packages as JSON.
"""

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from venvdash.model import Package

if TYPE_CHECKING:
    from sqlite3 import Connection

TRASHED, FREED, RESTORED = "in trash", "freed", "restored"
LOST = "lost"  # from the trash, and not through venvdash; never stored

STEP = (
    """CREATE TABLE receipt (
        id INTEGER PRIMARY KEY, path BLOB NOT NULL, name BLOB NOT NULL, deleted REAL NOT NULL,
        kind BLOB NOT NULL, status TEXT NOT NULL, reason BLOB NOT NULL, project BLOB,
        python BLOB NOT NULL, packages TEXT NOT NULL, on_disk INTEGER NOT NULL,
        frees INTEGER NOT NULL, trash BLOB, state TEXT NOT NULL, ended REAL NOT NULL
    )""",
    "CREATE INDEX receipt_trash ON receipt (trash)",
)
_MOST = 5000  # receipts kept; the oldest go first


@dataclass(frozen=True, slots=True)
class Receipt:
    """One deleted environment; ``path`` is where its entry was, sizes are bytes.

    ``status`` and ``reason`` are what spoke for deleting it. ``trash`` is where it lay then.
    ``state`` is one of the words above, as of ``ended`` (seconds since the epoch, 0.0 where it
    never changed).
    """

    path: Path
    name: str
    deleted: float
    kind: str = ""
    status: str = ""
    reason: str = ""
    project: Path | None = None
    python: str = ""
    packages: tuple[Package, ...] = ()
    on_disk: int = 0
    reclaimable: int = 0
    trash: Path | None = None
    state: str = TRASHED
    ended: float = 0.0


def keep(database: "Connection", given: Iterable[Receipt]) -> None:
    """Store receipts."""
    database.executemany(
        "INSERT INTO receipt (path, name, deleted, kind, status, reason, project, python, packages,"
        " on_disk, reclaimable, trash, state, ended) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
        [_row(receipt) for receipt in given],
    )
    database.execute(
        "DELETE FROM receipt WHERE id NOT IN (SELECT id FROM receipt ORDER BY id DESC LIMIT ?)",
        (_MOST,),
    )


def mark(database: "Connection", trash: Sequence[Path], state: str, when: float) -> None:
    """Note what became of what lay in these trash directories."""
    database.executemany(
        "UPDATE receipt SET state = ?, ended = ? WHERE trash = ? AND state = ?",
        [(state, when, os.fsencode(path), TRASHED) for path in trash],
    )


def read(database: "Connection") -> list[Receipt]:
    """Return all receipts, the newest first. Raises ValueError or TypeError for odd values."""
    rows = database.execute(
        "SELECT path, name, deleted, kind, status, reason, project, python, packages, on_disk,"
        " reclaimable, trash, state, ended FROM receipt ORDER BY id DESC"
    )
    return [_receipt(row) for row in rows]


def _row(receipt: Receipt) -> tuple[Any, ...]:
    import json

    packages = [[p.name, p.version, p.origin, p.editable] for p in receipt.packages]
    return (
        os.fsencode(receipt.path),
        _blob(receipt.name),
        receipt.deleted,
        _blob(receipt.kind),
        receipt.status,
        _blob(receipt.reason),
        os.fsencode(receipt.project) if receipt.project else None,
        _blob(receipt.python),
        json.dumps(packages),  # what is not ASCII is escaped, half of a surrogate pair as well
        receipt.on_disk,
        receipt.reclaimable,
        os.fsencode(receipt.trash) if receipt.trash else None,
        receipt.state,
        receipt.ended,
    )


def _receipt(row: Any) -> Receipt:
    import json

    path, name, deleted, kind, status, reason, project, python, packages, *rest = row
    on_disk, reclaimable, trash, state, ended = rest
    return Receipt(
        path=Path(os.fsdecode(path)),
        name=_text(name),
        deleted=float(deleted),
        kind=_text(kind),
        status=str(status),
        reason=_text(reason),
        project=Path(os.fsdecode(project)) if project is not None else None,
        python=_text(python),
        packages=tuple(Package(*values) for values in json.loads(packages)),
        on_disk=int(on_disk),
        reclaimable=int(reclaimable),
        trash=Path(os.fsdecode(trash)) if trash is not None else None,
        state=str(state),
        ended=float(ended),
    )


def _blob(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogatepass")
