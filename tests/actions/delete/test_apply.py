"""Deleting: what is done in which order, and what becomes of it when something is in the way."""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import pytest

from tests.actions.deleting import at_step, context, delete, one, plan, small, trashes, tree
from tests.conftest import Home
from tests.mounting import tmpfs
from tests.scenario import linked_project, rows
from tests.users import NOBODY, as_another_user, open_to_all
from venvdash.actions.context import Context
from venvdash.actions.delete import trash
from venvdash.actions.delete.apply import Deleter
from venvdash.actions.delete.plan import plan_delete
from venvdash.config import Config
from venvdash.model import EvidenceKind, Item, Outcome, Plan, ProjectRecord, Record, Result
from venvdash.records import sidecar
from venvdash.session import Session


def _store(home: Home) -> Path:
    return home.path / ".virtualenvs"


def _apply(home: Home, made: Plan) -> Result:
    with Deleter(made, context(home)) as deleter:
        return deleter.apply(made.items[0])


def test_the_steps_come_in_their_order(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    entry = small(_store(home) / "app")
    project = linked_project(home, entry)
    made = plan(home, entry)
    assert [link.path for link in made.items[0].links] == [project / ".venv"]
    done = at_step(monkeypatch, "", lambda: None)
    assert _apply(home, made).outcome is Outcome.DONE
    assert done == [
        "checked", "locked", "journalled", "unlinked", "unused", "renamed", "verified", "synced",
    ]  # fmt: skip


def test_the_journal_is_there_before_anything_else_changes(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = small(_store(home) / "app")
    project = linked_project(home, entry)
    made = plan(home, entry)
    at_step(
        monkeypatch,
        "journalled",
        lambda: [
            pytest.fail("too late")
            for gone in [not (entry / "trash.toml").is_file(), not (project / ".venv").is_symlink()]
            if gone
        ],
    )
    assert _apply(home, made).outcome is Outcome.DONE


def test_a_path_file_goes_with_its_environment_and_comes_back(home: Home) -> None:
    entry = small(_store(home) / "app")
    project = linked_project(home, entry)
    (project / ".venv").unlink()
    (project / ".venv").write_text("../../.virtualenvs/app\n")
    result = one(home, entry)
    assert not (project / ".venv").exists()
    (found,) = trash.find(context(home))
    assert found.path == result.trash
    assert trash.restore(found).reason == ""
    assert (project / ".venv").read_text() == "../../.virtualenvs/app\n"


@pytest.mark.parametrize("what", ["directory", "file", "link elsewhere", "path file elsewhere"])
def test_what_leads_elsewhere_is_never_touched(home: Home, what: str) -> None:
    entry = small(_store(home) / "app")
    project = linked_project(home, entry)
    link = project / ".venv"
    link.unlink()
    if what == "directory":
        small(link, "precious")
    elif what == "file":
        link.write_text("no path\nat all\n")
    elif what == "link elsewhere":
        link.symlink_to(small(_store(home) / "other"))
    else:
        link.write_text(str(small(_store(home) / "other")))
    before = tree(project)
    assert one(home, entry).outcome is Outcome.DONE
    assert tree(project) == before


def _in_use(entry: Path) -> Iterator[None]:
    process = subprocess.Popen(["sleep", "600"], cwd=entry)
    yield
    process.kill()
    process.wait()


def _relinked(entry: Path) -> Iterator[None]:
    other = entry.parents[1] / "code" / "elsewhere"
    other.mkdir(parents=True)
    (entry / ".project").write_text(f"{other}\n")
    yield


def _noted(entry: Path) -> Iterator[None]:
    record = sidecar.read(entry, os.getuid())
    assert isinstance(record, Record)
    sidecar.write(entry, replace(record, note="mine"))
    yield


def _pinned(entry: Path) -> Iterator[None]:
    record = sidecar.read(entry, os.getuid())
    assert isinstance(record, Record)
    sidecar.write(entry, replace(record, pinned=True))
    yield


def _claimed(entry: Path) -> Iterator[None]:
    record = sidecar.read(entry, os.getuid())
    assert isinstance(record, Record)
    project = ProjectRecord(entry.parents[1] / "code", EvidenceKind.USER, last_seen=1.0)
    sidecar.write(entry, replace(record, projects=(project,)))
    yield


def _installed(entry: Path) -> Iterator[None]:
    (entry / "lib/python3.12/site-packages/new-1.0.dist-info").mkdir()
    yield


def _linked(entry: Path) -> Iterator[None]:
    (entry.parents[1] / "code" / "app" / "venv").symlink_to(entry)
    yield


def _unpacked(entry: Path) -> Iterator[None]:
    (entry / "trash.toml").write_text("mine")
    yield


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (_in_use, "in use"),
        (_relinked, "changed since"),
        (_noted, "changed since"),
        (_pinned, "changed since"),
        (_claimed, "changed since"),
        (_installed, "changed since"),
        (_linked, "did not show"),
        (_unpacked, "trash.toml"),
    ],
)
def test_what_changed_after_the_plan_is_skipped(
    home: Home, change: Callable[[Path], Iterator[None]], words: str
) -> None:
    entry = small(_store(home) / "app")
    project = linked_project(home, entry)
    made = plan(home, entry)
    with Deleter(made, context(home)) as deleter, contextmanager(change)(entry):
        before = tree(entry, project)
        result = deleter.apply(made.items[0])
        assert result.outcome is Outcome.SKIPPED
        assert words in result.reason
        assert tree(entry, project) == before
    assert trashes(entry.parent) == []


def test_a_listing_after_the_plan_does_not_stand_against_it(home: Home) -> None:
    entry = small(_store(home) / "app")
    project = linked_project(home, entry)
    made = plan(home, entry)
    with Deleter(made, context(home)) as deleter:
        (entry / "venvdash.toml").unlink()
        rows(home)
        assert (entry / "venvdash.toml").is_file()
        assert deleter.apply(made.items[0]).outcome is Outcome.DONE
    assert not (project / ".venv").is_symlink()


def test_an_orphan_whose_project_is_back_is_skipped(home: Home) -> None:
    entry = small(_store(home) / "app")
    project = linked_project(home, entry)
    rows(home)
    shutil.rmtree(project)
    made = plan(home, entry)
    assert made.items[0].row.verdict.status == "orphan"
    project.mkdir()
    result = _apply(home, made)
    assert (result.outcome, "exists again" in result.reason) == (Outcome.SKIPPED, True)


def test_of_fifty_those_that_changed_are_skipped_and_the_rest_is_done(home: Home) -> None:
    entries = [small(_store(home) / f"app{number:02}") for number in range(50)]
    made = plan(home, *entries)
    with Deleter(made, context(home)) as deleter:
        process = subprocess.Popen(["sleep", "600"], cwd=entries[2])
        next(_relinked(entries[6]))
        results = list(deleter.run())
        process.kill()
        process.wait()
    skipped = {result.path for result in results if result.outcome is Outcome.SKIPPED}
    assert skipped == {entries[2], entries[6]}
    assert sum(result.outcome is Outcome.DONE for result in results) == 48
    assert len(trashes(_store(home))) == 48


def test_a_link_that_cannot_be_removed_takes_everything_back(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = small(_store(home) / "app")
    project = linked_project(home, entry)
    (project / "venv").symlink_to(entry)
    made = plan(home, entry)
    assert len(made.items[0].links) == 2
    (entry / ".lock").touch()
    before = tree(entry, project / ".venv")

    def replaced() -> None:
        (project / "venv").unlink()
        small(project / "venv", "precious")

    at_step(monkeypatch, "unlinked", replaced)
    result = _apply(home, made)
    assert result.outcome is Outcome.SKIPPED
    assert "is a directory" in result.reason
    assert tree(entry, project / ".venv") == before
    assert (project / "venv" / "pyvenv.cfg").is_file()


def _fill(store: Path) -> None:
    with (store / "ballast").open("wb", buffering=0) as ballast, suppress(OSError):
        while True:
            ballast.write(b"\0" * 4096)


@contextmanager
def _small_disk(home: Home) -> Iterator[tuple[Path, Plan]]:
    """Give an environment on a file system of one megabyte, and the plan to delete it."""
    store = _store(home)
    store.mkdir()
    with tmpfs(store, "1m"):
        entry = small(store / "app")
        yield entry, plan(home, entry)


def test_a_full_disk_does_not_stand_in_the_way(home: Home) -> None:
    with _small_disk(home) as (entry, made):
        with Deleter(made, context(home)) as deleter:
            _fill(entry.parent)
            result = deleter.apply(made.items[0])
        assert result.outcome is Outcome.DONE, result
        (found,) = trash.find(context(home))
        assert trash.restore(found).outcome is Outcome.DONE
        assert (entry / "pyvenv.cfg").is_file()


def test_a_full_disk_without_room_of_our_own_leaves_it_whole(home: Home) -> None:
    with _small_disk(home) as (entry, made):
        (entry / "venvdash.toml").unlink()
        (entry / ".lock").touch()
        _fill(entry.parent)
        before = tree(entry)
        result = _apply(home, made)
        assert result.outcome is Outcome.FAILED
        assert "The environment is unchanged" in result.reason
        assert tree(entry) == before
        assert trashes(entry.parent) == []


def test_a_directory_that_may_not_be_written_into_goes_and_comes_back_as_it_was(
    home: Home,
) -> None:
    entry = small(_store(home) / "app")
    made_before = rows(home)
    entry.chmod(0o555)
    made = plan(home, entry, table=made_before)
    result = _apply(home, made)
    assert result.outcome is Outcome.DONE, result
    (found,) = trash.find(context(home))
    assert trash.restore(found).outcome is Outcome.DONE
    assert entry.stat().st_mode & 0o777 == 0o555


def test_two_processes_delete_the_same_environment(home: Home) -> None:
    """One succeeds, the other says that it was already removed."""
    entries = [small(_store(home) / f"app{number}") for number in range(10)]
    made = plan(home, *entries)
    with Deleter(made, context(home)) as deleter:
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reader)
            said = [f"{result.outcome}:{result.reason}" for result in deleter.run()]
            os.write(writer, "\n".join(said).encode())
            os._exit(0)
        os.close(writer)
        ours = [f"{result.outcome}:{result.reason}" for result in deleter.run()]
        with os.fdopen(reader) as pipe:
            theirs = pipe.read().splitlines()
        os.waitpid(child, 0)
    for pair in zip(ours, theirs, strict=True):
        assert sorted(pair) == ["done:", "skipped:It was already removed."]
    assert len(trashes(_store(home))) == 10


def test_an_environment_without_its_python_can_be_deleted(home: Home) -> None:
    entry = small(_store(home) / "app")
    (entry / "bin" / "python").unlink()
    (entry / "bin" / "python").symlink_to("/nowhere/python")
    assert one(home, entry).outcome is Outcome.DONE


def test_what_is_not_in_the_plan_is_not_deleted(home: Home) -> None:
    entry, other = small(_store(home) / "app"), small(_store(home) / "other")
    known = rows(home)
    with Deleter(plan(home, entry, table=known), context(home)) as deleter:
        assert deleter.apply(Item(known[other])).outcome is Outcome.SKIPPED
    assert other.is_dir()


def test_a_bulk_beyond_the_descriptors_that_may_be_open(home: Home) -> None:
    entries = [small(_store(home) / f"app{number}") for number in range(230)]
    results = delete(home, *entries)
    assert {result.outcome for result in results} == {Outcome.DONE}


def test_closed_directories_of_an_ordinary_user_go_and_come_back_as_they_were(home: Home) -> None:
    """Root may write anywhere, so this is done by another user, in a store of its own."""
    entry = small(_store(home) / "app")
    (entry / "closed").mkdir()
    for path in (_store(home), entry, *entry.rglob("*")):
        os.chown(path, NOBODY, NOBODY, follow_symlinks=False)
    (entry / "closed").chmod(0o000)
    (entry / "lib").chmod(0o555)
    entry.chmod(0o555)
    open_to_all(home.path)
    before = tree(entry)

    def go_and_come_back() -> str:
        machine = replace(home.machine(), uid=os.getuid())
        session = Session(machine, Config(), records=False)
        list(session.scan(usage=False))
        about = Context.current(machine, Config())
        made = plan_delete(list(session.rows.values()), session.rows, about)
        with Deleter(made, about) as deleter:
            (result,) = deleter.run()
        assert result.outcome is Outcome.DONE, result
        assert not entry.exists()
        (found,) = trash.find(about)
        return trash.restore(found).reason

    assert as_another_user(go_and_come_back) == ""
    assert tree(entry) == before
