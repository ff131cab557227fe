"""The events that a scan yields of sizes."""

import os
from pathlib import Path

import pytest

from tests.conftest import Home
from tests.scanner.usage.usage_tools import age
from tests.scenario import venv
from venvdash.config import Config
from venvdash.records.inspections import Inspections
from venvdash.scanner import service
from venvdash.scanner.events import Measured
from venvdash.scanner.stages.scan_state import SavedRecords


def _measured(home: Home, *, early: bool) -> list[Measured]:
    events = service.scan(
        home.machine(), Config(), SavedRecords, Inspections(), early=early, cancelled=lambda: False
    )
    return [event for event in events if isinstance(event, Measured)]


@pytest.fixture
def environments(home: Home) -> list[Path]:
    """Two environments that share a file."""
    made = [venv(home.path / ".virtualenvs" / name) for name in "ab"]
    (made[0] / "shared").write_bytes(b"x" * 9000)
    os.link(made[0] / "shared", made[1] / "shared")
    age(*made)
    return made


def test_sizes_come_once_where_nobody_looks_at_early_ones(
    home: Home, environments: list[Path]
) -> None:
    final = _measured(home, early=False)
    assert sorted(event.environment for event in final) == environments
    early = _measured(home, early=True)
    assert len(early) == 4
    assert [event.usage.cache_held is None for event in early] == [True, True, False, False]
    assert {event.environment: event.usage for event in early[2:]}.keys() == set(environments)
    for one in final:
        first, last = (event for event in early if event.environment == one.environment)
        assert one.usage.cache_held == last.usage.cache_held == 0
        assert one.usage.on_disk == last.usage.on_disk
        assert one.note is not None
        assert first.note is not None
        assert last.note is None
