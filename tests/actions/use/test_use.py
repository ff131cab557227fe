"""Projects that use an environment from now on, alone or with others, as the real uv sees it."""

import os
import shutil
import signal
from functools import partial
from pathlib import Path

import pytest

from tests.actions.crashing import killed_at
from tests.actions.new.test_for_project import PYTHON, made, result, uv, written
from tests.conftest import Home
from tests.mounting import tmpfs
from tests.scenario import listing, venv
from venvdash.demo.wheels import make_wheel
from venvdash.model import Action, Outcome, Proposal, Status
from venvdash.session import Session

_PREFIX = "import os, sys; print(os.path.realpath(sys.prefix))"


@pytest.fixture
def web(home: Home) -> Path:
    """A project with an environment that `venvdash new` made, and wheels for more."""
    home.variables |= {"UV_OFFLINE": "1", "UV_PYTHON_DOWNLOADS": "never"}
    for name in ("hello", "extra"):
        make_wheel(home.path / "wheels", name, "1.0")
    project = written(home, "web")
    home.venvdash("new", "./code/web", "--python", PYTHON)
    return project


def other(home: Home, needs: str = "'hello'", python: str = ">=3.10") -> Path:
    """Another project, which uses no environment yet."""
    project = written(home, "api")
    text = (project / "pyproject.toml").read_text()
    text = text.replace("'hello'", needs).replace(">=3.10", python)
    (project / "pyproject.toml").write_text(text)
    return project


def planned(session: Session, project: Path, name: str = "web") -> Proposal:
    (row,) = [row for row in session.rows.values() if row.name.partition("@")[0] == name]
    return session.actions.use(row, project)


def test_both_use_it_from_then_on_and_undo_restores_the_link(home: Home, web: Path) -> None:
    api, shared = other(home), (web / ".venv").resolve()
    done = home.venvdash("use", "web", cwd=api)
    assert "~/code/api uses it from now on, as ~/code/web does." in done.stdout
    assert "uninstalls" not in done.stdout
    for project in (web, api):
        assert uv(home, project, "run", "python", "-c", _PREFIX) == str(shared)
        ran = home.venvdash("run", "--", "python", "-c", _PREFIX, cwd=project)
        assert ran.stdout.strip() == str(shared)
        assert home.venvdash("path", cwd=project).stdout.strip() == str(shared)
    (row,) = listing(home).rows.values()
    assert row.verdict.status is Status.LINKED
    assert set(row.verdict.projects) == {web, api}
    assert "kept: it is shared by 2 projects" in home.venvdash("sync", cwd=api).stdout
    assert listing(home).actions.history()[0].change.action is Action.USE
    home.venvdash("undo")
    assert not os.path.lexists(api / ".venv")
    assert (web / ".venv").resolve() == shared


def test_what_each_sync_takes_from_the_other_is_shown_and_asked(home: Home, web: Path) -> None:
    api, shared = other(home, "'extra'"), (web / ".venv").resolve()
    before = sorted(shared.rglob("*"))
    refused = home.venvdash("use", "web", cwd=api, check=False)
    assert refused.returncode == 2
    said = " ".join(refused.stdout.split())
    assert "`uv sync` in ~/code/api uninstalls 1 package, which ~/code/web needs: hello." in said
    assert "`uv sync` in ~/code/web uninstalls 1 package, which ~/code/api needs: extra." in said
    assert "add --copy" in said
    assert not os.path.lexists(api / ".venv")
    assert sorted(shared.rglob("*")) == before
    home.venvdash("use", "web", "--yes", cwd=api)
    home.venvdash("sync", "--yes", cwd=api)
    for project in (web, api):
        home.venvdash("run", "--", "python", "-c", "import hello, extra", cwd=project)
    for words in (("uv", "sync"), ("uv", "remove", "extra")):
        done = home.venvdash("run", "--", *words, cwd=api, check=False)
        assert done.returncode == 2
        assert "2 projects share it" in done.stderr


def test_a_copy_keeps_them_apart(home: Home, web: Path) -> None:
    api, shared = other(home, "'extra'"), (web / ".venv").resolve()
    home.venvdash("use", "web", "--copy", "--yes", cwd=api)
    own = (api / ".venv").resolve()
    assert own != shared
    assert own.name.startswith("api-")
    uv(home, api, "sync")
    home.run(shared / "bin" / "python", "-c", "import hello")
    home.run(own / "bin" / "python", "-c", "import extra")


def test_a_python_that_does_not_fit_is_refused(home: Home, web: Path) -> None:
    api, shared = other(home, python=">=3.99"), (web / ".venv").resolve()
    proposal = planned(listing(home), api)
    assert "It does not fit ~/code/api" in proposal.refusal
    assert shared.is_dir()


def test_a_sync_of_what_is_shared_never_replaces_it(
    home: Home, web: Path, pythons: list[Path]
) -> None:
    api, shared = other(home), (web / ".venv").resolve()
    home.venvdash("use", "web", cwd=api)
    if len(pythons) < 2:
        pytest.skip("needs two versions of Python")
    minor = home.run(pythons[1], "-V").stdout.split()[1]
    home.variables["PATH"] = f"{pythons[1].parent}:{home.variables['PATH']}"
    text = (api / "pyproject.toml").read_text().replace(">=3.10", f"=={minor}")
    (api / "pyproject.toml").write_text(text)
    before = sorted(shared.rglob("*"))
    done = home.venvdash("sync", "web", "--project", str(api), "--yes", check=False)
    assert done.returncode == 2
    assert "2 projects share it" in done.stdout
    assert sorted(shared.rglob("*")) == before


def test_the_former_environment_stays_and_comes_back(home: Home, web: Path) -> None:
    former = (web / ".venv").resolve()
    home.venvdash("new", "web/docs", "--python", PYTHON)
    done = home.venvdash("use", "web/docs", cwd=web)
    assert f"which points to ~/.venvs/{former.name}. That one stays." in done.stdout
    assert (web / ".venv").resolve().name == "web--docs"
    assert former.is_dir()
    home.venvdash("undo")
    assert (web / ".venv").resolve() == former


def test_one_without_project_says_what_a_sync_uninstalls(home: Home, web: Path) -> None:
    api = other(home)
    wheel = home.path / "wheels" / "extra-1.0-py3-none-any.whl"
    home.venvdash("new", "ml", "--python", PYTHON, "--with", str(wheel))
    proposal = planned(listing(home), api, "ml")
    assert proposal.warns[0] == "`uv sync` in ~/code/api uninstalls 1 package: extra."


@pytest.mark.parametrize("what", ["directory", "link", "link to another", "file", "text"])
def test_what_came_with_a_clone_is_left_alone(home: Home, web: Path, what: str) -> None:
    api, elsewhere = other(home), venv(home.path / "elsewhere")
    link = api / ".venv"
    match what:
        case "directory":
            venv(link)
        case "link":
            link.symlink_to("/etc")
        case "link to another":
            link.symlink_to(elsewhere)
        case "file":
            link.write_text(f"{elsewhere}\n")
        case "text":
            link.write_text("nothing\n")
    before = link.lstat().st_ctime_ns
    proposal = planned(listing(home), api)
    assert str(link) in proposal.refusal
    assert result(listing(home), proposal).outcome is Outcome.SKIPPED
    assert link.lstat().st_ctime_ns == before


def test_what_a_tool_would_undo_is_refused_with_the_setting(home: Home, web: Path) -> None:
    api = other(home)
    for name, value in (("UV_PREVIEW", "1"), ("UV_PROJECT_ENVIRONMENT", "/x")):
        session = listing(home, variables={name: value})
        assert name in planned(session, api).refusal
    (api / "pdm.lock").touch()
    (api / "poetry.lock").touch()
    assert "poetry" in planned(listing(home), api).refusal


def test_a_project_that_cannot_be_written_is_refused(home: Home, web: Path) -> None:
    place = home.path / "mounted"
    place.mkdir()
    with tmpfs(place, "1m"):
        shutil.copy(web / "pyproject.toml", place)
        home.run("mount", "-o", "remount,ro", place)
        refusal = planned(listing(home), place).refusal
        home.run("mount", "-o", "remount,rw", place)
    assert "read-only" in refusal


def test_a_project_renamed_over_another_is_noticed(home: Home, web: Path) -> None:
    api, session = other(home), listing(home)
    proposal = planned(session, api)
    api.rename(home.path / "was")
    (home.path / "evil").mkdir()
    (home.path / "evil" / ".venv").symlink_to("/etc")
    (home.path / "evil").rename(api)
    assert result(session, proposal).outcome is Outcome.SKIPPED
    assert os.readlink(api / ".venv") == "/etc"


def test_killed_at_each_step(home: Home, web: Path) -> None:
    """The project uses it and remembers that, or neither, from the next start on."""
    api, shared = other(home), (web / ".venv").resolve()
    ends = set()
    for number in range(1, 30):
        session = listing(home)
        status = killed_at(number, partial(result, session, planned(session, api)))
        home.venvdash("history")  # the next start
        used = os.path.lexists(api / ".venv")
        (row,) = listing(home).rows.values()
        assert (api in row.verdict.projects) is used, number
        assert web in row.verdict.projects
        if used:
            assert (api / ".venv").resolve() == shared
            home.venvdash("undo", "--yes")
            assert not os.path.lexists(api / ".venv")
        ends.add(used)
        if status == 0:
            break
        assert status == -signal.SIGKILL
    assert status == 0
    assert ends == {True, False}
    assert [name for name in made(home) if name.startswith("web-")] == made(home)
