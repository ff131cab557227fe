import os
import sys

import pytest

from tests.conftest import Home
from tests.scenario import rows
from tests.stores.places import made, paths, reading
from venvdash.config import Config
from venvdash.model import Status
from venvdash.stores.plain_folders import STORE
from venvdash.stores.roots import Root, RootOrigin
from venvdash.system.machine import Machine


@pytest.mark.parametrize(
    ("platform", "names"),
    [
        ("linux", [".venvs", "envs", "venvs", "Envs"]),
        ("darwin", [".venvs", "envs", "venvs"]),
        ("win32", [".venvs", "envs", "venvs"]),
    ],
)
def test_the_usual_folders_in_home(home: Home, platform: str, names: list[str]) -> None:
    machine = Machine(home.path, platform=platform)
    assert paths(STORE, machine) == [home.path / name for name in names]
    assert {root.why for root in STORE.roots(machine, Config())} == {RootOrigin.DEFAULT}


def test_a_plain_environment(home: Home) -> None:
    root = Root(home.path / "envs", "folders")
    home.run(sys.executable, "-m", "venv", "--without-pip", root.path / "lab")
    found = reading(root.path / "lab", root)
    traits = STORE.recognise(found)
    assert (traits.kind, traits.name) == ("venv", "lab")
    assert not traits.expects_project
    assert list(STORE.claims(found)) == []


@pytest.mark.parametrize(
    ("place", "name"),
    [("lab", "lab"), (".venv", ".venv"), ("lab/.venv", "lab"), ("lab/venv", "lab")],
)
def test_any_other_environment_is_named_after_its_directory(
    home: Home, place: str, name: str
) -> None:
    root = Root(home.path / "depot", "configured")
    assert STORE.recognise(reading(made(root.path / place), root)).name == name


def test_what_uv_makes_for_a_project_says_so(home: Home) -> None:
    project, store = home.path / "code" / "shop", home.path / ".venvs"
    project.mkdir(parents=True)
    home.uv("init", "-q", "--no-workspace", "--bare", cwd=project)
    home.uv("sync", "-q", cwd=project, UV_PROJECT_ENVIRONMENT=str(store / "shop"))
    home.uv("venv", "-q", "--prompt", "shop", store / "mine")
    home.uv("venv", "-q", "--prompt", "shop", store / "later")
    later = store / "later"
    home.uv("pip", "sync", "-q", "--python", later, "--allow-empty-requirements", os.devnull)
    assert (later / ".lock").exists()
    found = rows(home).values()
    made_for = {row.path.name: row.environment.traits.made_for for row in found}
    assert made_for == {"shop": "shop", "mine": None, "later": None}
    shown = {row.path.name: row.verdict for row in found}
    assert {name: verdict.status for name, verdict in shown.items()} == {
        "shop": Status.UNKNOWN,
        "mine": Status.STANDALONE,
        "later": Status.STANDALONE,
    }
    assert "uv created it for a project shop" in shown["shop"].reason
    (project / ".env").write_text("export UV_PROJECT_ENVIRONMENT='~/.venvs/shop'\nTOKEN=$(cat x)\n")
    (verdict,) = (row.verdict for path, row in rows(home).items() if path.name == "shop")
    assert (verdict.status, verdict.project) == (Status.LINKED, project)
