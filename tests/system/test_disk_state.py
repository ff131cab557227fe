"""The state of what a scan read: nothing that changes in it stays unnoticed."""

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from venvdash.system import disk_state, fingerprint, reads
from venvdash.system.dependencies import UnsettledError
from venvdash.system.disk_state import ScanReads, unchanged

CWD = "/"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a file, a folder, a link to that, and a link to nowhere."""
    monkeypatch.setattr(fingerprint, "RACY", 0)  # only what was changed since a scan began is new
    path = tmp_path / "folder"
    (path / "inner").mkdir(parents=True)
    (path / "inner" / "file").write_text("old")
    (path / "link").symlink_to("inner")
    (path / "lost").symlink_to("nowhere")
    time.sleep(0.02)  # longer than a tick of the kernel's clock
    return path


def _read(*asked: Callable[[], object]) -> ScanReads:
    noted = ScanReads()
    with reads.recorded(noted):
        for ask in asked:
            ask()
    return noted


CHANGES: dict[str, tuple[Callable[[Path], object], Callable[[Path], object]]] = {
    "content": (
        lambda at: reads.stat(at / "inner/file"),
        lambda at: (at / "inner/file").write_text("new"),
    ),
    "a link that is read": (lambda at: reads.readlink(at / "link"), lambda at: _repoint(at)),
    "the target of a link": (
        lambda at: reads.isfile(at / "link/file"),
        lambda at: (at / "inner/file").unlink(),
    ),
    "a target that appears": (
        lambda at: reads.exists(at / "lost"),
        lambda at: (at / "nowhere").mkdir(),
    ),
    "what is missing": (lambda at: reads.lexists(at / "a/b/c"), lambda at: (at / "a").mkdir()),
    "an entry": (lambda at: reads.listdir(at / "inner"), lambda at: (at / "inner/new").touch()),
    "the kind of an entry": (
        lambda at: reads.listdir(at / "inner"),
        lambda at: _replace(at / "inner/file"),
    ),
    "a directory above": (lambda at: reads.realpath(at / "inner/file"), lambda at: _swap(at)),
    "who may use it": (
        lambda at: reads.access(at / "inner", os.W_OK),
        lambda at: (at / "inner").chmod(0o500),
    ),
    "the last access": (
        lambda at: reads.note(at / "inner/file", reads.Read.ACCESS_TIME),
        lambda at: os.utime(at / "inner/file", (1, os.stat(at / "inner/file").st_mtime)),
    ),
}


def _repoint(at: Path) -> None:
    (at / "link").unlink()
    (at / "link").symlink_to("elsewhere")


def _replace(file: Path) -> None:
    file.unlink()
    file.mkdir()


def _swap(at: Path) -> None:
    shutil.move(at / "inner", at / "moved")
    (at / "inner").symlink_to("moved")


@pytest.mark.parametrize("what", CHANGES)
def test_what_was_read_is_noticed_when_it_changes(folder: Path, what: str) -> None:
    read, change = CHANGES[what]
    state = _read(lambda: read(folder)).state(CWD)
    assert unchanged(state, CWD)
    change(folder)
    assert not unchanged(state, CWD)


def test_what_was_not_read_may_change(folder: Path) -> None:
    state = _read(lambda: reads.listdir(folder), lambda: reads.lexists(folder / "new")).state(CWD)
    (folder / "inner" / "more").touch()
    (folder / "other").touch()
    (folder / "other").unlink()
    assert unchanged(state, CWD)


def test_what_changed_since_the_scan_began_has_no_state(folder: Path) -> None:
    for ask in (lambda: reads.stat(folder / "inner/file"), lambda: reads.stat(folder / "inner")):
        noted = _read(ask)
        time.sleep(0.02)
        (folder / "inner/file").write_text("new")
        (folder / "inner/other").touch()
        with pytest.raises(UnsettledError):
            noted.state(CWD)
        (folder / "inner/other").unlink()


def test_a_directory_that_shells_change_has_its_entries(folder: Path) -> None:
    noted = ScanReads()
    time.sleep(0.02)
    (folder / "history.lock").touch()
    (folder / "history.lock").unlink()
    with reads.recorded(noted):
        reads.listdir(folder)
    assert unchanged(noted.state(CWD), CWD)
    with reads.recorded(noted):
        reads.stat(folder)  # its times count, too
    with pytest.raises(UnsettledError):
        noted.state(CWD)


def test_another_time_or_place_is_another_state(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = _read(lambda: reads.listdir(folder)).state(CWD)
    wall, booted = time.time(), time.clock_gettime(time.CLOCK_BOOTTIME)
    assert not unchanged(state, "/tmp")
    for later in ((wall + 7200, booted + 7200), (wall + 7200, booted + 1), (wall + 1, booted - 99)):
        monkeypatch.setattr(disk_state, "_clocks", lambda later=later: later)
        assert not unchanged(state, CWD)
    monkeypatch.setattr(disk_state, "_clocks", lambda: (wall + 600, booted + 600))
    assert unchanged(state, CWD)


def test_variables_count(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORKON_HOME", "/a")
    state = _read(lambda: reads.Variables(dict(os.environ)).get("WORKON_HOME")).state(CWD)
    assert unchanged(state, CWD)
    monkeypatch.delenv("WORKON_HOME")
    assert not unchanged(state, CWD)


def test_what_is_no_state_is_refused(folder: Path) -> None:
    state = _read(lambda: reads.listdir(folder)).state(CWD)
    for damaged in (b"", state[:20], state[:-4], b"\xff" * 64):
        with pytest.raises(ValueError, match=r"\w"):
            unchanged(damaged, CWD)
