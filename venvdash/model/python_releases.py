"""When Python's releases got their last security fix."""

from datetime import UTC, datetime

# The month after which a release gets no fixes: https://devguide.python.org/versions/
_LAST_MONTHS = {
    "2.6": (2013, 10),
    "2.7": (2020, 1),
    "3.3": (2017, 9),
    "3.4": (2019, 3),
    "3.5": (2020, 9),
    "3.6": (2021, 12),
    "3.7": (2023, 6),
    "3.8": (2024, 10),
    "3.9": (2025, 10),
    "3.10": (2026, 10),
    "3.11": (2027, 10),
    "3.12": (2028, 10),
    "3.13": (2029, 10),
    "3.14": (2030, 10),
}


def unsupported_since(python: str | None, now: float) -> str:
    """Return the month of a release's last fix ("2025-10"); "" for one that still gets fixes.

    ``python`` is a version as in pyvenv.cfg; an unknown one has no month. ``now``: seconds since
    the epoch.
    """
    release = ".".join((python or "").split(".")[:2])
    last = _LAST_MONTHS.get(release)
    moment = datetime.fromtimestamp(now, UTC)
    if last is None or (moment.year, moment.month) <= last:
        return ""
    return f"{last[0]}-{last[1]:02}"
