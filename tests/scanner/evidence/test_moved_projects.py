"""What is not where it was, and still no orphan: moved, renamed, respelled, not mounted."""

import os
import time
from pathlib import Path

import pytest

from tests.conftest import Home
from tests.mounting import tmpfs
from tests.scanner.search.searching import searched
from tests.scenario import remove, rows, uv_project, venv
from tests.session.sharing import scanned
from venvdash.model import Status


def named_by_its_tool(home: Home, project: Path) -> Path:
    """Return an environment whose .project names a project, as pipenv leaves it."""
    path = venv(home.path / ".virtualenvs" / project.name)
    (path / ".project").write_text(str(project))
    return path


def project_at(path: Path) -> Path:
    path.mkdir(parents=True)
    (path / "Pipfile").write_text("")
    return path


@pytest.mark.parametrize("memory", [True, False])
def test_a_project_whose_parent_was_renamed_is_no_orphan(home: Home, memory: bool) -> None:
    project = project_at(home.path / "code" / "client" / "webapp")
    environment = named_by_its_tool(home, project)
    if memory:
        scanned(home)
    (home.path / "code" / "client").rename(home.path / "code" / "customer")
    verdict = rows(home)[environment].verdict
    assert verdict.status is Status.MOVED
    assert verdict.place == home.path / "code" / "customer" / "webapp"


@pytest.mark.slow
def test_a_folder_of_that_name_that_has_an_environment_is_another_project(home: Home) -> None:
    gone, there = home.path / "code" / "a" / "webapp", home.path / "code" / "b" / "webapp"
    environment, other = uv_project(home, gone), uv_project(home, there)
    assert environment != other
    remove(gone)
    assert rows(home)[environment].verdict.status is not Status.MOVED


@pytest.mark.parametrize(("before", "after"), [("WebApp", "webapp"), ("cafe\u0301", "caf\u00e9")])
def test_another_case_or_normalisation_is_no_orphan(home: Home, before: str, after: str) -> None:
    project = project_at(home.path / "code" / before)
    environment = named_by_its_tool(home, project)
    project.rename(home.path / "code" / after)
    verdict = rows(home)[environment].verdict
    assert (verdict.status, verdict.place) == (Status.MOVED, home.path / "code" / after)
    assert "differs only in case or Unicode normalisation" in verdict.reason


@pytest.mark.parametrize("name", ["tool.py", "tool"])
def test_a_script_that_was_moved_into_a_folder_is_no_orphan(home: Home, name: str) -> None:
    script = home.path / "bin" / name
    script.parent.mkdir()
    script.write_text(
        "#!/usr/bin/env -S uv run --script\n# /// script\n# dependencies = []\n# ///\n"
    )
    home.uv("run", "-q", "--script", script)
    (environment,) = (home.path / ".cache" / "uv" / "environments-v2").glob("tool-*")
    session = scanned(home)
    assert session.rows[environment].verdict.projects == (script,)
    folder = home.path / "bin" / "old"
    folder.mkdir()
    script.rename(folder / "renamed.py")
    verdict = scanned(home).rows[environment].verdict
    assert (verdict.status, verdict.place) == (Status.MOVED, folder / "renamed.py")


def test_a_link_in_home_to_another_disk_is_followed(home: Home, tmp_path: Path) -> None:
    point = tmp_path / "disk"
    point.mkdir()
    with tmpfs(point):
        (home.path / "src").symlink_to(point)
        environment = uv_project(home, point / "webapp", "--no-package")
        verdict = rows(home)[environment].verdict
    assert (verdict.status, verdict.projects) == (Status.LINKED, (point / "webapp",))


def test_a_disk_that_is_not_mounted_makes_no_orphan(home: Home, tmp_path: Path) -> None:
    point = tmp_path / "disk"
    point.mkdir()
    with tmpfs(point):
        project = project_at(point / "webapp")
        environment = named_by_its_tool(home, project)
    verdict = rows(home)[environment].verdict
    assert verdict.status is Status.UNREACHABLE
    assert "its disk may not be mounted" in verdict.reason


def test_a_project_that_is_gone_is_not_found_and_not_called_deleted(home: Home) -> None:
    project = project_at(home.path / "code" / "webapp")
    environment = named_by_its_tool(home, project)
    remove(project)
    verdict = rows(home)[environment].verdict
    assert verdict.status is Status.ORPHAN
    assert verdict.reason.startswith("its project was not found: ")
    assert "deleted" not in verdict.reason


def test_a_date_from_a_clock_that_was_ahead_makes_no_orphan(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = project_at(home.path / "code" / "webapp")
    environment = named_by_its_tool(home, project)
    now = time.time()
    with monkeypatch.context() as patched:
        patched.setattr(time, "time", lambda: now + 400 * 86400.0)
        assert scanned(home).rows[environment].verdict.status is Status.LINKED
    remove(project)
    os.utime(project.parent, (now - 9000, now - 9000))
    assert scanned(home).rows[environment].verdict.status is Status.MOVED  # changed since it went


def test_an_environment_is_not_taken_for_its_own_project(home: Home) -> None:
    """It has the project's name, and since Python 3.13 a .gitignore."""
    project = project_at(home.path / "code" / "webapp")
    environment = named_by_its_tool(home, project)
    (environment / ".gitignore").write_text("*\n")
    (environment / "pyproject.toml").write_text("")
    remove(project)
    row = rows(home)[environment]
    assert row.verdict.status is Status.ORPHAN
    assert searched(home, environment).held(row.environment) == ""
