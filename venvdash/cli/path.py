"""`venvdash path`: where an environment, its Python, or its project is."""

import os
import sys
from pathlib import Path

import click

from venvdash.cli import output
from venvdash.cli.common import fail, session
from venvdash.cli.completing import complete_name
from venvdash.cli.naming import scan_for
from venvdash.model import Row
from venvdash.text import visible


@click.command(
    "path", short_help="Print the path of an environment, its interpreter or its project."
)
@click.argument("name", required=False, shell_complete=complete_name)
@click.option("--python", "what", flag_value="python", help="Print the path of its interpreter.")
@click.option(
    "--project", "what", flag_value="project", help="Print the path of its project or script."
)
@click.option("--bin", "what", flag_value="bin", help="Print the directory of its programs.")
@click.option("--json", "as_json", is_flag=True, help="Print all of these as JSON.")
@click.pass_obj
def command(records: bool, name: str | None, what: str | None, as_json: bool) -> None:
    """Print the path of an environment.

    NAME is the name of an environment or a project (NAME@3.11 if there are several), or a path.
    The default is the environment of the current directory's project.
    """
    opened = session(records=records)
    (row,) = scan_for(opened, name, usage=False)
    if as_json:
        paths = {key: _path(row, key) for key in ("path", "python", "bin", "project")}
        texts = {key: str(path) if path else None for key, path in paths.items()}
        output.print_json({"name": row.name, **texts})
        return
    path = _path(row, what)
    if path is None:
        fail(f"{row.name} belongs to no project.", 1)
    # A program wants the bytes that the path has; a terminal must not get them.
    click.echo(visible(path) if sys.stdout.isatty() else os.fsencode(path))


def _path(row: Row, what: str | None) -> Path | None:
    folder = "Scripts" if os.name == "nt" else "bin"
    programs = row.path / folder
    match what:
        case "project":
            return row.verdict.place or row.verdict.project
        case "bin":
            return programs
        case "python":
            return programs / ("python.exe" if os.name == "nt" else "python")
        case _:
            return row.path
