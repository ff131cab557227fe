"""`venvdash note`: write down what an environment is for."""

import click

from venvdash.actions.annotate import AnnotationError, note
from venvdash.cli import output
from venvdash.cli.common import fail, session
from venvdash.cli.completing import complete_name
from venvdash.cli.naming import scan_for
from venvdash.text import visible


@click.command("note", short_help="Write a note about an environment.")
@click.argument("name", metavar="NAME", shell_complete=complete_name)
@click.argument("text", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print the note as JSON.")
@click.pass_obj
def command(records: bool, name: str, text: str | None, as_json: bool) -> None:
    """Write a note about an environment; without TEXT, print it. "" removes it.

    NAME is the name of an environment or a project (NAME@3.11 if there are several), or a path.
    """
    opened = session(records=records, changing=text is not None)
    (row,) = scan_for(opened, name, changing=text is not None, usage=False)
    if text is not None:
        try:
            row = note(opened, row, text)
        except AnnotationError as error:
            fail(f"{row.name}: {error}", 1)
    written = row.record.note if row.record is not None else ""
    if as_json:
        output.print_json({"name": row.name, "path": str(row.path), "note": written or None})
    elif text is None and written:
        click.echo("\n".join(map(visible, written.split("\n"))))
