"""What stays of an environment after its end: a receipt in the index, for ``venvdash history``."""

import os
import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from venvdash.model import Outcome, Plan, Result
from venvdash.records.index import Index, index_path
from venvdash.records.receipt import FREED, RESTORED, TRASHED, Receipt
from venvdash.system.host import host_id

if TYPE_CHECKING:
    from venvdash.session.core import Session

__all__ = ["FREED", "RESTORED", "TRASHED", "Receipt", "mark", "read", "write"]


def write(session: "Session", plan: Plan, results: Sequence[Result]) -> str:
    """Store a receipt for each environment that a plan deleted.

    Return in a sentence why that cannot be done, "" if it was.
    """
    rows = {item.row.path: item.row for item in plan.items}
    now = time.time()
    given = []
    for result in results:
        if result.outcome is not Outcome.DONE or result.path not in rows:
            continue
        row = rows[result.path]
        given.append(
            Receipt(
                path=row.environment.entry,
                name=row.name,
                deleted=now,
                kind=row.environment.traits.kind,
                status=row.verdict.status.value,
                reason=row.verdict.reason,
                project=row.verdict.project,
                python=row.environment.python or "",
                packages=row.environment.packages,
                on_disk=result.on_disk,
                frees=result.frees,
                trash=result.trash,
                state=TRASHED if result.trash else FREED,
            )
        )
    if not given or not session.remembers:
        return ""
    index = _open(session)
    kept = index.keep_receipts(given)
    index.close()
    return "" if kept else f"{index.problem}: `venvdash history` will not tell of this."


def mark(session: "Session", trash: Iterable[Path], state: str) -> None:
    """Note what became of environments that lay in these trash directories."""
    paths = list(trash)
    if paths and session.remembers:
        index = _open(session)
        index.mark_receipts(paths, state, time.time())
        index.close()


def read(session: "Session") -> list[Receipt]:
    """Return all receipts, the newest first."""
    index = _open(session, read_only=True)
    found = index.receipts()
    index.close()
    return [_as_it_is(receipt) for receipt in found]


def _as_it_is(receipt: Receipt) -> Receipt:
    """Return a receipt as of now: what lay too long is freed when nobody looks, or by uv."""
    trash = receipt.trash
    if receipt.state != TRASHED or trash is None or os.path.lexists(trash):
        return receipt
    # Without the directory that it lay in nobody knows: a disk may be missing.
    return replace(receipt, state=FREED) if os.path.isdir(trash.parent) else receipt


def _open(session: "Session", *, read_only: bool = False) -> Index:
    return Index.open(index_path(session.machine, host_id()), read_only=read_only)
