"""What `list` prints of rows, as JSON and as a table, and remembering that for the next time."""

import json
import os
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress

from venvdash.cli import output
from venvdash.cli.stores import store_json
from venvdash.formats import number, reclaimable, size
from venvdash.model import Flag, Location, Row, Status
from venvdash.presentation import list_table
from venvdash.presentation.json_values import missing_json, row_json
from venvdash.presentation.meanings import place_in_words
from venvdash.records import listing
from venvdash.records.listing import ListedRow
from venvdash.records.summaries import summary_of
from venvdash.scanner.discovery.inspection_cache import unreliable_devices
from venvdash.session import Session
from venvdash.system.dependencies import UnsettledError
from venvdash.system.disk_state import ScanReads
from venvdash.system.locks import LOCK_NAME
from venvdash.system.mounts import Mounts
from venvdash.system.reads import Read
from venvdash.text import short_path


def json_object(
    opened: Session, environments: list[dict[str, object]], missing: Iterable[Row]
) -> dict[str, object]:
    """Return what `--json` prints: environments, projects without, what is none, and the stores."""
    return {
        "environments": environments,
        "projects_without_environment": [missing_json(row) for row in missing],
        "not_environments": [
            {"path": str(odd.path), "store": odd.store, "reason": odd.reason}
            for odd in opened.oddities
        ],
        "stores": [store_json(seen) for seen in opened.stores],
        "errors": errors_json(opened),
    }


def errors_json(opened: Session) -> list[dict[str, object]]:
    """Return what a scan could not read or write, as JSON shows it."""
    return [
        {"path": str(one.path) if one.path else None, "message": one.message}
        for one in opened.problems
    ]


def table(
    opened: Session,
    rows: Sequence[Row],
    packages: Sequence[str] | None,
    *,
    usage: bool,
) -> list[str]:
    """Return the lines of the table; see ``list_table.lines``."""
    sizes = [
        (
            size(row.usage.on_disk if row.usage else None),
            reclaimable(row.usage),
            size(row.usage.cache_held if row.usage else None),
            number(row.usage.files if row.usage else None),
        )
        for row in rows
    ]
    shown = [listed(row, str(opened.machine.home)) for row in rows]
    if not usage:
        return list_table.lines(shown, time.time(), None, packages)
    from venvdash.presentation.totals import total_in_words, total_of

    there = [row for row in rows if row.verdict.status is not Status.MISSING]
    total = total_in_words(total_of(opened, there)) if there else ""
    return list_table.lines(shown, time.time(), sizes, packages, total)


def listed(row: Row, home: str) -> ListedRow:
    """Return what the table shows of a row."""
    environment = row.environment
    place = place_in_words(summary_of(row), lambda path: short_path(path, home))
    if row.verdict.status is Status.MOVED and row.verdict.place is None:
        place = ""  # nobody knows where it is; the old place would look like the new one
    return ListedRow(
        name=row.name,
        python=environment.python,
        used=row.used,
        status=row.verdict.status,
        outside=environment.location is Location.LINKED,
        flags=sorted(environment.flags - {Flag.VOLATILE}),  # which all of uv's have
        kind=environment.traits.kind,
        place=place,
        here=row.here,
    )


def remember(
    opened: Session, noted: ScanReads, rows: Sequence[Row], missing: Sequence[Row]
) -> None:
    """Remember all rows of a scan without sizes, in the order of `list`; raises nothing.

    ``noted`` is what all of it was computed from. Not remembered is what has warnings: they are
    printed each time.
    """
    warned = opened.problems or any(row.endangered for row in rows) or opened.may_have_trash
    if not rows or warned or not opened.remembers or opened.machine.cwd is None:
        return
    state, home = opened.machine.state_directory, str(opened.machine.home)
    with suppress(OSError, ValueError, UnsettledError):
        for row in rows:  # processes name them with their links resolved
            noted.path(os.fspath(row.path), Read.PARENTS)
        cwd = os.getcwd()
        unchanged = noted.state(cwd, unreliable_devices(Mounts.read()))
        at_rest = [opened.at_rest(row) for row in rows]
        around = json.dumps(output.with_schema(json_object(opened, [], missing)))
        before, after = around.split("[]", 1)
        listing.write(
            state,
            cwd,
            unchanged,
            [
                (os.fspath(row.path), json.dumps(row_json(row)), listed(row, home))
                for row in at_rest
            ],
            (f"{before}[", f"]{after}"),
            [at for at, row in enumerate(rows) if os.path.lexists(row.path / LOCK_NAME)],
            [listed(row, home) for row in missing],
        )
