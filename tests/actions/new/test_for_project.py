"""Environments that are created for a project: synced, linked, and used by the real uv."""

import json
import os
import shutil
import signal
import sys
from functools import partial
from pathlib import Path

import pytest
from uv import find_uv_bin

from tests.actions.crashing import killed_at
from tests.actions.deleting import at_step
from tests.conftest import Home
from tests.mounting import tmpfs
from tests.scenario import listing, venv
from venvdash.actions.events import Finished
from venvdash.actions.new.plan import NewEnvironment
from venvdash.config import Config
from venvdash.demo.wheels import make_wheel
from venvdash.model import Outcome, Proposal, Result, Status
from venvdash.session import Session

PYTHON = str(Path(sys.executable).resolve())
_SAY = "import os, sys, hello; print(os.path.realpath(sys.prefix))"


@pytest.fixture
def project(home: Home) -> Path:
    """A project whose one dependency is a wheel beside it."""
    home.variables |= {"UV_OFFLINE": "1", "UV_PYTHON_DOWNLOADS": "never"}
    make_wheel(home.path / "wheels", "hello", "1.0")
    return written(home, "web app")


def written(home: Home, name: str, *more: str) -> Path:
    path = home.path / "code" / name
    path.mkdir(parents=True)
    links = json.dumps([str(home.path / "wheels")])
    lines = [
        f"[project]\nname = '{name.replace(' ', '-')}'\nversion = '1'",
        "requires-python = '>=3.10'\ndependencies = ['hello']",
        f"[tool.uv]\nno-index = true\nfind-links = {links}",
        *more,
    ]
    (path / "pyproject.toml").write_text("\n".join(lines) + "\n")
    return path


def planned(session: Session, project: Path, label: str = "") -> Proposal:
    return session.actions.new(NewEnvironment(python=PYTHON, project=project, label=label))


def result(session: Session, proposal: Proposal) -> Result:
    (*_, finished) = session.actions.apply([proposal])
    assert isinstance(finished, Finished)
    return finished.results[0]


def uv(home: Home, project: Path, *arguments: str) -> str:
    return home.run(find_uv_bin(), *arguments, cwd=project).stdout.strip()


def made(home: Home) -> list[str]:
    store = home.path / ".venvs"
    names = sorted(path.name for path in store.iterdir()) if store.exists() else []
    return [name for name in names if not name.startswith(".venvdash-trash-")]


def test_uv_uses_it_and_undo_takes_all_of_it_back(home: Home, project: Path) -> None:
    before = sorted(path.name for path in project.iterdir())
    done = home.venvdash("new", "./code/web app", "--python", PYTHON)
    (name,) = made(home)
    assert name.startswith("web-app-")
    place = home.path / ".venvs" / name
    assert f"web-app: done. ~/.venvs/{name}" in done.stdout
    assert os.readlink(project / ".venv") == str(place)
    assert uv(home, project, "run", "--no-sync", "python", "-c", _SAY) == str(place)
    uv(home, project, "sync")
    uv(home, project, "sync", "--reinstall")
    assert os.readlink(project / ".venv") == str(place)
    (row,) = listing(home).rows.values()
    assert (row.name, row.verdict.status, row.verdict.project) == (
        "web-app",
        Status.LINKED,
        project,
    )
    assert home.venvdash("path", cwd=project).stdout.strip() == str(place)
    home.venvdash("undo", "--yes")  # it has changed since then: it was reinstalled
    assert made(home) == []
    assert sorted(path.name for path in project.iterdir()) == sorted([*before, "uv.lock"])


def test_another_python_goes_into_it(home: Home, project: Path, pythons: list[Path]) -> None:
    if len(pythons) < 2:
        pytest.skip("needs two versions of Python")
    home.venvdash("new", "./code/web app", "--python", str(pythons[0]))
    place = Path(os.readlink(project / ".venv"))
    uv(home, project, "sync", "--python", str(pythons[1]))
    assert Path(os.readlink(project / ".venv")) == place
    assert (place / "pyvenv.cfg").exists()


def test_further_ones_are_named_by_project_and_label(home: Home, project: Path) -> None:
    home.venvdash("new", "./code/web app", "--python", PYTHON)
    link = os.readlink(project / ".venv")
    home.venvdash("new", "web-app/docs", "--python", PYTHON)
    assert os.readlink(project / ".venv") == link
    further = home.path / ".venvs" / "web-app--docs"
    assert home.venvdash("path", "web-app/docs").stdout.strip() == str(further)
    assert home.venvdash("path", "web-app").stdout.strip() == link
    ran = home.venvdash("run", "web-app/docs", "--", "python", "-c", _SAY)
    assert ran.stdout.strip() == str(further)
    names = {row.name for row in listing(home).rows.values()}
    assert names == {"web-app", "web-app/docs"}
    again = home.venvdash("new", "web-app/docs", check=False)
    assert again.returncode == 2
    assert "already exists" in again.stdout
    for label in ("..", "-x", "a@b"):
        assert planned(listing(home), project, label).refusal.startswith("A name cannot")
    home.venvdash("undo")
    assert sorted(made(home)) == [Path(link).name]


def test_requirements_are_installed(home: Home, project: Path) -> None:
    plain = home.path / "code" / "plain"
    plain.mkdir()
    (plain / "requirements.txt").write_text("hello\n")
    variables = {"UV_NO_INDEX": "1", "UV_FIND_LINKS": str(home.path / "wheels")}
    session = listing(home, variables=variables)
    proposal = planned(session, plain)
    assert len(proposal.commands) == 2
    assert result(session, proposal).outcome is Outcome.DONE
    home.run(plain / ".venv" / "bin" / "python", "-c", _SAY)


def test_a_member_of_a_workspace_gets_that_of_its_root(home: Home, project: Path) -> None:
    root = written(home, "root", "[tool.uv.workspace]\nmembers = ['packages/*']")
    member = root / "packages" / "one"
    shutil.copytree(project, member)
    proposal = planned(listing(home), member)
    assert proposal.project == root


def test_what_uv_would_undo_is_refused_with_the_setting(home: Home, project: Path) -> None:
    for variables, why in (
        ({"UV_PREVIEW": "1"}, "is on (by UV_PREVIEW)"),
        ({"UV_PREVIEW_FEATURES": "centralized-project-envs"}, "is on (by UV_PREVIEW_FEATURES)"),
        ({"UV_PROJECT_ENVIRONMENT": "/x"}, "UV_PROJECT_ENVIRONMENT"),
    ):
        assert why in planned(listing(home, variables=variables), project).refusal
    config = home.path / ".config" / "uv"
    config.mkdir(parents=True)
    (config / "uv.toml").write_text("preview-features = ['centralized-project-envs']\n")
    assert f"is on (by {config / 'uv.toml'})" in planned(listing(home), project).refusal
    (config / "uv.toml").unlink()
    assert "none" in planned(listing(home, Config(project_link="none")), project).refusal
    (project / "poetry.lock").touch()
    assert "poetry" in planned(listing(home), project).refusal
    (project / "poetry.lock").unlink()
    (project / "pyproject.toml").write_text("[tool.poetry]\nname = 'x'\n")
    assert "poetry" in planned(listing(home), project).refusal
    assert made(home) == []


@pytest.mark.parametrize("what", ["directory", "link", "link to another", "file", "text"])
def test_what_came_with_a_clone_is_left_alone(home: Home, project: Path, what: str) -> None:
    """Whatever a repository may bring as `.venv`."""
    link, other = project / ".venv", home.path / "other"
    venv(other)
    match what:
        case "directory":
            venv(link)
        case "link":
            link.symlink_to("/etc")
        case "link to another":
            link.symlink_to(other)
        case "file":
            link.write_text(f"{other}\n")
        case "text":
            link.write_text("nothing\n")
    before = link.lstat().st_ctime_ns
    proposal = planned(listing(home), project)
    assert proposal.refusal
    assert result(listing(home), proposal).outcome is Outcome.SKIPPED
    assert link.lstat().st_ctime_ns == before
    assert made(home) == []


def test_a_project_that_cannot_be_written_is_refused(home: Home, project: Path) -> None:
    place = home.path / "mounted"
    place.mkdir()
    with tmpfs(place, "1m"):
        shutil.copy(project / "pyproject.toml", place)
        home.run("mount", "-o", "remount,ro", place)
        refusal = planned(listing(home), place).refusal
        home.run("mount", "-o", "remount,rw", place)
    assert "read-only" in refusal
    assert made(home) == []


def test_what_changes_after_the_plan_stops_it(
    home: Home, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = listing(home)
    proposal = planned(session, project)
    project.rename(home.path / "code" / "was")
    make_wheel(home.path / "wheels", "evil", "1.0")
    other = written(home, "other")
    text = (other / "pyproject.toml").read_text().replace("'hello'", "'evil'")
    (other / "pyproject.toml").write_text(text)
    other.rename(project)
    stopped = result(session, proposal)
    assert stopped.outcome is Outcome.SKIPPED
    assert "has changed since the plan was shown. Nothing was created." in stopped.reason
    shutil.rmtree(project)
    (home.path / "code" / "was").rename(project)

    def clone() -> None:
        (project / ".venv").mkdir()

    at_step(monkeypatch, "put", clone)
    failed = result(session, planned(session, project))
    assert failed.outcome is Outcome.FAILED
    assert "It was not linked" in failed.reason
    assert made(home) == []
    assert (project / ".venv").is_dir()
    assert session.actions.history() == []


def test_what_uv_cannot_resolve_is_said_before(home: Home, project: Path) -> None:
    shutil.rmtree(home.path / "wheels")
    proposal = planned(listing(home), project)
    assert proposal.refusal.startswith("uv cannot create it: ")
    assert made(home) == []


def test_killed_at_each_step(home: Home, project: Path) -> None:
    """Whole and linked, or in the trash and not linked, from the next start on."""
    ends = set()
    for number in range(1, 40):
        session = listing(home)
        status = killed_at(number, partial(result, session, planned(session, project)))
        home.venvdash("history")  # the next start
        link, names = project / ".venv", made(home)
        assert not any(name.startswith(".venvdash-") for name in names), number
        assert os.path.lexists(link) is bool(names), number
        if names:
            assert os.readlink(link) == str(home.path / ".venvs" / names[0])
            home.run(link / "bin" / "python", "-c", _SAY)
            home.venvdash("undo", "--yes")
            assert not os.path.lexists(link)
            assert made(home) == []
        ends.add(bool(names))
        if status == 0:
            break
        assert status == -signal.SIGKILL
    assert status == 0
    assert ends == {True, False}
