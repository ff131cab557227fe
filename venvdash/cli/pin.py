"""`venvdash pin`: keep an environment from all rules."""

import click

from venvdash.actions.annotate import AnnotationError, pin
from venvdash.cli import output
from venvdash.cli.common import fail, session, warn_of_problems
from venvdash.cli.completing import complete_name
from venvdash.cli.naming import scan_for
from venvdash.text import visible

as_json = click.option("--json", "as_json", is_flag=True, help="Print what was changed as JSON.")


def pinning(name: str, short_help: str, does: str, *, pinned: bool) -> click.Command:
    """Return the command that pins or unpins what is named; ``does`` is the first line of help."""

    @click.command(name, short_help=short_help, help=f"{does}\n\n{_NAMES}")
    @click.argument(
        "names", nargs=-1, required=True, metavar="NAME...", shell_complete=complete_name
    )
    @as_json
    @click.pass_obj
    def command(records: bool, names: tuple[str, ...], as_json: bool) -> None:
        _set(records, names, pinned=pinned, as_json=as_json)

    return command


_NAMES = (
    "NAME is the name of an environment or a project (NAME@3.11 if there are several), or a path."
)
command = pinning(
    "pin",
    "Pin environments, so that they are never pruned.",
    "Pin environments: `prune` skips them, and deleting one must be confirmed by name.",
    pinned=True,
)


def _set(records: bool, names: tuple[str, ...], *, pinned: bool, as_json: bool) -> None:
    """Pin or unpin what is named; exits if that fails."""
    changed: list[dict[str, object]] = []
    opened = session(records=records, changing=True)
    for name in names:
        (row,) = scan_for(opened, name, changing=True, usage=False)
        try:
            pin(opened, row, pinned=pinned)
        except AnnotationError as error:
            fail(f"{row.name}: {error}", 1)
        changed.append({"name": row.name, "path": str(row.path), "pinned": pinned})
        said = "is pinned: rules skip it" if pinned else "is no longer pinned"
        if not as_json:
            click.echo(f"{visible(row.name)} {said}.")
    if as_json:
        output.print_json({"pins": changed})
    warn_of_problems(opened)
