"""Projects that move after the search: looked for again right before, and after, a deletion."""

import threading
from dataclasses import replace
from pathlib import Path

import pytest

from tests.conftest import Home
from tests.scenario import orphan
from tests.session.sharing import last, scanned
from tests.session.test_searching import Gate, moved_away
from venvdash.actions.delete import expiry
from venvdash.actions.delete.prune import Rules
from venvdash.actions.delete.shared_searches import FRESH
from venvdash.actions.events import RowChanged, Searching
from venvdash.config import Config
from venvdash.model import Outcome, Plan, Result, Status
from venvdash.session import Session
from venvdash.system.clock import Moment, now


class Clock:
    """A clock that a test puts forward."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> Moment:
        moment = now()
        return replace(moment, boot=moment.boot + self.ahead, wall=moment.wall + self.ahead)


def link_deep(home: Home, environment: Path) -> Path:
    """Make a project deep in HOME, where no quick look goes, that uses an environment."""
    project = home.path / "a" / "b" / "c" / "d" / "e"
    project.mkdir(parents=True)
    (project / ".venv").symlink_to(environment)
    return project


def deleted(session: Session, plan: Plan, *, now: bool = False) -> Result:
    (result,) = last(session.deletions.delete(plan, now=now)).results
    return result


@pytest.mark.parametrize("now", [False, True])
def test_what_a_rule_picked_is_searched_for_once_more(home: Home, now: bool) -> None:
    environment = orphan(home, "webapp")
    session = scanned(home)
    plan = session.deletions.plan_prune(Rules())
    link_deep(home, environment)
    events = list(session.deletions.delete(plan, now=now))
    (result,) = last(iter(events)).results
    assert result.outcome is Outcome.SKIPPED
    assert "~/a/b/c/d/e/.venv" in result.reason
    assert environment.is_dir()
    rows = [event.row for event in events if isinstance(event, RowChanged)]
    assert [row.verdict.status for row in rows] == [Status.MOVED], "the table says it, too"


def test_what_a_rule_marked_is_searched_for_once_more(home: Home) -> None:
    environment = orphan(home, "webapp")
    session = scanned(home)
    plan = session.deletions.plan_delete([environment], by_rule=True)
    link_deep(home, environment)
    assert deleted(session, plan).outcome is Outcome.SKIPPED
    assert environment.is_dir()


def test_what_is_freed_at_once_is_searched_for_once_more(home: Home) -> None:
    environment = orphan(home, "webapp")
    session = scanned(home)
    plan = session.deletions.plan_delete([environment])
    link_deep(home, environment)
    result = deleted(session, plan, now=True)
    assert result.outcome is Outcome.SKIPPED
    assert "~/a/b/c/d/e/.venv" in result.reason
    assert environment.is_dir()


def test_what_is_marked_by_hand_is_restored_where_the_search_ended_some_time_before(
    home: Home,
) -> None:
    environment = orphan(home, "webapp")
    clock = Clock()
    session = Session(replace(home.machine(), clock=clock), Config())
    for _ in session.scan():
        pass
    plan = session.deletions.plan_delete([environment])
    link_deep(home, environment)
    clock.ahead = FRESH + 1
    assert deleted(session, plan).outcome is Outcome.DONE, "no waiting for a search"
    assert [row.path for row in session.searches.owed] == [environment]
    search = session.searches.of_rule(lambda row: False)
    search.wait()
    (restored,) = last(session.trash.restore_found(search)).results
    assert "~/a/b/c/d/e/.venv" in restored.reason
    assert environment.is_dir()
    assert session.searches.owed == []


def test_a_search_that_has_just_ended_counts_for_what_is_marked_by_hand(home: Home) -> None:
    environment = orphan(home, "webapp")
    session = scanned(home)
    assert deleted(session, session.deletions.plan_delete([environment])).outcome is Outcome.DONE
    assert session.searches.owed == []
    (trashed,) = session.trash.find()
    assert not trashed.unsearched


def test_also_what_asks_for_its_name_is_looked_at_again(home: Home) -> None:
    environment = orphan(home, "webapp")
    (environment / "mine.txt").write_text("mine")
    session = scanned(home)
    plan = session.deletions.plan_delete([environment])
    assert plan.items[0].confirm
    beside = home.path / "code" / "beside"
    beside.mkdir()
    (beside / ".venv").symlink_to(environment)
    assert deleted(session, plan).outcome is Outcome.SKIPPED


def test_cancelling_the_second_search_deletes_nothing(home: Home) -> None:
    environment = orphan(home, "webapp")
    session = scanned(home)
    plan = session.deletions.plan_prune(Rules())
    stop = threading.Event()
    stop.set()
    (result,) = last(session.deletions.delete(plan, cancel=stop)).results
    assert (result.outcome, result.reason) == (Outcome.SKIPPED, "Cancelled before it started.")
    assert environment.is_dir()


@pytest.mark.slow
def test_a_rescan_while_the_search_runs_does_not_forget_what_was_deleted(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment, _ = moved_away(home, "webapp")
    gate = Gate(monkeypatch)
    session = scanned(home)
    plan = session.deletions.plan_delete([environment], early=True)
    assert deleted(session, plan).outcome is Outcome.DONE
    for _ in session.scan():
        pass
    gate.open.set()
    search = session.searches.of_rule(lambda row: row.verdict.status is Status.ORPHAN)
    search.wait()
    (restored,) = last(session.trash.restore_found(search)).results
    assert restored.outcome is Outcome.DONE
    assert environment.is_dir()


def deleted_early(home: Home, monkeypatch: pytest.MonkeyPatch, environment: Path) -> Gate:
    """Delete an environment while the search for its project waits."""
    gate = Gate(monkeypatch)
    session = scanned(home)
    plan = session.deletions.plan_delete([environment], early=True)
    assert deleted(session, plan).outcome is Outcome.DONE
    (trashed,) = session.trash.find()
    assert trashed.unsearched
    return gate


@pytest.mark.slow
def test_the_next_session_restores_what_it_finds(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment, _ = moved_away(home, "webapp")
    deleted_early(home, monkeypatch, environment).open.set()
    later = Session(home.machine(), Config())
    trash = later.trash.lost()
    found = later.trash.search_projects(trash, threading.Event())
    (restored,) = last(later.trash.settle(trash, found)).results
    assert restored.outcome is Outcome.DONE
    assert "webapp/.venv" in restored.reason
    assert environment.is_dir()


def test_the_next_session_only_tells_of_what_was_searched_for_before(home: Home) -> None:
    environment = orphan(home, "webapp")
    session = scanned(home)
    assert deleted(session, session.deletions.plan_prune(Rules())).outcome is Outcome.DONE
    link_deep(home, environment)
    later = Session(home.machine(), Config())
    trash = later.trash.lost()
    found = later.trash.search_projects(trash, threading.Event())
    assert len(found) == 1
    assert last(later.trash.settle(trash, found)).results == ()
    assert not environment.exists()


@pytest.mark.slow
def test_the_purge_searches_before_it_frees(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    environment, _ = moved_away(home, "webapp")
    deleted_early(home, monkeypatch, environment).open.set()
    for name, value in home.variables.items():  # the purge is a process of its own
        monkeypatch.setenv(name, value)
    (trashed,) = Session(home.machine(), Config()).trash.find()
    assert expiry.free_of_use([trashed.path]) == []
    assert "webapp/.venv" in (Session(home.machine(), Config()).trash.find()[0].kept)


@pytest.mark.slow
def test_emptying_the_trash_searches_first_for_what_was_not_searched_for(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment, hidden = moved_away(home, "webapp")
    deleted_early(home, monkeypatch, environment).open.set()
    later = Session(home.machine(), Config())  # as after the dashboard was left
    finished = last(later.trash.empty())
    assert finished.freed == 0
    assert "webapp stays in the trash." in finished.problems[0]
    (trashed,) = later.trash.find()
    assert not trashed.unsearched
    assert str(hidden.name) in trashed.kept
    assert last(later.trash.empty()).results[0].outcome is Outcome.DONE, "now that it was said"
    assert later.trash.find() == []


def test_what_the_search_did_not_find_is_freed_by_emptying(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    deleted_early(home, monkeypatch, orphan(home, "webapp")).open.set()
    later = Session(home.machine(), Config())
    events = list(later.trash.empty())
    assert any(isinstance(event, Searching) for event in events)
    assert later.trash.find() == []


def test_cancelling_that_search_keeps_it(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    deleted_early(home, monkeypatch, orphan(home, "webapp")).open.set()
    later = Session(home.machine(), Config())
    stop = threading.Event()
    stop.set()
    assert "did not finish" in last(later.trash.empty(cancel=stop)).problems[0]
    (trashed,) = later.trash.find()
    assert trashed.unsearched


def test_the_search_that_ends_is_noted_in_the_trash(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = orphan(home, "webapp")
    gate = Gate(monkeypatch)
    session = scanned(home)
    deleted(session, session.deletions.plan_delete([environment], early=True))
    gate.open.set()
    search = session.searches.of_rule(lambda row: False)
    search.wait()
    assert last(session.trash.restore_found(search)).results == ()
    (trashed,) = session.trash.find()
    assert not trashed.unsearched
