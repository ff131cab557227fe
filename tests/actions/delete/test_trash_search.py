"""What is searched for again before trash is freed: projects that have come back."""

from pathlib import Path

import pytest

from tests.conftest import Home
from tests.scenario import uv_project, venv
from tests.session.sharing import last, scanned
from venvdash.actions.delete import trash_search
from venvdash.actions.delete.prune import Rules
from venvdash.config import Config
from venvdash.model import Trashed


def pruned(home: Home) -> list[Trashed]:
    """Prune, and return what lies in the trash."""
    session = scanned(home)
    last(session.deletions.delete(session.deletions.plan_prune(Rules())))
    return session.trash.find()


def searched(home: Home, trash: list[Trashed]) -> dict[Path, str]:
    return trash_search.search_for(trash, home.machine(), Config())


def away(home: Home, project: Path) -> Path:
    """Take a project to a disk that is not searched, as if that was not mounted."""
    disk = home.path.parent / "unplugged"
    disk.mkdir(exist_ok=True)
    home.variables["VENVDASH_DISKS"] = str(home.path)
    return project.rename(disk / project.name)


@pytest.fixture
def gone(home: Home) -> Path:
    """A project of uv's that was listed, on a disk that is not mounted now."""
    project = home.path / "code" / "webapp"
    uv_project(home, project)
    scanned(home)
    return away(home, project)


def test_a_project_that_comes_back_elsewhere_is_found_by_its_link(home: Home, gone: Path) -> None:
    trash = pruned(home)
    assert len(trash) == 1
    assert searched(home, trash) == {}
    back = home.path / ".attic" / "deep" / "er"
    back.mkdir(parents=True)
    gone.rename(back / "webapp")
    (reason,) = searched(home, trash).values()
    assert reason.startswith("~/.attic/deep/er/webapp/.venv ")


def test_a_project_that_comes_back_without_its_link_is_found_by_hash_or_inode(
    home: Home, gone: Path
) -> None:
    trash = pruned(home)
    assert len(trash) == 1
    (gone / ".venv").unlink()
    other = gone.rename(home.path / "renamed")  # the same directory
    (reason,) = searched(home, trash).values()
    assert "~/renamed" in reason
    other.rename(home.path / "code" / "webapp")  # the place whose hash is in the environment's name
    (reason,) = searched(home, trash).values()
    assert "~/code/webapp" in reason


def test_what_was_deleted_though_its_project_was_there_is_not_searched_for(home: Home) -> None:
    project = home.path / "code" / "webapp"
    environment = uv_project(home, project)
    session = scanned(home)
    last(session.deletions.delete(session.deletions.plan_delete([environment])))
    (trashed,) = session.trash.find()
    assert not trash_search.may_return(trashed)
    assert searched(home, [trashed]) == {}


def test_a_name_that_is_used_again_needs_no_search(home: Home) -> None:
    project = home.path / "code" / "webapp"
    project.mkdir(parents=True)
    environment = venv(home.path / ".virtualenvs" / "webapp")
    (environment / ".project").write_text(f"{project}\n")
    project.rmdir()
    trash = pruned(home)
    assert len(trash) == 1
    venv(environment)
    project.mkdir()
    (project / ".venv").symlink_to(environment)  # leads to the new one
    assert searched(home, trash) == {}


@pytest.mark.usefixtures("gone")
def test_a_search_that_does_not_end_frees_nothing(home: Home) -> None:
    (trashed,) = pruned(home)
    found = trash_search.search_for([trashed], home.machine(), Config(), cancelled=lambda: True)
    assert found == {trashed.path: "The search for its project did not finish."}
