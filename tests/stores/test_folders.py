import sys

import pytest

from tests.conftest import Home
from tests.stores.places import made, paths, reading
from venvdash.config import Config
from venvdash.stores.base import Root, Why
from venvdash.stores.folders import STORE
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
    assert {root.why for root in STORE.roots(machine, Config())} == {Why.DEFAULT}


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
