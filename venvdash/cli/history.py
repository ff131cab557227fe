"""`venvdash history`: what was deleted, with what had been in it."""

import time

import click

from venvdash.actions.delete.receipts import how_lost
from venvdash.cli import output
from venvdash.cli.common import columns, session, warn
from venvdash.formats import age, size
from venvdash.presentation.json_values import package_json, time_json
from venvdash.records.receipt import LOST, Receipt
from venvdash.text import short_path, visible


@click.command("history", short_help="Show deleted environments and their packages.")
@click.argument("names", nargs=-1, metavar="[NAME...]")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, with all packages.")
@click.pass_obj
def command(records: bool, names: tuple[str, ...], as_json: bool) -> None:
    """Show deleted environments, newest first: the project, the reason, and the packages.

    With NAME, show only environments of that name, with their packages.
    """
    opened = session(records=records)
    receipts = opened.history()
    for place in opened.history_silent:
        warn(f"{short_path(place, opened.machine.home)} does not respond; NOW may be out of date.")
    found = [one for one in receipts if not names or {one.name, one.path.name} & {*names}]
    if as_json:
        output.print_json({"history": [receipt_json(one) for one in found]})
        return
    if not found:
        called = f" called {visible(' or '.join(names))}" if names else ""
        click.echo(f"No record of a deleted environment{called}.", err=True)
        raise click.exceptions.Exit(1 if names else 0)
    now, home = time.time(), opened.machine.home
    rows = [("DELETED", "NAME", "PYTHON", "PACKAGES", "RECLAIMABLE", "NOW", "STATUS", "PROJECT")]
    rows += [
        (
            age(one.deleted, now),
            visible(one.name, 48),
            visible(one.python, 12),
            str(len(one.packages)),
            size(one.reclaimable),
            one.state,
            visible(one.status),
            short_path(one.project, home) if one.project else "-",
        )
        for one in found
    ]
    lines = columns(rows, frozenset({0, 3, 4}))
    click.echo(lines[0])
    for one, line in zip(found, lines[1:], strict=True):
        click.echo(line)
        if one.state == LOST:
            click.echo(f"  {how_lost(one)}")
        if names:
            click.echo(f"  {visible(one.reason)}")
            for package in one.packages:
                origin = f" from {visible(package.origin, 256)}" if package.origin else ""
                click.echo(f"  {visible(package.name, 128)} {visible(package.version, 64)}{origin}")


def receipt_json(one: Receipt) -> dict[str, object]:
    """Return a receipt as JSON shows it."""
    return {
        "name": one.name,
        "path": str(one.path),
        "project": str(one.project) if one.project else None,
        "kind": one.kind,
        "status": one.status,
        "reason": one.reason,
        "python": one.python or None,
        "packages": [package_json(package) for package in one.packages],
        "on_disk": one.on_disk,
        "reclaimable": one.reclaimable,
        "deleted": time_json(one.deleted),
        "state": one.state,
        "ended": time_json(one.ended or None),
        "trash": str(one.trash) if one.trash else None,
        "lost": how_lost(one) if one.state == LOST else None,
    }
