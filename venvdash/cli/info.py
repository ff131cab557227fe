"""`venvdash info`: all that is known about one environment."""

import time
from collections.abc import Iterable, Iterator

import click

from venvdash.cli import output
from venvdash.cli.common import session, warn_of_problems
from venvdash.cli.completing import complete_name
from venvdash.cli.naming import scan_for
from venvdash.cli.styles import print_lines
from venvdash.model import Package
from venvdash.presentation.details import examined, sections
from venvdash.presentation.document import Line, Piece, plain
from venvdash.presentation.json_values import details_json
from venvdash.presentation.roles import Role
from venvdash.presentation.tables import Column, table
from venvdash.session import Session
from venvdash.session.environment_details import EnvironmentDetails
from venvdash.text import visible, with_tilde


@click.command("info", short_help="Show everything known about an environment.")
@click.argument("name", required=False, shell_complete=complete_name)
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of text.")
@click.option("--no-usage", is_flag=True, help="Do not measure sizes.")
@click.pass_obj
def command(records: bool, name: str | None, as_json: bool, no_usage: bool) -> None:
    """Show everything known about an environment.

    This includes the evidence for its project, its packages and where they came from, missing
    files, sizes, and what refers to it.

    NAME is the name of an environment or a project (NAME@3.11 if there are several), or a path.
    The default is the environment of the current directory's project.
    """
    opened = session(records=records)
    for row in scan_for(opened, name, usage=not no_usage):
        found = opened.examine(row)
        if as_json:
            output.print_json({"environment": details_json(found)})
        else:
            print_lines(_lines(found, opened))
    warn_of_problems(opened)


def _lines(found: EnvironmentDetails, opened: Session) -> Iterator[Line]:
    row, home = found.row, opened.machine.home
    name, status = Piece(visible(row.name), Role.STRONG), row.verdict.status
    yield Line((name, Piece("  "), Piece(status.value, Role.STATUS)), status)
    yield plain(with_tilde(visible(row.verdict.reason), home))
    for section in (*sections(row, home, time.time()), *examined(found, home)):
        yield from _part(section.title, section.lines)
    why = ", ".join(f"{visible(why)} {count:,}" for why, count in opened.searched_by_source.items())
    searched = f"{opened.searched:,} directories searched for projects"
    yield from _part("Search", [plain(searched + (f": {why}" if why else ""))])
    yield from _part(f"Packages ({len(found.packages)})", ())
    yield from map(plain, _packages(found.packages))


def _part(title: str, lines: Iterable[Line]) -> Iterator[Line]:
    yield Line()
    yield Line((Piece(title, Role.STRONG),))
    yield from (Line((Piece("  "), *line.pieces), line.status) for line in lines)


def _packages(packages: Iterable[Package]) -> list[str]:
    return table(
        (Column(), Column(), Column(drop=1, least=20)),
        [
            (
                visible(package.name, 128),
                visible(package.version, 64),
                ("editable, " if package.editable else "") + visible(package.origin or ""),
            )
            for package in packages
        ],
        indent="  ",
    )
