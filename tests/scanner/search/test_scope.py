"""Which places are searched, which are not, and what is said of them."""

import subprocess
from pathlib import Path

import pytest

from tests.conftest import Home
from tests.mounting import bound, hanging, tmpfs
from tests.scanner.search.searching import held, listed, searched
from tests.scenario import orphan
from tests.users import as_another_user, open_to_all
from venvdash.config import Config
from venvdash.model import Environment
from venvdash.scanner.search import child_process


def point_at(environment: Path, directory: Path) -> None:
    """Make a project that leads to the environment by its .venv."""
    directory.mkdir(parents=True)
    (directory / ".venv").symlink_to(environment)


@pytest.mark.parametrize(
    "place",
    [
        "home/.attic/deep/er",
        "home/a/b/c/d/e/f/g/h",
        "home/tagged",
        "home/conda",
        "home/.cache/uv",
        "home/.virtualenvs/other/src",
        "home/.local/share/Trash/files",
        "outside/of/home",
    ],
)
def test_no_kind_of_directory_hides_a_project(home: Home, tmp_path: Path, place: str) -> None:
    environment = orphan(home, "webapp")
    for mark in ("home/tagged/CACHEDIR.TAG", "home/conda/conda-meta/history", "home/x/pyvenv.cfg"):
        (tmp_path / mark).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / mark).touch()
    point_at(environment, tmp_path / place / "renamed")
    reason = held(searched(home, environment), environment, home)
    assert "/renamed/.venv points to it" in reason
    assert ("trash" in reason) == ("Trash" in place)


@pytest.mark.parametrize("place", ["home/disk", "disk"])
def test_disks_inside_and_outside_home_are_searched(home: Home, tmp_path: Path, place: str) -> None:
    environment = orphan(home, "webapp")
    point = tmp_path / place
    point.mkdir()
    with tmpfs(point):
        point_at(environment, point / "webapp")
        (home.path / "link").symlink_to(point)
        findings = searched(home, environment)
    assert "webapp/.venv points to it" in findings.hits[environment].reason


def test_a_project_in_another_spelling_of_the_store_is_found(home: Home, tmp_path: Path) -> None:
    environment = orphan(home, "webapp")
    store = tmp_path / "envs"
    store.mkdir()
    with bound(environment.parent, store):
        point_at(store / "webapp", home.path / ".x" / "renamed")
        findings = searched(home, environment)
    assert findings.hits[environment].project == home.path / ".x" / "renamed"


def test_a_bind_mount_is_read_once(home: Home, tmp_path: Path) -> None:
    environment = orphan(home, "webapp")
    for number in range(50):
        (home.path / "many" / str(number)).mkdir(parents=True)
    before = searched(home, environment)
    again = tmp_path / "again"
    again.mkdir()
    with bound(home.path / "many", again):
        after = searched(home, environment)
    assert before.report.directories <= after.report.directories < before.report.directories + 25
    assert not after.hits
    assert not after.unsearched


@pytest.mark.parametrize(
    "place",
    [
        ".snapshots/1/snapshot",
        ".zfs/snapshot/daily",
        "timeshift/snapshots/x",
        "x/node_modules/y",
        "x/lib/python3.11/site-packages/y",
        "x/.git/objects/y",
        ".local/share/containers/storage/overlay/0/diff",
    ],
)
def test_what_holds_no_projects_is_not_entered_and_named(home: Home, place: str) -> None:
    environment = orphan(home, "webapp")
    point_at(environment, home.path / place / "webapp")
    findings = searched(home, environment)
    assert findings.held(listed_environment(home, environment)) == ""
    assert findings.ended


def listed_environment(home: Home, path: Path) -> Environment:
    return listed(home)[0].rows[path].environment


def test_a_folder_of_ones_own_that_cannot_be_read_holds(home: Home, tmp_path: Path) -> None:
    environment = orphan(home, "webapp")
    searched(home, environment)  # the other user cannot read, and so not import, our modules
    subprocess.run(["chown", "-R", "65534:65534", str(tmp_path)], check=True)
    closed = home.path / "closed"
    closed.mkdir()
    closed.chmod(0)
    open_to_all(home.path)

    def look() -> str:
        return held(searched(home, environment), environment, home)

    subprocess.run(["chown", "65534", str(closed)], check=True)
    reason = as_another_user(look)
    assert "cannot be read (no permission)" in reason
    assert "chmod u+rx" in reason
    subprocess.run(["chown", "0", str(closed)], check=True)
    assert as_another_user(look) == ""


@pytest.mark.slow
def test_a_disk_that_does_not_answer_holds_and_does_not_hang(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(child_process, "PATIENCE", 3.0)
    environment = orphan(home, "webapp")
    point = home.path / ".remote"
    point.mkdir()
    with hanging(point):
        findings = searched(home, environment)
        skipped = searched(home, environment, config=Config(skip=(str(point),)))
    reason = findings.held(listed_environment(home, environment))
    assert f'skip = ["{point}"]' in reason
    assert skipped.held(listed_environment(home, environment)) == ""


def test_a_search_that_is_stopped_or_runs_out_of_time_holds(home: Home) -> None:
    environment = orphan(home, "webapp")
    wanted = listed_environment(home, environment)
    assert "--search-limit" in searched(home, environment, limit=0).held(wanted)
    stopped = searched(home, environment, cancelled=lambda: True)
    assert "the search was stopped" in stopped.held(wanted).lower()
    assert not stopped.ended


def test_what_nobody_asked_about_is_held(home: Home) -> None:
    environment, other = orphan(home, "webapp"), orphan(home, "other")
    findings = searched(home, environment)
    assert (
        findings.held(listed_environment(home, other)) == "Its project has not been searched for."
    )


@pytest.mark.parametrize("empty", [False, True])
def test_a_missing_folder_of_the_configuration_holds(
    home: Home, tmp_path: Path, empty: bool
) -> None:
    environment = orphan(home, "webapp")
    disk = tmp_path / "disk"
    if empty:
        disk.mkdir()  # as a mount point is without its disk
    config = Config(search=(str(disk),))
    reason = held(searched(home, environment, config=config), environment, home)
    assert reason.startswith(f"{disk}, listed in `search`, is empty or does")
    (disk / "projects").mkdir(parents=True)
    assert held(searched(home, environment, config=config), environment, home) == ""


def test_what_the_configuration_skips_is_named(home: Home) -> None:
    environment = orphan(home, "webapp")
    assert " but " not in searched(home, environment).described
    findings = searched(home, environment, config=Config(skip=("~/old", "/elsewhere")))
    assert findings.described.endswith(" but ~/old")


@pytest.mark.parametrize("holds", ["src/webapp.py", "requirements/base.txt"])
def test_folders_that_projects_have_are_signs_of_one(home: Home, holds: str) -> None:
    environment = orphan(home, "webapp")
    point = home.path / "moved" / "webapp" / holds
    point.parent.mkdir(parents=True)
    point.touch()
    reason = held(searched(home, environment), environment, home)
    assert "~/moved/webapp has its project's name" in reason
