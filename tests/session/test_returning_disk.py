"""A disk with a project that is not there when its environment is deleted, and comes back."""

import shutil
from pathlib import Path

import pytest

from tests.conftest import Home
from tests.mounting import bound, tmpfs
from tests.scenario import uv_project
from tests.session.sharing import last, scanned
from venvdash.actions.delete import expiry
from venvdash.actions.delete.prune import Rules
from venvdash.model import Outcome, Status, Trashed


def deleted_without_its_disk(home: Home, disk: Path, point: Path) -> tuple[Path, Trashed]:
    """Delete the environment of a project whose disk is not mounted; by name, as no rule may."""
    home.variables["VENVDASH_DISKS"] = str(home.path)  # not what stands for the disk
    with bound(disk, point):
        environment = uv_project(home, point / "webapp")
        scanned(home)
    session = scanned(home)
    assert session.rows[environment].verdict.status is Status.UNREACHABLE
    assert session.deletions.plan_prune(Rules()).items == ()
    (result,) = last(session.deletions.delete(session.deletions.plan_delete([environment]))).results
    assert result.outcome is Outcome.DONE
    (trashed,) = session.trash.find()
    return environment, trashed


@pytest.mark.slow
@pytest.mark.parametrize("cache_pruned", [False, True])
def test_its_restore_is_offered_and_the_purge_keeps_it(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cache_pruned: bool
) -> None:
    disk, point = tmp_path / "disk", home.path / "data"
    disk.mkdir()
    point.mkdir()
    environment, trashed = deleted_without_its_disk(home, disk, point)
    if cache_pruned:
        home.uv("cache", "prune", "-q")
    for name, value in home.variables.items():
        monkeypatch.setenv(name, value)  # the process that frees looks at its own
    with bound(disk, point):
        said = home.venvdash("list").stderr
        assert "webapp is in the trash, but its project exists again: " in said
        assert "Run `venvdash restore webapp` to restore it." in said
        assert expiry.free_of_use([trashed.path]) == []
        kept = home.venvdash("trash").stdout
        assert "webapp is kept: ~/data/webapp/.venv" in kept
        home.venvdash("restore", "webapp")
        assert environment.is_dir()
        assert scanned(home).rows[environment].verdict.status is Status.LINKED


def test_without_its_disk_it_is_freed(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk, point = tmp_path / "disk", home.path / "data"
    disk.mkdir()
    point.mkdir()
    _, trashed = deleted_without_its_disk(home, disk, point)
    for name, value in home.variables.items():
        monkeypatch.setenv(name, value)
    assert "has a project" not in home.venvdash("list").stderr
    assert expiry.free_of_use([trashed.path]) == [trashed.path]


@pytest.mark.slow
@pytest.mark.parametrize("folder", ["code", ".deep/er"])  # found by the list, and by the search
def test_a_project_that_was_found_on_a_disk_holds_when_the_disk_is_away(
    home: Home, folder: str
) -> None:
    disk, project = home.path / "data", home.path / "code" / "webapp"
    disk.mkdir()
    environment = uv_project(home, project)
    scanned(home)
    with tmpfs(disk):
        (disk / folder).mkdir(parents=True)
        shutil.move(project, disk / folder / "moved")
        assert scanned(home).deletions.plan_prune(Rules()).items == ()
    session = scanned(home)
    verdict = session.rows[environment].verdict
    assert verdict.status is Status.UNREACHABLE
    assert f"{disk} is not mounted" in verdict.reason
    assert session.deletions.plan_prune(Rules()).items == ()
