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
    """Open an environment's project in your editor, with the environment active.

    NAME is the name of an environment or a project (NAME@3.11 if there are several), or a path.
    The default is the environment of the current directory's project. The editor is the one that
    VISUAL or EDITOR names; without them, on a terminal, a common editor that is installed.
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
