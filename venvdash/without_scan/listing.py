"""Prints the list that is remembered, if nothing has changed: see ``command_line``."""

import gc
import os
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from venvdash.records import listing
from venvdash.records.listing import Listing


def output(state: Path, *, as_json: bool) -> bytes | None:
    """Return what `list --no-usage` prints, None if a scan has to answer.

    Raises OSError, files.UnreadableError and ValueError if nothing is remembered that can be used.
    """
    gc.disable()  # there is no garbage in so much that is read and compared
    try:
        return _output(state, as_json=as_json)
    finally:
        gc.enable()


def _output(state: Path, *, as_json: bool) -> bytes | None:
    remembered = listing.read(state, os.getcwd())
    if remembered is None:
        return None
    known, table = remembered
    more = _flags_of_the_moment(known)
    now = time.time()
    if as_json:
        return known.json(more, now)
    from venvdash.presentation import list_table

    rows = listing.rows(table, more, now)
    if len(rows) > len(known.paths):
        rows.sort(key=lambda row: row.name.casefold())  # as `list` does: both parts are sorted
    lines = list_table.lines(rows, now)
    return "".join(f"{line}\n" for line in lines).encode()


def _flags_of_the_moment(known: Listing) -> Mapping[int, frozenset[str]]:
    """Return which environments are in use or locked, by number, as a scan finds it."""
    from venvdash.system import processes

    flags_by_row = {number: {listing.IN_USE} for number in processes.used(known.directories)}
    if known.locks:
        from venvdash.system.locks import environment_locked

        for number in known.locks:
            with suppress(OSError):
                if environment_locked(Path(known.paths[number])):
                    flags_by_row.setdefault(number, set()).add(listing.LOCKED)
    return {number: frozenset(flags) for number, flags in flags_by_row.items()}
