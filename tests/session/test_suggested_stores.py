"""Folders of environments outside all stores: found, shown, and added to the configuration."""

import json
import os
import shlex
import tomllib

import pytest

from tests.cli.test_list import run
from tests.conftest import Home
from tests.scenario import rows
from tests.stores.places import given, made
from venvdash.config import Config, load
from venvdash.model import Status
from venvdash.session import suggested_stores
from venvdash.session.suggested_stores import RefusedError
from venvdash.stores.roots import Layout

pytestmark = pytest.mark.slow

# What shell functions make for the project ~/dev/shop/web-app, and what is found of it.
FUNCTIONS = {
    ".cache/uv-venv{home}/dev/shop/web-app": (".cache/uv-venv", "/"),
    ".local/share/uv/venv/shop/web-app": (".local/share/uv/venv", "~/dev"),
    "scratch/ada/venvs/dev/shop/web-app": ("scratch/ada/venvs", "~"),
    "depot/dev/shop/web-app/.venv": ("depot", "~"),
    ".cache/.envs/web-app": (".cache/.envs", None),
    ".pyenv-nix-uv/web-app-90392": (".pyenv-nix-uv", None),
    ".uvup/web-app/.venv": (".uvup", None),
}


@pytest.fixture
def user(home: Home) -> Home:
    """A user with a project and a scratch folder outside HOME."""
    project = home.path / "dev" / "shop" / "web-app"
    made(project / ".venv")  # in the project: no folder of environments
    (project / "pyproject.toml").write_text('[project]\nname = "web-app"\nversion = "1"\n')
    (home.path / "Downloads").mkdir()
    for name in ("one", "two", "three"):
        (home.path / "Downloads" / name).mkdir()
    made(home.path / "Downloads" / "tried")  # one among others
    made(home.path / "alone")  # in HOME itself
    made(home.path / "notes" / ".venv")  # beside somebody's files
    (home.path / "notes" / "todo.md").touch()
    made(home.path / ".virtualenvs" / "known")
    return home


def found(home: Home) -> list[tuple[str, str | None, int]]:
    """Return the folders that are found, as they are spelt in the configuration."""
    machine, home_path = home.machine(), home.path
    answer = []
    for folder in suggested_stores.suggestions(machine, load(machine.config_file)):
        table = tomllib.loads(suggested_stores.lines_for(folder, home_path))["stores"][0]
        assert (table.get("layout") == "mirrored") == (folder.layout is Layout.MIRRORED)
        answer.append((table["path"], table.get("base"), folder.environments))
    return answer


def test_nothing_is_found_where_nothing_is(user: Home) -> None:
    assert found(user) == []


@pytest.mark.parametrize("place", FUNCTIONS)
def test_what_a_function_made_is_found_and_added(user: Home, place: str) -> None:
    folder, base = FUNCTIONS[place]
    path = made(user.path / place.format(home=user.path))
    assert found(user) == [(f"~/{folder}", base, 1)]
    assert path not in rows(user)
    done = run(user, "stores", "--add", f"{user.path}/{folder}")
    assert f"~/{folder} is now a store (1 environment" in done.stdout
    row = rows(user, load(user.machine().config_file))[path]
    assert (row.verdict.status is Status.LINKED) == (base is not None)
    assert found(user) == []


def test_a_scratch_folder_outside_home_is_walked(user: Home) -> None:
    user = given(user, {"SCRATCH": str(user.path.parent / "disk")})
    made(user.path.parent / "disk" / "venvs" / "dev" / "shop" / "web-app")
    made(user.path.parent / "disk" / "venvs" / "gone" / "away")
    assert found(user) == [(f"{user.path.parent}/disk/venvs", "~", 2)]


def test_the_stores_are_told_with_what_is_none(user: Home) -> None:
    made(user.path / "a b" / "one")
    made(user.path / "a b" / "two")
    told = run(user, "stores").stdout
    command = f"venvdash stores --add {shlex.quote(str(user.path / 'a b'))}"
    assert f"~/a b  (2 environments)\n  Run `{command}` to add it:\n    [[stores]]\n" in told
    (folder,) = json.loads(run(user, "stores", "--json").stdout)["outside"]
    assert folder == {
        "path": str(user.path / "a b"),
        "environments": 2,
        "layout": "flat",
        "base": None,
        "configuration": '[[stores]]\npath = "~/a b"',
    }


def test_an_empty_list_says_what_could_be_added(home: Home) -> None:
    made(home.path / "depot" / "one")
    for _ in range(2):
        told = run(home, "list").stderr
        assert "No environments found" in told
        assert "~/depot  (1 environment)" in told
    added = run(home, "stores", "--add", str(home.path / "depot"), "--json").stdout
    assert json.loads(added)["file"] == str(home.machine().config_file)
    assert "one" in run(home, "list").stdout


# The configuration.


@pytest.mark.parametrize(
    "before",
    [
        "",
        "# mine\nrecords = false  # no\n",
        'records = false\n\n[[stores]]\npath = "~/x"  # first\n\n[trash]\nkeep = 3 # days',
        'stores = [{path = "~/x"}]  # in a line\nrecords = true\n',
        "stores = []\n",
    ],
)
def test_comments_and_layout_stay(user: Home, before: str) -> None:
    made(user.path / "depot" / "one")
    file = user.machine().config_file
    file.parent.mkdir(parents=True)
    file.write_text(before)
    file.chmod(0o640)
    known = load(file)
    added = suggested_stores.add(user.path / "depot", user.machine(), known)
    after = load(file)
    assert after.stores[:-1] == known.stores
    assert after.stores[-1].path == "~/depot"
    assert (after.records, after.trash.keep) == (known.records, known.trash.keep)
    comments = [line.split("#")[1] for line in before.splitlines() if "#" in line]
    assert all(comment in file.read_text() for comment in comments)
    assert file.stat().st_mode & 0o777 == 0o640
    if not before.startswith("stores"):
        assert file.read_text() == before + file.read_text()[len(before) :]
        file.write_text(file.read_text().replace(added.lines, ""))  # what undoes it
        assert load(file) == known


def test_a_link_to_a_configuration_stays_a_link(user: Home) -> None:
    made(user.path / "depot" / "one")
    file, kept = user.machine().config_file, user.path / "dotfiles" / "venvdash.toml"
    kept.parent.mkdir()
    kept.write_text("records = true\n")
    file.parent.mkdir(parents=True)
    file.symlink_to("../../dotfiles/venvdash.toml")
    suggested_stores.add(user.path / "depot", user.machine(), Config())
    assert os.readlink(file) == "../../dotfiles/venvdash.toml"
    assert kept.read_text() == 'records = true\n\n[[stores]]\npath = "~/depot"\n'


@pytest.mark.parametrize(
    ("place", "why"),
    [
        ("/", "home directory, or contains it"),
        ("~", "home directory, or contains it"),
        ("~/..", "home directory, or contains it"),
        ("~/alone", "It is an environment"),
        ("~/dev/shop/web-app", "It is a project's directory"),
        ("~/.virtualenvs", "is already a store"),
        ("~/.virtualenvs/below", "is already a store"),
        ("~/Downloads/one", "It contains no environments"),
        ("~/nowhere", "It cannot be listed"),
        ("~/notes/todo.md", "It cannot be listed"),
        ("~/.local/share", "It already contains a store"),
    ],
)
def test_what_is_no_folder_of_environments_is_refused(user: Home, place: str, why: str) -> None:
    (user.path / ".virtualenvs" / "below").mkdir()
    made(user.path / ".local" / "share" / "virtualenvs" / "x")
    done = run(user, "stores", "--add", place, check=False)
    assert done.returncode == 2
    assert why in done.stderr
    assert not user.machine().config_file.exists()


def test_a_configuration_that_cannot_be_written_is_left_as_it_is(user: Home) -> None:
    made(user.path / "depot" / "one")
    file = user.machine().config_file
    file.parent.mkdir(parents=True)
    file.mkdir()
    with pytest.raises(RefusedError, match="is not a configuration file"):
        suggested_stores.add(user.path / "depot", user.machine(), Config())
    file.rmdir()
    file.parent.rmdir()
    file.parent.write_text("in the way")
    with pytest.raises(RefusedError, match="cannot be written"):
        suggested_stores.add(user.path / "depot", user.machine(), Config())
    assert file.parent.read_text() == "in the way"
