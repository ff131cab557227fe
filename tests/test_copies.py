"""Copies, backups and renames of environments: only a copy is a duplicate, never the original."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Home
from tests.realtools import Uv
from tests.scenario import remove, rows, venv
from venvdash.model import EvidenceKind, Status

Copy = Callable[[Path, Path], None]
Make = Callable[[Home, Path], Path]


def by_venv(home: Home, path: Path) -> Path:
    return venv(path)


def by_uv(home: Home, path: Path) -> Path:
    home.uv("venv", "-q", path)
    return path


def cp(source: Path, target: Path) -> None:
    subprocess.run(["cp", "-a", source, target], check=True)


@pytest.fixture
def project(home: Home) -> Path:
    path = home.path / "code" / "webapp"
    path.mkdir(parents=True)
    return path


def original(home: Home, project: Path, make: Make = by_venv) -> Path:
    path = make(home, home.path / ".virtualenvs" / "webapp")
    (path / ".project").write_text(f"{project}\n")
    return path


@pytest.fixture(params=[by_venv, by_uv])
def first(request: pytest.FixtureRequest, home: Home, project: Path) -> Path:
    """An environment of the project, as each of two makers makes it."""
    return original(home, project, request.param)


@pytest.mark.slow
@pytest.mark.parametrize("seen", [False, True])
def test_a_copy_is_disputed_and_the_original_is_not(
    home: Home, project: Path, first: Path, seen: bool
) -> None:
    if seen:
        assert rows(home)[first].verdict.status is Status.LINKED
    copy = first.with_name("webapp-copy")
    cp(first, copy)
    assert (copy / "venvdash.toml").exists() is seen
    for _ in range(3):  # and it stays so
        shown = rows(home)
        assert shown[first].verdict.status is Status.LINKED
        assert shown[first].verdict.project == project
        assert shown[copy].verdict.status is Status.DUPLICATE
        assert str(first) in shown[copy].verdict.reason


@pytest.mark.slow
def test_a_copy_outlives_its_original(home: Home, project: Path) -> None:
    first = original(home, project)
    rows(home)
    copy = first.with_name("webapp-copy")
    cp(first, copy)
    assert rows(home)[copy].verdict.status is Status.DUPLICATE
    remove(first)
    shown = rows(home)
    assert list(shown) == [copy]
    assert (shown[copy].verdict.status, shown[copy].verdict.project) == (Status.LINKED, project)


def test_what_cpvirtualenv_makes_is_disputed(home: Home, project: Path, uv_index: Uv) -> None:
    first = original(home, project)
    tools = by_uv(home, home.path / "tools")
    uv_index(
        "pip", "install", "-q", "--python", tools / "bin" / "python", "virtualenv-clone==0.5.7"
    )
    copy = first.with_name("webapp-copy")
    home.run(tools / "bin" / "virtualenv-clone", first, copy)
    shown = rows(home)
    assert shown[first].verdict.status is Status.LINKED
    assert shown[copy].verdict.status is Status.DUPLICATE


def test_a_restored_backup_is_the_original(home: Home, project: Path, first: Path) -> None:
    before = rows(home)[first].record
    backup = home.path / "backup"
    cp(first, backup)
    remove(first)
    assert rows(home) == {}
    cp(backup, first)
    row = rows(home)[first]
    assert (row.verdict.status, row.verdict.project) == (Status.LINKED, project)
    assert row.record
    assert before
    assert row.record.identity == before.identity


@pytest.mark.slow
@pytest.mark.parametrize("seen", [False, True])
def test_a_renamed_environment_is_the_original(
    home: Home, project: Path, first: Path, seen: bool
) -> None:
    before = rows(home)[first].record if seen else None
    renamed = first.rename(first.with_name("shop"))
    row = rows(home)[renamed]
    assert (row.verdict.status, row.verdict.project) == (Status.LINKED, project)
    assert row.record
    assert before is None or row.record.identity == before.identity


def test_two_environments_of_one_project_are_no_copies(home: Home, project: Path) -> None:
    first = original(home, project)
    second = by_uv(home, first.with_name("webapp-next"))
    shutil.copy(first / ".project", second)
    shown = rows(home)
    assert shown[first].verdict.status is shown[second].verdict.status is Status.LINKED


def test_a_named_environment_with_a_library_whose_source_is_gone(home: Home) -> None:
    path = by_uv(home, home.path / ".virtualenvs" / "tools")
    library = home.path / "code" / "library"
    home.uv("init", "-q", "--package", "--no-workspace", library)
    python = path / "bin" / "python"
    home.uv("pip", "install", "-q", "--python", python, "--editable", library)
    for gone in (False, True):
        if gone:
            remove(library)
        for _ in range(2):
            verdict = rows(home)[path].verdict
            assert (verdict.status, verdict.projects) == (Status.STANDALONE, ())
            assert [(c.how, c.project) for c in verdict.claims] == [(EvidenceKind.MENTION, library)]
