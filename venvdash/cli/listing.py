"""`venvdash list`: the environments as a table or as JSON."""

import json
import os
import shlex
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import click

from venvdash.actions.events import RowChanged
from venvdash.cli import listing_output, output, several
from venvdash.cli.common import fail, session, warn, warn_of_problems
from venvdash.cli.completing import complete_name
from venvdash.cli.naming import scan
from venvdash.cli.stores import outside_lines
from venvdash.cli.where import filtering, tell_undecided, where
from venvdash.model import Row, Status
from venvdash.presentation.json_values import row_json
from venvdash.presentation.labels import endangered_in_words
from venvdash.session import Session
from venvdash.session.interpreters import absent, made_from
from venvdash.session.name_resolution import NotFoundError
from venvdash.system.disk_state import ScanReads
from venvdash.system.machine import Machine
from venvdash.system.reads import Variables, recorded
from venvdash.text import counted, short_path, visible

if TYPE_CHECKING:
    from venvdash.model.query import Query
    from venvdash.presentation.queries import Filter

_SORTS: dict[str, Callable[[Row], tuple[object, ...]]] = {
    "name": lambda row: (row.name.casefold(),),
    "size": lambda row: (-(row.usage.on_disk if row.usage else -1),),
    "reclaimable": lambda row: (-(row.usage.reclaimable if row.usage else -1),),
    "files": lambda row: (-(row.usage.files if row.usage else -1),),
    "used": lambda row: (-(row.used or 0),),
    "python": lambda row: tuple(int(p) for p in _numbers(row.environment.python)),
    "status": lambda row: (list(Status).index(row.verdict.status),),
    "kind": lambda row: (row.environment.traits.kind,),
    "project": lambda row: (str(row.verdict.project or "\uffff"),),
}

_NEED_SIZES = ("size", "reclaimable", "files")


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
@click.option(
    "--by",
    type=click.Choice(["store", "status", "python", "kind"]),
    help="Show totals of each group instead of environments; shared files count once.",
)
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
    by: str | None,
) -> None:
    """List environments: all, or those of NAME (a project, an environment, or a path).

    In a project's directory, * marks the environments of that project. RECLAIMABLE is the space
    that deleting an environment frees; ≤ means at most: the file system reports no exact figure.
    """
    if json_stream and (as_json or by):
        other = "--json" if as_json else "--by"
        fail(f"`{other}` and `--json-stream` cannot be used together.", 2)
    if no_usage and sort in _NEED_SIZES:
        fail(f"`--sort {sort}` needs sizes: leave out `--no-usage`.", 2)
    noted = ScanReads()
    chosen = (names, json_stream, status, kind, store, base, project, query)
    opened = _opened(noted, records=records, keeps=not any((not no_usage, *chosen)))
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
        with recorded(noted):
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
            _print_json(opened, rows, found, by, usage=not no_usage)
        else:
            _print_text(opened, rows, found, by, usage=not no_usage, asked=bool(missing))
    tell_undecided(found)
    _tell(opened, missing)


def _opened(noted: ScanReads, *, records: bool, keeps: bool) -> Session:
    """Return the session; ``keeps`` has its list remembered, with what that depends on."""

    def keep(opened: Session) -> None:
        rows, missing = (
            sorted(some.values(), key=_SORTS["name"]) for some in (opened.rows, opened.missing)
        )
        listing_output.remember(opened, noted, rows, missing)

    machine = Machine.current()
    with recorded(noted):
        watched = replace(machine, variables=Variables(machine.variables))
        return session(records=records, machine=watched, last=keep if keeps else None)


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
            click.echo(json.dumps(output.with_schema(_row_json(event.row, found))))
            sys.stdout.flush()
    return _named(opened, names)[1]


def _named(opened: Session, names: tuple[str, ...]) -> tuple[list[Row], list[str]]:
    """Return the rows that the names mean, and a sentence for each that means none."""
    if not names:
        return [*opened.rows.values(), *opened.missing.values()], []
    rows: dict[object, Row] = {}
    missing = []
    for name in names:
        lacking = opened.missing_named(name)
        rows |= {row.path: row for row in lacking}
        try:
            rows |= {row.path: row for row in opened.find(name)}
        except NotFoundError as error:
            if lacking:
                continue
            near = ", ".join(error.suggestions)
            missing.append(
                f"no environment is named {name}." + (f" Did you mean {near}?" if near else "")
            )
    return list(rows.values()), missing


def _row_json(row: Row, found: "Filter | None") -> dict[str, object]:
    return row_json(row) if found is None else row_json(row) | found.row_json(row)


def _print_json(
    opened: Session, rows: Sequence[Row], found: "Filter | None", by: str | None, *, usage: bool
) -> None:
    if by is None:
        environments = [_row_json(row, found) for row in _there(rows)]
        lacking = [row for row in rows if row.verdict.status is Status.MISSING]
        answer = listing_output.json_object(opened, environments, lacking)
    else:
        from venvdash.presentation import totals

        answer = totals.report(opened, _there(rows), by, usage=usage).json()
        answer["errors"] = listing_output.errors_json(opened)
    output.print_json(answer if found is None else answer | found.json())


def _there(rows: Iterable[Row]) -> list[Row]:
    """Return the rows of environments, without those of projects that lack theirs."""
    return [row for row in rows if row.verdict.status is not Status.MISSING]


def _print_text(
    opened: Session,
    rows: Sequence[Row],
    found: "Filter | None",
    by: str | None,
    *,
    usage: bool,
    asked: bool,
) -> None:
    if not rows:
        if not asked:  # a name that nothing bears has a sentence of its own
            _nothing(opened)
        return
    packages = (
        [found.packages_in_words(row) for row in rows] if found and found.query.installed else None
    )
    if by is None:
        lines: Iterable[str] = listing_output.table(opened, rows, packages, usage=usage)
    else:
        from venvdash.presentation import totals

        lines = totals.report(opened, _there(rows), by, usage=usage).lines()
    for line in lines:
        click.echo(line)


def _nothing(opened: Session) -> None:
    if opened.rows:
        click.echo("No environments match.", err=True)
        return
    there, home = [seen for seen in opened.stores if seen.exists], opened.machine.home
    click.echo(f"No environments found in {counted(len(opened.stores), 'store')}.", err=True)
    for seen in there:
        click.echo(f"  {short_path(seen.root.path, home)} ({seen.root.store}): empty", err=True)
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
        restore = f"Run `venvdash restore {shlex.quote(trashed.name)}` to restore it."
        warn(f"{trashed.name} is in the trash, but its project exists again: {reason} {restore}")
    missing = list(missing)
    if missing:
        fail("\n".join(missing), 1)
