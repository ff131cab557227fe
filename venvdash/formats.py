"""Bytes, ages, times and the user's own files as the dashboard and the command line write them."""

from typing import TYPE_CHECKING

from venvdash.text import counted, visible

if TYPE_CHECKING:
    from collections.abc import Iterable

    from venvdash.model import Usage, UserFiles

SIZE_CELLS = 9

_MOST_PLACES = 5
_ENDINGS = {
    "directory": "/",
    "git checkout": "/ (a git checkout)",
    "environment": "/ (an environment)",
}
_MINUTE, _HOUR, _DAY = 60, 3600, 86400
_MONTH, _YEAR = 30.44 * _DAY, 365.25 * _DAY


def size(count: int | None) -> str:
    """Return bytes as ``12.3 MiB``, 9 cells at most; ``…`` while they are not measured."""
    if count is None:
        return "…"
    from humanize import naturalsize

    text = naturalsize(count, binary=True)
    number, _, unit = text.partition(" ")
    if unit.startswith("Byte"):
        return f"{number} B"
    if len(text) > SIZE_CELLS:  # "1023.9 MiB" would be one cell too wide
        number = number.partition(".")[0]
    return f"{number} {unit}"


def number(count: int | None) -> str:
    """Return a count as ``950``, ``9.5k``, ``95k`` or ``1.2M``, 5 cells at most; ``…`` if None."""
    if count is None:
        return "…"
    for unit, word in ((1, ""), (10**3, "k"), (10**6, "M"), (10**9, "G")):
        value = count / unit
        if value < 10 and unit > 1 and round(value, 1) < 10:
            return f"{value:.1f}{word}"
        if round(value) < 1000:
            return f"{value:.0f}{word}"
    return f"{count // 10**9}G"


def reclaimable(usage: "Usage | None") -> str:
    """Return what deleting an environment frees, as ``size`` does; ``≤`` before an upper bound."""
    return size(None) if usage is None else bounded(usage.reclaimable, usage.at_most)


def bounded(count: int, at_most: bool) -> str:
    """Return bytes as ``size`` does, with ``≤`` before them where they are an upper bound."""
    return signed("≤", count) if at_most else size(count)


def signed(sign: str, count: int) -> str:
    """Return bytes as ``size`` does after a sign of one cell, together 9 cells at most."""
    text = size(count)
    if len(text) == SIZE_CELLS:  # one cell is needed for the sign
        number, _, unit = text.partition(" ")
        text = f"{number.partition('.')[0]} {unit}"
    return sign + text


def certainty(exact: bool, at_most: bool) -> str:
    """Return what to write before bytes that are freed: nothing, ``about `` or ``at most ``."""
    if at_most:
        return "at most "
    return "" if exact else "about "


def summed(usages: "Iterable[Usage]") -> str:
    """Return what environments free at least, each alone: what they share comes on top of that.

    ``about`` instead of ``≥`` where what one of them frees is an upper bound.
    """
    every = list(usages)
    return at_least(
        sum(usage.reclaimable for usage in every), any(usage.at_most for usage in every)
    )


def at_least(reclaimable: int, bounded: bool) -> str:
    """Return the same for a sum, which contains upper bounds if it is ``bounded``."""
    return ("about " if bounded else "≥ ") + size(reclaimable)


def doubt(usage: "Usage") -> str:
    """Return why what an environment frees is no exact figure; empty where it is one."""
    if usage.at_most:
        return "at most: the file system compresses, has layers, or does not report shared blocks"
    return "" if usage.exact else "estimate: the file system shares blocks, or the size is stale"


def age(then: float | None, now: float) -> str:
    """Return how long before ``now`` (both in seconds) as ``3 d``, 6 cells at most.

    Unknown is ``–``; what lies in the future (a clock was set back) is ``now``.
    """
    if then is None:
        return "–"
    seconds = now - then
    for limit, unit, word in (
        (_HOUR, _MINUTE, "min"),
        (2 * _DAY, _HOUR, "h"),
        (2 * _MONTH, _DAY, "d"),
        (2 * _YEAR, _MONTH, "mo"),
    ):
        if seconds < limit:
            return f"{int(seconds // unit)} {word}" if seconds >= unit else "now"
    return f"{int(seconds // _YEAR)} y"


def user_files_in_words(found: "UserFiles | None") -> str:
    """Return how many files are the user's own, what they take, and where the first lie."""
    if found is None:
        return "unknown: not everything could be read"
    if not found.count:
        return "none"
    places = found.places[:_MOST_PLACES]
    named = [visible(path, 128) + _ENDINGS.get(place, "") for path, place in places]
    more = " and more" if len(found.places) > len(named) else ""
    return f"{counted(found.count, 'file')}, {size(found.size)}: {', '.join(named)}{more}"


def time_json(seconds: float | None) -> str | None:
    """Return a time as RFC 3339 in UTC, None where it is none that a calendar has."""
    if seconds is None:
        return None
    from datetime import UTC, datetime

    try:
        return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")
    except (OverflowError, ValueError, OSError):  # a file's time may be any number
        return None
