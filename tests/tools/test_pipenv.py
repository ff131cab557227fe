"""In pipenv's projects, against ``pipenv --venv``."""

import shutil
from pathlib import Path

import pytest

from tests.conftest import Home
from tests.project_tool import ProjectTool
from tests.realtools import Tool
from tests.scenario import venv
from tests.tools.asking import as_ours, expected_in, path_in, why_none
from venvdash.system.files import real

PIPFILE = "[packages]\n"


class Pipenv(ProjectTool):
    """pipenv as the user of one HOME runs it."""

    def run(self, project: Path, *arguments: str | Path, **variables: str) -> str:
        every = {"PIPENV_NOSPIN": "1", "NO_COLOR": "1"} | variables
        done = self.home.run(self.program, *arguments, cwd=project, check=False, **every)
        return done.stdout.strip()

    def project(self, name: str) -> Path:
        return self.write(name, PIPFILE, "Pipfile")

    def make(self, project: Path, python: int = 0, **variables: str) -> Path:
        bare = {"VIRTUALENV_NO_PIP": "1"} | variables  # faster
        self.run(project, "--python", self.pythons[python], **bare)
        return Path(self.run(project, "--venv", **variables))

    def agrees(self, project: Path, **variables: str) -> Path | None:
        """Return pipenv's answer, which has to be ours as well."""
        text = self.run(project, "--venv", **variables)
        return as_ours(self.home, project, real(Path(text)) if text else None, **variables)


@pytest.fixture(scope="module")
def pipenv(module_home: Home, tool: Tool, two_pythons: tuple[Path, Path]) -> Pipenv:
    return Pipenv(module_home, tool("pipenv"), two_pythons)


def test_the_hash_of_the_pipfile_decides(pipenv: Pipenv) -> None:
    project = pipenv.project("app")
    assert pipenv.agrees(project) is None
    assert why_none(pipenv.home, project).startswith(
        "pipenv would create ~/.local/share/virtualenvs/app-"
    )
    environment = pipenv.make(project)
    assert pipenv.agrees(project) == environment
    inside = project / "src"
    inside.mkdir()
    assert pipenv.agrees(inside) == environment
    moved = project.rename(project.with_name("moved"))
    assert pipenv.agrees(moved) is None
    (moved / ".venv").write_text(environment.name)
    assert pipenv.agrees(moved) == environment
    (moved / ".venv").unlink()
    pipenv.make(moved.rename(project), 1)  # pipenv replaces the one that is there
    assert pipenv.agrees(project) == environment


def test_a_venv_directory_counts_where_it_is_asked_for_or_nothing_else_is_there(
    pipenv: Pipenv,
) -> None:
    project = pipenv.project("inside")
    inside = pipenv.make(project, PIPENV_VENV_IN_PROJECT="1")
    assert inside == project / ".venv"
    assert pipenv.agrees(project) == inside
    assert pipenv.agrees(project, PIPENV_VENV_IN_PROJECT="0") is None
    central = pipenv.make(project, 1, PIPENV_VENV_IN_PROJECT="0")
    assert pipenv.agrees(project) == central  # it prefers its own
    assert pipenv.agrees(project, PIPENV_VENV_IN_PROJECT="1") == inside
    (project / "Pipfile").write_text("[pipenv]\nvenv_in_project = true\n[packages]\n")
    assert pipenv.agrees(project) == inside
    assert pipenv.agrees(project, PIPENV_VENV_IN_PROJECT="no") == central
    shutil.rmtree(inside)
    assert path_in(pipenv.home, project) is None
    (project / "Pipfile").write_text("[pipenv]\nvenv_in_project = false\n[packages]\n")
    assert pipenv.agrees(project) == central


def test_names_and_places_that_variables_give(pipenv: Pipenv) -> None:
    project = pipenv.project("named")
    usual = pipenv.make(project)
    home = str(pipenv.home.path / "work on")
    for given in (
        {"PIPENV_CUSTOM_VENV_NAME": "of-mine"},
        {"PIPENV_PYTHON": str(pipenv.pythons[1])},
        {"WORKON_HOME": home},
    ):
        assert path_in(pipenv.home, project, **given) is None
        made = venv(expected_in(pipenv.home, project, **given))
        assert pipenv.agrees(project, **given) == made != usual
    assert pipenv.agrees(project) == usual


def test_more_settings(pipenv: Pipenv) -> None:
    project = pipenv.project("settings")
    usual = pipenv.make(project)
    other = venv(project / ".venv")
    assert pipenv.agrees(project) == usual
    assert pipenv.agrees(project, PIPENV_NO_VENV_IN_PROJECT="1") == usual
    assert pipenv.agrees(project, PIPENV_VENV_IN_PROJECT="1") == other
    elsewhere = project.with_name("elsewhere")
    elsewhere.mkdir()
    pipfile = {"PIPENV_PIPFILE": str(project / "Pipfile")}
    assert pipenv.agrees(project, **pipfile) == usual
    data = str(pipenv.home.path / "data")
    assert pipenv.agrees(project, XDG_DATA_HOME=data) == other
    shutil.rmtree(other)
    other.write_text("envs/mine")
    assert pipenv.agrees(project) is None
    mine = venv(project / "envs" / "mine")
    assert pipenv.agrees(project) == mine
