"""What a search for projects read and what it did not, in words, the same for both faces."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from textwrap import wrap

from venvdash.model import NotEntered, SearchReport
from venvdash.text import short_path

_WIDTH = 70  # characters of a line, to be read in a dialog on 80 columns
_MOST_NAMED = 3  # places in one list


def search_in_words(report: SearchReport, home: Path | None) -> Iterator[str]:
    """Yield lines: what was searched, and what was not. All of it is in the JSON of a plan."""
    searched = f"{report.directories:,} director{'ies' if report.directories != 1 else 'y'}"
    if report.places:
        searched += f", including all of {_named(report.places, home)}"
    yield from _wrapped(f"Searched for projects: {searched}.")
    left_out = [_left_out(kind, home) for kind in report.not_entered]
    if report.kinds:
        left_out.append(f"directories named {', '.join(report.kinds)}")
    if left_out:
        yield from _wrapped(f"Not searched: {', '.join(left_out)}.")


def unsearched_in_words(report: SearchReport, home: Path | None) -> Iterator[str]:
    """Yield lines that name what should have been searched and was not, if anything."""
    missing = [place.path for place in report.unsearched if place.environments is None]
    if missing:
        yield from _wrapped(f"Could not be searched: {_named(missing, home)}.")


def _left_out(kind: NotEntered, home: Path | None) -> str:
    """Return one kind of places, with its path where there is one only."""
    if kind.count == 1 and kind.paths:
        return f"{kind.what} ({short_path(kind.paths[0], home)})"
    return f"{kind.what} ({kind.count:,})"


def _named(paths: Sequence[Path], home: Path | None) -> str:
    shown = [short_path(path, home) for path in paths[:_MOST_NAMED]]
    more = len(paths) - len(shown)
    if more:
        return f"{', '.join(shown)} and {more:,} more"
    return " and ".join((", ".join(shown[:-1]), shown[-1])) if len(shown) > 1 else shown[0]


def _wrapped(text: str) -> list[str]:
    return wrap(
        text, _WIDTH, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False
    )
