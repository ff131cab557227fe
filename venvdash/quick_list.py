"""Prints the list that is remembered, if nothing has changed: see ``quick_answers``."""

import os
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from venvdash.records import listing
from venvdash.records.listing import Listing


def output(state: Path, *, as_json: bool) -> str | None:
    """Return what `list --no-usage` prints, None if a scan has to answer.

    Raises OSError, files.UnreadableError and ValueError
    if nothing is remembered that can be used.
    """
    remembered = listing.read(state, os.getcwd())
    if remembered is None:
        return None
    more = _flags_of_the_moment(remembered)
    if as_json:
        return remembered.json(more, time.time()).decode()
    from venvdash.presentation import list_table

    rows = remembered.table(more, time.time())
    return "".join(f"{line}\n" for line in list_table.lines(rows, time.time()))


def _flags_of_the_moment(remembered: Listing) -> Mapping[str, frozenset[str]]:
    """Return which environments are in use or locked, by path, as a scan finds it."""
    from venvdash.system.locks import environment_locked
    from venvdash.system.processes import users

    uses = users([Path(row.path) for row in remembered.rows]).uses
    found = {os.fspath(path): {listing.IN_USE} for path, some in uses.items() if some}
    for path in remembered.locks:
        with suppress(OSError):
            if environment_locked(Path(path)):
                found.setdefault(path, set()).add(listing.LOCKED)
    return {path: frozenset(flags) for path, flags in found.items()}
