"""`venvdash config`: where the settings are, which are in effect, and changing them."""

import os
import sys
from pathlib import Path

import click

from venvdash import config
from venvdash.cli import output
from venvdash.cli.common import fail, warn
from venvdash.config import ConfigError, reference
from venvdash.presentation.tables import Column, table
from venvdash.system import terminal
from venvdash.system.atomic import write_atomically
from venvdash.system.machine import Machine
from venvdash.text import because, short_path, visible

_COLUMNS = (
    Column("SETTING"),
    Column("VALUE", least=20),
    Column("FROM", drop=1, least=20, path=True),
)


@click.group("config", invoke_without_command=True, short_help="Show or change the settings.")
@click.pass_context
def command(ctx: click.Context) -> None:
    """Show or change the settings; without a command, show them.

    docs/configuration.md describes each of them.
    """
    if ctx.invoked_subcommand is None:
        ctx.invoke(show)


_as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@command.command("path", short_help="Print the path of the configuration file.")
@_as_json
def path(as_json: bool) -> None:
    """Print the path of the configuration file, which need not exist."""
    file = Machine.current().config_file
    if as_json:
        output.print_json({"path": str(file), "exists": file.exists()})
        return
    click.echo(visible(file) if sys.stdout.isatty() else os.fsencode(file))


@command.command("show", short_help="Print the settings in effect, and where each comes from.")
@_as_json
def show(as_json: bool) -> None:
    """Print the settings in effect, and where each comes from.

    That is a line of the file, an environment variable, or the default.
    """
    machine = Machine.current()
    settings = config.of(machine)
    found = reference.effective(settings, _text(machine.config_file))
    variables = reference.variables(machine)
    if as_json:
        output.print_json(
            {
                "path": str(machine.config_file),
                "settings": [
                    {
                        "key": one.setting.key,
                        "toml": reference.toml(one.value),
                        "default": one.setting.default,
                        "line": one.line,
                    }
                    for one in found
                ],
                "variables": [
                    {"name": name, "path": str(value), "set": _is_set(machine, name)}
                    for name, value in variables.items()
                ],
                "problems": [problem.message for problem in settings.problems],
            }
        )
        return
    home, file = machine.home, short_path(machine.config_file, machine.home)
    rows = [
        (
            one.setting.key,
            visible(reference.toml(one.value)),
            f"{file}:{one.line}" if one.line else "default",
        )
        for one in found
    ]
    rows += [
        (name, short_path(value, home), "variable" if _is_set(machine, name) else "default")
        for name, value in variables.items()
    ]
    for line in table(_COLUMNS, rows):
        click.echo(line)
    for problem in settings.problems:
        warn(problem.message)


@command.command("edit", short_help="Open the configuration in your editor, then check it.")
def edit() -> None:
    """Open the configuration in your editor, then check it.

    The editor is the one that VISUAL or EDITOR names. A file that does not exist is created: it
    has every setting as a comment.
    """
    from venvdash.actions.safety.refusals import another_home
    from venvdash.session.subshell import RefusedError, editor

    machine = Machine.current()
    for reason in another_home(machine):
        fail(f"{reason}\nNothing was changed.", 2)
    file = machine.config_file
    try:
        words = editor(machine)
        _create(file)
    except RefusedError as error:
        fail(str(error), 2)
    except OSError as error:
        fail(f"{file} cannot be created: {because(error)}.", 1)
    cwd = machine.cwd or machine.home
    ended = terminal.run((*words, str(file)), dict(machine.variables), cwd, interactive=False)
    if ended.problem or ended.status:
        fail(ended.problem or f"the editor ended with status {ended.status}.", ended.status or 1)
    problems = config.load(file).problems
    if problems:
        fail("\n".join(problem.message for problem in problems), 1)


def _create(file: Path) -> None:
    if not os.path.lexists(file):
        file.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(file.parent, file.name, reference.template().encode(), mode=0o644)


def _text(file: Path) -> str:
    try:
        return config.read(file).decode(errors="replace")
    except (OSError, ConfigError):
        return ""


def _is_set(machine: Machine, name: str) -> bool:
    return machine.variable(name) is not None
