"""Against tools that real pipx installs, with both of its backends, from a wheel made here."""

import shlex
from dataclasses import replace
from pathlib import Path

import pytest
from uv import find_uv_bin

from tests.conftest import Home
from tests.realtools import Tool
from tests.scanner.usage.usage_tools import assert_nothing_is_the_users
from tests.scenario import rows
from tests.stores.places import environment, given, made, paths, reading
from venvdash.config import Config
from venvdash.demo.wheels import make_wheel
from venvdash.model import Status
from venvdash.stores.pipx import STORE
from venvdash.stores.roots import Root, RootOrigin
from venvdash.system.machine import Machine


def pipx(home: Home, program: Path, *words: str, **variables: str) -> str:
    """Run pipx as the user would, with uv on the PATH; returns what it prints."""
    path = {"PATH": f"{Path(find_uv_bin()).parent}:/usr/bin:/bin"}
    return replace(home, variables=home.variables | path | variables).run(program, *words).stdout


def wheel(folder: Path) -> Path:
    code = {"greeter/__init__.py": b"def main(): print('hi')\n"}
    folder.mkdir(exist_ok=True)
    return make_wheel(folder, "greeter", "1.0", code, {"greeter": "greeter:main"})


@pytest.fixture(scope="module")
def tools(module_home: Home, tool: Tool) -> tuple[Home, Path]:
    """A HOME with the tool twice, and the program of pipx."""
    program, package = tool("pipx"), str(wheel(module_home.path / "wheels"))
    pipx(module_home, program, "install", "--backend", "uv", package)
    pipx(module_home, program, "install", "--backend", "pip", "--suffix", "_two", package)
    return module_home, program


def test_tools_of_both_backends_are_pipxs(tools: tuple[Home, Path]) -> None:
    home, _ = tools
    listed = {row.environment.path.name: row for row in rows(home, records=False).values()}
    assert set(listed) == {"greeter", "greeter-two"}
    for name, row in listed.items():
        assert row.environment.traits.kind == "pipx"
        assert row.environment.traits.tool == f"pipx uninstall {name}"
        assert not row.environment.traits.keeps_sidecar
        assert row.verdict.status is Status.TOOL
        assert "pipx uninstall" in row.verdict.reason
    assert listed["greeter"].environment.creator != listed["greeter-two"].environment.creator


def test_pipx_names_the_same_directory(tools: tuple[Home, Path]) -> None:
    home, program = tools
    where = pipx(home, program, "environment", "--value", "PIPX_LOCAL_VENVS")
    assert paths(STORE, home.machine())[0] == Path(where.strip())


def test_the_command_removes_it_and_only_it(home: Home, tool: Tool) -> None:
    program = tool("pipx")
    for suffix in ("_a", "_b"):
        words = ("install", "--backend", "uv", "--suffix", suffix)
        pipx(home, program, *words, str(wheel(home.path / "wheels")))
    root = next(iter(STORE.roots(home.machine(), Config())))
    found = environment(STORE, reading(root.path / "greeter-a", root))
    assert found.traits.tool
    pipx(home, program, *shlex.split(found.traits.tool)[1:])
    assert [path.name for path in root.path.iterdir() if path.is_dir()] == ["greeter-b"]


def test_left_behind_in_another_home_it_names_that(home: Home, tool: Tool) -> None:
    program = tool("pipx")
    pipx(home, program, "install", "--backend", "uv", str(wheel(home.path / "wheels")))
    home = given(home, {"PIPX_HOME": "{home}/my tools"})
    roots = list(STORE.roots(home.machine(), Config()))
    assert [root.path for root in roots[:2]] == [
        home.path / "my tools" / "venvs",
        home.path / ".local" / "share" / "pipx" / "venvs",
    ]
    found = environment(STORE, reading(roots[1].path / "greeter", roots[1]))
    assert found.traits.tool
    where, *command = shlex.split(found.traits.tool)
    name, _, value = where.partition("=")
    pipx(home, program, *command[1:], **{name: value})
    assert not found.path.exists()


def test_metadata_tells_a_tool_in_any_folder_and_damage_does_not_matter(home: Home) -> None:
    root = Root(home.path / "envs", "folders")
    plain, strange = made(root.path / "plain"), made(root.path / "strange")
    (strange / "pipx_metadata.json").write_bytes(b"\xff{[")
    assert STORE.recognise(reading(plain, root)) is None
    assert environment(STORE, reading(strange, root)).traits.kind == "pipx"
    lost = made(home.path / ".local" / "share" / "pipx" / "venvs" / "x y")
    found = environment(STORE, reading(lost, Root(lost.parent, "pipx")))
    assert found.traits.tool == "pipx uninstall 'x y'"


@pytest.mark.parametrize(
    ("variables", "why", "source"),
    [
        ({}, RootOrigin.DEFAULT, ""),
        ({"PIPX_HOME": ""}, RootOrigin.DEFAULT, ""),
        ({"XDG_DATA_HOME": "{home}/xdg"}, RootOrigin.DEFAULT, ""),
        ({"XDG_DATA_HOME": "relative"}, RootOrigin.DEFAULT, ""),
        ({"PIPX_HOME": "~/tools"}, RootOrigin.VARIABLE, "PIPX_HOME"),
        ({"PIPX_HOME": "relative"}, RootOrigin.VARIABLE, "PIPX_HOME"),
        ({"PIPX_HOME": "{home}/$HOME"}, RootOrigin.VARIABLE, "PIPX_HOME"),
    ],
)
@pytest.mark.parametrize("legacy", [False, True])
def test_where_pipx_says_its_tools_are(
    home: Home,
    tool: Tool,
    variables: dict[str, str],
    why: RootOrigin,
    source: str,
    legacy: bool,
) -> None:
    home = given(home, variables)
    if legacy:
        (home.path / ".local" / "pipx").mkdir(parents=True)
    root = next(iter(STORE.roots(home.machine(), Config())))
    program = tool("pipx")
    where = pipx(home, program, "environment", "--value", "PIPX_LOCAL_VENVS")
    assert root.path == Path(where.strip())
    assert (root.why, root.source) == (why, source)


def test_the_global_home(home: Home) -> None:
    assert paths(STORE, home.machine())[-1] == Path("/opt/pipx/venvs")
    home = given(home, {"PIPX_GLOBAL_HOME": "{home}/all"})
    root = list(STORE.roots(home.machine(), Config()))[-1]
    assert (root.path, root.source) == (home.path / "all" / "venvs", "PIPX_GLOBAL_HOME")
    found = environment(STORE, reading(made(root.path / "black"), root))
    assert found.traits.tool == "pipx uninstall --global black"


def test_other_systems(home: Home) -> None:
    apple = Machine(home.path, platform="darwin")
    support = home.path / "Library" / "Application Support"
    assert paths(STORE, apple)[0] == support / "pipx" / "venvs"
    windows = Machine(home.path, {"LOCALAPPDATA": str(home.path / "L")}, platform="win32")
    assert paths(STORE, windows) == [home.path / "L" / "pipx" / "pipx" / "venvs"]
    (home.path / "pipx").mkdir()
    assert paths(STORE, windows)[0] == home.path / "pipx" / "venvs"


def test_nothing_in_them_is_the_users(tools: tuple[Home, Path]) -> None:
    assert_nothing_is_the_users(tools[0].path)
