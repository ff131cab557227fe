"""Our own folders, and those of the tools that ask platformdirs, as platformdirs itself says."""

import json
import sys
from pathlib import Path

import pytest

from tests.conftest import Home
from venvdash.stores._app_folders import app_directory
from venvdash.system.machine import AppFolders, Machine

# What platformdirs says on each system: its classes run anywhere, and read the environment.
_ASK = """
import json, platformdirs.macos, platformdirs.unix, platformdirs.windows
windows = platformdirs.windows
windows._RESOLVE_WIN_FOLDER = windows.get_win_folder_from_env_vars  # there is no shell to ask
classes = {
    "linux": platformdirs.unix.Unix,
    "darwin": platformdirs.macos.MacOS,
    "win32": platformdirs.windows.Windows,
}
print(json.dumps({
    platform: {
        "config": dirs("app", False).user_config_dir,
        "config of an author": dirs("app", "us").user_config_dir,
        "roaming config": dirs("app", "us", roaming=True).user_config_dir,
        "state": dirs("app", False).user_state_dir,
        "data": dirs("app", False).user_data_dir,
        "data of an author": dirs("app", "us").user_data_dir,
        "cache": dirs("app", False).user_cache_dir,
    }
    for platform, dirs in classes.items()
}))
"""
_XDG = ("CACHE", "CONFIG", "DATA", "STATE")
VARIABLES = [
    {},
    {f"XDG_{name}_HOME": f"/x/{name}" for name in _XDG},
    {f"XDG_{name}_HOME": "" for name in _XDG},
    {f"XDG_{name}_HOME": "relative" for name in _XDG},
]


def platformdirs_says(home: Home) -> dict[str, dict[str, str]]:
    windows = {
        "APPDATA": home.path / "AppData/Roaming",
        "LOCALAPPDATA": home.path / "AppData/Local",
    }
    home.variables.update({name: str(path) for name, path in windows.items()})
    said: dict[str, dict[str, str]] = json.loads(home.run(sys.executable, "-c", _ASK).stdout)
    return said


@pytest.mark.parametrize("variables", VARIABLES, ids=["unset", "set", "empty", "relative"])
def test_the_folders_of_tools_that_ask_platformdirs(home: Home, variables: dict[str, str]) -> None:
    home.variables.update(variables)
    for platform, said in platformdirs_says(home).items():
        machine = Machine(home=home.path, variables=home.variables, platform=platform)
        given = {
            "config": app_directory(machine, "config", "app"),
            "config of an author": app_directory(machine, "config", "app", "us"),
            "roaming config": app_directory(machine, "config", "app", "us", roaming=True),
            "data": app_directory(machine, "data", "app"),
            "data of an author": app_directory(machine, "data", "app", "us"),
            "cache": app_directory(machine, "cache", "app"),
        }
        assert {key: Path(said[key]) for key in given} == given, platform


@pytest.mark.parametrize("variables", VARIABLES, ids=["unset", "set", "empty", "relative"])
def test_our_own_folders_on_linux(home: Home, variables: dict[str, str]) -> None:
    home.variables.update(variables)
    said = platformdirs_says(home)["linux"]
    machine = Machine(home=home.path, variables=home.variables)
    assert str(machine.config_file.parent) == said["config"].replace("app", "venvdash")
    assert str(machine.state_directory) == said["state"].replace("app", "venvdash")
    assert str(machine.data_directory) == said["data"].replace("app", "venvdash")


@pytest.mark.parametrize("platform", ["darwin", "win32"])
def test_our_own_folders_elsewhere_come_from_platformdirs(platform: str) -> None:
    import platformdirs

    folders = AppFolders.of_platform(platform)
    assert folders is not None
    assert folders.state == platformdirs.user_state_path("venvdash", appauthor=False)
    machine = Machine(home=Path("/h"), platform=platform, app_folders=folders)
    assert machine.state_directory == folders.state
    assert machine.config_file == folders.config / "config.toml"
    assert machine.data_directory == folders.data
