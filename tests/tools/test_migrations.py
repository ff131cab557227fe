"""Projects that went from one tool to another, and back, and what becomes of their environments."""

import shutil
from pathlib import Path

import pytest

from tests.conftest import Home
from tests.session.test_names import made, poetrys
from tests.tools.asking import path_in, statuses
from venvdash.model import Status
from venvdash.stores._name_hashes import short_hash

PYPROJECT = '[project]\nname = "app"\nversion = "1"\nrequires-python = ">=3.10"\n'
LOCKS = {
    "uv": "uv.lock",
    "poetry": "poetry.lock",
    "pdm": "pdm.lock",
    "pipenv": "Pipfile",
    "hatch": "hatch.toml",
}


def central(home: Home, project: Path, tool: str) -> Path:
    """Make what passes for the environment that a tool has for a project in its store."""
    data = home.path / ".local" / "share"
    if tool == "poetry":
        return poetrys(home.path, project, "3.12", used=True)
    if tool == "pdm":
        name = f"{project.name}-{short_hash(str(project), 'md5')}-3.12"
        path = made(data / "pdm" / "venvs" / name)
        (path / "bin" / "python").touch()
        return path
    if tool == "pipenv":
        name = f"{project.name}-{short_hash(str(project / 'Pipfile'))}"
        path = made(data / "virtualenvs" / name)
        (path / ".project").write_text(str(project))
        (path / "bin" / "activate").touch()
        return path
    return made(data / "hatch/env/virtual" / project.name / short_hash(str(project)) / project.name)


def local(project: Path) -> Path:
    """Make what passes for an environment in the project."""
    path = made(project / ".venv")
    (path / "bin" / "python").touch()
    return path


@pytest.fixture
def project(home: Home) -> Path:
    path = home.path / "code" / "app"
    path.mkdir(parents=True)
    (path / "pyproject.toml").write_text(PYPROJECT)
    home.variables["PATH"] = "/nowhere"  # so that no Python decides
    return path


@pytest.mark.parametrize("tool", ["poetry", "pdm", "pipenv", "hatch"])
def test_another_tool_takes_over_and_goes_again(home: Home, project: Path, tool: str) -> None:
    environment = central(home, project, tool)
    own, other = project / LOCKS[tool], project / "uv.lock"
    own.touch()
    assert statuses(home)[environment][0] is Status.LINKED
    assert path_in(home, project) == environment
    own.unlink()
    other.touch()
    assert statuses(home)[environment][0] is Status.LINKED  # uv has made none yet
    assert path_in(home, project) is None
    inside = local(project)
    status, reason = statuses(home)[environment]
    assert status is Status.REPLACED
    assert reason.endswith(
        f"but uv now uses {inside} (`.venv` there is an environment) for that project"
    )
    assert path_in(home, project) == inside
    own.touch()  # both lock files: nobody can tell
    assert statuses(home)[environment][0] is (
        Status.REPLACED if tool in ("poetry", "pdm") else Status.LINKED
    )
    other.unlink()
    shutil.rmtree(inside)
    assert statuses(home)[environment][0] is Status.LINKED
    assert path_in(home, project) == environment


@pytest.mark.parametrize("tool", ["poetry", "pdm"])
def test_a_tool_that_went_back_to_a_venv_directory(home: Home, project: Path, tool: str) -> None:
    environment, inside = central(home, project, tool), local(project)
    (project / LOCKS[tool]).touch()
    status, reason = statuses(home)[environment]
    assert status is Status.REPLACED
    assert f"{tool} now uses {inside} (the directory `.venv` exists)" in reason
    assert path_in(home, project) == inside
    (project / "poetry.toml").write_text("[virtualenvs]\nin-project = false\n")
    (project / ".pdm-python").write_text(str(environment / "bin" / "python"))
    assert statuses(home)[environment][0] is Status.LINKED
    assert path_in(home, project) == environment


@pytest.mark.parametrize("target", ["inside", "disk"])
def test_a_link_to_what_is_in_no_store(home: Home, project: Path, target: str) -> None:
    environment = central(home, project, "poetry")
    place = project / "envs" / "one" if target == "inside" else home.path / "disk" / "one"
    (project / ".venv").symlink_to(made(place))
    status, reason = statuses(home)[environment]
    assert status is Status.REPLACED
    assert f"poetry now uses {place} (`.venv` points to it)" in reason
    assert path_in(home, project) == place


def test_without_a_sign_of_a_tool_an_environment_stays_linked(home: Home, project: Path) -> None:
    environment, inside = central(home, project, "hatch"), local(project)
    assert statuses(home)[environment][0] is Status.LINKED
    assert path_in(home, project) == inside


def test_an_environment_that_a_variable_names_replaces_none(home: Home, project: Path) -> None:
    environment, inside = central(home, project, "pdm"), local(project)
    (project / "uv.lock").touch()
    given = {"UV_PROJECT_ENVIRONMENT": str(inside)}
    assert statuses(home, given)[environment][0] is Status.LINKED
    assert path_in(home, project, **given) == inside


@pytest.mark.slow
def test_another_project_in_the_old_place_is_not_given_the_environment(
    home: Home, project: Path
) -> None:
    for tool in ("poetry", "hatch"):
        environment = central(home, project, tool)
        assert statuses(home)[environment][0] is Status.LINKED
        (project / "pyproject.toml").write_text(PYPROJECT.replace("app", "other"))
        status, reason = statuses(home)[environment]
        assert status is Status.UNKNOWN
        assert reason.startswith(
            "its name shows that it was created for a project (app), and none of"
        )
        (project / "pyproject.toml").write_text("<<<<<<< HEAD\n")  # whatever it is called
        assert statuses(home)[environment][0] is Status.LINKED
        (project / "pyproject.toml").write_text(PYPROJECT)
