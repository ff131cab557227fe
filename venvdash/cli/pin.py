"""`venvdash pin`: keep an environment from all rules."""

import click

from venvdash.actions.annotate import AnnotationError, pin
from venvdash.cli.common import fail, session, warn_of_problems
from venvdash.cli.completing import complete_name
from venvdash.cli.naming import scan_for
from venvdash.text import visible


@click.command("pin", short_help="Pin environments, so that they are never pruned.")
@click.argument("names", nargs=-1, required=True, metavar="NAME...", shell_complete=complete_name)
@click.pass_obj
def command(records: bool, names: tuple[str, ...]) -> None:
    """Pin environments: `prune` skips them, and deleting one must be confirmed by name.

    NAME is the name of an environment or a project (NAME@3.11 if there are several), or a path.
    """
    set_pins(records, names, pinned=True)


def set_pins(records: bool, names: tuple[str, ...], *, pinned: bool) -> None:
    """Pin or unpin what is named; exits if that fails."""
    opened = session(records=records, changing=True)
    for name in names:
        (row,) = scan_for(opened, name, changing=True, usage=False)
        try:
            pin(opened, row, pinned=pinned)
        except AnnotationError as error:
            fail(f"{row.name}: {error}", 1)
        said = "is pinned: rules skip it" if pinned else "is no longer pinned"
        click.echo(f"{visible(row.name)} {said}.")
    warn_of_problems(opened)
