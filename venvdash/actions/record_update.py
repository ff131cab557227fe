"""Adding to what is remembered of one environment: by whom it was linked, synced, used."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from venvdash.actions.context import Context
from venvdash.actions.safety.environment_reader import read_at
from venvdash.actions.table import Table
from venvdash.model import (
    Environment,
    Record,
    Relation,
    Row,
)
from venvdash.records import answers, sidecar
from venvdash.records.identity import new_record
from venvdash.records.index import Index, index_path
from venvdash.records.sidecar import keeps_sidecar
from venvdash.stores.roots import Root
from venvdash.system.host import host_id
from venvdash.text import because

Amendment = Callable[[Record], Record]


@dataclass(frozen=True, slots=True)
class UpdatedRecord:
    """An environment's new record; ``stored`` says that all of it is on disk, or is to be nowhere.

    Index and sidecar are merged when they are read, so one that is stored in only one of them does
    not replace what was there before.
    """

    record: Record
    stored: bool


def update_record(
    table: Table, environment: Environment, known: Record | None, change: Amendment
) -> UpdatedRecord:
    """Store what ``change`` makes of an environment's record, in the index and its sidecar.

    ``environment`` is as it lies on disk now, ``known`` what was remembered of it, under whatever
    path. A row of the table gets the new record. Writes nothing where the session remembers
    nothing; what cannot be written is reported as a problem of the table.
    """
    table.store_records()  # what a scan learned is older
    now = time.time()
    before = known or new_record(environment.path, environment.fingerprint, now)
    record = change(
        replace(
            before,
            path=environment.path,
            fingerprint=environment.fingerprint,
            last_seen=now,
            python=environment.python,
            base=environment.base,
        )
    )
    row = table.rows.get(environment.path)
    if row is not None:
        table.rows[environment.path] = replace(row, record=record)
    if table.remembers and record.projects != before.projects:
        answers.forget(table.machine.state_directory)  # only the record may show this change
    stored = not table.remembers or _store(table, environment, record)
    return UpdatedRecord(record, stored)


def _store(table: Table, environment: Environment, record: Record) -> bool:
    """Write a record; return whether all of it was written."""
    stored = True
    if keeps_sidecar(environment):
        try:
            sidecar.write(environment.path, record)
        except OSError as error:
            table.report(environment.path, f"cannot write its sidecar: {because(error)}")
            stored = False
    index = Index.open(index_path(table.machine, host_id()))
    index.remember([replace(record, last_seen=time.time())])
    if index.problem:
        table.report(None, index.problem)
        stored = False
    index.close()
    return stored


def remember_at(
    table: Table,
    prefix: Path,
    entry: Path,
    known: Record | None,
    *,
    copied_from: Path | None = None,
) -> bool:
    """Store the record of what lies at a new place; ``known`` goes on there, None begins one.

    False where that cannot be done just now.
    """
    environment = environment_at(table.context(), prefix, entry)  # there may be a store more
    if environment is None:
        return False
    amended = update_record(
        table,
        environment,
        known,
        lambda record: replace(record, copied_from=copied_from or record.copied_from),
    )
    return amended.stored


def environment_at(context: Context, prefix: Path, entry: Path) -> Environment | None:
    """Return the environment at a place, whether a store looks there or not; None for none."""
    root = next((above for above in entry.parents if above in context.roots), entry.parent)
    roots = {root: (Root(root, "folders"),), **context.roots}
    return read_at(prefix, entry, root, replace(context, roots=roots))


def own_record(table: Table, row: Row) -> Record | None:
    """Return what is remembered of a row as its own: of a copy that is nothing."""
    return None if is_copy(table, row) else row.record


def is_copy(table: Table, row: Row) -> bool:
    """Return whether the row carries the identity of another environment, as a copied one does."""
    memory = table.facts.memories.get(row.path) if table.facts else None
    return memory is not None and memory.relation is Relation.COPY


def record_at(table: Table, environment: Environment, paths: Sequence[Path]) -> Record | None:
    """Return what is remembered of an environment that lay at one of ``paths``."""
    for path in (environment.path, *paths):
        row = table.rows.get(path)
        if row is not None:
            return own_record(table, row)
    record = sidecar.read(environment.path, table.machine.uid)
    if isinstance(record, Record):
        return record
    index = Index.open(index_path(table.machine, host_id()), read_only=True)
    records = index.records()
    index.close()
    return next((records[path] for path in (environment.path, *paths) if path in records), None)
