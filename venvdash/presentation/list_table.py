"""The lines of the table that `list` prints, of rows that a scan found or that are remembered."""

import sys
from collections.abc import Mapping, Sequence

from venvdash.formats import age
from venvdash.model.status import Status
from venvdash.presentation.colours import columns_of
from venvdash.presentation.meanings import NO_STORE
from venvdash.presentation.roles import Role, role_of
from venvdash.presentation.tables import Column, table
from venvdash.records.listing import ListedRow
from venvdash.text import counted, cut, visible


def status_in_words(row: ListedRow) -> str:
    """Return the status with all flags that are shown."""
    words = [NO_STORE] if row.outside else []
    return row.status + "".join(f" [{word}]" for word in [*words, *sorted(row.flags)])


def lines(
    rows: Sequence[ListedRow],
    now: float,
    sizes: Sequence[tuple[str, str, str, str]] | None = None,
    packages: Sequence[str] | None = None,
    total: str = "",
) -> list[str]:
    """Return the lines of the table, with ``sizes`` and ``packages`` of each row or without.

    The last line is the ``total``; without that it is the number of environments.

    Raises ValueError where a row has no known status.
    """
    marked = any(row.here for row in rows)
    cells = [
        (
            ("* " if row.here else "  " if marked else "") + visible(row.name, 48),
            visible(row.python or "?", 12),
            *(sizes[number] if sizes is not None else ()),
            age(row.used, now),
            visible(status_in_words(row)),
            visible(row.kind),
            *((packages[number],) if packages is not None else ()),
            visible(row.place) or "-",
        )
        for number, row in enumerate(rows)
    ]
    columns = _columns(usage=sizes is not None, marked=marked, packages=packages is not None)
    roles = [role_of(Status(row.status)) for row in rows]

    def role(number: int) -> Mapping[str, Role]:
        return {"STATUS": roles[number]}

    missing = sum(row.status == Status.MISSING for row in rows)
    total = total or counted(len(rows) - missing, "environment")
    total += f", {counted(missing, 'project')} without environment" if missing else ""
    return [*table(columns, cells, role), "", cut(total, columns_of(sys.stdout) or len(total))]


def _columns(*, usage: bool, marked: bool, packages: bool) -> tuple[Column, ...]:
    """Return the columns; where there is no room they go in the order of the dashboard's."""
    sizes = (
        Column("SIZE", right=True, drop=2),
        Column("RECLAIMABLE", right=True),
        Column("+CACHE", right=True, drop=6),
        Column("FILES", right=True, drop=7),
    )
    return (
        Column("  NAME" if marked else "NAME", least=24),
        Column("PYTHON", drop=3),
        *(sizes if usage else ()),
        Column("USED", right=True, drop=1),
        Column("STATUS", least=11, last=True),
        Column("KIND", drop=5),
        *((Column("PACKAGES", least=12),) if packages else ()),
        Column("PROJECT", drop=4, least=16, path=True),
    )
