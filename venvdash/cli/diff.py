"""`venvdash diff`: the packages of two environments, compared."""

import click

from venvdash.cli import output
from venvdash.cli.common import fail, session, warn_of_problems
from venvdash.cli.completing import complete_name
from venvdash.cli.naming import chosen, scan
from venvdash.model import Row
from venvdash.text import visible


@click.command("diff", short_help="Compare the packages of two environments.")
@click.argument("first", metavar="NAME", shell_complete=complete_name)
@click.argument("second", metavar="NAME", shell_complete=complete_name)
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
@click.pass_obj
def command(records: bool, first: str, second: str, as_json: bool) -> None:
    """Compare the packages of two environments.

    It shows those with different versions or origins, and those that only one of them has.
    """
    from venvdash.presentation.package_diff import package_diff

    opened = session(records=records)
    scan(opened, usage=False)
    rows = [chosen(opened, name)[0] for name in (first, second)]
    warn_of_problems(opened)
    for row in rows:
        if not row.environment.packages_known:
            fail(f"the packages of {visible(row.name)} cannot be read: {row.path}", 1)
    found = package_diff(*(opened.examine(row).packages for row in rows))
    if as_json:
        ends = {"first": _row_json(rows[0]), "second": _row_json(rows[1])}
        output.print_json(ends | found.json())
    else:
        for line in found.lines(*_titles(*rows)):
            click.echo(line)


def _titles(first: Row, second: Row) -> tuple[str, str]:
    """Return the names of two environments, with their Pythons where these differ."""
    names = [visible(row.name, 32) for row in (first, second)]
    pythons = [row.environment.python or "?" for row in (first, second)]
    if pythons[0] != pythons[1]:
        names = [
            f"{name} ({visible(python, 12)})" for name, python in zip(names, pythons, strict=True)
        ]
    return names[0], names[1]


def _row_json(row: Row) -> dict[str, object]:
    return {"name": row.name, "path": str(row.path), "python": row.environment.python}
