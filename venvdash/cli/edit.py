"""`venvdash edit`: the user's editor on a project, with its environment active."""

import sys

import click

from venvdash.cli.common import fail, session
from venvdash.cli.completing import complete_name
from venvdash.cli.naming import scan_for
from venvdash.cli.shell import leave
from venvdash.session import subshell
from venvdash.session.subshell import RefusedError


@click.command("edit", short_help="Open an environment's project in your editor.")
@click.argument("name", required=False, shell_complete=complete_name)
@click.pass_obj
def command(records: bool, name: str | None) -> None:
    """Open your editor in the project of an environment, with that active.

    NAME's, or that of the current directory's project. The editor is what VISUAL or EDITOR say; on
    a terminal, where they say nothing, one that is usual.
    """
    opened = session(records=records)
    named = any(map(opened.machine.variable, subshell.EDITORS))
    if not named and not (sys.stdin.isatty() and sys.stdout.isatty()):
        fail("no editor is configured, and there is no terminal. Set VISUAL or EDITOR.", 2)
    (row,) = scan_for(opened, name, usage=False)
    try:
        leave(subshell.edit(opened, row))
    except RefusedError as error:
        fail(f"cannot open {row.name}. {error}", 2)
