"""Adding to what is remembered of one environment: by whom it was linked, synced, used."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from venvdash.model import Environment, Record
from venvdash.records import sidecar
from venvdash.records.identity import new_record
from venvdash.records.index import Index, index_path
from venvdash.session.memory import keeps_sidecar
from venvdash.system.host import host_id

if TYPE_CHECKING:
    from venvdash.session.core import Session

Amendment = Callable[[Record], Record]


@dataclass(frozen=True, slots=True)
class Amended:
    """An environment's new record; ``stored`` says that all of it is on disk, or is to be nowhere.

    Index and sidecar are merged when they are read, so one that is stored in only one of them does
    not replace what was there before.
    """

    record: Record
    stored: bool


def amend(
    session: "Session", environment: Environment, known: Record | None, change: Amendment
) -> Amended:
    """Store what ``change`` makes of an environment's record, in the index and its sidecar.

    ``environment`` is as it lies on disk now, ``known`` what was remembered of it, under whatever
    path. A row of the table gets the new record. Writes nothing where the session remembers
    nothing; what cannot be written is reported as a problem of the session.
    """
    now = time.time()
    before = known or new_record(environment.path, environment.fingerprint, now)
    record = change(
        replace(before, path=environment.path, fingerprint=environment.fingerprint, last_seen=now)
    )
    row = session.rows.get(environment.path)
    if row is not None:
        session.rows[environment.path] = replace(row, record=record)
    stored = not session.remembers or _store(session, environment, record)
    return Amended(record, stored)


def _store(session: "Session", environment: Environment, record: Record) -> bool:
    """Write a record; return whether all of it was written."""
    stored = True
    if keeps_sidecar(environment):
        try:
            sidecar.write(environment.path, record)
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            session.report(environment.path, f"its sidecar could not be written: {reason}")
            stored = False
    index = Index.open(index_path(session.machine, host_id()))
    index.remember([replace(record, last_seen=time.time())])
    if index.problem:
        session.report(None, index.problem)
        stored = False
    index.close()
    return stored
