"""`venvdash stores`: where environments, and their projects, are looked for, and why."""

import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from venvdash.cli import output
from venvdash.cli.common import fail, session
from venvdash.presentation.tables import Column, table
from venvdash.scanner.events import StoreSeen
from venvdash.text import short_path, visible, with_tilde

if TYPE_CHECKING:
    from venvdash.scanner.discovery.other_folders import EnvironmentFolder


_COLUMNS = (
    Column("STORE"),
    Column("ENVIRONMENTS", right=True),
    Column("PATH", least=20, path=True),
    Column("WHY", drop=1, least=16),
)
_SEARCHED = (Column("PROJECTS SEARCHED IN", least=20), Column("DIRECTORIES", right=True))


@click.command("stores", short_help="Show where venvdash looks for environments and projects.")
@click.option(
    "--add", "added", metavar="PATH", help="Add this folder of environments to the stores."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
def command(added: str | None, as_json: bool) -> None:
    """Show where venvdash looks for environments and projects.

    Also shows folders of environments that are not stores yet, with the configuration that adds
    them. `--add PATH` writes it to your configuration.
    """
    if added is not None:
        _add(added, as_json=as_json)
        return
    opened = session(records=False)
    for _ in opened.scan(usage=False, early=False):
        pass
    from venvdash.session import suggested_stores  # a list needs it only where it is empty

    found = suggested_stores.suggestions(opened.machine, opened.config)
    home = opened.machine.home
    if as_json:
        stores = [store_json(seen) for seen in opened.stores]
        outside = [folder_json(folder, home) for folder in found]
        answer = {"stores": stores, "searched": dict(opened.searched_by_source)}
        output.print_json(answer | {"outside": outside})
        return
    rows = [
        (seen.root.store, _count(seen), short_path(seen.root.path, home), _why(seen, home))
        for seen in opened.stores
    ]
    searched = [(visible(why), f"{count:,}") for why, count in opened.searched_by_source.items()]
    for line in [*table(_COLUMNS, rows), "", *table(_SEARCHED, searched)]:
        click.echo(line)
    for line in outside_lines(found, home):
        click.echo(line)


def _add(text: str, *, as_json: bool) -> None:
    from venvdash.session import suggested_stores

    opened = session(records=False, changing=True)
    home = opened.machine.home
    path = opened.machine.expand(text)
    try:
        added = suggested_stores.add(path, opened.machine, opened.config)
    except suggested_stores.RefusedError as error:
        fail(f"{short_path(path, home)}: {visible(with_tilde(str(error), home))}", 2)
    if as_json:
        answer = {
            "added": folder_json(added.folder, home),
            "file": str(added.file),
        }
        output.print_json(answer)
        return
    words = suggested_stores.in_words(added.folder, home)
    click.echo(f"{short_path(added.folder.path, home)} is now a store ({words}).")
    click.echo(f"Added to {short_path(added.file, home)}; remove these lines to undo it:\n")
    click.echo(visible_lines(added.lines))


def outside_lines(found: "Sequence[EnvironmentFolder]", home: Path) -> Iterator[str]:
    """Yield the lines that show folders of environments that are no store, and how to add them."""
    from venvdash.session import suggested_stores

    if not found:
        return
    yield "\nFolders of environments that are not stores:"
    for folder in found:
        shown = short_path(folder.path, home)
        yield f"\n  {shown}  ({suggested_stores.in_words(folder, home)})"
        yield f"  Run `venvdash stores --add {shlex.quote(str(folder.path))}` to add it:"
        yield visible_lines(suggested_stores.lines_for(folder, home), "    ")


def visible_lines(lines: str, indent: str = "") -> str:
    """Return lines that are fit to show, each behind ``indent``."""
    return "\n".join(f"{indent}{visible(line)}" for line in lines.splitlines())


def folder_json(folder: "EnvironmentFolder", home: Path) -> dict[str, object]:
    """Return a folder of environments that is no store as JSON shows it."""
    from venvdash.session import suggested_stores

    return {
        "path": str(folder.path),
        "environments": folder.environments,
        "layout": str(folder.layout),
        "base": str(folder.base) if folder.base is not None else None,
        "configuration": suggested_stores.lines_for(folder, home),
    }


def store_json(seen: StoreSeen) -> dict[str, object]:
    """Return one store as JSON shows it."""
    return {
        "kind": seen.root.store,
        "path": str(seen.root.path),
        "real": str(seen.real),
        "why": str(seen.root.why),
        "source": seen.root.source or None,
        "layout": str(seen.root.layout),
        "exists": seen.exists,
        "environments": seen.environments,
        "problem": seen.problem or None,
    }


def _count(seen: StoreSeen) -> str:
    if seen.problem:
        return "!"
    return str(seen.environments) if seen.exists else "-"


def _why(seen: StoreSeen, home: Path) -> str:
    source = with_tilde(visible(seen.root.source), home)
    why = f"{seen.root.why}: {source}" if source else str(seen.root.why)
    if seen.problem:
        return f"{why}; {visible(seen.problem)}"
    return why if seen.exists else f"{why}; does not exist"
