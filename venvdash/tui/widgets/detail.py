"""Everything known about one environment, as one text."""

import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from textual.content import Content

from venvdash.model import Package, Row
from venvdash.presentation.details import Section, sections
from venvdash.presentation.labels import (
    FLAG_MEANINGS,
    STATUS_MEANINGS,
    endangered_in_words,
    flag_in_words,
)
from venvdash.text import short_path, visible, with_tilde
from venvdash.tui.cells import STATUS_MARKS, STATUS_STYLES
from venvdash.tui.widgets.document_text import in_colours
from venvdash.tui.widgets.other_list import OtherThing

_LABEL = "$text-muted"
_HEAD = "bold $text-primary"
_MOST_PACKAGES = 2000


def status_label(row: Row) -> Content:
    """Return the mark and the word of the row's status."""
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
    """Return all that is known about something that is not an environment."""
    where = short_path(thing.path, home) if thing.path is not None else "–"
    return Content.assemble((thing.what, "bold"), "\n\n", where, "\n\n", thing.reason)


def describe(row: Row, home: Path | None) -> Content:
    """Return everything known of the row; ``home`` is written as ``~``."""
    parts = [
        Content.assemble(Content.styled(visible(row.name), "bold"), "  ", status_label(row)),
        Content(_why(row, home)),
        *_flags(row),
        *_danger(row, home),
        *_sections(sections(row, home, time.time())),
        *_packages(row.environment.packages),
    ]
    return Content("\n").join(parts)


def _head(title: str) -> Content:
    return Content.styled(f"\n{title}", _HEAD)


def _sections(found: Iterable[Section]) -> Iterator[Content]:
    for section in found:
        yield _head(section.title)
        yield in_colours(section.lines)


def _flags(row: Row) -> Iterable[Content]:
    for flag in FLAG_MEANINGS:
        if flag in row.environment.flags:
            yield Content.assemble((flag.value, "bold"), f": {flag_in_words(flag, row)}")


def _danger(row: Row, home: Path | None) -> Iterable[Content]:
    words = endangered_in_words(row, lambda path: short_path(path, home))
    if words:
        yield Content.styled(words, "$text-warning")


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
