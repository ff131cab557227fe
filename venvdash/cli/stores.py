"""`venvdash stores`: where environments, and their projects, are looked for, and why."""

import json

import click

from venvdash.cli.common import columns, session
from venvdash.scanner.events import StoreSeen
from venvdash.text import visible


@click.command("stores", short_help="Show where environments and projects are looked for.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of a table.")
def command(as_json: bool) -> None:
    """Show every place where environments are looked for, and where their projects are."""
    opened = session(records=False)
    for _ in opened.scan(usage=False, early=False):
        pass
    if as_json:
        stores = [store_json(seen) for seen in opened.stores]
        click.echo(json.dumps({"schema": 1, "stores": stores, "searched": dict(opened.looked)}))
        return
    rows = [("STORE", "ENVIRONMENTS", "PATH", "WHY")]
    rows += [
        (seen.root.store, _count(seen), visible(seen.root.path), _why(seen))
        for seen in opened.stores
    ]
    searched = [("PROJECTS SEARCHED IN", "DIRECTORIES")]
    searched += [(visible(why), f"{count:,}") for why, count in opened.looked.items()]
    for line in [*columns(rows, frozenset({1})), "", *columns(searched, frozenset({1}))]:
        click.echo(line)


def store_json(seen: StoreSeen) -> dict[str, object]:
    """Return one store as JSON shows it."""
    return {
        "kind": seen.root.store,
        "path": str(seen.root.path),
        "real": str(seen.real),
        "why": str(seen.root.why),
        "source": seen.root.source or None,
        "layout": str(seen.root.layout),
        "exists": seen.exists,
        "environments": seen.environments,
        "problem": seen.problem or None,
    }


def _count(seen: StoreSeen) -> str:
    if seen.problem:
        return "!"
    return str(seen.environments) if seen.exists else "-"


def _why(seen: StoreSeen) -> str:
    why = f"{seen.root.why}: {seen.root.source}" if seen.root.source else str(seen.root.why)
    if seen.problem:
        return f"{why}; {visible(seen.problem)}"
    return why if seen.exists else f"{why}; not there"
