"""`venvdash info`: all that is known about one environment."""

import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import click

from venvdash.actions.delete.user_files import user_files_in_words
from venvdash.cli import output
from venvdash.cli.common import columns, session, warn
from venvdash.cli.completing import complete_name
from venvdash.cli.naming import scan_for
from venvdash.formats import age, doubt, reclaimable, size
from venvdash.model import Claim, Package, Record, Row
from venvdash.presentation.details import flags_in_words
from venvdash.presentation.json_values import package_json, row_json, time_json
from venvdash.presentation.labels import (
    endangered_in_words,
    evidence_in_words,
    how_in_words,
    places_in_words,
    use_in_words,
)
from venvdash.session import Session
from venvdash.session.environment_details import EnvironmentDetails
from venvdash.text import short_path, visible

_LABEL = 11  # cells


@click.command("info", short_help="Show everything known about an environment.")
@click.argument("name", required=False, shell_complete=complete_name)
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of text.")
@click.option("--no-usage", is_flag=True, help="Do not measure sizes.")
@click.pass_obj
def command(records: bool, name: str | None, as_json: bool, no_usage: bool) -> None:
    """Show everything known about an environment.

    This includes the evidence for its project, its packages and where they came from, missing
    files, sizes, and what refers to it. The default is the environment of the current directory's
    project.
    """
    opened = session(records=records)
    for row in scan_for(opened, name, usage=not no_usage):
        found = opened.examine(row)
        if as_json:
            output.print_json({"environment": info_json(found)})
        else:
            for line in _lines(found, opened):
                click.echo(line)
    for problem in opened.problems:
        warn(f"{problem.path}: {problem.message}" if problem.path else problem.message)


def info_json(found: EnvironmentDetails) -> dict[str, object]:
    """Return what `list --json` says of an environment, and all that is looked up for one."""
    row = found.row
    return row_json(row) | {
        "packages": [package_json(package) for package in found.packages],
        "claims": [
            {"proves": proves, "words": words}
            for proves, words in evidence_in_words(row.verdict.claims)
        ],
        "flag_reasons": {flag.value: reason for flag, reason in flags_in_words(found).items()},
        "missing": [
            {"package": one.package, "count": one.count, "files": [str(f) for f in one.files]}
            for one in found.missing
        ],
        "tools": [
            {
                "tool": use.tool,
                "project": str(project),
                "path": str(use.environment) if use.environment else None,
                "exists": use.exists,
                "why": use.why,
                "depends_on": list(use.depends_on),
                "deletes": str(use.deletes) if use.deletes else None,
            }
            for project, use in found.uses
        ],
        "references": [
            {"what": one.what, "file": str(one.file), "path": one.target}
            for one in found.references
        ],
        "root": str(row.environment.root),
        "prompt": row.environment.prompt,
        "creator": row.environment.creator,
        "made_at": str(row.environment.made_at) if row.environment.made_at else None,
        "target": str(row.environment.target) if row.environment.target else None,
        "remove_with": row.environment.traits.tool,
        "record": _record_json(row.record),
    }


def _record_json(record: Record | None) -> dict[str, object] | None:
    if record is None:
        return None
    return {
        "identity": record.identity,
        "note": record.note,
        "pinned": record.pinned,
        "first_seen": time_json(record.first_seen or None),
        "last_seen": time_json(record.last_seen or None),
        "last_sync": time_json(record.last_sync),
        "last_shell": time_json(record.last_shell),
        "copied_from": str(record.copied_from) if record.copied_from else None,
        "projects": [str(project.path) for project in record.projects],
    }


def _lines(found: EnvironmentDetails, opened: Session) -> Iterator[str]:
    row, home = found.row, opened.machine.home
    yield f"{visible(row.name)}  {row.verdict.status}"
    yield visible(row.verdict.reason)
    yield from _part("Project", _project(row, home))
    yield from _part("Tools", _tools(found, home))
    yield from _part("Evidence", _evidence(row.verdict.claims, opened))
    yield from _part(
        "Flags", (_pair(flag, reason) for flag, reason in flags_in_words(found).items())
    )
    yield from _part("Disk", _disk(row))
    yield from _part("Python", _python(row, home))
    yield from _part("Location", _places(row, home))
    yield from _part("Times", _times(row))
    yield from _part("Record", _memory(row.record, home))
    yield from _part("Referenced by", _references(found, home))
    yield from _part("Missing files", _missing(found, home))
    yield from _part(f"Packages ({len(found.packages)})", _packages(found.packages))


def _part(title: str, lines: Iterable[str]) -> Iterator[str]:
    inner = list(lines)
    if inner:
        yield f"\n{title}"
        yield from (f"  {line}" for line in inner)


def _pair(label: str, value: str) -> str:
    return f"{label:<{_LABEL}} {value}"


def _project(row: Row, home: Path) -> Iterator[str]:
    verdict = row.verdict
    yield from (short_path(project, home) for project in verdict.projects)
    if verdict.place is not None:
        yield _pair("now at", short_path(verdict.place, home))
    if verdict.evidence is not None:
        yield _pair("known by", how_in_words(verdict.evidence))
    if row.here:
        yield "the project of the current directory"


def _tools(found: EnvironmentDetails, home: Path) -> Iterator[str]:
    def short(path: Path) -> str:
        return short_path(path, home)

    for project, use in found.uses:
        where = f" (in {short(project)})" if len(found.row.verdict.projects) > 1 else ""
        yield _pair(use.tool, f"{use_in_words(use, short)}{where}")
        yield _pair("", f"depends on {visible(', '.join(use.depends_on))}")
    if danger := endangered_in_words(found.row, short):
        yield _pair("danger", danger)


def _evidence(claims: Iterable[Claim], opened: Session) -> Iterator[str]:
    found = [f"{'+' if proves else '-'} {words}" for proves, words in evidence_in_words(claims)]
    yield from found or [
        "no evidence: nothing in it, next to it or in a project points to a project"
    ]
    why = ", ".join(f"{visible(why)} {count:,}" for why, count in opened.searched_by_source.items())
    yield f"{opened.searched:,} directories searched for projects" + (f": {why}" if why else "")


def _disk(row: Row) -> Iterator[str]:
    usage = row.usage
    if usage is None:
        return
    yield _pair("on disk", f"{size(usage.on_disk)} in {usage.files:,} files")
    yield _pair("apparent", f"{size(usage.apparent)}, the total of all file sizes")
    yield _pair("reclaimable", f"{reclaimable(usage)} if it is deleted")
    yield _pair("+cache", f"{size(usage.cache_held)} stays in uv's cache")
    yield _pair("own files", user_files_in_words(usage.user_files))
    if why := doubt(usage):
        yield why


def _python(row: Row, home: Path) -> Iterator[str]:
    environment = row.environment
    words = f"{environment.python or 'unknown'} {environment.implementation or ''}"
    yield _pair("version", visible(words.strip()))
    if environment.base is not None:
        yield _pair("base", short_path(environment.base, home))
    if environment.creator:
        yield _pair("created by", visible(environment.creator))
    if environment.prompt:
        yield _pair("prompt", visible(environment.prompt))


def _places(row: Row, home: Path) -> Iterator[str]:
    for label, value in places_in_words(row, lambda path: short_path(path, home)):
        yield _pair(label, value)


def _times(row: Row) -> Iterator[str]:
    now, record = time.time(), row.record
    times = [
        ("used", row.used),
        ("changed", row.environment.changed),
        ("created", row.environment.created),
        ("synced", record.last_sync if record else None),
        ("shell", record.last_shell if record else None),
    ]
    for label, moment in times:
        if moment is not None:
            yield _pair(label, f"{age(moment, now):>6}  {time_json(moment) or ''}".rstrip())


def _memory(record: Record | None, home: Path) -> Iterator[str]:
    if record is None:
        return
    if record.note:
        yield _pair("note", visible(record.note))
    if record.first_seen:
        yield _pair("first seen", time_json(record.first_seen) or "")
    yield _pair("identity", visible(record.identity))
    yield from (_pair("project", short_path(project.path, home)) for project in record.projects)


def _references(found: EnvironmentDetails, home: Path) -> Iterator[str]:
    for one in found.references:
        yield f"{visible(one.what)}: {short_path(one.file, home)} ({short_path(one.target, home)})"


def _missing(found: EnvironmentDetails, home: Path) -> Iterator[str]:
    for one in found.missing:
        more = f" and {one.count - 1:,} more" if one.count > 1 else ""
        yield f"{visible(one.package, 128)}: {short_path(one.files[0], home)}{more}"


def _packages(packages: Iterable[Package]) -> list[str]:
    return columns(
        (
            visible(package.name, 128),
            visible(package.version, 64),
            ("editable, " if package.editable else "") + visible(package.origin or ""),
        )
        for package in packages
    )
