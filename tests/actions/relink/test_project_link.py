"""Whether a project may be written into: disks of other computers, synchronised folders."""

from pathlib import Path

import pytest

from tests.conftest import Home
from tests.scenario import rows
from tests.session.relinking import named
from venvdash.actions.context import Context
from venvdash.actions.relink.project_link import hindrance
from venvdash.config import Config
from venvdash.model import Environment
from venvdash.system.mounts import Mount, Mounts


@pytest.fixture
def environment(home: Home) -> Environment:
    path = named(home, "shop")
    return rows(home, records=False)[path].environment


def _context(home: Home, *mounts: Mount) -> Context:
    return Context(home.machine(), mounts=Mounts((Mount("/", "ext4", "/dev/vda"), *mounts)))


def test_of_file_systems_that_other_computers_see(home: Home, environment: Environment) -> None:
    project = home.path / "code" / "app"
    project.mkdir(parents=True)
    served = Mount(str(home.path / "code"), "nfs4", "server:/code")
    assert hindrance(project, environment, _context(home), Config()) == ""
    reason = hindrance(project, environment, _context(home, served), Config())
    assert "network file system" in reason
    for setting in ("link", "file"):
        asked = Config(project_link=setting)
        assert hindrance(project, environment, _context(home, served), asked) == ""
    # Where the environment lies there too, the link points to it on every computer.
    both = Mount(str(home.path), "nfs4", "server:/home")
    assert hindrance(project, environment, _context(home, both), Config()) == ""


def test_of_a_synchronised_folder(home: Home, environment: Environment) -> None:
    project = home.path / "OneDrive - Company" / "app"
    project.mkdir(parents=True)
    context = _context(home)
    assert "OneDrive synchronises it" in hindrance(project, environment, context, Config())
    assert hindrance(project, environment, context, Config(project_link="link")) == ""
    assert hindrance(project, environment, context, Config(project_link="none"))


def test_without_permission(home: Home, environment: Environment) -> None:
    gone = Path("/proc/1")  # nobody may write there
    assert "Cannot write to the project" in hindrance(gone, environment, _context(home), Config())
