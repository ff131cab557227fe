"""A few trials of the campaign: ``python -m tests.campaign`` goes on for as long as wanted."""

from pathlib import Path

import pytest

from tests.campaign import trials

_SEED = 20261127
_KILLS, _ERRORS = 4, 5


@pytest.mark.slow
def test_nothing_is_lost_and_nothing_stays_half_done(tmp_path: Path) -> None:
    report = trials.until(tmp_path, _SEED, kills=_KILLS, errors=_ERRORS)
    assert report.failures == [], str(report)
