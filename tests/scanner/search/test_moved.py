"""A project that was moved, wherever to, is found or its environment held; one that is gone is not.

With memory of where it was, and on a first listing without any.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.conftest import Home
from tests.mounting import mounted, tmpfs
from tests.scanner.search.searching import listed, searched
from tests.scenario import venv
from tests.users import as_another_user, open_to_all

NOBODY = 65534


@contextmanager
def remote(source: Path, point: Path) -> Iterator[Path]:
    """Mount a directory as a FUSE file system that looks like sshfs."""
    if shutil.which("bindfs") is None:
        pytest.skip("bindfs is not installed")
    source.mkdir(exist_ok=True)
    point.mkdir(parents=True)
    command = ["bindfs", "-o", "subtype=sshfs", str(source), str(point)]
    with mounted(command, point, "the right to mount FUSE file systems"):
        yield point


class World:
    """The HOME of a user with one project, to be moved."""

    def __init__(self, home: Home, mounts: ExitStack) -> None:
        self.home, self.tmp, self.mounts = home, home.path.parent, mounts

    def disk(self, path: Path) -> Path:
        path.mkdir(parents=True)
        return self.mounts.enter_context(tmpfs(path))


PLACES: dict[str, Callable[[World], Path]] = {
    "a disk inside HOME": lambda w: w.disk(w.home.path / "disk"),
    "a disk outside HOME": lambda w: w.disk(w.tmp / "disk"),
    "behind a link": lambda w: linked(w),
    "a hidden folder": lambda w: w.home.path / ".attic",
    "a folder marked as a cache": lambda w: marked(w.home.path / "c", "CACHEDIR.TAG"),
    "a folder of conda's": lambda w: marked(w.home.path / "c", "conda-meta/history"),
    "deep down": lambda w: w.home.path.joinpath(*"abcdefghijkl"),
    "inside another environment": lambda w: venv(w.home.path / "code" / "venv") / "src",
    "the trash of the desktop": lambda w: w.home.path / ".local/share/Trash/files",
    "a network disk": lambda w: w.mounts.enter_context(remote(w.tmp / "far", w.tmp / "net")),
    "another case": lambda w: w.home.path / "CODE",
    "another normalisation": lambda w: w.home.path / "cafe\u0301",
}


def linked(world: World) -> Path:
    target = world.tmp / "elsewhere"
    target.mkdir()
    (world.home.path / "link").symlink_to(target)
    return world.home.path / "link"


def marked(folder: Path, mark: str) -> Path:
    (folder / mark).parent.mkdir(parents=True)
    (folder / mark).touch()
    return folder


def environment_for(home: Home, project: Path, leads: bool) -> Path:
    """Make a project and an environment that names it; with ``leads`` it leads there, too."""
    project.mkdir(parents=True)
    (project / "pyproject.toml").write_text('[project]\nname = "webapp"\n')
    path = venv(home.path / ".virtualenvs" / "webapp")
    (path / ".project").write_text(f"{project}\n")
    if leads:
        (project / ".venv").symlink_to(path)
    return path


@pytest.mark.slow
@pytest.mark.parametrize("leads", [True, False], ids=["leads", "name-alone"])
@pytest.mark.parametrize("memory", [True, False], ids=["memory", "first"])
@pytest.mark.parametrize("place", PLACES)
def test_a_moved_project_keeps_its_environment(
    home: Home, place: str, memory: bool, leads: bool
) -> None:
    project = home.path / ("café" if "normal" in place else "code") / "work" / "webapp"
    with ExitStack() as mounts:
        environment = environment_for(home, project, leads)
        if memory:
            listed(home)
        parent = PLACES[place](World(home, mounts)) / "work"
        parent.mkdir(parents=True, exist_ok=True)
        shutil.move(project, parent / "webapp")
        assert not project.exists()
        row = listed(home)[0].rows[environment]
        assert row.verdict.status in ("orphan", "moved", "linked", "unreachable")
        if row.verdict.status == "orphan":
            findings = searched(home, environment)
            assert "webapp" in findings.held(row.environment)
            assert findings.hits


@pytest.mark.parametrize("place", PLACES)
def test_a_project_that_is_gone_is_not_held(home: Home, place: str) -> None:
    """Though a snapshot and a backup of it exist."""
    project = home.path / "code" / "work" / "webapp"
    with ExitStack() as mounts:
        environment = environment_for(home, project, True)
        PLACES[place](World(home, mounts)).mkdir(parents=True, exist_ok=True)
        for backup in (home.path / ".snapshots/1/snapshot/work", home.path / "timeshift/x/work"):
            shutil.copytree(project.parent, backup, symlinks=True)
        shutil.rmtree(project)
        findings = searched(home, environment)
        row = listed(home)[0].rows[environment]
        assert row.verdict.status == "orphan"
        assert findings.held(row.environment) == ""
        assert {place.what for place in findings.report.not_entered} >= {"snapshots", "backups"}


def test_a_project_in_a_folder_without_permission_is_held(home: Home) -> None:
    project = home.path / "code" / "work" / "webapp"
    environment = environment_for(home, project, True)
    searched(home, environment)  # the other user cannot read, and so not import, our modules
    closed = home.path / "closed"
    closed.mkdir()
    shutil.move(project, closed / "webapp")
    for directory, _, files in os.walk(home.path.parent):
        for path in (directory, *(os.path.join(directory, name) for name in files)):
            os.chown(path, NOBODY, NOBODY, follow_symlinks=False)
    closed.chmod(0)
    open_to_all(home.path)

    def look() -> str:
        return searched(home, environment).held(listed(home)[0].rows[environment].environment)

    assert "closed cannot be read (no permission)" in as_another_user(look)
