"""What the details of one environment say, for the command line and the dashboard."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

from venvdash.formats import age, doubt, reclaimable, size, user_files_in_words
from venvdash.model import Flag, Record, Row, Status
from venvdash.model.python_releases import unsupported_since
from venvdash.presentation.document import Line, Piece, plain, warning
from venvdash.presentation.labels import (
    EVIDENCE_MEANINGS,
    endangered_in_words,
    evidence_in_words,
    flag_in_words,
    places_in_words,
    use_in_words,
)
from venvdash.presentation.meanings import FLAG_MEANINGS
from venvdash.presentation.roles import Role
from venvdash.records.flags import unfinished
from venvdash.records.schema import LONGEST_NOTE
from venvdash.scanner.evidence.references import Reference
from venvdash.scanner.usage.missing_files import Missing
from venvdash.session.environment_details import EnvironmentDetails
from venvdash.text import short_path, visible, with_tilde

_LABEL = 11  # cells
Short = Callable[[Path | str], str]


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the details; one without ``lines`` is not shown."""

    title: str
    lines: tuple[Line, ...]


def sections(row: Row, home: Path | None, now: float) -> list[Section]:
    """Return what a list knows of an environment; ``now`` in seconds since the epoch."""
    short = partial(short_path, home=home)
    plural = "s" if len(row.verdict.projects) > 1 else ""
    return _shown(
        (f"Project{plural}", _project(row, short)),
        ("Evidence", _evidence(row, home)),
        ("Disk", _disk(row)),
        ("Python", _python(row, short, now)),
        ("Location", (_pair(label, value) for label, value in places_in_words(row, short))),
        ("Times", _times(row, now)),
        ("Record", _record(row.record, now)),
    )


def examined(found: EnvironmentDetails, home: Path | None) -> list[Section]:
    """Return what is looked up for one environment only."""
    short = partial(short_path, home=home)
    return _shown(
        ("Flags", (_pair(flag, why) for flag, why in flags_in_words(found).items())),
        ("Tools", _tools(found, short)),
        ("Remembered", _remembered(found.row.record, short)),
        ("Referenced by", _references(found, short)),
        ("Missing files", _missing(found, short)),
    )


def _shown(*parts: tuple[str, Iterable[Line]]) -> list[Section]:
    sections = [Section(title, tuple(lines)) for title, lines in parts]
    return [section for section in sections if section.lines]


def _pair(label: str, value: str) -> Line:
    return Line((Piece(f"{label:<{_LABEL}} ", Role.MUTED), Piece(value)))


def _muted(text: str) -> Line:
    return Line((Piece(text, Role.MUTED),))


def _project(row: Row, short: Short) -> Iterator[Line]:
    verdict = row.verdict
    yield from (plain(short(project)) for project in verdict.projects)
    if row.description:
        yield _pair("description", visible(row.description))
    if verdict.place is not None:
        yield _pair("now at", short(verdict.place))
    if verdict.evidence is not None:
        yield _pair("known by", EVIDENCE_MEANINGS[verdict.evidence])
    if row.here:
        yield _muted("the project of the current directory")


def _evidence(row: Row, home: Path | None) -> Iterator[Line]:
    if not row.verdict.claims and row.verdict.status is not Status.CHECKING:
        yield _muted("none: nothing in it, next to it or in a project points to a project")
    for proves, sentence in evidence_in_words(row.verdict.claims):
        mark = Piece("+ " if proves else "- ", Role.MUTED)
        yield Line((mark, Piece(with_tilde(visible(sentence), home))))


def _disk(row: Row) -> Iterator[Line]:
    usage = row.usage
    if usage is None:
        yield _muted("not measured")
        return
    yield _pair("on disk", f"{size(usage.on_disk):>9}  in {usage.files:,} files")
    yield _pair("apparent", f"{size(usage.apparent):>9}  total of all file sizes")
    yield _pair("reclaimable", f"{reclaimable(usage):>9}  if it is deleted")
    yield _pair("+cache", f"{size(usage.cache_held):>9}  stays in uv's cache")
    yield _pair("own files", user_files_in_words(usage.user_files))
    if why := doubt(usage):
        yield _muted(why)


def _python(row: Row, short: Short, now: float) -> Iterator[Line]:
    environment = row.environment
    words = (environment.python or "unknown", environment.implementation or "")
    yield _pair("version", " ".join(map(visible, words)).strip())
    if since := unsupported_since(environment.python, now):
        yield warning("", f"no security fixes after {since}")
    if environment.base is not None:
        yield _pair("base", short(environment.base))
    if environment.creator:
        yield _pair("created by", visible(environment.creator))
    if environment.prompt:
        yield _pair("prompt", visible(environment.prompt))


def _times(row: Row, now: float) -> Iterator[Line]:
    record = row.record
    times = {
        "used": row.used,
        "changed": row.environment.changed,
        "created": row.environment.created,
        "synced": record.last_sync if record else None,
        "shell": record.last_shell if record else None,
    }
    known = [(label, moment) for label, moment in times.items() if moment is not None]
    yield from (_pair(label, _when(moment, now)) for label, moment in known)
    if not known:
        yield _muted("unknown")


def _when(moment: float, now: float) -> str:
    try:
        date = datetime.fromtimestamp(moment).strftime("%Y-%m-%d %H:%M")
    except (OverflowError, ValueError, OSError):  # a file's time may be any number
        date = ""
    return f"{age(moment, now):>6}  {date}".rstrip()


def _record(record: Record | None, now: float) -> Iterator[Line]:
    note = record.note.split("\n") if record is not None and record.note else ()
    for number, line in enumerate(note):
        yield _pair("" if number else "note", visible(line, LONGEST_NOTE))
    if record is not None and record.first_seen:
        yield _pair("first seen", _when(record.first_seen, now))


def _remembered(record: Record | None, short: Short) -> Iterator[Line]:
    if record is not None:
        yield _pair("identity", visible(record.identity))
        yield from (_pair("project", short(project.path)) for project in record.projects)


def _tools(found: EnvironmentDetails, short: Short) -> Iterator[Line]:
    for project, use in found.uses:
        where = f" (in {short(project)})" if len(found.row.verdict.projects) > 1 else ""
        yield _pair(use.tool, f"{use_in_words(use, short)}{where}")
        yield _pair("", f"depends on {visible(', '.join(use.depends_on))}")
    if danger := endangered_in_words(found.row, short):
        yield _pair("danger", danger)


def _references(found: EnvironmentDetails, short: Short) -> Iterator[Line]:
    for one in found.references:
        yield plain(f"{visible(one.what)}: {short(one.file)} ({short(one.target)})")


def _missing(found: EnvironmentDetails, short: Short) -> Iterator[Line]:
    for one in found.missing:
        more = f" and {one.count - 1:,} more" if one.count > 1 else ""
        yield plain(f"{visible(one.package, 128)}: {short(one.files[0])}{more}")


def flags_in_words(found: EnvironmentDetails) -> dict[Flag, str]:
    """Return for each flag of an environment, in words, why it is set."""
    flags = sorted(found.row.environment.flags)
    return {flag: _why(flag, found.row, found.missing, found.references) for flag in flags}


def _why(flag: Flag, row: Row, gone: tuple[Missing, ...], references: tuple[Reference, ...]) -> str:
    environment = row.environment
    if flag is Flag.BROKEN and environment.base is not None:
        return f"{FLAG_MEANINGS[flag]}: it was created from {visible(environment.base)}"
    if flag is Flag.DAMAGED and unfinished(environment, row.record) and not gone:
        return "a sync was interrupted: sync it again"
    if flag is Flag.DAMAGED and gone:
        one, count = gone[0], sum(each.count for each in gone)
        first = f"{visible(one.files[0])} of {visible(one.package, 128)}"
        return (
            f"{first} is missing" if count == 1 else f"{count:,} files are missing, such as {first}"
        )
    if flag is Flag.REFERENCED and references:
        named = ", ".join(f"{one.what} {visible(one.file)}" for one in references[:3])
        more = len(references) - 3
        return f"by {named}" + (f" and {more} more" if more > 0 else "")
    if flag is Flag.ALIAS and environment.target is not None:
        return f"a symbolic link to {visible(environment.target)}"
    return flag_in_words(flag, row)
