"""Against a tool that real uv installs from a wheel made on the spot."""

import shlex
import sys
from pathlib import Path

import pytest

from tests.conftest import Home
from tests.scanner.usage.usage_tools import assert_nothing_is_the_users
from tests.stores.places import environment, given, made, paths, reading
from venvdash.config import Config
from venvdash.demo.wheels import make_wheel
from venvdash.stores.roots import Root, RootOrigin
from venvdash.stores.uv_tool import STORE
from venvdash.system.machine import Machine


def _install(home: Home, name: str = "greeter") -> None:
    wheel = make_wheel(
        home.path / "wheels",
        name,
        "1.0",
        {f"{name}/__init__.py": b"def main(): print('hi')\n"},
        {name: f"{name}:main"},
    )
    home.uv("tool", "install", "--python", sys.executable, wheel)


@pytest.fixture
def tools(home: Home) -> Root:
    (home.path / "wheels").mkdir()
    _install(home)
    return next(iter(STORE.roots(home.machine(), Config())))


def test_an_installed_tool(home: Home, tools: Root) -> None:
    found = environment(STORE, reading(tools.path / "greeter", tools))
    assert found.traits.kind == "uv-tool"
    assert found.traits.name == "greeter"
    assert not found.traits.keeps_sidecar
    assert not found.traits.expects_project
    assert found.traits.tool == "uv tool uninstall greeter"


def test_the_command_removes_it(home: Home, tools: Root) -> None:
    found = environment(STORE, reading(tools.path / "greeter", tools))
    assert found.traits.tool is not None
    uv, *arguments = shlex.split(found.traits.tool)
    assert uv == "uv"
    home.uv(*arguments)
    assert not found.path.exists()


def test_a_tool_without_receipt_is_still_uvs_to_remove(home: Home, tools: Root) -> None:
    (tools.path / "greeter" / "uv-receipt.toml").unlink()
    found = environment(STORE, reading(tools.path / "greeter", tools))
    assert found.traits.tool == "uv tool uninstall greeter"
    home.uv("tool", "uninstall", "greeter")
    assert not found.path.exists()


def test_a_receipt_tells_a_tool_in_any_folder(home: Home, tools: Root) -> None:
    root = Root(home.path / "my envs", "folders")
    (tools.path / "greeter").rename(made(root.path / "other").parent / "greeter")
    found = environment(STORE, reading(root.path / "greeter", root))
    assert found.traits.tool is not None
    where, *command = shlex.split(found.traits.tool)
    assert where == f"UV_TOOL_DIR={root.path}"
    home.uv(*command[1:], UV_TOOL_DIR=str(root.path))
    assert not found.path.exists()
    assert STORE.recognise(reading(root.path / "other", root)) is None


@pytest.mark.parametrize(
    ("variables", "why", "source"),
    [
        ({}, RootOrigin.DEFAULT, ""),
        ({"XDG_DATA_HOME": "{home}/xdg"}, RootOrigin.VARIABLE, "XDG_DATA_HOME"),
        ({"UV_TOOL_DIR": "{home}/t", "XDG_DATA_HOME": "/x"}, RootOrigin.VARIABLE, "UV_TOOL_DIR"),
        ({"UV_TOOL_DIR": "~/t"}, RootOrigin.VARIABLE, "UV_TOOL_DIR"),
        ({"UV_TOOL_DIR": ""}, RootOrigin.DEFAULT, ""),
    ],
)
def test_where_uv_says_its_tools_are(
    home: Home, variables: dict[str, str], why: RootOrigin, source: str
) -> None:
    home = given(home, variables)
    (root,) = STORE.roots(home.machine(), Config())
    assert root.path == Path(home.uv("tool", "dir").strip())
    assert (root.why, root.source) == (why, source)


def test_macos_follows_xdg_and_windows_appdata(home: Home) -> None:
    data = home.path / ".local" / "share" / "uv" / "tools"
    assert paths(STORE, Machine(home.path, platform="darwin")) == [data]
    windows = Machine(home.path, {"APPDATA": str(home.path / "Roaming")}, platform="win32")
    assert paths(STORE, windows) == [home.path / "Roaming" / "uv" / "data" / "tools"]


def test_nothing_in_them_is_the_users(tools: Root) -> None:
    assert_nothing_is_the_users(tools.path)
