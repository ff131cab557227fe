"""What an environment was when it was shown is compared with what it is, read again or not."""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.actions.deleting import context, small
from tests.conftest import Home
from tests.scenario import rows
from venvdash.actions.errors import ChangedError
from venvdash.actions.safety.environment_state import EnvironmentState, States
from venvdash.model import Record, Row
from venvdash.records import sidecar
from venvdash.scanner.discovery import inspection
from venvdash.system import fingerprint


@pytest.fixture
def row(home: Home, monkeypatch: pytest.MonkeyPatch) -> Row:
    """An environment with a sidecar, all of whose files count as old enough for a fingerprint."""
    monkeypatch.setattr(fingerprint, "RACY", 0)
    entry = small(home.path / ".virtualenvs" / "app")
    (entry / ".project").write_text(f"{home.path / 'code' / 'app'}\n")
    found = rows(home)[entry]
    assert found.record
    sidecar.write(entry, found.record)
    return found


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """One item for each environment or sidecar whose content was read and understood."""
    found: list[str] = []

    def noted(name: str, function: Callable[..., object]) -> Callable[..., object]:
        def call(*given: object) -> object:
            found.append(name)
            return function(*given)

        return call

    monkeypatch.setattr(inspection, "_read", noted("environment", inspection._read))
    monkeypatch.setattr(sidecar, "parsed", noted("sidecar", sidecar.parsed))
    return found


def test_what_is_unchanged_is_not_read_again(home: Home, row: Row, read: list[str]) -> None:
    states = States(context(home))
    first = states.first(row)
    assert sorted(read) == ["environment", "sidecar"]
    assert states.first(row) is first
    assert states.again(row) == first
    assert sorted(read) == ["environment", "sidecar"]


def test_what_was_changed_a_moment_ago_is_read_again(
    home: Home, row: Row, read: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fingerprint, "RACY", 3600 * 10**9)
    states = States(context(home))
    assert states.again(row) == states.first(row)
    assert read.count("environment") == 2


def _same_length(path: Path) -> None:
    """Change a file in place: neither its size nor its modification time tells."""
    times, text = path.stat(), path.read_bytes()
    with path.open("r+b") as file:
        file.write(text.replace(b"3.12.1", b"3.12.2").replace(b"code", b"coda"))
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


def _replaced(path: Path) -> None:
    path.rename(path.with_name("aside"))
    small(path)


def _pinned(path: Path) -> None:
    record = sidecar.read(path, os.getuid())
    assert isinstance(record, Record)
    sidecar.write(path, replace(record, pinned=True))


CHANGES: dict[str, Callable[[Path], object]] = {
    "pyvenv.cfg in place": lambda path: _same_length(path / "pyvenv.cfg"),
    "its project in place": lambda path: _same_length(path / ".project"),
    "its project": lambda path: (path / ".project").unlink(),
    "a package": lambda path: (path / "lib/python3.12/site-packages/more-1.0.dist-info").mkdir(),
    "its interpreter": lambda path: (path / "bin" / "python").unlink(),
    "another in its place": _replaced,
    "pinned": _pinned,
    "gone": lambda path: path.rename(path.with_name("aside")),
    "a link": lambda path: path.symlink_to(path.rename(path.with_name("aside"))),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_of_what_was_remembered_is_seen(home: Home, row: Row, change: str) -> None:
    states = States(context(home))
    first = states.first(row)
    assert states.again(row) == first
    CHANGES[change](row.path)
    assert _state(states, row) != first


def _state(states: States, row: Row) -> EnvironmentState | str:
    try:
        return states.again(row)
    except ChangedError as error:
        return str(error)
