"""uvctl is not on the package index: laid out as its source does, with uv's real venvs."""

import os
from pathlib import Path

from tests.conftest import Home
from tests.scenario import rows
from tests.stores.places import made, paths, reading
from venvdash.config import Config
from venvdash.model import Status
from venvdash.stores.roots import Root
from venvdash.stores.uvctl import STORE
from venvdash.system.machine import Machine


def _created(home: Home, folder: Path, name: str) -> Path:
    """Do what ``uvctl create`` does."""
    (folder / name).mkdir(parents=True)
    home.uv("venv", "-q", ".venv", "--prompt", name, cwd=folder / name)
    return folder / name / ".venv"


def test_named_environments_are_their_directories(home: Home) -> None:
    folder = home.path / ".local" / "uvctl" / "envs"
    path = _created(home, folder, "data-tools")
    shared = _created(home, folder, "mine")
    (folder / "mine" / "thesis.txt").write_text("not uvctl's")
    (folder / "empty").mkdir()
    shown = rows(home)
    assert set(shown) == {path, shared}
    found = shown[path].environment
    assert (found.store, found.traits.kind, found.traits.name) == ("uvctl", "uvctl", "data-tools")
    assert found.entry == path.parent
    assert shown[path].verdict.status is Status.STANDALONE
    assert shown[shared].environment.entry == shared


def test_the_folder_is_taken_literally(home: Home) -> None:
    machine = home.machine(cwd=home.path / "here", UVCTL_ROOT="~/$X/../envs")
    (path,) = paths(STORE, machine)
    assert path == home.path / "here" / "~/$X/../envs"
    for platform in ("linux", "darwin", "win32"):
        default = paths(STORE, Machine(home.path, platform=platform))
        assert default == [home.path / ".local" / "uvctl" / "envs"]
    (root,) = STORE.roots(home.machine(UVCTL_ROOT="/srv/envs"), Config())
    assert (root.path, root.source) == (Path("/srv/envs"), "UVCTL_ROOT")


def test_other_things_in_the_folder_are_not_its_own(home: Home) -> None:
    root = Root(home.path / "envs", STORE.name, depth=2)
    flat, other = made(root.path / "flat"), made(root.path / "x" / "venv")
    for path in (flat, other):
        assert STORE.recognise(reading(path, root)) is None
        assert STORE.entry(path, root) == path
    (root.path / "y").mkdir()
    os.symlink(flat, root.path / "y" / ".venv")
    assert STORE.entry(root.path / "y" / ".venv", root) == root.path / "y" / ".venv"
