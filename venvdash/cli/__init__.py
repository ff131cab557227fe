"""The command line; with no subcommand it opens the dashboard.

Answers go to stdout, words to stderr.
"""

import gc
import importlib
import os
import re
import signal
import sys
from collections.abc import Sequence
from itertools import takewhile

import click

from venvdash import __version__
from venvdash.cli import output
from venvdash.cli.completing import COMPLETING, register
from venvdash.text import visible
from venvdash.without_scan.command_line import ALIASES

_ALLOCATIONS = 50_000  # before cyclic garbage is looked for: most commands end before that
_INTERRUPTED = 130  # as shells tell of Ctrl+C: 128 and the number of SIGINT
_GROUPS = {
    "Look": ("list", "info", "diff"),
    "Work": ("run", "shell", "activate", "path", "edit", "sync"),
    "Make": ("new", "copy", "rename", "move", "adopt"),
    "Link": ("use", "relink", "unlink"),
    "Clean up": ("prune", "delete", "restore", "trash", "forget", "undo", "history", "cache"),
    "Annotate": ("note", "pin", "unpin"),
    "Set up": ("stores", "config", "init", "allow", "completions", "demo"),
}
_COMMANDS = tuple(name for names in _GROUPS.values() for name in names)


class _Lazy(click.Group):
    """A group that imports a subcommand's module only when it is used or listed."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order in which help lists them."""
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command of a name or an alias, importing its module."""
        name = ALIASES.get(cmd_name, cmd_name)
        if name not in _COMMANDS:
            return None
        module = "listing" if name == "list" else name
        command = importlib.import_module(f"venvdash.cli.{module}").command
        assert isinstance(command, click.Command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command with its own name, for its help. Raises NoSuchCommand."""
        if args and args[0] not in (*_COMMANDS, *ALIASES) and not args[0].startswith("-"):
            import difflib

            near = difflib.get_close_matches(args[0], (*_COMMANDS, *ALIASES))
            raise click.exceptions.NoSuchCommand(visible(args[0]), possibilities=near, ctx=ctx)
        _, command, rest = super().resolve_command(ctx, args)
        _refuse_empty(ctx, command, rest)
        return command.name if command else None, command, rest

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands in groups, each with its alias."""
        shown = {name: name for name in _COMMANDS}
        shown |= {name: f"{name}, {alias}" for alias, name in ALIASES.items()}
        width = max(map(len, shown.values()))
        for title, names in _GROUPS.items():
            with formatter.section(title):
                formatter.write_dl(
                    [
                        (shown[name].ljust(width), command.get_short_help_str(limit=200))
                        for name in names
                        if (command := self.get_command(ctx, name)) is not None
                    ]
                )


def _refuse_empty(ctx: click.Context, command: click.Command | None, args: Sequence[str]) -> None:
    """Refuse an empty argument, such as a variable that is not set; `note NAME ""` means it."""
    given = takewhile(lambda arg: arg != "--", args)
    if command is not None and command.name != "note":
        empty = next((arg for arg in given if not arg or re.fullmatch("--[a-z-]+=", arg)), None)
        if empty is not None:
            raise click.UsageError(f"An empty value: {empty or repr(empty)}", ctx)


@click.group(
    cls=_Lazy,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Exit status: 0 done; 1 not found, or failed in part; 2 wrong usage, refused or "
    "cancelled; 3 a name matches several environments.",
)
@click.option(
    "--no-records",
    is_flag=True,
    help="Write no records (sidecars and index); `prune` then deletes nothing.",
)
@click.option(
    "--color",
    type=click.Choice(["auto", "always", "never"]),
    default="auto",
    help="Colour the output (default: on a terminal).",
)
@click.version_option(__version__, "-V", "--version", prog_name="venvdash")
@click.pass_context
def cli(ctx: click.Context, no_records: bool, color: str) -> None:
    """Manage virtual environments that live outside projects.

    Without a command, opens the dashboard. `venvdash COMMAND --help` shows a command's options.
    """
    ctx.obj = not no_records
    ctx.color = True  # presentation.colours decides, not click
    if color != "auto":
        from venvdash.presentation import colours

        colours.choose(color)
    if ctx.invoked_subcommand is None:
        from venvdash.cli.common import open_dashboard, require_terminal

        require_terminal()
        ctx.exit(open_dashboard(records=not no_records))


def main() -> None:
    """Run the command line and end the program with its status; see ``venvdash.__main__``."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_DFL:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    gc.set_threshold(_ALLOCATIONS)
    output.prepare()
    try:
        status = _status()
    except KeyboardInterrupt:
        status = _INTERRUPTED
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # all is done but ending
    sys.exit(status)


def _complain(message: str) -> None:
    """Say what went wrong; few commands need what that takes to import."""
    from venvdash.cli import styles
    from venvdash.presentation.roles import Role

    styles.complain(visible(message), Role.ERROR)


def _show(error: click.ClickException) -> None:
    """Say what is wrong with the command line, and where its help is."""
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        error.show()
        return
    _complain(error.format_message())
    if isinstance(error, click.UsageError) and error.ctx is not None:
        path = error.ctx.command_path
        click.echo(f"Run `{path} --help` to see how it is used.", err=True)
    output.print_error(error.format_message(), error.exit_code)


def _status() -> int:
    """Run it and return its exit status; errors of the system are told in one line on stderr."""
    try:
        if COMPLETING in os.environ:
            register()
        answer = cli.main(prog_name="venvdash", standalone_mode=False)
        sys.stdout.flush()
    except SystemExit as end:  # of a shell's completion
        return end.code if isinstance(end.code, int) else 1
    except click.ClickException as error:
        _show(error)
        return error.exit_code
    except click.Abort as end:
        return _INTERRUPTED if isinstance(end.__cause__, KeyboardInterrupt) else 1
    except output.OutputError as error:
        return output.failed(error)
    except OSError as error:
        about = f": {error.filename}" if error.filename else ""
        message = f"{error.strerror or error}{about}"
        _complain(message)
        output.print_error(message, 1)
        return 1
    return answer if isinstance(answer, int) else 0
