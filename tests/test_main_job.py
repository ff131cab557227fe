"""The main job, end to end: what a listing says of environments that the real tools made."""

import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from tests.conftest import Home
from tests.mounting import hanging, tmpfs
from tests.scenario import lab, remove, rows, uv_project, uv_script, venv
from tests.users import as_another_user, open_to_all
from venvdash.config import Config, ConfiguredStore
from venvdash.demo.wheels import make_wheel
from venvdash.model import EvidenceKind, Flag, Status
from venvdash.session import Session
from venvdash.system.machine import Machine


@pytest.fixture
def code(home: Home) -> Path:
    """Where the projects lie."""
    return home.path / "code"


@pytest.mark.slow
def test_everything_on_a_fresh_machine_is_told_right(
    home: Home, code: Path, two_pythons: tuple[Path, Path]
) -> None:
    package = uv_project(home, code / "webapp", "--package")
    bare = uv_project(home, code / "notes", "--bare")
    _, older, newer = lab(home, two_pythons)
    script = uv_script(home, code / "my_script.py")
    wheel = make_wheel(home.path, "hello", "1.0", {"hello.py": b""}, {"hello": "hello:main"})
    home.uv("tool", "install", "-q", wheel)
    tool = home.path / ".local" / "share" / "uv" / "tools" / "hello"
    wrapped = venv(home.path / ".virtualenvs" / "api")
    (code / "api").mkdir()
    (wrapped / ".project").write_text(f"{code / 'api'}\n")
    alone = venv(home.path / ".virtualenvs" / "scratch")
    plain = venv(home.path / ".venvs" / "plain")
    mirrored = venv(home.path / "mirror" / "code" / "api")
    config = Config(stores=(ConfiguredStore("~/mirror", "mirrored"),))
    shown = rows(home, config)
    told = {
        path: (
            row.environment.traits.kind,
            row.verdict.status,
            row.verdict.project,
            row.verdict.evidence,
        )
        for path, row in shown.items()
    }
    linked, inactive = Status.LINKED, Status.REPLACED
    assert told[package] == ("uv", linked, code / "webapp", EvidenceKind.HASH) or (
        told[package] == ("uv", linked, code / "webapp", EvidenceKind.PROJECT_LINK)
    )
    assert told[bare][:3] == ("uv", linked, code / "notes")
    assert told[older][:3] == ("uv", inactive, code / "lab")
    assert told[newer][:3] == ("uv", linked, code / "lab")
    assert told[script] == ("uv-script", linked, code / "my_script.py", EvidenceKind.HASH)
    assert told[tool][:2] == ("uv-tool", Status.TOOL)
    assert told[wrapped] == ("virtualenvwrapper", linked, code / "api", EvidenceKind.POINTER)
    assert told[alone][1] == told[plain][1] == Status.STANDALONE
    assert told[mirrored] == ("mirrored", linked, code / "api", EvidenceKind.MIRROR)
    assert len(told) == 10
    for python, path in ((two_pythons[0], older), (two_pythons[1], newer)):
        said = home.run(python, "-c", "import platform; print(platform.python_version())").stdout
        assert shown[path].environment.python == said.strip()
    assert str(newer) in shown[older].verdict.reason


@pytest.mark.slow
@pytest.mark.parametrize("how", ["--package", "--bare"])
def test_a_deleted_project_leaves_an_orphan_and_a_moved_one_does_not(
    home: Home, code: Path, how: str
) -> None:
    gone = uv_project(home, code / "gone", how)
    kept = uv_project(home, code / "kept", how)
    assert {row.verdict.status for row in rows(home).values()} == {Status.LINKED}
    remove(code / "gone")
    (home.path / "elsewhere").mkdir()
    shutil.move(code / "kept", code / "renamed")
    shown = rows(home)
    assert shown[gone].verdict.status is Status.ORPHAN
    assert str(code / "gone") in shown[gone].verdict.reason
    assert shown[kept].verdict.status is Status.MOVED
    assert shown[kept].verdict.place == code / "renamed"
    assert rows(home)[gone].verdict.status is Status.ORPHAN  # and it stays so


def test_a_project_that_is_gone_is_called_as_it_called_itself(home: Home, code: Path) -> None:
    gone, moved = code / "checkout-1", code / "checkout-2"
    environments = [
        uv_project(home, path, "--bare", "--name", name)
        for path, name in ((gone, "shop"), (moved, "till"))
    ]
    assert [rows(home)[path].name for path in environments] == ["shop", "till"]
    remove(gone)
    shutil.move(moved, code / "elsewhere")
    assert [rows(home)[path].name for path in environments] == ["shop", "till"]


def test_a_renamed_folder_without_any_mark_of_a_project_is_found(home: Home, code: Path) -> None:
    environment = venv(home.path / ".virtualenvs" / "letters")
    project = code / "letters"
    project.mkdir(parents=True)
    (project / "draft.txt").write_text("Dear")
    (environment / ".project").write_text(f"{project}\n")
    assert rows(home)[environment].verdict.status is Status.LINKED
    project.rename(code / "post")
    row = rows(home)[environment]
    assert (row.verdict.status, row.verdict.place) == (Status.MOVED, code / "post")
    # A new folder may get the same inode; what is in it is younger than the last look.
    remove(code / "post")
    for number in range(20):
        (code / f"new{number}").mkdir()
        (code / f"new{number}" / "file").write_text("")
    assert rows(home)[environment].verdict.status is Status.ORPHAN


def test_a_project_moved_to_any_folder_of_home_is_found(home: Home, code: Path) -> None:
    environment = uv_project(home, code / "notes", "--bare")
    (code / "notes" / ".venv").unlink()  # nothing in it leads to the environment any more
    rows(home)
    archive = home.path / "archive" / "2024"
    archive.mkdir(parents=True)
    shutil.move(code / "notes", archive / "notes")
    row = rows(home)[environment]
    assert (row.verdict.status, row.verdict.place) == (Status.MOVED, archive / "notes")


@pytest.mark.slow
def test_two_projects_of_one_name_are_never_confused(home: Home, code: Path) -> None:
    first = uv_project(home, code / "one" / "app", "--bare")
    second = uv_project(home, code / "two" / "app", "--bare")
    shown = rows(home)
    assert shown[first].verdict.project == code / "one" / "app"
    assert shown[second].verdict.project == code / "two" / "app"
    remove(code / "one" / "app")
    shown = rows(home)
    assert shown[first].verdict.status is Status.ORPHAN
    assert shown[second].verdict.status is Status.LINKED
    assert shown[second].verdict.projects == (code / "two" / "app",)


def test_the_first_listing_of_a_home_where_projects_are_gone_already(
    home: Home, code: Path
) -> None:
    package = uv_project(home, code / "webapp", "--package")
    bare = uv_project(home, code / "notes", "--bare")
    remove(code / "webapp")
    remove(code / "notes")
    shown = rows(home)
    assert shown[package].verdict.status is Status.ORPHAN
    assert shown[package].verdict.project == code / "webapp"
    assert shown[bare].verdict.status is Status.UNKNOWN
    assert shown[bare].verdict.projects == ()


def test_an_environment_that_uv_made_again_keeps_its_project(home: Home, code: Path) -> None:
    bare = uv_project(home, code / "notes", "--bare")
    before = rows(home)[bare].record
    home.uv("venv", "-q", "--clear", cwd=code / "notes")
    assert bare.exists()
    assert not (bare / "venvdash.toml").exists()
    row = rows(home)[bare]
    assert (row.verdict.status, row.verdict.project) == (Status.LINKED, code / "notes")
    assert row.record
    assert before
    assert row.record.identity != before.identity
    home.uv("venv", "-q", "--clear", cwd=code / "notes")
    remove(code / "notes")
    assert rows(home)[bare].verdict.status is Status.ORPHAN  # its hash says whose it was


def test_a_dead_mount_holds_nobody_up(home: Home, code: Path) -> None:
    point = home.path / "server"
    point.mkdir()
    alive = uv_project(home, code / "notes", "--bare")
    plain = venv(home.path / ".virtualenvs" / "api")
    (plain / ".project").write_text(str(point / "api"))
    with hanging(point):
        session = Session(home.machine(), Config(stores=(ConfiguredStore(str(point)),)))
        session.patience = 0.4
        for _ in session.scan(usage=False):
            pass
    assert session.rows[alive].verdict.status is Status.LINKED
    assert session.rows[plain].verdict.status is Status.UNREACHABLE
    assert "does not respond" in session.rows[plain].verdict.reason
    assert any(problem.path == point for problem in session.problems)


def test_a_parent_that_may_not_be_read_is_out_of_reach(home: Home, code: Path) -> None:
    environment = venv(home.path / ".virtualenvs" / "api")
    project = home.path / "locked" / "api"
    project.mkdir(parents=True)
    (environment / ".project").write_text(f"{project}\n")
    project.parent.chmod(0o700)
    open_to_all(home.path)

    def listed() -> str:
        machine = Machine(home.path, home.variables, cwd=home.path, uid=65534)
        session = Session(machine, Config(), records=False)
        for _ in session.scan(usage=False):
            pass
        (row,) = session.rows.values()
        return f"{row.verdict.status}: {row.verdict.reason}"

    assert as_another_user(listed).startswith("unreachable: ")


def test_a_project_on_an_unmounted_file_system_is_out_of_reach(home: Home) -> None:
    point = home.path / "disk"
    point.mkdir()
    with tmpfs(point):
        bare = uv_project(home, point / "notes", "--bare")
        package = uv_project(home, point / "webapp", "--package")
        config = Config(project_roots=(str(point),))
        assert {row.verdict.status for row in rows(home, config).values()} == {Status.LINKED}
    shown = rows(home, config)
    for path in (bare, package):
        assert shown[path].verdict.status is Status.UNREACHABLE
        assert "not mounted" in shown[path].verdict.reason


def test_no_interpreter_of_any_environment_is_ever_run(home: Home, code: Path) -> None:
    canary = home.path / "canary"
    made = [
        uv_project(home, code / "webapp", "--package"),
        uv_script(home, code / "run.py"),
        venv(home.path / ".virtualenvs" / "api"),
        venv(home.path / ".venvs" / "plain"),
    ]
    for path in made:
        for program in (path / "bin").glob("python*"):
            program.unlink()
            program.write_text(f"#!/bin/sh\ntouch '{canary}'\n")
            program.chmod(0o755)
    session = Session(home.machine(), Config())
    for _ in session.scan():
        pass
    assert set(session.rows) == set(made)
    assert all(row.usage for row in session.rows.values())
    assert not canary.exists()


def test_a_first_listing_does_not_make_everything_look_used(home: Home, code: Path) -> None:
    path = venv(home.path / ".venvs" / "plain")
    old = 1_600_000_000
    for place in (path / "pyvenv.cfg", *path.glob("lib/*/site-packages")):
        os.utime(place, (old, old))
    for _ in range(3):
        assert rows(home)[path].used == old
    assert (path / "venvdash.toml").exists()


def test_an_environment_whose_python_runs_is_in_use_now(home: Home) -> None:
    path = venv(home.path / ".venvs" / "plain")
    for place in (path / "pyvenv.cfg", *path.glob("lib/*/site-packages")):
        os.utime(place, (1_600_000_000, 1_600_000_000))
    command = [str(path / "bin" / "python"), "-c", "input()"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, cwd="/") as process:
        row = rows(home)[path]
        assert Flag.IN_USE in row.environment.flags
        assert row.used
        assert row.used > time.time() - 600
        process.communicate(b"\n")
    assert Flag.IN_USE not in rows(home)[path].environment.flags


def test_an_alias_costs_nothing_and_names_its_project(home: Home, code: Path) -> None:
    venv(code / "api" / ".venv")
    store = home.path / ".virtualenvs"
    store.mkdir()
    (store / "api").symlink_to(code / "api" / ".venv")
    session = Session(home.machine(), Config())
    for _ in session.scan():
        pass
    (row,) = session.rows.values()
    assert (row.verdict.status, row.verdict.project) == (Status.LINKED, code / "api")
    assert row.usage
    assert (row.usage.on_disk, row.usage.reclaimable) == (0, 0)
    assert not (code / "api" / ".venv" / "venvdash.toml").exists()
