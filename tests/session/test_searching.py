"""The search for projects: what every plan waits for, and what it does with what was found."""

import shutil
import threading
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Home
from tests.scenario import orphan, uv_project, venv
from tests.session.sharing import last, scanned
from venvdash.actions.delete.project_search import ProjectSearch
from venvdash.actions.delete.prune import Rules, pruned
from venvdash.actions.events import RowChanged
from venvdash.model import Outcome, Status
from venvdash.scanner import search as search_package
from venvdash.scanner.search import Findings
from venvdash.session import Session


def moved_away(home: Home, name: str) -> tuple[Path, Path]:
    """Make an environment of a project, let venvdash see both, and move the project away."""
    project = home.path / "code" / name
    environment = uv_project(home, project)
    scanned(home)
    hidden = home.path / ".attic" / "deep" / "er" / name
    hidden.parent.mkdir(parents=True, exist_ok=True)
    project.rename(hidden)
    return environment, hidden


class Gate:
    """Lets a search wait until it may end, and tells that it has begun."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.begun, self.open = threading.Event(), threading.Event()
        real = search_package.search

        def waiting(*args: Any, **options: Any) -> Findings:
            self.begun.set()
            assert self.open.wait(60)
            return real(*args, **options)

        monkeypatch.setattr(search_package, "search", waiting)


def test_a_list_and_prune_agree_once_the_search_has_found_something(home: Home) -> None:
    environment, hidden = moved_away(home, "webapp")
    session = scanned(home)
    assert session.rows[environment].verdict.status is Status.ORPHAN
    plan = session.deletions.plan_prune(Rules())
    assert plan.items == ()
    assert f"Run `venvdash relink webapp {hidden}` to keep it" in plan.refused[0].reason
    assert session.rows[environment].verdict.status is Status.MOVED
    again = scanned(home).rows[environment].verdict  # a new process, without any search
    assert again.status in (Status.MOVED, Status.LINKED)
    assert hidden in (again.place, again.project)


def test_a_folder_that_may_be_the_project_holds_an_environment_every_time(home: Home) -> None:
    environment = orphan(home, "webapp")
    copy = home.path / ".attic" / "webapp"
    copy.mkdir(parents=True)
    (copy / "pyproject.toml").write_text('[project]\nname = "webapp"\n')
    for _ in range(3):  # the first search is remembered; that must not release it
        session = scanned(home)
        assert session.deletions.plan_prune(Rules()).items == ()
        verdict = session.rows[environment].verdict
        assert (verdict.status, verdict.place) == (Status.MOVED, copy)


@pytest.mark.slow
@pytest.mark.parametrize("memory", [True, False])
def test_a_list_agrees_on_what_only_a_name_in_pyproject_tells(home: Home, memory: bool) -> None:
    """A copy under another folder name; nothing leads to the environment."""
    project = home.path / "code" / "webapp"
    environment = uv_project(home, project, "--no-package")
    if memory:
        scanned(home)
    renamed = home.path / ".attic" / "deep" / "er" / "backup"
    shutil.copytree(project, renamed, ignore=shutil.ignore_patterns(".venv", ".git"))
    shutil.rmtree(project)
    rules = Rules(unknown=True, older_than=0.0)
    before = Status.ORPHAN if memory else Status.UNKNOWN
    session = scanned(home)
    assert session.rows[environment].verdict.status is before
    assert session.deletions.plan_prune(rules).items == ()
    for _ in range(2):
        session = scanned(home)
        verdict = session.rows[environment].verdict
        assert (verdict.status, verdict.place) == (Status.MOVED, renamed)
        assert "~/.attic/deep/er/backup has its project's name" in verdict.reason
        assert session.deletions.plan_prune(rules).items == ()
    shutil.rmtree(renamed)
    session = scanned(home)
    assert session.rows[environment].verdict.status is before
    assert [item.row.path for item in session.deletions.plan_prune(rules).items] == [environment]


def test_the_name_that_a_project_had_counts_in_any_store(home: Home) -> None:
    """An environment whose own name tells nothing; the project lies on another disk by now."""
    project = home.path / "code" / "webapp"
    project.mkdir(parents=True)
    (project / "pyproject.toml").write_text('[project]\nname = "the-shop"\n')
    environment = venv(home.path / ".virtualenvs" / "anything")
    (environment / ".project").write_text(f"{project}\n")
    scanned(home)
    copy = home.path / ".attic" / "deep" / "er" / "else"
    shutil.copytree(project, copy)
    shutil.rmtree(project)
    session = scanned(home)
    assert session.deletions.plan_prune(Rules()).items == ()
    assert session.rows[environment].verdict.place == copy
    assert scanned(home).rows[environment].verdict.place == copy


def test_a_project_moved_between_search_and_confirmation_is_held(home: Home) -> None:
    environment = orphan(home, "webapp")
    session = scanned(home)
    plan = session.deletions.plan_prune(Rules())
    assert [item.row.path for item in plan.items] == [environment]
    project = home.path / "code" / "webapp"
    project.mkdir(parents=True)
    (project / ".venv").symlink_to(environment)
    (result,) = last(session.deletions.delete(plan)).results
    assert result.outcome is Outcome.SKIPPED
    assert ".venv" in result.reason
    assert environment.is_dir()


def test_a_named_orphan_whose_project_is_found_asks_for_its_name(home: Home) -> None:
    environment, _ = moved_away(home, "webapp")
    session = scanned(home)
    plan = session.deletions.plan_delete([environment])
    (item,) = plan.items
    assert item.confirm.startswith("Its project was found.")
    assert item.row.verdict.status is Status.MOVED
    plan = session.deletions.plan_delete(
        [environment], early=True
    )  # as in a dialog that is still open
    assert plan.items[0].confirm.startswith("Its project was found.")
    assert last(session.deletions.delete(plan)).results[0].outcome is Outcome.DONE


def test_what_is_confirmed_while_the_search_runs_is_restored_if_its_project_is_found(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment, _ = moved_away(home, "webapp")
    other = orphan(home, "other")
    gate = Gate(monkeypatch)
    session = scanned(home)
    plan = session.deletions.plan_delete([environment, other], early=True)
    assert gate.begun.wait(60)
    assert all(item.unsearched for item in plan.items)
    assert not plan.searched
    finished = last(session.deletions.delete(plan))
    assert {result.outcome for result in finished.results} == {Outcome.DONE}
    assert not environment.exists()
    gate.open.set()
    search = session.searches.of_rule(lambda row: False)
    search.wait()
    *rows, restored = session.trash.restore_found(search)
    assert [row.row.path for row in rows if isinstance(row, RowChanged)] == [environment]
    assert "webapp/.venv" in last(iter([restored])).results[0].reason
    assert environment.is_dir()
    assert not other.exists()
    (changed,) = session.searches.taken(search)
    assert isinstance(changed, RowChanged)
    assert changed.row.verdict.status is Status.MOVED


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Gate:
    """Every search waits until this is opened."""
    return Gate(monkeypatch)


def test_nothing_is_freed_while_the_search_runs(home: Home, gate: Gate) -> None:
    environment = orphan(home, "webapp")
    session = scanned(home)
    plan = session.deletions.plan_delete([environment], early=True)
    (result,) = last(session.deletions.delete(plan, now=True)).results
    assert result.outcome is Outcome.SKIPPED
    assert "still being searched for" in result.reason
    assert environment.is_dir()
    gate.open.set()


def test_a_search_that_is_stopped_proves_nothing(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = orphan(home, "webapp")
    session = scanned(home)
    stop = threading.Event()
    stop.set()
    gate = Gate(monkeypatch)
    threading.Timer(0.2, gate.open.set).start()
    plan = session.deletions.plan_prune(Rules(), stop)
    assert plan.items == ()
    assert "search was stopped" in plan.refused[0].reason
    # Asked again, it searches again, and to the end.
    plan = session.deletions.plan_prune(Rules())
    assert [item.row.path for item in plan.items] == [environment]


def test_a_limit_holds_what_was_not_searched_for(home: Home) -> None:
    environment = orphan(home, "webapp")
    session = scanned(home)
    session.searches.limit = 0.0
    plan = session.deletions.plan_prune(Rules())
    assert plan.items == ()
    assert "--search-limit" in plan.refused[0].reason
    (item,) = session.deletions.plan_delete([environment]).items
    assert "--search-limit" in item.unsearched


def test_one_search_serves_the_plans_of_one_scan(home: Home) -> None:
    first, second = orphan(home, "first"), orphan(home, "second")
    session = scanned(home)
    search = session.searches.of_rule(lambda row: row.path == first)
    search.wait()
    assert session.searches.of_rule(lambda row: row.path == first) is search
    both = session.searches.of_rule(lambda row: row.path == second)
    assert both is not search
    assert set(both.environments) == {first, second}
    both.wait()
    assert session.searches.of_rule(pruned(session, Rules())) is both
    for _ in session.scan():
        pass
    assert session.searches.of_rule(pruned(session, Rules())) is not both


def test_a_search_that_breaks_deletes_nothing(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    environment = orphan(home, "webapp")

    def broken(*args: Any, **options: Any) -> Findings:
        raise RuntimeError("out of luck")

    monkeypatch.setattr(search_package, "search", broken)
    session: Session = scanned(home)
    with pytest.raises(RuntimeError, match="out of luck"):
        session.deletions.plan_prune(Rules())
    with pytest.raises(RuntimeError, match="out of luck"):
        session.deletions.plan_delete([environment])
    assert environment.is_dir()


def test_a_search_says_how_far_it_is(home: Home) -> None:
    orphan(home, "webapp")
    session = scanned(home)
    heard: list[int] = []
    search: ProjectSearch = session.searches.of_rule(pruned(session, Rules()))
    search.wait(tell=lambda progress: heard.append(progress.directories))
    assert search.progress is not None
    assert search.progress.directories == search.findings.report.directories > 0


def test_an_environments_own_folder_is_not_taken_for_its_project(home: Home) -> None:
    environment = orphan(home, "webapp")
    (environment / ".gitignore").write_text("*\n")  # as uv and virtualenv leave it
    plan = scanned(home).deletions.plan_prune(Rules())
    assert [item.row.path for item in plan.items] == [environment]
