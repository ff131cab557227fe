"""Deleting through the session: sums that come true, the trash, undo, and what stays of it."""

import itertools
import os
import shutil
import threading
import time
from pathlib import Path

import pytest

from tests.conftest import Home
from tests.mounting import tmpfs
from tests.scenario import remove, uv_project, venv
from tests.session.sharing import (
    ENVIRONMENTS,
    last,
    make_environments,
    measured,
    named,
    only_in,
    scanned,
    shared_home,
    undone,
    used,
)
from venvdash.actions.events import Finished, RowChanged, RowState, Tally
from venvdash.config import Config, TrashSettings
from venvdash.model import Outcome, Status
from venvdash.model.status import State
from venvdash.system.locks import lock_directory

pytestmark = pytest.mark.slow

CHOICES = [
    chosen for size in (1, 2, 3) for chosen in itertools.combinations(sorted(ENVIRONMENTS), size)
]


@pytest.mark.parametrize("clean", [False, True], ids=["cache-kept", "cache-cleaned"])
@pytest.mark.parametrize("chosen", CHOICES, ids="+".join)
def test_the_bytes_promised_come_back(tmp_path: Path, chosen: tuple[str, ...], clean: bool) -> None:
    with shared_home(tmp_path) as home:
        make_environments(home)
        session = measured(home)
        paths = named(session, *chosen)
        together = session.deletions.union(paths)
        plan = session.deletions.plan_delete(paths)
        assert [item.row.name for item in plan.items] == list(chosen)
        assert (together.reclaimable, together.cache_held) == (plan.reclaimable, plan.cache_held)
        assert together.exact
        assert set(plan.packages_only_in_cache) == _only(chosen)
        promised = plan.reclaimable + (plan.cache_held if clean else 0)
        cache = home.path / ".cache" / "uv"
        taken, own = used(home.path), only_in(cache)
        finished = last(session.deletions.delete(plan, now=True, clean_cache=clean))
        assert finished.problems == ()
        assert finished.cleaned == (plan.packages_only_in_cache if clean else ())
        logged = [run.shown for run in session.log.runs()]
        assert logged == _cleaning(finished.cleaned)
        dropped = taken - used(home.path)
        if clean:  # what the cache alone had is not an environment's
            dropped -= own - only_in(cache)
        assert dropped == promised
        assert (finished.freed, finished.in_trash) == (promised, 0)


def _cleaning(packages: tuple[str, ...]) -> list[str]:
    return [f"uv cache clean --quiet -- {' '.join(packages)}"] if packages else []


def _only(chosen: tuple[str, ...]) -> set[str]:
    rest = {
        package for name in ENVIRONMENTS if name not in chosen for package in ENVIRONMENTS[name]
    }
    return {package for name in chosen for package in ENVIRONMENTS[name]} - rest


def test_one_after_the_other_is_the_same_as_together(tmp_path: Path) -> None:
    with shared_home(tmp_path) as home:
        make_environments(home)
        session = measured(home)
        everything = session.deletions.union(session.rows)
        taken, promised = used(home.path), 0
        for name in ("two", "one", "three"):
            plan = session.deletions.plan_delete(named(session, name))
            assert session.deletions.union(named(session, name)).reclaimable == plan.reclaimable
            promised += plan.reclaimable
            assert last(session.deletions.delete(plan)).in_trash == plan.reclaimable
        assert promised == everything.reclaimable
        done = last(session.trash.empty())
        assert len(done.results) == 3
        assert taken - used(home.path) == promised == done.freed


@pytest.mark.parametrize("now", [False, True], ids=["emptying", "at once"])
def test_what_is_freed_grows_within_one_environment(tmp_path: Path, now: bool) -> None:
    with shared_home(tmp_path) as home:
        big = venv(home.path / ".virtualenvs" / "big")
        for number in range(400):
            (big / "share" / f"{number}").mkdir(parents=True)
            for file in range(4):
                (big / "share" / f"{number}" / f"{file}").write_bytes(b"x" * 5000)
        session = scanned(home)
        taken = used(home.path)
        plan = session.deletions.plan_delete([big])
        events = list(session.deletions.delete(plan, now=now))
        if not now:
            events = list(session.trash.empty())
        told = [event for event in events if isinstance(event, Tally) and event.freeing]
        freed = [event.freed for event in told]
        assert freed == sorted(freed)
        assert 0 < freed[0] < freed[-1] == taken - used(home.path) == plan.reclaimable
        assert [event.done for event in told] == [0] * (len(told) - 1) + [1]
        assert {event.freed + event.in_trash for event in told} == {plan.reclaimable}
        assert last(iter(events)).freed == plan.reclaimable


def test_what_comes_back_is_told_as_the_file_system_has_it(tmp_path: Path) -> None:
    """More than was thought when it was deleted: since then the cache was cleaned."""
    with shared_home(tmp_path) as home:
        made = make_environments(home)
        session = scanned(home)
        paths = list(made.values())
        promised = last(session.deletions.delete(session.deletions.plan_delete(paths))).in_trash
        home.uv("cache", "clean", "-q")
        journals = [one.path / "trash.toml" for one in session.trash.find()]
        ours = sum(journal.stat().st_blocks * 512 for journal in journals)
        taken = used(home.path)
        done = last(session.trash.empty())
        assert done.freed == taken - used(home.path) - ours > promised


def test_a_trash_that_another_process_is_freeing_is_waited_for(home: Home) -> None:
    scratch = venv(home.path / ".virtualenvs" / "scratch")
    session = scanned(home)
    last(session.deletions.delete(session.deletions.plan_delete([scratch])))
    (trashed,) = session.trash.find()
    with lock_directory(trashed.path):  # as a purge has it, for as long as it is at work
        events = session.trash.empty()
        thread = threading.Thread(target=lambda: found.append(last(events)))
        found: list[Finished] = []
        thread.start()
        thread.join(1.0)
        assert found == []
        remove(trashed.path)
    thread.join(60)
    assert [result.outcome for result in found[0].results] == [Outcome.DONE]
    assert found[0].freed == trashed.reclaimable, "as was thought, for nobody told"


def test_why_the_trash_cannot_be_freed_is_said(home: Home) -> None:
    scratch = venv(home.path / ".virtualenvs" / "scratch")
    session = scanned(home)
    last(session.deletions.delete(session.deletions.plan_delete([scratch])))
    (trashed,) = session.trash.find()
    (trashed.path / "share").mkdir()
    with tmpfs(trashed.path / "share"):
        done = last(session.trash.empty())
    (result,) = done.results
    assert (result.outcome, done.freed) == (Outcome.FAILED, 0)
    assert "a file system is mounted in it" in result.reason
    assert done.problems == (result.reason,)
    assert last(session.trash.empty()).problems == ()


def test_a_plan_is_measured_anew(tmp_path: Path) -> None:
    with shared_home(tmp_path) as home:
        made = make_environments(home)
        session = scanned(home)
        before = session.deletions.plan_delete([made["one"]]).reclaimable
        (made["one"] / "grown.bin").write_bytes(b"x" * 100_000)
        for path in (home.path / ".cache" / "uv" / "archive-v0").rglob("beta/data.bin"):
            path.unlink()
        next(made["two"].rglob("beta/data.bin")).unlink()  # now only the first has it
        taken = used(home.path)
        plan = session.deletions.plan_delete([made["one"]])
        assert plan.reclaimable > before + 100_000
        last(session.deletions.delete(plan, now=True))
        assert taken - used(home.path) == plan.reclaimable


def test_undo_brings_the_whole_bulk_back(home: Home) -> None:
    project = home.path / "code" / "webapp"
    environment = uv_project(home, project)
    other = venv(home.path / ".virtualenvs" / "scratch")
    inode, text = environment.stat().st_ino, os.readlink(project / ".venv")
    session = scanned(home)
    plan = session.deletions.plan_delete([environment, other])
    rows = dict(session.rows)
    events = list(session.deletions.delete(plan))
    states = [(e.path, e.state) for e in events if isinstance(e, RowState)]
    assert states[:2] == [(environment, State.QUEUED), (other, State.QUEUED)]
    assert states[-1] == (other, State.IN_TRASH)
    assert [e.done for e in events if isinstance(e, Tally)] == [1, 2]
    assert not session.rows
    assert not environment.exists()
    assert not os.path.lexists(project / ".venv")
    assert len(session.trash.find()) == 2
    plan_undo = session.plan_undo()
    assert not isinstance(plan_undo, str)
    back = list(session.actions.undo(plan_undo))
    assert {e.row.path for e in back if isinstance(e, RowChanged)} == {environment, other}
    assert session.rows == rows
    assert environment.stat().st_ino == inode
    assert os.readlink(project / ".venv") == text
    assert session.trash.find() == []
    assert session.plan_undo() == "Nothing to undo."
    (status,) = session.actions.history()
    assert status.state == "undone"
    assert [one.state for one in status.change.environments] == ["restored", "restored"]


def test_the_newest_deletion_of_an_earlier_session_is_what_one_plan_deleted(home: Home) -> None:
    paths = [venv(home.path / ".virtualenvs" / name) for name in ("old", "first", "second")]
    session = scanned(home)
    last(session.deletions.delete(session.deletions.plan_delete(paths[:1])))
    last(session.deletions.delete(session.deletions.plan_delete(paths[1:])))
    later = scanned(home)
    newest = later.plan_undo()
    assert not isinstance(newest, str)
    assert newest.earlier
    assert {one.name for one in newest.change.environments} == {"first", "second"}
    finished = last(later.actions.undo(newest))
    assert {result.outcome for result in finished.results} == {Outcome.DONE}
    assert [path.is_dir() for path in paths] == [False, True, True]
    undone(later)
    assert [path.is_dir() for path in paths] == [True, True, True]


def test_undo_says_what_is_not_there_any_more(home: Home) -> None:
    kept, lost = (venv(home.path / ".virtualenvs" / name) for name in ("kept", "lost"))
    session = scanned(home)
    last(session.deletions.delete(session.deletions.plan_delete([kept, lost])))
    (trashed,) = [one for one in session.trash.find() if one.original == lost]
    remove(trashed.path)
    results = {result.path: result for result in undone(session).results}
    assert results[kept].outcome is Outcome.DONE
    assert results[lost].outcome is Outcome.FAILED
    assert "no longer in the trash" in results[lost].reason


def test_what_uv_pruned_meanwhile_is_an_outcome(home: Home) -> None:
    environment = uv_project(home, home.path / "code" / "webapp", "--bare")
    session = scanned(home)
    last(session.deletions.delete(session.deletions.plan_delete([environment])))
    before = session.trash.find()
    home.uv("cache", "prune", "-q")
    freed = last(session.trash.empty(before))
    assert [result.outcome for result in freed.results] == [Outcome.DONE]
    assert freed.problems == ()
    assert session.plan_undo() == "Nothing to undo."


def test_one_is_restored_under_another_name(home: Home) -> None:
    scratch = venv(home.path / ".virtualenvs" / "scratch")
    session = scanned(home)
    last(session.deletions.delete(session.deletions.plan_delete([scratch])))
    venv(scratch)  # its name is taken
    (trashed,) = session.trash.find()
    refused = session.trash.restore(trashed)
    assert refused.outcome is not Outcome.DONE
    assert "is taken" in refused.reason
    assert session.trash.restore(trashed, "scratch-2").outcome is Outcome.DONE
    assert (scratch.parent / "scratch-2" / "pyvenv.cfg").exists()
    assert session.trash.find() == []


def test_the_history_keeps_what_was_deleted(home: Home) -> None:
    environment = uv_project(home, home.path / "code" / "webapp")
    session = scanned(home)
    row = session.rows[environment]
    last(session.deletions.delete(session.deletions.plan_delete([environment]), now=True))
    (status,) = scanned(home).actions.history()
    (deleted,) = status.change.environments
    assert status.state == "freed"
    assert (deleted.name, deleted.path, deleted.project) == (
        "webapp",
        environment,
        home.path / "code" / "webapp",
    )
    assert deleted.packages == row.environment.packages
    assert deleted.python == row.environment.python
    assert (deleted.status, deleted.state) == (Status.LINKED.value, "freed")
    assert deleted.reason == row.verdict.reason


def test_without_records_nothing_is_written(home: Home) -> None:
    scratch = venv(home.path / ".virtualenvs" / "scratch")
    session = scanned(home, records=False)
    last(session.deletions.delete(session.deletions.plan_delete([scratch]), now=True))
    assert scanned(home, records=False).actions.history() == []
    assert not list(home.path.rglob("*.sqlite"))


def test_it_is_said_where_no_history_can_be_kept(home: Home) -> None:
    scratch = venv(home.path / ".virtualenvs" / "scratch")
    session = scanned(home)
    state = home.machine().state_directory
    shutil.rmtree(state)
    state.write_text("no directory")
    finished = last(session.deletions.delete(session.deletions.plan_delete([scratch])))
    assert [result.outcome for result in finished.results] == [Outcome.DONE]
    (note,) = finished.notes
    assert str(state) in note
    assert note.endswith("so no records are kept. `venvdash history` will not show this deletion.")
    (trashed,) = session.trash.find()
    assert session.trash.restore(trashed).outcome is Outcome.DONE
    assert state.read_text() == "no directory"


def test_what_was_not_begun_can_be_cancelled(home: Home) -> None:
    paths = [venv(home.path / ".virtualenvs" / name) for name in ("a", "b", "c")]
    session = scanned(home)
    plan, cancel = session.deletions.plan_delete(paths), threading.Event()
    finished = None
    for event in session.deletions.delete(plan, cancel=cancel):
        if isinstance(event, Tally):
            cancel.set()
        if isinstance(event, Finished):
            finished = event
    assert finished
    assert [result.outcome for result in finished.results] == [
        Outcome.DONE,
        Outcome.SKIPPED,
        Outcome.SKIPPED,
    ]
    assert [path.exists() for path in paths] == [False, True, True]
    assert set(session.rows) == set(paths[1:])


def test_what_is_not_known_is_refused(home: Home) -> None:
    unknown = home.path / "never" / "seen"
    plan = scanned(home).deletions.plan_delete([unknown])
    assert plan.items == ()
    assert [refusal.path for refusal in plan.refused] == [unknown]


@pytest.mark.parametrize(("keep", "stays"), [(7.0, True), (0.0, False)])
def test_what_is_in_the_trash_for_too_long_is_freed_at_the_next_start(
    home: Home, keep: float, stays: bool
) -> None:
    scratch = venv(home.path / ".virtualenvs" / "scratch")
    session = scanned(home)
    last(session.deletions.delete(session.deletions.plan_delete([scratch])))
    (trashed,) = session.trash.find()
    scanned(home, Config(trash=TrashSettings(keep)))
    deadline = time.monotonic() + (0 if stays else 30)  # a child does it
    while trashed.path.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert trashed.path.exists() == stays


def test_what_a_crash_left_is_fixed_before_it_is_judged(home: Home) -> None:
    """Killed between the removal of the project's link and the rename."""
    project = home.path / "code" / "webapp"
    environment = uv_project(home, project)
    text = os.readlink(project / ".venv")
    session = scanned(home)
    plan = session.deletions.plan_delete([environment])
    child = os.fork()
    if child == 0:
        from venvdash.actions.safety import steps

        def stop(name: str) -> None:
            if name == "unlinked":
                os._exit(9)

        steps.step = stop
        last(session.deletions.delete(plan))
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
    assert not os.path.lexists(project / ".venv")
    again = scanned(home)
    assert os.readlink(project / ".venv") == text
    assert again.rows[environment].verdict.status is Status.LINKED
    assert any("interrupted" in problem.message for problem in again.problems)


def test_what_came_back_since_the_scan_is_counted_by_itself(home: Home) -> None:
    scratch = venv(home.path / ".virtualenvs" / "scratch")
    session = measured(home)
    before = session.deletions.union([scratch])
    assert before.exact
    last(session.deletions.delete(session.deletions.plan_delete([scratch])))
    assert session.deletions.union([scratch]).count == 0
    for _ in session.scan():
        pass
    undone(session)
    after = session.deletions.union([scratch])
    assert (after.reclaimable, after.exact) == (before.reclaimable, False)
