"""`venvdash activate`: what the calling shell is to run so that an environment is active in it."""

import os
import sys

import click

from venvdash.cli.common import fail, session, warn
from venvdash.cli.completing import complete_name
from venvdash.cli.naming import scan_for
from venvdash.session import subshell
from venvdash.session.subshell import RefusedError
from venvdash.system import shells
from venvdash.system.machine import Machine
from venvdash.system.shells import FAMILIES, Shell
from venvdash.text import visible

# Also by the names of single programs, as `csh`; the help has one for each family.
SHELLS = click.Choice([name for family in FAMILIES for name in family.names])


@click.command("activate", short_help="Print the code that activates an environment in your shell.")
@click.argument("name", required=False, shell_complete=complete_name)
@click.option(
    "--shell",
    "given",
    type=SHELLS,
    metavar="SHELL",
    help="The shell to print for, such as bash, zsh, fish, nu or pwsh (default: the calling one).",
)
@click.option("--cd", is_flag=True, help="Also change to the project's directory.")
@click.pass_obj
def command(records: bool, name: str | None, given: str | None, cd: bool) -> None:
    """Print the code that activates an environment in your shell; `deactivate` undoes it.

    \b
    bash, zsh, sh   eval "$(venvdash activate NAME)"
    fish            venvdash activate NAME | source
    tcsh            eval "`venvdash activate NAME`"
    nushell         load-env (venvdash activate NAME | from json)
    xonsh           execx($(venvdash activate NAME))
    PowerShell      venvdash activate NAME | Out-String | Invoke-Expression

    The default is the environment of the current directory's project. `venvdash init` defines a
    command that does this. The environment's own activation scripts are not read.
    """
    opened = session(records=records)
    told = _told(given, opened.machine)
    (row,) = scan_for(opened, name, usage=False)
    try:
        text, says = subshell.activating(opened, row, told, change=cd)
    except RefusedError as error:
        fail(f"cannot activate {row.name}. {error}", 2)
    for sentence in says:
        warn(sentence)
    if not sys.stdout.isatty():
        click.echo(os.fsencode(text), nl=False)
        return
    for line in text.split("\n"):
        click.echo(visible(line))
    words = f"venvdash activate {name}" if name else "venvdash activate"
    warn(f"this only prints the code. To run it in {told.name}: {told.usage.format(words)}")


def _told(given: str | None, machine: Machine) -> Shell:
    own = shells.family(given) if given else shells.caller(machine).family
    if own is None:
        fail("cannot detect the calling shell. Name it with `--shell`.", 2)
    return own
