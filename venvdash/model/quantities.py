"""Ages, sizes and counts as people write them: ``90d``, ``1.5GB``, ``10k``."""

import re

DAY = 86400.0

_AGES = {"d": DAY, "w": 7 * DAY, "m": 30.44 * DAY, "y": 365.25 * DAY}
_AGE = re.compile(r"(\d{1,6}) *(d|days?|w|weeks?|mo?|months?|y|years?|)", re.ASCII)
_SIZE = re.compile(r"(\d{1,12}(?:\.\d{1,6})?) *(?:([kmgt])(b|ib)?|b?)", re.ASCII)
_COUNT = re.compile(r"(\d{1,12}) *([km]?)", re.ASCII)
_POWERS = {None: 0, "": 0, "k": 1, "m": 2, "g": 3, "t": 4}


def seconds_of(text: str) -> float | None:
    """Return how long ``90d``, ``12 w``, ``6mo``, ``1y`` or ``30`` (days) is; None for no age."""
    match = _AGE.fullmatch(text.strip().lower())
    return int(match[1]) * _AGES[match[2][:1] or "d"] if match else None


def bytes_of(text: str) -> int | None:
    """Return how many bytes ``1GB``, ``1GiB``, ``500M`` or ``0`` are; None for no size.

    As for GNU's tools: ``MB`` is 1000², ``M`` and ``MiB`` are 1024².
    """
    match = _SIZE.fullmatch(text.strip().lower())
    if match is None:
        return None
    base = 1000 if match[3] == "b" else 1024
    return int(float(match[1]) * base ** _POWERS[match[2]])


def count_of(text: str) -> int | None:
    """Return the number that ``1200`` or ``10k`` is; None for no count."""
    match = _COUNT.fullmatch(text.strip().lower())
    return int(match[1]) * 1000 ** _POWERS[match[2]] if match else None
