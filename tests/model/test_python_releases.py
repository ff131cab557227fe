"""When Python's releases got their last security fix."""

from datetime import UTC, datetime

import pytest

from venvdash.model.python_releases import unsupported_since


@pytest.mark.parametrize(
    ("python", "day", "expected"),
    [
        ("3.10.14", (2026, 10, 31), ""),
        ("3.10.14", (2026, 11, 1), "2026-10"),
        ("3.9", (2026, 11, 27), "2025-10"),
        ("2.7.18", (2026, 11, 27), "2020-01"),
        ("3.13.0", (2026, 11, 27), ""),
        ("3.99", (2026, 11, 27), ""),
        ("nonsense", (2026, 11, 27), ""),
        (None, (2026, 11, 27), ""),
    ],
)
def test_a_release_is_supported_until_its_last_month_is_over(
    python: str | None, day: tuple[int, int, int], expected: str
) -> None:
    now = datetime(*day, tzinfo=UTC).timestamp()
    assert unsupported_since(python, now) == expected
