"""`venvdash demo`: a playground of real environments, to see what the program does."""

from pathlib import Path

import click

from venvdash.cli.common import fail, open_dashboard, require_terminal


@click.command("demo", short_help="Create a playground and open the dashboard on it.")
@click.argument("directory", required=False, type=click.Path(path_type=Path))
@click.option(
    "--build-only", is_flag=True, help="Create the playground without opening the dashboard."
)
@click.pass_obj
def command(records: bool, directory: Path | None, build_only: bool) -> None:
    """Create a playground in DIRECTORY (default: a temporary one) and open the dashboard on it.

    Nothing outside the directory is touched.
    """
    if not build_only:
        require_terminal()
    from venvdash.demo.playground import PlaygroundError, build

    try:
        playground = build(directory, lambda words: click.echo(words, err=True))
    except PlaygroundError as error:
        fail(str(error), 2)
    if build_only:
        click.echo(playground.directory)
        return
    raise click.exceptions.Exit(open_dashboard(records=records, machine=playground.machine()))
