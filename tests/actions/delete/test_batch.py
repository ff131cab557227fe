"""Many at once: each is still looked at right before its rename, and twice as many is no dearer."""

import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from tests.actions.deleting import context, plan, small, trashes, tree
from tests.conftest import Home
from tests.mounting import tmpfs
from tests.scenario import listing
from tests.session.sharing import last, undone
from venvdash.actions.delete import shown_items, trash
from venvdash.actions.delete.apply import Deleter
from venvdash.actions.safety import project_links, steps
from venvdash.model import Outcome, Row
from venvdash.system.processes import ProcessWatch


@contextmanager
def process_in(directory: Path) -> Iterator[int]:
    """A process that has started and works in a directory."""
    with subprocess.Popen(["sleep", "600"], cwd=directory) as process:
        try:
            yield process.pid
        finally:
            process.kill()


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """One item for each look at all processes: the number of paths; a look counts for ever."""
    found: list[int] = []

    class Counted(ProcessWatch):
        def __init__(self, paths: list[Path]) -> None:
            found.append(len(paths))
            super().__init__(paths)

    monkeypatch.setattr(shown_items, "ProcessWatch", Counted)
    monkeypatch.setattr(shown_items, "_FRESH", 600.0)
    monkeypatch.setattr(shown_items, "_STALE", 600.0)
    return found


def test_a_process_that_starts_in_the_middle_is_seen_without_a_look_at_all(
    home: Home, looks: list[int]
) -> None:
    entries = [small(home.path / ".virtualenvs" / f"app{number}") for number in range(5)]
    made = plan(home, *entries)
    with Deleter(made, context(home)) as deleter:
        results = [deleter.apply(item) for item in made.items[:2]]
        with process_in(entries[3]) as pid:
            before = tree(entries[3])
            results += [deleter.apply(item) for item in made.items[2:]]
        assert tree(entries[3]) == before
    assert [result.outcome is Outcome.DONE for result in results] == [True] * 3 + [False, True]
    assert f"pid {pid}" in results[3].reason
    assert looks == [5]


def test_a_process_that_starts_after_the_journal_is_seen_before_the_rename(
    home: Home, looks: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = small(home.path / ".virtualenvs" / "app")
    made = plan(home, entry)
    with Deleter(made, context(home)) as deleter:
        before = tree(entry)
        started: list[subprocess.Popen[bytes]] = []

        def step(name: str) -> None:
            if name == "journalled":
                started.append(subprocess.Popen(["sleep", "600"], cwd=entry))

        monkeypatch.setattr(steps, "step", step)
        result = deleter.apply(made.items[0])
        for process in started:
            process.kill()
            process.wait()
    assert result.outcome is Outcome.SKIPPED
    assert f"pid {started[0].pid}" in result.reason
    assert tree(entry) == before
    assert trashes(entry.parent) == []


def test_one_look_covers_only_those_that_come_next(
    home: Home, looks: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shown_items, "_LOOKED_AT", 3)
    entries = [small(home.path / ".virtualenvs" / f"app{number}") for number in range(7)]
    made = plan(home, *entries)
    with Deleter(made, context(home)) as deleter:
        assert all(result.outcome is Outcome.DONE for result in deleter.run())
    assert looks == [3, 3, 1]


def test_where_links_may_be_is_determined_once_for_each_item(
    home: Home, looks: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shown_items, "_FRESH", -600.0)  # each check needs a look of its own
    monkeypatch.setattr(shown_items, "_STALE", -600.0)
    asked, determined = list[Path](), project_links.folders

    def folders(row: Row) -> set[Path]:
        asked.append(row.path)
        return determined(row)

    entries = [small(home.path / ".virtualenvs" / f"app{number}") for number in range(4)]
    made = plan(home, *entries)
    monkeypatch.setattr(project_links, "folders", folders)
    with Deleter(made, context(home)) as deleter:
        assert all(result.outcome is Outcome.DONE for result in deleter.run())
    assert len(looks) > len(entries)
    assert sorted(asked) == entries


def _fill(store: Path) -> None:
    with (store / "ballast").open("wb", buffering=0) as ballast, suppress(OSError):
        while True:
            ballast.write(b"\0" * 4096)


@pytest.mark.skipif(os.getuid() != 0, reason="needs root to mount")
def test_a_disk_that_is_full_in_the_middle_keeps_the_rest_whole(home: Home) -> None:
    store = home.path / ".virtualenvs"
    store.mkdir()
    with tmpfs(store, "2m"):
        entries = [small(store / f"app{number}") for number in range(6)]
        made = plan(home, *entries)
        for entry in entries:
            (entry / "venvdash.toml").unlink(missing_ok=True)
        kept = [tree(entry) for entry in entries[3:]]
        with Deleter(made, context(home)) as deleter:
            results = [deleter.apply(item) for item in made.items[:3]]
            _fill(store)
            results += [deleter.apply(item) for item in made.items[3:]]
        done, failed = [Outcome.DONE] * 3, [Outcome.FAILED] * 3
        assert [result.outcome for result in results] == done + failed
        assert all("The environment is unchanged" in one.reason for one in results[3:])
        assert [tree(entry) for entry in entries[3:]] == kept
        (store / "ballast").unlink()
        for found in trash.find(context(home)):
            assert trash.restore(found).outcome is Outcome.DONE
        assert [entry.name for entry in sorted(store.iterdir())] == [e.name for e in entries]


@contextmanager
def counted_calls(found: Counter[str]) -> Iterator[None]:
    """Count the system calls of this thread by name."""

    def profile(_: FrameType, event: str, function: Any) -> None:
        if event == "c_call" and function.__module__ == "posix":
            found[function.__name__] += 1

    sys.setprofile(profile)
    try:
        yield
    finally:
        sys.setprofile(None)


def deleted_and_back(
    home: Home, count: int, calls: AbstractContextManager[Any] | None = None
) -> None:
    """Delete so many at once and undo it, within ``calls``."""
    store = home.path / ".virtualenvs"
    paths = [small(store / f"app{count}-{number:02}") for number in range(count)]
    session = listing(home)
    with calls or nullcontext():
        made = session.deletions.plan(paths)
        assert not made.refused, made.refused
        finished = last(session.deletions.delete(made))
        back = undone(session)
    for end in (finished, back):
        assert [result.outcome for result in end.results] == [Outcome.DONE] * count
    for path in paths:
        shutil.rmtree(path)


def calls_of_deleting(home: Home, count: int) -> Counter[str]:
    """Return the calls that deleting so many and undoing it takes."""
    found: Counter[str] = Counter()
    deleted_and_back(home, count, counted_calls(found))
    return found


def test_twice_as_many_take_twice_the_calls(home: Home, looks: list[int]) -> None:
    deleted_and_back(home, 2)  # imports what is needed
    once, twice = (calls_of_deleting(home, count) for count in (10, 20))
    assert twice.total() <= 2.1 * once.total(), (once, twice)
    # Of each its journal and its directory, and when it is back its directory and twice the store.
    assert twice["fsync"] - once["fsync"] <= 10 * 5
    assert looks == [2, 10, 20]
