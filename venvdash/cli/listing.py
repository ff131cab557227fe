"""`venvdash list`: the environments as a table or as JSON."""

import json
import os
import shlex
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import click

from venvdash.actions.events import RowChanged
from venvdash.cli import output, several
from venvdash.cli.common import fail, session, warn, warn_of_problems
from venvdash.cli.completing import complete_name
from venvdash.cli.naming import scan
from venvdash.cli.stores import outside_lines, store_json
from venvdash.cli.where import filtering, tell_undecided, where
from venvdash.formats import age, reclaimable, size
from venvdash.model import Flag, Location, Row, Status
from venvdash.presentation.json_values import row_json
from venvdash.presentation.labels import endangered_in_words
from venvdash.presentation.meanings import NO_STORE, place_in_words
from venvdash.presentation.roles import role_of
from venvdash.presentation.tables import Column, table
from venvdash.records.summaries import summary_of
from venvdash.session import Session
from venvdash.session.interpreters import absent, made_from
from venvdash.session.name_resolution import NotFoundError
from venvdash.text import counted, short_path, visible

if TYPE_CHECKING:
    from venvdash.model.query import Query
    from venvdash.presentation.queries import Filter

_SORTS: dict[str, Callable[[Row], tuple[object, ...]]] = {
    "name": lambda row: (row.name.casefold(),),
    "size": lambda row: (-(row.usage.on_disk if row.usage else -1),),
    "reclaimable": lambda row: (-(row.usage.reclaimable if row.usage else -1),),
    "used": lambda row: (-(row.used or 0),),
    "python": lambda row: tuple(int(p) for p in _numbers(row.environment.python)),
    "status": lambda row: (list(Status).index(row.verdict.status),),
    "kind": lambda row: (row.environment.traits.kind,),
    "project": lambda row: (str(row.verdict.project or "\uffff"),),
}

_NEED_SIZES = ("size", "reclaimable")


def _numbers(version: str | None) -> list[str]:
    return [part for part in (version or "0").split(".") if part.isdigit()]


_ABSENT_BASE = (
    "`--base`: {} is neither a version such as 3.11 nor the path of an interpreter, and no "
    "environment was created from an interpreter there."
)
_ABSENT_PROJECT = "`--project`: {} does not exist, and no environment belongs to a project there."


@click.command("list", short_help="List environments.")
@click.argument("names", nargs=-1, metavar="[NAME...]", shell_complete=complete_name)
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
@click.option(
    "--json-stream",
    is_flag=True,
    help="Print one JSON object per line, each as soon as it is complete (cache_held is null).",
)
@click.option("--no-usage", is_flag=True, help="Do not measure sizes.")
@several.some_of(
    "--status",
    [status.value for status in Status if status is not Status.CHECKING],
    "Only these statuses, such as orphan,unknown",
)
@several.kind("Only these kinds, such as uv,uv-tool")
@several.store("Only these stores, by name or folder")
@click.option(
    "--base", metavar="PATH|VERSION", help="Only environments created from this interpreter."
)
@click.option("--project", metavar="DIR", help="Only environments of the project at or above DIR.")
@where("Only environments that match")
@click.option(
    "--sort", type=click.Choice(list(_SORTS)), default="name", help="Sort order (default: name)."
)
@click.option("--reverse", is_flag=True, help="Reverse the sort order.")
@click.pass_obj
def command(
    records: bool,
    names: tuple[str, ...],
    as_json: bool,
    json_stream: bool,
    no_usage: bool,
    status: tuple[str, ...],
    kind: tuple[str, ...],
    store: tuple[str, ...],
    base: str | None,
    project: str | None,
    query: "Query | None",
    sort: str,
    reverse: bool,
) -> None:
    """List environments: all, or those of NAME (a project, an environment, or a path).

    In a project's directory, * marks the environments of that project. RECLAIMABLE is the space
    that deleting an environment frees; ≤ means at most: the file system reports no exact figure.
    """
    if as_json and json_stream:
        fail("`--json` and `--json-stream` cannot be used together.", 2)
    if no_usage and sort in _NEED_SIZES:
        fail(f"`--sort {sort}` needs sizes: leave out `--no-usage`.", 2)
    opened = session(records=records)
    found = filtering(query, opened.machine.clock().wall, usage=not no_usage)
    depends = made_from(base, opened.machine) if base else None

    @cache  # rows are asked about only when all of them have their verdicts
    def of_project() -> set[Path]:
        return opened.of_project(project or ".")

    def wanted(row: Row) -> bool:
        environment = row.environment
        return (
            (depends is None or depends(environment))
            and (not project or row.path in of_project())
            and (not status or row.verdict.status in status)
            and (not kind or environment.traits.kind in kind)
            and (not store or environment.store in store or str(environment.root) in store)
            and (found is None or found.matches(row))
        )

    if json_stream:
        missing = _stream(opened, names, wanted, usage=not no_usage, found=found)
    else:
        scan(opened, usage=not no_usage)
    made = depends is not None and any(depends(row.environment) for row in opened.rows.values())
    if base and not made and absent(base, opened.machine):
        fail(_ABSENT_BASE.format(visible(base)), 2)
    if project and not os.path.lexists(opened.machine.expand(project)) and not of_project():
        fail(_ABSENT_PROJECT.format(visible(project)), 2)
    if not json_stream:
        rows, missing = _named(opened, names)
        rows = sorted(filter(wanted, rows), key=_SORTS["name"])
        rows.sort(key=_SORTS[sort], reverse=reverse)
        if as_json:
            output.print_json(_object(opened, rows, found))
        else:
            _table(opened, rows, usage=not no_usage, asked=bool(missing), found=found)
    tell_undecided(found)
    _tell(opened, missing)


def _stream(
    opened: Session,
    names: tuple[str, ...],
    wanted: Callable[[Row], bool],
    *,
    usage: bool,
    found: "Filter | None",
) -> list[str]:
    """Print a line for each environment once its status and its size are known."""
    shown = set()
    for event in opened.scan(usage=usage):
        if not isinstance(event, RowChanged) or not event.settled or event.row.path in shown:
            continue
        if usage and not event.measured:
            continue
        if (not names or opened.matches(names, [event.row])) and wanted(event.row):
            shown.add(event.row.path)
            click.echo(json.dumps(_row_json(event.row, found)))
            sys.stdout.flush()
    return _named(opened, names)[1]


def _named(opened: Session, names: tuple[str, ...]) -> tuple[list[Row], list[str]]:
    """Return the rows that the names mean, and a sentence for each that means none."""
    everything = list(opened.rows.values())
    if not names:
        return everything, []
    rows: dict[object, Row] = {}
    missing = []
    for name in names:
        try:
            rows |= {row.path: row for row in opened.find(name)}
        except NotFoundError as error:
            near = ", ".join(error.suggestions)
            missing.append(
                f"no environment is named {name}." + (f" Did you mean {near}?" if near else "")
            )
    return list(rows.values()), missing


def _row_json(row: Row, found: "Filter | None") -> dict[str, object]:
    return row_json(row) if found is None else row_json(row) | found.row_json(row)


def _object(opened: Session, rows: Sequence[Row], found: "Filter | None") -> dict[str, object]:
    return {
        "environments": [_row_json(row, found) for row in rows],
        "not_environments": [
            {"path": str(odd.path), "store": odd.store, "reason": odd.reason}
            for odd in opened.oddities
        ],
        "stores": [store_json(seen) for seen in opened.stores],
        "errors": [
            {"path": str(one.path) if one.path else None, "message": one.message}
            for one in opened.problems
        ],
        **({} if found is None else found.json()),
    }


def _table(
    opened: Session,
    rows: Sequence[Row],
    *,
    usage: bool,
    asked: bool,
    found: "Filter | None",
) -> None:
    if not rows:
        if not asked:  # a name that nothing bears has a sentence of its own
            _nothing(opened)
        return
    now = time.time()
    marked = any(row.here for row in rows)
    packages = found is not None and bool(found.query.installed)
    home = str(opened.machine.home)
    cells = [_cells(row, now, home, usage=usage, marked=marked) for row in rows]
    if packages and found is not None:
        cells = [
            (*rest, found.packages_in_words(row), project)
            for (*rest, project), row in zip(cells, rows, strict=True)
        ]
    for line in table(
        _columns(usage=usage, marked=marked, packages=packages),
        cells,
        lambda at: {"STATUS": role_of(rows[at].verdict.status)},
    ):
        click.echo(line)


def _columns(*, usage: bool, marked: bool, packages: bool) -> tuple[Column, ...]:
    """Return the columns; where there is no room they go in the order of the dashboard's."""
    sizes = (
        Column("SIZE", right=True, drop=2),
        Column("RECLAIMABLE", right=True),
        Column("+CACHE", right=True, drop=6),
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


def status_in_words(row: Row) -> str:
    """Return the status with all flags; without ``volatile``, which all of uv's have."""
    environment = row.environment
    words = [NO_STORE] if environment.location is Location.LINKED else []
    words += sorted(environment.flags - {Flag.VOLATILE})
    return row.verdict.status + "".join(f" [{word}]" for word in words)


def _cells(row: Row, now: float, home: str, *, usage: bool, marked: bool) -> tuple[str, ...]:
    environment, measured = row.environment, row.usage
    sizes: tuple[str, ...] = ()
    if usage:
        sizes = (
            size(measured.on_disk if measured else None),
            reclaimable(measured),
            size(measured.cache_held if measured else None),
        )
    place = place_in_words(summary_of(row), lambda path: short_path(path, home))
    if row.verdict.status is Status.MOVED and row.verdict.place is None:
        place = ""  # nobody knows where it is; the old place would look like the new one
    mark = ("* " if row.here else "  ") if marked else ""
    return (
        mark + visible(row.name, 48),
        visible(environment.python or "?", 12),
        *sizes,
        age(row.used, now),
        status_in_words(row),
        environment.traits.kind,
        place or "-",
    )


def _nothing(opened: Session) -> None:
    if opened.rows:
        click.echo("No environments match.", err=True)
        return
    there, home = [seen for seen in opened.stores if seen.exists], opened.machine.home
    click.echo(f"No environments found in {counted(len(opened.stores), 'store')}.", err=True)
    for seen in there:
        click.echo(f"  {visible(seen.root.path)} ({seen.root.store}): empty", err=True)
    if len(there) < len(opened.stores):
        click.echo(f"  {len(opened.stores) - len(there)} do not exist.", err=True)
    from venvdash.session import suggested_stores  # only where the list is empty

    for line in outside_lines(suggested_stores.suggestions(opened.machine, opened.config), home):
        click.echo(line, err=True)
    click.echo("Run `venvdash stores` to see them, and why they are searched.", err=True)
    click.echo("Run `venvdash demo` to create a playground.", err=True)


def _tell(opened: Session, missing: Iterable[str]) -> None:
    """Say what could not be looked at, and what in the trash has a project again.

    Leaves the program with 1 where a name was not found.
    """
    warn_of_problems(opened)
    for row in opened.rows.values():
        if danger := endangered_in_words(row, lambda path: short_path(path, opened.machine.home)):
            warn(f"{row.name}: {danger}.")
    for trashed, reason in opened.returned_trash():
        restore = f"Run `venvdash trash restore {shlex.quote(trashed.name)}` to restore it."
        warn(f"{trashed.name} is in the trash, but its project exists again: {reason} {restore}")
    missing = list(missing)
    if missing:
        fail("\n".join(missing), 1)
