"""`venvdash unpin`: let rules pick an environment again."""

import click

from venvdash.cli.completing import complete_name
from venvdash.cli.pin import as_json, set_pins


@click.command("unpin", short_help="Unpin environments.")
@click.argument("names", nargs=-1, required=True, metavar="NAME...", shell_complete=complete_name)
@as_json
@click.pass_obj
def command(records: bool, names: tuple[str, ...], as_json: bool) -> None:
    """Unpin environments: `prune` may delete them again.

    NAME is the name of an environment or a project (NAME@3.11 if there are several), or a path.
    """
    set_pins(records, names, pinned=False, as_json=as_json)
