"""`venvdash shell`: the user's own shell with an environment active."""

import sys

import click

from venvdash.cli.common import fail, session, warn
from venvdash.cli.completing import complete_name
from venvdash.cli.naming import scan_for
from venvdash.session import subshell
from venvdash.session.subshell import Invocation, RefusedError
from venvdash.system import terminal


@click.command("shell", short_help="Open a shell with an environment active.")
@click.argument("name", required=False, shell_complete=complete_name)
@click.option("--here", is_flag=True, help="Stay in the current directory.")
@click.pass_obj
def command(records: bool, name: str | None, here: bool) -> None:
    """Open your own shell with an environment active, in its project's directory.

    NAME is the name of an environment or a project (NAME@3.11 if there are several), or a path.
    The default is the environment of the current directory's project. The environment's own
    activation scripts are not read. To run one command, use `venvdash run`.
    """
    if not sys.stdin.isatty():
        fail("a shell needs a terminal. Use `venvdash run NAME -- COMMAND` to run one command.", 2)
    opened = session(records=records)
    (row,) = scan_for(opened, name, usage=False)
    try:
        invocation = subshell.shell(opened, row, here=here)
    except RefusedError as error:
        fail(f"cannot open {row.name}. {error}", 2)
    leave(invocation)


def leave(invocation: Invocation) -> None:
    """Run something, or become it, and end with its exit status."""
    for sentence in invocation.says:
        warn(sentence)
    if invocation.interactive:
        ended = subshell.run(invocation)
    else:
        ended = terminal.replace(invocation.argv, invocation.environ, invocation.cwd)
    if ended.problem:
        fail(ended.problem, ended.status)
    raise click.exceptions.Exit(ended.status)
