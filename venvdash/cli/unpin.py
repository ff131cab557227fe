"""`venvdash unpin`: let rules pick an environment again."""

import click

from venvdash.cli.completing import complete_name
from venvdash.cli.pin import set_pins


@click.command("unpin", short_help="Let environments be pruned again.")
@click.argument("names", nargs=-1, required=True, metavar="NAME...", shell_complete=complete_name)
@click.pass_obj
def command(records: bool, names: tuple[str, ...]) -> None:
    """Remove the pins of environments: rules may pick them again.

    NAME is an environment's or a project's name, NAME@3.11 where it has several, or a path.
    """
    set_pins(records, names, pinned=False)
