"""`venvdash info`: all that is known about one environment."""

import time
from collections.abc import Iterable, Iterator, Sequence

import click

from venvdash.cli import output
from venvdash.cli.common import session, warn_of_problems
from venvdash.cli.completing import complete_name
from venvdash.cli.naming import scan_for
from venvdash.cli.styles import print_lines
from venvdash.model.installed import InstalledPackage
from venvdash.presentation.details import examined, sections
from venvdash.presentation.document import Line, Piece, plain
from venvdash.presentation.json_values import details_json
from venvdash.presentation.packages import all_packages, different, largest
from venvdash.presentation.roles import Role
from venvdash.session import Session
from venvdash.session.environment_details import EnvironmentDetails
from venvdash.text import visible, with_tilde


@click.command("info", short_help="Show everything known about an environment.")
@click.argument("name", required=False, shell_complete=complete_name)
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of text.")
@click.option("--packages", "only_packages", is_flag=True, help="List all packages, nothing else.")
@click.option("--no-usage", is_flag=True, help="Do not measure sizes.")
@click.pass_obj
def command(
    records: bool, name: str | None, as_json: bool, no_usage: bool, only_packages: bool
) -> None:
    """Show everything known about an environment.

    This includes the evidence for its project, its largest packages, other versions that other
    environments have of them, missing files, sizes, and what refers to it.

    With `--packages` it lists every package with its size, where it came from, what requires it,
    and the other versions; `--json` always has all of that.

    NAME is the name of an environment or a project (NAME@3.11 if there are several), or a path.
    The default is the environment of the current directory's project.
    """
    opened = session(records=records)
    for row in scan_for(opened, name, usage=not no_usage):
        packages = opened.installed(row)
        if as_json:
            output.print_json({"environment": details_json(opened.examine(row), packages)})
        elif only_packages:
            print_lines(map(plain, all_packages(packages)))
        else:
            print_lines(_lines(opened.examine(row), packages, opened))
    warn_of_problems(opened)


def _lines(
    found: EnvironmentDetails, packages: Sequence[InstalledPackage], opened: Session
) -> Iterator[Line]:
    row, home = found.row, opened.machine.home
    name, status = Piece(visible(row.name), Role.STRONG), row.verdict.status
    yield Line((name, Piece("  "), Piece(status.value, Role.STATUS)), status)
    yield plain(with_tilde(visible(row.verdict.reason), home))
    for section in (*sections(row, home, time.time()), *examined(found, home)):
        yield from _part(section.title, section.lines)
    why = ", ".join(f"{visible(why)} {count:,}" for why, count in opened.searched_by_source.items())
    searched = f"{opened.searched:,} directories searched for projects"
    yield from _part("Search", [plain(searched + (f": {why}" if why else ""))])
    yield from _part(f"Packages ({len(packages)})", ())
    yield from map(plain, largest(packages, f"venvdash info {visible(row.name)} --packages"))
    if others := list(different(packages)):
        yield from _part("Other versions elsewhere", ())
        yield from map(plain, others)


def _part(title: str, lines: Iterable[Line]) -> Iterator[Line]:
    yield Line()
    yield Line((Piece(title, Role.STRONG),))
    yield from (Line((Piece("  "), *line.pieces), line.status) for line in lines)
