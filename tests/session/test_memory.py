"""What a scan learned is stored once its rows are shown, and never before."""

import fcntl
import os
import subprocess
import sys
import termios
from pathlib import Path

from tests.actions.deleting import small
from tests.conftest import Home
from tests.waiting import waited
from venvdash.config import Config
from venvdash.model import Record
from venvdash.records import sidecar
from venvdash.records.index import Index, index_path
from venvdash.session import Session
from venvdash.system.host import host_id

_PIPE = 4096  # bytes, the smallest that Linux has


def environments(home: Home, count: int) -> list[Path]:
    """Make environments that name a project, and the projects."""
    made = [small(home.path / ".virtualenvs" / f"app{number}") for number in range(count)]
    for path in made:
        project = home.path / "code" / path.name
        project.mkdir(parents=True)
        (path / ".project").write_text(f"{project}\n")
    return made


def scanned(home: Home, *, records: bool = True) -> Session:
    session = Session(home.machine(), Config(), records=records)
    for _ in session.scan(usage=False):
        pass
    return session


def in_index(home: Home) -> set[Path]:
    index = Index.open(index_path(home.machine(), host_id()), read_only=True)
    try:
        return set(index.records())
    finally:
        index.close()


def test_a_scan_stores_nothing_before_it_is_told_to(home: Home) -> None:
    made = environments(home, 3)
    session = scanned(home)
    assert all(row.record for row in session.rows.values())
    assert not any((path / sidecar.NAME).exists() for path in made)
    assert in_index(home) == set()
    assert session.remember() == []
    assert all(isinstance(sidecar.read(path, os.getuid()), Record) for path in made)
    assert in_index(home) == set(made)


def test_a_change_is_stored_after_what_the_scan_learned(home: Home) -> None:
    first, second = environments(home, 2)
    session = scanned(home)
    session.actions.note(session.rows[first], "for the demo")
    assert in_index(home) == {first, second}
    session.remember()
    found = sidecar.read(first, os.getuid())
    assert isinstance(found, Record)
    assert found.note == "for the demo"
    assert found.projects


def test_a_list_stores_nothing_before_its_output_was_read(home: Home) -> None:
    made = environments(home, 12)
    reading, writing = os.pipe()
    fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, _PIPE)
    command = [sys.executable, "-m", "venvdash", "list", "--json", "--no-usage"]
    listing = subprocess.Popen(command, stdout=writing, env=home.variables, cwd=home.path)
    os.close(writing)

    def full() -> bool:
        waiting = fcntl.ioctl(reading, termios.FIONREAD, bytes(4))
        return int.from_bytes(waiting, sys.byteorder) == _PIPE

    waited(full)
    assert listing.poll() is None
    assert not any((path / sidecar.NAME).exists() for path in made)
    assert in_index(home) == set()
    with open(reading, "rb") as output:
        assert len(output.read()) > 2 * _PIPE
    assert listing.wait(timeout=60) == 0
    assert all((path / sidecar.NAME).exists() for path in made)
    assert in_index(home) == set(made)
