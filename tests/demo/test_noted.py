"""What a scan reads is noted, wherever in venvdash it reads it: see ``system.reads``."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.reading import read
from venvdash import config
from venvdash.demo.playground import Playground
from venvdash.session import Session
from venvdash.system import processes
from venvdash.system.reads import Reads, Variables, recorded

__all__ = ["read"]


def _noted(paths: set[str]) -> set[str]:
    """Return the paths with the directories above them, which are read to resolve links."""
    return paths | {str(parent) for path in paths for parent in Path(path).parents}


def test_a_scan_reads_nothing_that_is_not_noted(
    playground: Playground, read: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # What processes use is looked at each time.
    monkeypatch.setattr(processes, "users", lambda paths: processes.ProcessUses())
    plain = playground.machine()
    machine = replace(plain, variables=Variables(plain.variables))
    noted = Reads()
    with recorded(noted):
        session = Session(machine, config.of(machine), records=False)
        for _ in session.scan(usage=False):
            pass
    assert len(session.rows) > 10
    environments = {f"{path}" for path in session.rows}
    locks = {f"{path}/.lock" for path in session.rows}
    states = str(machine.state_directory)
    missed = {
        path
        for path in read - _noted(set(noted.paths)) - environments - locks
        if not path.startswith(("/proc/", states))
    }
    assert missed == set()
