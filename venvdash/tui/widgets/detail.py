"""Everything known about one environment, as one text."""

import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from textual.content import Content

from venvdash import formats
from venvdash.model.status import Flag, Status
from venvdash.model.summary import Summary
from venvdash.presentation.meanings import FLAG_MEANINGS, STATUS_MEANINGS
from venvdash.records.summaries import summary_of
from venvdash.text import short_path, visible, with_tilde
from venvdash.tui.cells import STATUS_MARKS, status_style
from venvdash.tui.widgets.other_list import OtherThing

if TYPE_CHECKING:
    from venvdash.model import Package, Row
    from venvdash.presentation.details import Section

_LABEL = "$text-muted"
_HEAD = "bold $text-primary"
_MOST_PACKAGES = 2000


def status_label(status: Status) -> Content:
    """Return the mark and the word of a status."""
    return Content.styled(
        f"{STATUS_MARKS[status]} {status.value}", f"bold {status_style(status)}".strip()
    )


def _why(summary: Summary, home: Path | None) -> str:
    words = with_tilde(visible(summary.reason), home)
    return words or STATUS_MEANINGS[summary.status]


def _meaning(flag: Flag, summary: Summary) -> str:
    if flag is Flag.USER_FILES and summary.user_files:
        return summary.user_files
    return FLAG_MEANINGS[flag]


def reason(summary: Summary, home: Path | None) -> Content:
    """Return why an environment has its status, and what its flags mean.

    Without that its tool may clear the cache that it is in: that is so for all of uv's.
    """
    words = _why(summary, home)
    told = summary.flags - {Flag.VOLATILE}
    flags = [f"{flag.value}: {_meaning(flag, summary)}" for flag in FLAG_MEANINGS if flag in told]
    tail = Content.styled("".join(f" · {flag}" for flag in flags), _LABEL)
    return Content.assemble(status_label(summary.status), "  ", words, tail)


def describe_other(thing: OtherThing, home: Path | None) -> Content:
    """Return all that is known about something that is not an environment."""
    where = short_path(thing.path, home) if thing.path is not None else "–"
    return Content.assemble((thing.what, "bold"), "\n\n", where, "\n\n", thing.reason)


def head(summary: Summary, home: Path | None) -> Iterator[Content]:
    """Yield the first lines: name, status, why, and what its flags mean."""
    name = Content.styled(visible(summary.name), "bold")
    yield Content.assemble(name, "  ", status_label(summary.status))
    yield Content(_why(summary, home))
    for flag in FLAG_MEANINGS:
        if flag in summary.flags:
            yield Content.assemble((flag.value, "bold"), f": {_meaning(flag, summary)}")


def describe_remembered(summary: Summary, home: Path | None) -> Content:
    """Return what is remembered of an environment that the present scan has not judged yet."""
    sizes = (
        ("on disk", formats.size(summary.on_disk)),
        ("reclaimable", formats.size(summary.reclaimable)),
    )
    facts = (
        ("path", short_path(summary.path, home)),
        *(("project", short_path(project, home)) for project in summary.projects),
        ("kind", visible(summary.kind)),
        ("python", visible(summary.python or "–")),
        *sizes,
    )
    lines = [Content.assemble((f"{label:<12}", _LABEL), value) for label, value in facts]
    checking = "not found any more" if summary.gone else "being checked …"
    return Content("\n").join(
        [*head(summary, home), Content(""), *lines, Content.styled(f"\n{checking}", _LABEL)]
    )


def describe(row: "Row", home: Path | None) -> Content:
    """Return everything known of the row; ``home`` is written as ``~``."""
    from venvdash.presentation.details import sections

    parts = [
        *head(summary_of(row), home),
        *_danger(row, home),
        *_sections(sections(row, home, time.time())),
        *_packages(row.environment.packages),
    ]
    return Content("\n").join(parts)


def _title(title: str) -> Content:
    return Content.styled(f"\n{title}", _HEAD)


def _sections(found: "Iterable[Section]") -> Iterator[Content]:
    from venvdash.tui.widgets.document_text import in_colours

    for section in found:
        yield _title(section.title)
        yield in_colours(section.lines)


def _danger(row: "Row", home: Path | None) -> Iterable[Content]:
    from venvdash.presentation.labels import endangered_in_words

    words = endangered_in_words(row, lambda path: short_path(path, home))
    if words:
        yield Content.styled(words, "$text-warning")


def _packages(packages: "tuple[Package, ...]") -> Iterable[Content]:
    yield _title(f"Packages ({len(packages)})")
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
