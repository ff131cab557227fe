"""What was remembered, or written, while the clock was ahead decides nothing later."""

import os
import time
from dataclasses import replace
from pathlib import Path

from tests.actions.deleting import small
from tests.conftest import Home
from venvdash.config import Config
from venvdash.model import Row
from venvdash.session import Session
from venvdash.system.clock import Moment

_DAY = 86400.0


def _listed(home: Home, ahead: float = 0.0) -> dict[Path, Row]:
    """Return what one listing shows with the clock so many seconds ahead."""
    clock = Moment(time.time() + ahead, 5000.0, "first")
    session = Session(replace(home.machine(), clock=lambda: clock), Config())
    list(session.scan(usage=False))
    session.remember()
    return session.rows


def _project(home: Home) -> tuple[Path, Path]:
    """Make a project, and an environment that names it, both of half a year ago."""
    entry, project = small(home.path / ".virtualenvs" / "app"), home.path / "code" / "app"
    project.mkdir(parents=True)
    (entry / ".project").write_text(f"{project}\n")
    _date(entry, time.time() - 180 * _DAY)
    return entry, project


def _date(entry: Path, when: float) -> None:
    for path in [entry, *entry.rglob("*")]:
        os.utime(path, (when, when), follow_symlinks=False)


def test_a_project_last_seen_while_the_clock_was_ahead_makes_no_orphan(home: Home) -> None:
    entry, project = _project(home)
    assert _listed(home, ahead=30 * _DAY)[entry].verdict.status == "linked"
    project.rmdir()
    os.utime(project.parent, (time.time() - 5 * _DAY,) * 2)
    # Somebody works with it, wherever the project is now.
    _date(entry, time.time() - 2 * _DAY)
    for ahead in (0.0, 60 * _DAY, 0.0):
        verdict = _listed(home, ahead)[entry].verdict
        assert verdict.status == "moved", verdict.reason


def test_one_that_is_gone_stays_an_orphan(home: Home) -> None:
    entry, project = _project(home)
    _listed(home)
    project.rmdir()
    for ahead in (0.0, 30 * _DAY, 0.0):
        assert _listed(home, ahead)[entry].verdict.status == "orphan"


def test_a_folder_with_a_date_in_the_future_makes_no_orphan(home: Home) -> None:
    entry, project = _project(home)
    project.rmdir()
    os.utime(project.parent, (time.time() + 30 * _DAY,) * 2)
    verdict = _listed(home)[entry].verdict
    assert verdict.status == "unreachable"
    assert "a date in the future" in verdict.reason


def test_a_clock_that_is_behind_makes_no_orphan(home: Home) -> None:
    entry, project = _project(home)
    _listed(home)
    project.rmdir()
    assert _listed(home, ahead=-30 * _DAY)[entry].verdict.status == "unreachable"


def test_a_file_with_a_date_in_the_future_makes_no_date_of_use(home: Home) -> None:
    entry, _ = _project(home)
    now = time.time()
    used = _listed(home)[entry].used
    assert used is not None
    assert used < now - 170 * _DAY
    os.utime(entry / "pyvenv.cfg", (now + 30 * _DAY,) * 2)
    assert _listed(home)[entry].used is None
    assert _listed(home, ahead=60 * _DAY)[entry].used is not None
