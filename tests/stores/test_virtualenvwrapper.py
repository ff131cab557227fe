"""Against environments that the real virtualenvwrapper makes."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from uv import find_uv_bin

from tests.conftest import Home
from tests.scanner.usage.usage_tools import assert_nothing_is_the_users
from tests.stores.places import DAMAGED_PATHS, environment, given, made, paths, reading
from venvdash.config import Config
from venvdash.model import Claim, Direction, EvidenceKind
from venvdash.stores.roots import Layout, Root, RootOrigin
from venvdash.stores.virtualenvwrapper import STORE
from venvdash.system.machine import Machine

VERSION = "6.1.1"
Wrap = Callable[..., str]


@pytest.fixture(scope="session")
def wrapper(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory of virtualenvwrapper's programs, from the package index."""
    path = tmp_path_factory.mktemp("virtualenvwrapper") / "tool"
    for arguments in (
        ["venv", "--no-project", "--python", sys.executable, str(path)],
        ["pip", "install", "--python", str(path), f"virtualenvwrapper=={VERSION}", "setuptools<81"],
    ):
        done = subprocess.run([find_uv_bin(), *arguments], capture_output=True, text=True)
        if done.returncode:
            pytest.skip(f"virtualenvwrapper {VERSION} cannot be installed: {done.stderr[-200:]}")
    return path / "bin"


@pytest.fixture
def wrap(home: Home, wrapper: Path) -> Wrap:
    """Runs a line in a shell that has sourced virtualenvwrapper.sh."""

    def run(line: str, **variables: str) -> str:
        programs = {
            "VIRTUALENVWRAPPER_PYTHON": str(wrapper / "python"),
            "VIRTUALENVWRAPPER_VIRTUALENV": str(wrapper / "virtualenv"),
            "VIRTUALENVWRAPPER_VIRTUALENV_ARGS": "--no-seed",
        }
        sourced = f"source {wrapper}/virtualenvwrapper.sh >/dev/null && {line}"
        return given(home, programs | variables).run("bash", "-c", sourced).stdout

    return run


def _pointer(root: Root, content: bytes) -> Path:
    path = made(root.path / "x")
    (path / (root.pointer or ".project")).write_bytes(content)
    return path


@pytest.mark.slow
@pytest.mark.real_tools
def test_environments_with_and_without_a_project(home: Home, wrap: Wrap) -> None:
    project = home.path / "code" / "shop"
    project.mkdir(parents=True)
    wrap(f"mkvirtualenv plain && mkvirtualenv -a '{project}' shop")
    (root,) = STORE.roots(home.machine(), Config())
    assert (root.path, root.why) == (home.path / ".virtualenvs", RootOrigin.DEFAULT)
    plain, shop = (reading(root.path / name, root) for name in ("plain", "shop"))
    for found in (plain, shop):
        traits = environment(STORE, found).traits
        assert (traits.kind, traits.name) == ("virtualenvwrapper", found.path.name)
        assert not traits.expects_project
        assert traits.keeps_sidecar
    assert list(STORE.claims(plain)) == []
    assert_nothing_is_the_users(root.path)
    file = shop.path / ".project"
    assert file.read_bytes() == f"{project}\n".encode()
    assert list(STORE.claims(shop)) == [
        Claim(shop.path, project, EvidenceKind.POINTER, Direction.ENVIRONMENT, str(file))
    ]


@pytest.mark.real_tools
def test_the_project_file_may_have_another_name(home: Home, wrap: Wrap) -> None:
    variables = {"VIRTUALENVWRAPPER_PROJECT_FILENAME": ".belongs"}
    wrap(f"mkvirtualenv -a '{home.path}' mine", **variables)
    (root,) = STORE.roots(given(home, variables).machine(), Config())
    found = reading(root.path / "mine", root)
    assert ".project" not in found.names
    assert [claim.project for claim in STORE.claims(found)] == [home.path]
    other = home.machine(VIRTUALENVWRAPPER_PROJECT_FILENAME="../x")
    assert next(iter(STORE.roots(other, Config()))).pointer is None


@pytest.mark.parametrize("value", ["{home}/w", "~/w", "w"])
@pytest.mark.real_tools
def test_where_virtualenvwrapper_puts_them(home: Home, wrap: Wrap, value: str) -> None:
    text = value.replace("{home}", str(home.path))
    folder = Path(wrap("cd / && echo $WORKON_HOME", WORKON_HOME=text).strip())
    first, default = STORE.roots(home.machine(cwd=Path("/"), WORKON_HOME=text), Config())
    assert first.path == folder == home.path / "w"
    assert (first.why, first.source) == (RootOrigin.VARIABLE, "WORKON_HOME")
    assert default.path == home.path / ".virtualenvs"


@pytest.mark.parametrize("value", ["$HOME/w", "${HOME}/w", "$SUB", "x/../$SUB"])
def test_variables_inside_the_variable(home: Home, value: str) -> None:
    first, _ = STORE.roots(home.machine(WORKON_HOME=value, SUB="w"), Config())
    assert os.path.normpath(first.path) == str(home.path / "w")


def test_windows_has_a_folder_of_its_own(home: Home) -> None:
    machine = Machine(home.path, platform="win32")
    assert paths(STORE, machine) == [home.path / "Envs", home.path / ".virtualenvs"]
    assert paths(STORE, Machine(home.path, platform="darwin")) == [home.path / ".virtualenvs"]


def test_a_plain_environment_in_the_folder_is_not_its_own(home: Home) -> None:
    root = Root(home.path / ".virtualenvs", STORE.name)
    home.run(sys.executable, "-m", "venv", "--without-pip", root.path / "plain")
    assert STORE.recognise(reading(root.path / "plain", root)) is None
    assert list(STORE.claims(reading(root.path / "plain", root))) == []


def test_a_mirrored_store_is_not_its_own(home: Home) -> None:
    root = Root(home.path / "m", "configured", layout=Layout.MIRRORED, base=home.path)
    assert STORE.recognise(reading(_pointer(root, b"/x\n"), root)) is None


@pytest.mark.parametrize(
    ("content", "project"),
    [
        (b"/srv/app\n", "/srv/app"),
        (b"/srv/app", "/srv/app"),
        (b"/srv/app\r\n", "/srv/app"),
        (b"/srv/a b ", "/srv/a b "),
        (b"/srv/\xff\x1b[31m\n", "/srv/\udcff\x1b[31m"),
    ],
)
def test_the_project_file_names_the_project(home: Home, content: bytes, project: str) -> None:
    root = Root(home.path, STORE.name)
    (claim,) = STORE.claims(reading(_pointer(root, content), root))
    assert claim.project == Path(project)


@pytest.mark.parametrize("content", DAMAGED_PATHS)
def test_a_damaged_project_file_names_nothing(home: Home, content: bytes) -> None:
    root = Root(home.path, STORE.name)
    found = reading(_pointer(root, content), root)
    assert list(STORE.claims(found)) == []
    assert STORE.recognise(found) is not None


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs FIFOs")
def test_a_project_file_that_is_no_file_names_nothing(home: Home) -> None:
    root = Root(home.path, STORE.name)
    file = made(home.path / "x") / ".project"
    os.mkfifo(file)
    assert list(STORE.claims(reading(file.parent, root))) == []
    file.unlink()
    file.mkdir()
    assert list(STORE.claims(reading(file.parent, root))) == []
    file.rmdir()
    file.symlink_to(home.path / "secret")
    (home.path / "secret").write_text("/srv/app\n")
    assert list(STORE.claims(reading(file.parent, root))) == []
