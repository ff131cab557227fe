"""`venvdash note`: write down what an environment is for."""

import click

from venvdash.actions.annotate import AnnotationError, note
from venvdash.cli.common import fail, session
from venvdash.cli.completing import complete_name
from venvdash.cli.naming import scan_for
from venvdash.text import visible


@click.command("note", short_help="Write a note about an environment.")
@click.argument("name", metavar="NAME", shell_complete=complete_name)
@click.argument("text", required=False)
@click.pass_obj
def command(records: bool, name: str, text: str | None) -> None:
    """Write a note about an environment; without TEXT, print it. "" removes it.

    NAME is the name of an environment or a project (NAME@3.11 if there are several), or a path.
    """
    opened = session(records=records, changing=text is not None)
    (row,) = scan_for(opened, name, changing=text is not None, usage=False)
    if text is None:
        if row.record is not None and row.record.note:
            click.echo("\n".join(map(visible, row.record.note.split("\n"))))
        return
    try:
        note(opened, row, text)
    except AnnotationError as error:
        fail(f"{row.name}: {error}", 1)
