"""The command line; with no subcommand it opens the dashboard.

Answers go to stdout, words to stderr. Exit status: 0 done, 1 not found or failed in part, 2 usage
or refused, 3 ambiguous.
"""

import gc
import importlib
import os
import signal
import sys

import click

from venvdash import __version__
from venvdash.cli import output
from venvdash.cli.completing import COMPLETING, register
from venvdash.text import visible

_ALLOCATIONS = 50_000  # before cyclic garbage is looked for: most commands end before that
_INTERRUPTED = 130  # as shells tell of Ctrl+C: 128 and the number of SIGINT
_COMMANDS = {
    "list": "venvdash.cli.listing",
    "info": "venvdash.cli.info",
    "path": "venvdash.cli.path",
    "shell": "venvdash.cli.shell",
    "activate": "venvdash.cli.activate",
    "edit": "venvdash.cli.edit",
    "sync": "venvdash.cli.sync",
    "relink": "venvdash.cli.relink",
    "unlink": "venvdash.cli.unlink",
    "copy": "venvdash.cli.copy",
    "rename": "venvdash.cli.rename",
    "move": "venvdash.cli.move",
    "delete": "venvdash.cli.delete",
    "prune": "venvdash.cli.prune",
    "note": "venvdash.cli.note",
    "pin": "venvdash.cli.pin",
    "unpin": "venvdash.cli.unpin",
    "trash": "venvdash.cli.trash",
    "history": "venvdash.cli.history",
    "undo": "venvdash.cli.undo",
    "stores": "venvdash.cli.stores",
    "demo": "venvdash.cli.demo",
    "init": "venvdash.cli.init",
    "completions": "venvdash.cli.completions",
}


class _Lazy(click.Group):
    """A group that imports a subcommand's module only when it is used or listed."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order in which help lists them."""
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command, importing its module."""
        if cmd_name not in _COMMANDS:
            return None
        command = importlib.import_module(_COMMANDS[cmd_name]).command
        assert isinstance(command, click.Command)
        return command


@click.group(
    cls=_Lazy,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.option(
    "--no-records",
    is_flag=True,
    help="Write no records (sidecars and index); `prune` then deletes nothing.",
)
@click.version_option(__version__, "-V", "--version", prog_name="venvdash")
@click.pass_context
def cli(ctx: click.Context, no_records: bool) -> None:
    """Manage virtual environments that live outside projects.

    Without a command, opens the dashboard.
    """
    ctx.obj = not no_records
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
        error.show()
        return error.exit_code
    except click.Abort as end:
        return _INTERRUPTED if isinstance(end.__cause__, KeyboardInterrupt) else 1
    except output.OutputError as error:
        return output.failed(error)
    except OSError as error:
        about = f": {error.filename}" if error.filename else ""
        sys.stderr.write(f"venvdash: {visible(f'{error.strerror or error}{about}')}\n")
        return 1
    return answer if isinstance(answer, int) else 0
