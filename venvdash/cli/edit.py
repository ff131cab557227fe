"""`venvdash edit`: the user's editor on a project, with its environment active."""

import sys

import click

from venvdash.actions import editor_setup
from venvdash.actions.editor_setup import SetupError
from venvdash.actions.prefix.scripts import bin_of
from venvdash.cli import prompts
from venvdash.cli.common import fail, session, warn
from venvdash.cli.completing import complete_name
from venvdash.cli.naming import scan_for
from venvdash.cli.shell import leave
from venvdash.cli.styles import say
from venvdash.session import Session, subshell
from venvdash.session.subshell import RefusedError
from venvdash.text import short_path, visible


@click.command("edit", short_help="Open an environment's project in your editor.")
@click.argument("name", required=False, shell_complete=complete_name)
@click.option(
    "--setup",
    is_flag=True,
    help="Instead, name the environment in the project's .vscode/settings.json.",
)
@click.option("-y", "--yes", is_flag=True, help="With --setup: do not ask for confirmation.")
@click.pass_obj
def command(records: bool, name: str | None, setup: bool, yes: bool) -> None:
    """Open an environment's project in your editor, with the environment active.

    NAME is the name of an environment or a project (NAME@3.11 if there are several), or a path.
    The default is the environment of the current directory's project. The editor is the one that
    VISUAL or EDITOR names; without them, on a terminal, a common editor that is installed.

    --setup is for projects that have no link to their environment: VS Code and its derivatives then
    find it by their settings, which are hidden from git.
    """
    opened = session(records=records, changing=setup)
    if setup:
        _set_up(opened, name, yes=yes)
        return
    named = any(map(opened.machine.variable, subshell.EDITORS))
    if not named and not (sys.stdin.isatty() and sys.stdout.isatty()):
        fail("no editor is configured, and there is no terminal. Set VISUAL or EDITOR.", 2)
    (row,) = scan_for(opened, name, usage=False)
    try:
        leave(subshell.edit(opened, row))
    except RefusedError as error:
        fail(f"cannot open {row.name}. {error}", 2)


def _set_up(opened: Session, name: str | None, *, yes: bool) -> None:
    """Ask, and write the interpreter into the settings of the project."""
    (row,) = scan_for(opened, name, usage=False)
    home = opened.machine.home
    project = subshell.project_directory(row)
    if project is None:
        fail(f"{visible(row.name)} has no project directory.", 2)
    try:
        environment = subshell.trusted(opened, row)
        python = environment.path / bin_of(environment.path) / "python"
        planned = editor_setup.plan(project, python, opened.machine)
    except (RefusedError, SetupError) as error:
        fail(f"cannot set up {visible(row.name)}. {visible(str(error))}", 2)
    file = short_path(planned.settings.path, home)
    if not planned.needed:
        say(f"{file} already names {short_path(python, home)}.")
        return
    if planned.existed:
        warn(f"{file} exists: if it is committed, git shows the change.")
    if not yes and not prompts.confirm(f"Name {short_path(python, home)} in {file}?"):
        fail("Nothing was written. Use `--yes` to write it without confirmation.", 2)
    try:
        editor_setup.apply(planned)
    except SetupError as error:
        fail(str(error), 1)
    say(f"Wrote {file}. VS Code now uses {short_path(python, home)} in this project.")
