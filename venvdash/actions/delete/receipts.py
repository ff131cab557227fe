"""What stays of an environment after its end: a receipt in the index, for ``venvdash history``."""

import os
import time
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from venvdash.actions.table import Table
from venvdash.model import Outcome, Plan, Result
from venvdash.records.index import Index, index_path
from venvdash.records.receipt import FREED, LOST, RESTORED, TRASHED, Receipt
from venvdash.system import responsiveness
from venvdash.system.host import host_id
from venvdash.text import visible

__all__ = ["FREED", "LOST", "RESTORED", "TRASHED", "Receipt", "mark", "read", "write"]


def write(table: Table, plan: Plan, results: Sequence[Result]) -> str:
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
                reclaimable=result.reclaimable,
                trash=result.trash,
                state=TRASHED if result.trash else FREED,
            )
        )
    if not given or not table.remembers:
        return ""
    index = _open(table)
    kept = index.keep_receipts(given)
    index.close()
    return "" if kept else f"{index.problem}. `venvdash history` will not show this deletion."


def mark(table: Table, trash: Iterable[Path], state: str) -> bool:
    """Note what became of environments that lay in these trash directories.

    Return whether that is stored.
    """
    paths = list(trash)
    if not paths:
        return True
    if not table.remembers:
        return False
    index = _open(table)
    stored = index.mark_receipts(paths, state, time.time())
    index.close()
    return stored


def settle(table: Table) -> None:
    """Note of what was freed when nobody looked that it was; raises nothing."""
    from venvdash.actions.delete import freed_notes, purge

    state = table.machine.state_directory
    noted = list(freed_notes.noted(state))
    silent = responsiveness.silent(path.parent for path in noted)
    noted = [path for path in noted if path.parent not in silent]
    gone = [path for path in noted if not os.path.lexists(path)]
    if mark(table, gone, FREED):
        freed_notes.forget(state, *gone)
    begun = [path for path in noted if path not in gone and not purge.running(path)]
    freed_notes.forget(state, *begun)


def read(table: Table) -> tuple[list[Receipt], list[Path]]:
    """Return all receipts as of now, the newest first, and directories that do not answer.

    Receipts of what lies in one of these are as they were stored.
    """
    from venvdash.actions.delete import freed_notes

    index = _open(table, read_only=True)
    found = index.receipts()
    index.close()
    freed = frozenset(freed_notes.noted(table.machine.state_directory))
    waiting = [one.trash.parent for one in found if one.state == TRASHED and one.trash]
    silent = responsiveness.silent(waiting)
    return [
        one if one.trash and one.trash.parent in silent else _as_it_is(one, freed) for one in found
    ], silent


def deleted_with(table: Table, trash: Path) -> frozenset[Path]:
    """Return the trash directories of what one plan deleted together with what lies in ``trash``.

    Nothing where no receipt tells.
    """
    found, _ = read(table)
    when = {receipt.deleted for receipt in found if receipt.trash == trash}
    return frozenset(one.trash for one in found if one.trash and one.deleted in when)


def _as_it_is(receipt: Receipt, freed: Collection[Path]) -> Receipt:
    """Return a receipt as of now.

    What is not in the trash any more and was not freed by venvdash was deleted by something else:
    by ``uv cache prune``, or by hand.
    """
    trash = receipt.trash
    if receipt.state != TRASHED or trash is None or os.path.lexists(trash):
        return receipt
    if trash in freed:
        return replace(receipt, state=FREED)
    # Without the directory that it lay in nobody knows: a disk may be missing.
    return replace(receipt, state=LOST) if os.path.isdir(trash.parent) else receipt


def how_lost(receipt: Receipt) -> str:
    """Return how it is known that an environment was lost outside venvdash, a sentence."""
    return (
        f"Removed by another program: {visible(receipt.trash or '')} no longer "
        "exists, and venvdash neither deleted nor restored it."
    )


def _open(table: Table, *, read_only: bool = False) -> Index:
    return Index.open(index_path(table.machine, host_id()), read_only=read_only)
