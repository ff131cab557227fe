"""Fingerprints: they change with the content, and recent ones are not trusted."""

import os
import time
from pathlib import Path

import pytest

from venvdash.system.fingerprint import RACY, current, once_for_each_version, settled


def test_another_content_of_the_same_size_changes_it(tmp_path: Path) -> None:
    file = tmp_path / "pyvenv.cfg"
    file.write_text("version = 3.11.1\n")
    old = time.time_ns() - 10 * RACY
    os.utime(file, ns=(old, old))
    before = current(file)
    time.sleep(0.02)  # longer than a tick of the kernel's clock
    file.write_text("version = 3.12.1\n")
    os.utime(file, ns=(old, old))  # as an editor that keeps the date
    assert before is not None
    assert current(file) != before


def test_a_directory_changes_with_its_entries(tmp_path: Path) -> None:
    before = current(tmp_path)
    (tmp_path / "new").mkdir()
    assert current(tmp_path) != before


def test_a_link_and_its_target_differ(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path)
    assert current(tmp_path / "link") == current(tmp_path)
    assert current(tmp_path / "link", follow=False) != current(tmp_path)


def test_nothing_has_no_fingerprint(tmp_path: Path) -> None:
    assert current(tmp_path / "none") is None
    assert current("null\0byte") is None


def test_recent_and_future_times_are_not_settled(tmp_path: Path) -> None:
    fingerprint = current(tmp_path)
    assert fingerprint is not None
    newest = fingerprint.newest
    assert not settled(fingerprint, newest)
    assert not settled(fingerprint, newest + RACY - 1)
    assert settled(fingerprint, newest + RACY)
    assert not settled(fingerprint, newest - RACY)


def test_a_file_is_parsed_once_for_each_version(tmp_path: Path) -> None:
    parsed: list[str] = []

    @once_for_each_version
    def content(path: str) -> str:
        parsed.append(path)
        return Path(path).read_text()

    def now() -> str:
        return content(str(tmp_path / "file"), (tmp_path / "file").stat())

    file = tmp_path / "file"
    file.write_text("one")
    assert [now(), now()] == ["one", "one"]
    assert len(parsed) == 2, "it was written just now, and may be changed within the same tick"
    with pytest.MonkeyPatch.context() as patch:
        later = time.time_ns() + 2 * RACY
        patch.setattr(time, "time_ns", lambda: later)
        assert [now(), now()] == ["one", "one"]
        assert len(parsed) == 3
        date = file.stat().st_mtime_ns
        time.sleep(0.02)  # longer than a tick of the kernel's clock
        file.write_text("two")
        os.utime(file, ns=(date, date))
        assert now() == "two"
