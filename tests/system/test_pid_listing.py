"""The numbers of all processes: listed again where one may have started, and only there."""

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from venvdash.system import pid_listing
from venvdash.system.pid_listing import PidListing

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads Linux's /proc")


@pytest.fixture
def listed(monkeypatch: pytest.MonkeyPatch) -> list[list[int]]:
    """Every list that was read from /proc."""
    found: list[list[int]] = []
    read = pid_listing._pids

    def noted() -> list[int]:
        found.append(read())
        return found[-1]

    monkeypatch.setattr(pid_listing, "_pids", noted)
    return found


@pytest.fixture
def loadavg(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file in the place of /proc/loadavg."""
    file = tmp_path / "loadavg"
    monkeypatch.setattr(pid_listing, "_LOADAVG", str(file))
    real = os.stat
    here = real(tmp_path)
    monkeypatch.setattr(
        os, "stat", lambda path, **more: here if path == "/proc" else real(path, **more)
    )
    return file


def test_a_process_that_starts_is_listed() -> None:
    listing = PidListing()
    before = listing.current()
    for _ in range(20):
        with subprocess.Popen(["sleep", "600"]) as process:
            assert process.pid in listing.current()
            process.kill()
        assert process.pid not in before


def test_nothing_is_listed_again_while_the_newest_number_is_the_same(
    loadavg: Path, listed: list[list[int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    loadavg.write_text("0.1 0.2 0.3 1/200 4000\n")
    listing = PidListing()
    for moment in (100.0, 100.05, 100.15, 100.25, 100.9):
        clock[0] = moment
        listing.current()
    # A process that was given its number just before may not have been visible in the first two.
    assert len(listed) == 3
    loadavg.write_text("0.1 0.2 0.3 1/200 4001\n")
    listing.current()
    assert len(listed) == 4


@pytest.mark.parametrize("text", ["", "0.00 0.00 0.00 0/0 0\n", "0.1 0.2 0.3 1/200\n", "x " * 5])
def test_without_the_newest_number_every_look_is_a_list(
    loadavg: Path, listed: list[list[int]], text: str
) -> None:
    loadavg.write_text(text)
    listing = PidListing()
    for _ in range(3):
        listing.current()
    assert len(listed) == 3


def test_a_file_that_something_else_has_mounted_there_is_not_believed(
    tmp_path: Path, listed: list[list[int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "loadavg").write_text("0.1 0.2 0.3 1/200 4000\n")
    monkeypatch.setattr(pid_listing, "_LOADAVG", str(tmp_path / "loadavg"))
    assert pid_listing._newest() is None


def test_a_thread_counts_as_started() -> None:
    before = pid_listing._newest()
    assert before is not None
    thread = threading.Thread(target=lambda: None)
    thread.start()
    thread.join()
    assert pid_listing._newest() != before
