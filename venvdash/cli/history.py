"""`venvdash history`: what was changed, and what can be undone."""

import time
from collections.abc import Collection, Iterator
from pathlib import Path

import click

from venvdash.actions.history.status import ChangeStatus, how_lost
from venvdash.cli import output
from venvdash.cli.common import session, warn
from venvdash.cli.styles import say
from venvdash.formats import age, size, time_json
from venvdash.presentation.history import names as named
from venvdash.presentation.history import packages_before, what_changed
from venvdash.presentation.json_values import package_json
from venvdash.presentation.tables import Column, table
from venvdash.records.history import LOST, ChangedEnvironment
from venvdash.text import short_path, visible

_COLUMNS = (
    Column("NUMBER", right=True),
    Column("WHEN", right=True, drop=1),
    Column("ACTION"),
    Column("NAME", least=12),
    Column("CHANGE", drop=2, least=20),
    Column("STATE"),
)


@click.command("history", short_help="Show changes, and which can be undone.")
@click.argument("names", nargs=-1, metavar="[NAME|NUMBER...]")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, with all packages.")
@click.pass_obj
def command(records: bool, names: tuple[str, ...], as_json: bool) -> None:
    """Show changes, newest first, each with its number for `venvdash undo`.

    NAME shows only the changes of that environment, NUMBER only that change, both with the packages
    that were installed before.
    """
    opened = session(records=records, tidy=True)
    statuses = opened.actions.history()
    for place in opened.actions.history_silent:
        warn(
            f"{short_path(place, opened.machine.home)} does not respond; STATE may be out of date."
        )
    found = [one for one in statuses if not names or _meant(one, names)]
    if as_json:
        output.print_json({"history": [status_json(one) for one in found]})
        raise click.exceptions.Exit(1 if names and not found else 0)
    if not found:
        wanted = visible(" or ".join(names))
        nothing = f"No recorded change matches {wanted}." if names else "No change is recorded."
        click.echo(nothing, err=True)
        raise click.exceptions.Exit(1 if names else 0)
    now, home = time.time(), opened.machine.home
    rows = [
        (
            str(one.number),
            age(one.change.since, now),
            one.change.action.value,
            named(one.change),
            what_changed(one.change, home),
            one.state,
        )
        for one in found
    ]
    lines = table(_COLUMNS, rows)
    click.echo(lines[0])
    for one, line in zip(found, lines[1:], strict=True):
        click.echo(line)
        for detail in _details(one, home, full=bool(names)):
            say(f"  {detail}")


def _meant(status: ChangeStatus, names: Collection[str]) -> bool:
    called = {name for one in status.change.environments for name in (one.name, one.path.name)}
    return not called.isdisjoint(names) or str(status.number) in names


def _details(status: ChangeStatus, home: Path, *, full: bool) -> Iterator[str]:
    if full and status.obstacle:
        yield visible(status.obstacle)
    for one in status.change.environments:
        if one.state == LOST:
            yield how_lost(one)
        if not full:
            continue
        yield ", ".join(_facts(one, home))
        if one.reason:
            yield f"  {visible(one.reason)}"
        yield from (f"  {line}" for line in packages_before(one))


def _facts(one: ChangedEnvironment, home: Path) -> Iterator[str]:
    project = f" of {short_path(one.project, home)}" if one.project else ""
    yield f"{visible(one.name)}{project}"
    if one.python:
        yield f"Python {visible(one.python, 12)}"
    if one.state:
        yield f"{size(one.reclaimable)} reclaimable"
        yield one.state


def status_json(status: ChangeStatus) -> dict[str, object]:
    """Return a change as JSON shows it."""
    change = status.change
    return {
        "number": change.number,
        "action": change.action.value,
        "when": time_json(change.since),
        "state": status.state,
        "undoable": not status.obstacle,
        "obstacle": status.obstacle or None,
        "ended": time_json(change.ended or None),
        "environments": [_environment_json(one) for one in change.environments],
    }


def _environment_json(one: ChangedEnvironment) -> dict[str, object]:
    return {
        "name": one.name,
        "path": str(one.path),
        "place": str(one.place) if one.place else None,
        "project": str(one.project) if one.project else None,
        "target": str(one.target) if one.target else None,
        "kind": one.kind,
        "status": one.status or None,
        "reason": one.reason or None,
        "python": one.python or None,
        "packages": [package_json(package) for package in one.packages],
        "on_disk": one.on_disk,
        "reclaimable": one.reclaimable,
        "state": one.state or None,
        "ended": time_json(one.ended or None),
        "trash": str(one.trash) if one.trash else None,
        "lost": how_lost(one) if one.state == LOST else None,
    }
