"""`venvdash run`: one command with an environment active, or in each of a project's."""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import click

from venvdash.cli import output
from venvdash.cli.common import REST, Passing, fail, session, warn
from venvdash.cli.completing import complete_name
from venvdash.cli.naming import chosen, scan, scan_for
from venvdash.cli.shell import leave
from venvdash.model import Row
from venvdash.session import Session, subshell
from venvdash.session.subshell import RefusedError
from venvdash.system import terminal
from venvdash.text import visible

_INTERRUPTED = 130  # as shells tell of Ctrl+C: 128 and the number of SIGINT


@dataclass(frozen=True, slots=True)
class _Ended:
    """How the command ended in an environment; ``problem`` says why it was not run."""

    row: Row
    status: int | None
    problem: str = ""

    @property
    def words(self) -> str:
        if self.problem:
            return f"not run. {self.problem}"
        return "ok" if self.status == 0 else f"exit status {self.status}"


@click.command(
    "run",
    cls=Passing,
    options_metavar="[OPTIONS]",
    short_help="Run a command with an environment active.",
)
@click.argument(
    "name", required=False, metavar="[NAME] -- COMMAND...", shell_complete=complete_name
)
@click.option(
    "--all", "every", is_flag=True, help="Run it in each environment of the named project."
)
@click.option("--here", is_flag=True, help="Stay in the current directory.")
@click.option(
    "--json",
    "as_json",
    is_flag=True,
    help="With --all: print the results as JSON, and what the command prints on stderr.",
)
@click.pass_context
def command(ctx: click.Context, name: str | None, every: bool, here: bool, as_json: bool) -> None:
    """Run a command with an environment active, in its project's directory.

    NAME is the name of an environment or a project (NAME@3.11 if there are several), or a path.
    The default is the environment of the current directory's project. The exit status is the
    command's; with --all it is 1 if the command fails in any environment.

    In its project uv uses this environment too, and does not replace it: UV_PROJECT_ENVIRONMENT
    and UV_PYTHON are set for the command.
    """
    words: tuple[str, ...] = ctx.meta.get(REST, ())
    if not words:
        fail("`--` and a command are required, as in `venvdash run NAME -- pytest`.", 2)
    if as_json and not every:
        raise click.UsageError("`--json` needs `--all`.")
    opened = session(records=ctx.obj)
    if every:
        scan(opened, usage=False)
        ctx.exit(_report(list(_each(opened, name, words, here=here, quiet=as_json)), as_json))
    (row,) = scan_for(opened, name, usage=False)
    try:
        invocation = subshell.command(opened, row, words, here=here)
    except RefusedError as error:
        fail(f"cannot use {row.name}. {error}", 2)
    leave(invocation)


def _each(
    opened: Session, name: str | None, words: Sequence[str], *, here: bool, quiet: bool
) -> Iterator[_Ended]:
    """Run it in each environment of a project, until Ctrl+C; yield how it ended."""
    rows = chosen(opened, name, every=True)
    paths = {row.path for row in rows}
    for row in (row for row in rows if row.environment.target not in paths):  # no link besides
        click.echo(f"{visible(row.name)}:", err=True)
        try:
            made = subshell.command(opened, row, words, here=here)
        except RefusedError as error:
            yield _Ended(row, None, str(error))
            continue
        for sentence in made.says:
            warn(sentence)
        sys.stdout.flush()
        ended = terminal.run(
            made.argv,
            made.environ,
            made.cwd,
            interactive=False,
            stdout=sys.stderr.fileno() if quiet else None,
        )
        yield _Ended(row, ended.status, ended.problem)
        if ended.status == _INTERRUPTED:
            return


def _report(ended: Sequence[_Ended], as_json: bool) -> int:
    """Say how it ended in each, and return the exit status."""
    if as_json:
        output.print_json({"runs": [_json(one) for one in ended]})
    else:
        width = max(len(visible(one.row.name)) for one in ended)
        for one in ended:
            click.echo(f"{visible(one.row.name):{width}}  {visible(one.words)}", err=True)
    if ended[-1].status == _INTERRUPTED:
        return _INTERRUPTED
    return int(any(one.status != 0 for one in ended))


def _json(one: _Ended) -> dict[str, object]:
    environment = one.row.environment
    return {
        "name": one.row.name,
        "path": str(environment.path),
        "python": environment.python,
        "status": one.status,
        "problem": one.problem or None,
    }
