"""Everything that is known of one environment, as one text."""

import time
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from textual.content import Content

from venvdash import formats
from venvdash.actions.delete.user_files import user_files_in_words
from venvdash.model import Package, Row, Status
from venvdash.presentation.labels import (
    FLAG_MEANINGS,
    STATUS_MEANINGS,
    endangered_in_words,
    evidence_in_words,
    flag_in_words,
    how_in_words,
    places_in_words,
)
from venvdash.records.schema import LONGEST_NOTE
from venvdash.text import short_path, visible, with_tilde
from venvdash.tui.cells import STATUS_MARKS
from venvdash.tui.widgets.other_list import OtherThing

_LABEL = "$text-muted"
_HEAD = "bold $text-primary"
STATUS_STYLES = {
    Status.LINKED: "$text-success",
    Status.ORPHAN: "$text-error",
    Status.MOVED: "$text-warning",
    Status.UNREACHABLE: "$text-warning",
    Status.DUPLICATE: "$text-warning",
    Status.UNKNOWN: "$text-accent",
}
_MOST_PACKAGES = 2000


def status_label(row: Row) -> Content:
    """Return mark and word of the row's status."""
    status = row.verdict.status
    return Content.styled(
        f"{STATUS_MARKS[status]} {status.value}", f"bold {STATUS_STYLES.get(status, '')}".strip()
    )


def _why(row: Row, home: Path | None) -> str:
    words = with_tilde(visible(row.verdict.reason), home)
    return words or STATUS_MEANINGS[row.verdict.status]


def reason(row: Row, home: Path | None) -> Content:
    """Return why the row has its status, and what its flags mean."""
    words = _why(row, home)
    flags = [
        f"{flag.value}: {flag_in_words(flag, row)}"
        for flag in FLAG_MEANINGS
        if flag in row.environment.flags
    ]
    tail = Content.styled("".join(f" · {flag}" for flag in flags), _LABEL)
    return Content.assemble(status_label(row), "  ", words, tail)


def describe_other(thing: OtherThing, home: Path | None) -> Content:
    """Return all that is known of something that is no environment."""
    where = short_path(thing.path, home) if thing.path is not None else "–"
    return Content.assemble((thing.what, "bold"), "\n\n", where, "\n\n", thing.reason)


def describe(row: Row, home: Path | None, now: float | None = None) -> Content:
    """Return everything known of the row; ``home`` is written as ``~``, ``now`` in seconds."""
    now = time.time() if now is None else now
    parts = [
        Content.assemble(Content.styled(visible(row.name), "bold"), "  ", status_label(row)),
        Content(_why(row, home)),
        *_flags(row),
        *_danger(row, home),
        *_project(row, home),
        *_evidence(row, home),
        *_disk(row),
        *_python(row, home),
        *_places(row, home),
        *_times(row, now),
        *_memory(row, now),
        *_packages(row.environment.packages),
    ]
    return Content("\n").join(parts)


def _head(title: str) -> Content:
    return Content.styled(f"\n{title}", _HEAD)


def _pair(label: str, value: str) -> Content:
    return Content.assemble((f"{label:<11} ", _LABEL), value)


def _flags(row: Row) -> Iterable[Content]:
    for flag in FLAG_MEANINGS:
        if flag in row.environment.flags:
            yield Content.assemble((flag.value, "bold"), f": {flag_in_words(flag, row)}")


def _danger(row: Row, home: Path | None) -> Iterable[Content]:
    words = endangered_in_words(row, lambda path: short_path(path, home))
    if words:
        yield Content.styled(words, "$text-warning")


def _project(row: Row, home: Path | None) -> Iterable[Content]:
    verdict = row.verdict
    if not verdict.projects and verdict.place is None:
        return
    yield _head("Project" if len(verdict.projects) < 2 else "Projects")
    for project in verdict.projects:
        yield Content(short_path(project, home))
    if verdict.place is not None:
        yield _pair("now at", short_path(verdict.place, home))
    if verdict.evidence is not None:
        yield _pair("known by", how_in_words(verdict.evidence))
    if row.here:
        yield Content.styled("the project of the current directory", _LABEL)


def _evidence(row: Row, home: Path | None) -> Iterable[Content]:
    if not row.verdict.claims:
        return
    yield _head("Evidence")
    for proves, sentence in evidence_in_words(row.verdict.claims):
        mark = "•" if proves else "◦"
        yield Content.assemble((f"{mark} ", _LABEL), with_tilde(visible(sentence), home))


def _disk(row: Row) -> Iterable[Content]:
    yield _head("Disk")
    usage = row.usage
    if usage is None:
        yield Content.styled("not measured yet", _LABEL)
        return
    yield _pair("on disk", f"{formats.size(usage.on_disk):>9}  in {usage.files} files")
    yield _pair("apparent", f"{formats.size(usage.apparent):>9}  sum of all files")
    yield _pair("reclaimable", f"{formats.reclaimable(usage):>9}  if it is deleted")
    yield _pair("+cache", f"{formats.size(usage.cache_held):>9}  left in cache")
    yield _pair("own files", user_files_in_words(usage.user_files))
    if doubt := formats.doubt(usage):
        yield Content.styled(doubt, _LABEL)


def _python(row: Row, home: Path | None) -> Iterable[Content]:
    environment = row.environment
    yield _head("Python")
    version = visible(environment.python or "unknown")
    yield _pair("version", " ".join([version, visible(environment.implementation or "")]).strip())
    if environment.base is not None:
        yield _pair("base", short_path(environment.base, home))
    if environment.creator:
        yield _pair("created by", visible(environment.creator))
    if environment.prompt:
        yield _pair("prompt", visible(environment.prompt))


def _places(row: Row, home: Path | None) -> Iterable[Content]:
    yield _head("Location")
    for label, value in places_in_words(row, lambda path: short_path(path, home)):
        yield _pair(label, value)


def _times(row: Row, now: float) -> Iterable[Content]:
    yield _head("Times")
    environment, record = row.environment, row.record
    times = [
        ("used", row.used),
        ("changed", environment.changed),
        ("created", environment.created),
    ]
    if record is not None:
        times += [("synced", record.last_sync), ("shell", record.last_shell)]
    for label, moment in times:
        if moment is not None:
            yield _pair(label, f"{formats.age(moment, now):>6}  {_date(moment)}")
    if not any(moment is not None for _, moment in times):
        yield Content.styled("unknown", _LABEL)


def _date(moment: float) -> str:
    try:
        return datetime.fromtimestamp(moment).strftime("%Y-%m-%d %H:%M")
    except (OverflowError, ValueError, OSError):  # a file's time may be any number
        return ""


def _memory(row: Row, now: float) -> Iterable[Content]:
    record = row.record
    if record is None or not (record.note or record.first_seen):
        return
    yield _head("Record")
    for number, line in enumerate(record.note.split("\n") if record.note else ()):
        yield _pair("" if number else "note", visible(line, LONGEST_NOTE))
    if record.first_seen:
        yield _pair("first seen", f"{formats.age(record.first_seen, now):>6}")


def _packages(packages: tuple[Package, ...]) -> Iterable[Content]:
    yield _head(f"Packages ({len(packages)})")
    for package in packages[:_MOST_PACKAGES]:
        more = f" {visible(package.version, 64)}"
        if package.origin is not None:
            word = "editable, " if package.editable else ""
            more += f" ({word}{visible(package.origin)})"
        yield Content.assemble(visible(package.name, 128), (more, _LABEL))
    if len(packages) > _MOST_PACKAGES:
        yield Content.styled(f"and {len(packages) - _MOST_PACKAGES} more", _LABEL)
    elif not packages:
        yield Content.styled("none", _LABEL)
