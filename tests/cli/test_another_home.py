"""With another user's HOME (``su -m``, some ``sudo``) venvdash looks, and touches nothing."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.actions.deleting import small
from tests.conftest import Home
from venvdash.system.host import host_id

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to have another's HOME")
ADA = 54321  # no user of this machine


def give(path: Path) -> None:
    """Give a path, and all that lies in it, to ada."""
    for folder, _, names in os.walk(path):
        for one in (folder, *(os.path.join(folder, name) for name in names)):
            os.lchown(one, ADA, ADA)


@pytest.fixture
def hers(home: Home) -> Home:
    """A HOME of ada's, with an environment of hers and one of root's in it."""
    project = home.path / "code" / "web"
    project.mkdir(parents=True)
    for name in ("web", "roots"):
        small(home.path / ".virtualenvs" / name)
    (home.path / ".virtualenvs" / "web" / ".project").write_text(str(project))
    small(home.path / "elsewhere" / "planted")
    config = home.path / ".config" / "venvdash" / "config.toml"
    config.parent.mkdir(parents=True)
    config.write_text(f'[[stores]]\npath = "{home.path / "elsewhere"}"\n')
    give(home.path)
    subprocess.run(["chown", "-R", "0:0", home.path / ".virtualenvs" / "roots"], check=True)
    return home


def run(home: Home, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return home.venvdash(*arguments, check=False)


def snapshot(path: Path) -> dict[str, tuple[int, int, int]]:
    """Return owner, size and time of everything below ``path``."""
    found = {}
    for folder, _, names in os.walk(path):
        for one in (folder, *(os.path.join(folder, name) for name in names)):
            status = os.lstat(one)
            found[one] = (status.st_uid, status.st_size, status.st_mtime_ns)
    return found


def test_looking_works_and_leaves_nothing_behind(hers: Home) -> None:
    before = snapshot(hers.path)
    done = run(hers, "list", "--json")
    names = [one["name"] for one in json.loads(done.stdout)["environments"]]
    assert names == ["roots", "web"]  # "planted" is of a configuration that is not read
    for looking in (["info", "web"], ["path", "web"], ["stores"], ["trash"], ["history"]):
        done = run(hers, *looking)
        assert "Traceback" not in done.stderr
        assert done.returncode == 0, (looking, done.stderr)
    assert snapshot(hers.path) == before


@pytest.mark.parametrize(
    "command",
    [
        ["delete", "roots", "--yes"],
        ["delete", "web", "--yes", "--now"],
        ["prune", "--yes"],
        ["sync", "roots", "--yes"],
        ["relink", "roots", "."],
        ["unlink", "roots"],
        ["copy", "roots", "new"],
        ["rename", "roots", "new"],
        ["move", "roots", "--to", "."],
        ["trash", "empty", "--yes"],
        ["restore", "web"],
        ["relink", "--undo"],
        ["pin", "roots"],
        ["note", "roots", "words"],
        ["stores", "--add", "elsewhere"],
    ],
    ids=lambda command: " ".join(command),
)
def test_nothing_is_changed_and_it_is_said_what_to_do(hers: Home, command: list[str]) -> None:
    before = snapshot(hers.path)
    done = run(hers, *command)
    assert done.returncode == 2
    assert f"HOME ({hers.path}) belongs to another user" in done.stderr
    assert f"sudo -H -u #{ADA} venvdash" in done.stderr
    assert snapshot(hers.path) == before


def test_what_she_wrote_as_memory_is_not_believed(hers: Home) -> None:
    """A forged index could pin what is not, or say that projects are gone."""
    state = hers.path / ".local" / "state" / "venvdash"
    own = Home(hers.path.parent / "own", hers.variables | {"HOME": str(hers.path.parent / "own")})
    own.path.mkdir()
    small(own.path / ".virtualenvs" / "x")
    assert run(own, "list").returncode == 0
    state.mkdir(parents=True)
    made = own.path / ".local" / "state" / "venvdash" / f"{host_id()}.sqlite"
    (state / made.name).write_bytes(made.read_bytes())
    give(hers.path / ".local")
    before = snapshot(state)
    done = run(hers, "list")
    assert "belongs to another user" in done.stderr
    assert snapshot(state) == before


def test_in_a_container_that_does_not_map_her_nothing_is_changed(hers: Home) -> None:
    inside = ["unshare", "--user", "--map-root-user"]
    if subprocess.run([*inside, "true"], check=False).returncode:
        pytest.skip("needs user namespaces")
    before = snapshot(hers.path)
    done = hers.run(
        *inside, sys.executable, "-m", "venvdash", "delete", "web", "--yes", check=False
    )
    assert done.returncode == 2
    assert "does not exist in this container" in done.stderr
    assert snapshot(hers.path) == before


def test_a_config_folder_that_is_a_link_is_followed(home: Home) -> None:
    """Managers of dotfiles put a link in the place of the folder, or of the file."""
    dotfiles = home.path / "dotfiles" / "venvdash"
    dotfiles.mkdir(parents=True)
    small(home.path / "mine" / "env")
    (dotfiles / "config.toml").write_text(f'[[stores]]\npath = "{home.path / "mine"}"\n')
    (home.path / ".config").mkdir()
    (home.path / ".config" / "venvdash").symlink_to(dotfiles)
    assert "\nenv " in run(home, "list").stdout
    (home.path / ".config" / "venvdash").unlink()
    (home.path / ".config" / "venvdash").mkdir()
    (home.path / ".config" / "venvdash" / "config.toml").symlink_to(dotfiles / "config.toml")
    assert "\nenv " in run(home, "list").stdout
    os.lchown(dotfiles / "config.toml", ADA, ADA)
    done = run(home, "list")
    assert done.returncode == 0
    assert "\nenv " not in done.stdout
    assert f"belongs to another user (#{ADA}), so it is not read" in done.stderr
