"""What prime-uve and direnv (the real ones), pixi and others would use."""

import os
import shutil
from pathlib import Path

import pytest
from uv import find_uv_bin

from tests.conftest import Home
from tests.prefixes import pixi_prefix
from tests.realtools import Tool
from tests.session.test_names import made
from tests.stores.test_pixi import detached, workspace
from tests.tools.asking import choice_in, path_in, statuses, why_none
from venvdash.config import Config
from venvdash.model import Status
from venvdash.stores.direnv import STORE as DIRENV


@pytest.fixture(scope="module")
def prime(module_home: Home, tool: Tool) -> Home:
    programs = [str(tool("prime-uve").parent), str(Path(find_uv_bin()).parent)]
    path = os.pathsep.join([*programs, module_home.variables["PATH"]])
    given = {"PATH": path, "UV_OFFLINE": "1", "UV_PYTHON_DOWNLOADS": "never"}
    return Home(module_home.path, module_home.variables | given)


def test_prime_uve_goes_before_uv_which_it_runs(prime: Home) -> None:
    project = prime.path / "code" / "app"
    project.mkdir(parents=True)
    (project / "pyproject.toml").write_text('[project]\nname = "app"\nversion = "1"\n')
    prime.run("prime-uve", "init", "-y", cwd=project, check=True)

    def uves(**variables: str) -> Path:
        told = ("python", "-c", "import sys; print(sys.prefix)")
        ran = prime.run("uve", "run", "-q", *told, cwd=project, check=True, **variables)
        return Path(ran.stdout.strip())

    assert why_none(prime, project).startswith(
        "prime-uve would create ~/.cache/prime-uve/venvs/app_"
    )
    environment = uves()
    assert (project / "uv.lock").exists()
    assert path_in(prime, project) == environment
    assert (project / ".venv" / "pyvenv.cfg").exists()  # by the uv that starts the other one
    project = project.rename(project.with_name("moved"))
    assert path_in(prime, project) == uves() == environment
    elsewhere = {"PRIMEUVE_VENVS_PATH": str(prime.path / "elsewhere")}
    assert path_in(prime, project, **elsewhere) is None
    other = uves(**elsewhere)
    assert path_in(prime, project, **elsewhere) == other != environment


@pytest.fixture
def direnv(home: Home, two_pythons: tuple[Path, Path]) -> Home:
    if shutil.which("direnv") is None:
        pytest.skip("needs direnv, which is not on this machine")
    folders = [str(python.parent) for python in two_pythons]
    home.variables["PATH"] = os.pathsep.join([*folders, "/usr/bin", "/bin"])
    return home


def activated(home: Home, project: Path) -> Path:
    """Return what direnv activates in the project; it makes what is missing."""
    home.run("direnv", "allow", project)
    told = home.run("direnv", "exec", project, "sh", "-c", "echo $VIRTUAL_ENV").stdout
    return Path(told.strip())


@pytest.mark.slow
@pytest.mark.parametrize("folder", [".direnv", "layouts"])
def test_what_a_layout_of_direnvs_takes(
    direnv: Home, two_pythons: tuple[Path, Path], folder: str
) -> None:
    project = direnv.path / "code" / "app"
    project.mkdir(parents=True)
    (project / "requirements.txt").touch()
    if folder == "layouts":  # the recipe of its wiki
        recipe = direnv.path / ".config" / "direnv" / "direnvrc"
        recipe.parent.mkdir(parents=True)
        recipe.write_text(
            'direnv_layout_dir() {\n  echo "$HOME/.cache/direnv/layouts/'
            '$(echo -n "$PWD" | sha1sum | cut -d \' \' -f 1)"\n}\n'
        )
    envrc = project / ".envrc"
    envrc.write_text("layout python python3 --without-pip\n")
    assert path_in(direnv, project) is None
    first = activated(direnv, project)
    assert path_in(direnv, project) == first
    assert (first.parent == project / ".direnv") is (folder == ".direnv")
    for python in two_pythons:
        minor = python.resolve().name.removeprefix("python")
        envrc.write_text(f"layout python {python} --without-pip\n")
        activated(direnv, project)
        envrc.write_text(f"layout python python{minor} --without-pip\n")
        assert path_in(direnv, project) == activated(direnv, project)
    envrc.write_text("layout python python3 --without-pip\n")
    assert path_in(direnv, project) == activated(direnv, project) == first
    envrc.write_text('export VIRTUAL_ENV="$PWD/mine"\nlayout python3 --without-pip\n')
    assert path_in(direnv, project) is None
    assert activated(direnv, project) == path_in(direnv, project) == project / "mine"
    made(project / ".venv")
    envrc.write_text("echo layout python\n")
    assert path_in(direnv, project) == project / ".venv"
    assert DIRENV.use(project, direnv.machine(), Config()) is None


def test_the_default_environment_of_a_pixi_workspace(home: Home) -> None:
    project = workspace(home)
    assert why_none(home, project).startswith("pixi would create ~/code/webapp/.pixi/envs/default")
    inside = pixi_prefix(project / ".pixi/envs/default", project / "pixi.toml")
    pixi_prefix(project / ".pixi/envs/test", project / "pixi.toml")
    assert path_in(home, project) == inside
    shutil.rmtree(project / ".pixi")
    folder = detached(home, project, "default", "test")
    assert path_in(home, project) == folder / "default"
    (project / ".pixi" / "envs").unlink()
    assert path_in(home, project) is None  # pixi would make one in the project
    settings = home.path / ".pixi" / "config.toml"
    settings.parent.mkdir()
    settings.write_text("detached-environments = true\n")
    assert path_in(home, project) == folder / "default"
    (project / ".pixi" / "config.toml").write_text("detached-environments = false\n")
    assert path_in(home, project) is None
    (project / ".pixi" / "config.toml").write_text('detached-environments = "/elsewhere"\n')
    assert why_none(home, project).startswith("pixi would create /elsewhere/webapp-")


def test_the_environment_of_pyenvs_that_a_version_file_names(home: Home) -> None:
    project = home.path / "code" / "app"
    project.mkdir(parents=True)
    (project / "requirements.txt").touch()
    versions = home.path / ".pyenv" / "versions"
    for name in ("one", "two"):
        environment = made(versions / "3.12.1" / "envs" / name)
        (versions / name).symlink_to(environment)
        (project / ".python-version").write_text(f"{name}\n3.12.1\n")
        assert path_in(home, project) == environment
    (project / "uv.lock").touch()
    made(project / ".venv")
    assert statuses(home)[environment][0] is Status.LINKED  # pyenv activates it all the same


def test_a_file_with_the_name_of_a_virtualenvwrapper_environment(home: Home) -> None:
    project = home.path / "code" / "app"
    project.mkdir(parents=True)
    environment = made(home.path / ".virtualenvs" / "mine")
    made(home.path / ".virtualenvs" / "other")
    (project / ".venv").write_text("mine\n")  # as plugins of shells read it
    assert choice_in(home, project).rows[0].path == environment
