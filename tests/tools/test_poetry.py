"""In poetry's projects, against ``poetry env info --path``."""

import shutil
from pathlib import Path

import pytest

from tests.conftest import Home
from tests.project_tool import ProjectTool
from tests.realtools import Tool
from tests.scenario import venv
from tests.tools.asking import as_ours, path_in, why_none
from venvdash.system.files import real

PYPROJECT = """[project]
name = "{name}"
version = "1"
requires-python = ">=3.10"
[tool.poetry]
package-mode = false
"""


class Poetry(ProjectTool):
    """poetry as the user of one HOME runs it, with the first of two Pythons first on PATH."""

    @property
    def paths(self) -> list[str]:
        """PATH with the first Python first, and with the last one first."""
        folders = [str(python.parent) for python in self.pythons]
        return [":".join([*order, "/usr/bin", "/bin"]) for order in (folders, folders[::-1])]

    def run(self, project: Path, *arguments: str | Path, **variables: str) -> str:
        every = {"PATH": self.paths[0], "POETRY_VIRTUALENVS_OPTIONS_NO_PIP": "1"} | variables
        done = self.home.run(self.program, *arguments, cwd=project, check=False, **every)
        return done.stdout.strip()

    def project(self, name: str) -> Path:
        return self.write(name, PYPROJECT)

    def agrees(self, project: Path, **variables: str) -> Path | None:
        """Return poetry's answer, which has to be ours as well."""
        text = self.run(project, "env", "info", "--path", **variables)
        answer = real(Path(text)) if text else None
        return as_ours(self.home, project, answer, **{"PATH": self.paths[0]} | variables)


@pytest.fixture(scope="module")
def poetry(module_home: Home, tool: Tool, two_pythons: tuple[Path, Path]) -> Poetry:
    return Poetry(module_home, tool("poetry"), two_pythons)


@pytest.fixture(scope="module")
def both(poetry: Poetry) -> tuple[Path, list[Path]]:
    """A project with two environments, and these."""
    project = poetry.project("both")
    found = []
    for python in poetry.pythons:
        poetry.run(project, "env", "use", "-q", python)
        found.append(Path(poetry.run(project, "env", "info", "--path")))
    assert len(set(found)) == 2
    return project, found


def test_the_python_that_was_chosen_decides(poetry: Poetry, both: tuple[Path, list[Path]]) -> None:
    project, environments = both
    for python, environment in zip(poetry.pythons, environments, strict=True):
        poetry.run(project, "env", "use", "-q", python)
        assert poetry.agrees(project) == environment


def test_without_a_choice_the_first_python_decides(
    poetry: Poetry, both: tuple[Path, list[Path]]
) -> None:
    project, environments = both
    index = environments[0].parent / "envs.toml"
    kept = index.rename(index.with_name("kept.toml"))
    try:
        for path, environment in zip(poetry.paths, environments, strict=True):
            assert poetry.agrees(project, PATH=path) == environment
    finally:
        kept.rename(index)


def test_a_venv_directory_goes_before_unless_it_is_switched_off(
    poetry: Poetry, both: tuple[Path, list[Path]]
) -> None:
    project, environments = both
    poetry.run(project, "env", "use", "-q", poetry.pythons[0])
    inside = venv(project / ".venv")
    settings = project / "poetry.toml"
    user = poetry.home.path / ".config" / "pypoetry" / "config.toml"
    user.parent.mkdir(parents=True, exist_ok=True)
    assert poetry.agrees(project) == inside
    for file in (user, settings):
        file.write_text("[virtualenvs]\nin-project = false\n")
        assert poetry.agrees(project) == environments[0]
        assert poetry.agrees(project, POETRY_VIRTUALENVS_IN_PROJECT="true") == inside
        file.write_text("[virtualenvs]\nin-project = true\n")
        assert poetry.agrees(project) == inside
        assert poetry.agrees(project, POETRY_VIRTUALENVS_IN_PROJECT="0") == environments[0]
    user.unlink()
    settings.unlink()
    elsewhere = inside.rename(poetry.home.path / "elsewhere")
    inside.symlink_to(elsewhere)
    assert poetry.agrees(project) == elsewhere
    inside.unlink()
    assert poetry.agrees(project, POETRY_VIRTUALENVS_IN_PROJECT="true") == environments[0]


def test_where_environments_go_decides(poetry: Poetry) -> None:
    project = poetry.project("placed")
    poetry.run(project, "env", "use", "-q", poetry.pythons[0])
    usual = poetry.agrees(project)
    place = poetry.home.path / "envs of poetry"
    settings = project / "poetry.toml"
    settings.write_text(f'[virtualenvs]\npath = "{place}"\n')
    assert poetry.agrees(project) is None
    poetry.run(project, "env", "use", "-q", poetry.pythons[1])
    other = poetry.agrees(project)
    assert other is not None
    assert other.parent == place
    assert poetry.agrees(project, POETRY_VIRTUALENVS_PATH=str(place)) == other
    settings.unlink()
    assert poetry.agrees(project) == usual
    assert poetry.agrees(project, POETRY_CACHE_DIR=str(poetry.home.path / "c")) is None


def test_a_project_that_is_moved_or_renamed_has_none_until_poetry_makes_one(
    poetry: Poetry,
) -> None:
    project = poetry.project("moves")
    poetry.run(project, "env", "use", "-q", poetry.pythons[0])
    environment = poetry.agrees(project)
    assert environment is not None
    moved = project.rename(project.with_name("moved"))
    assert poetry.agrees(moved) is None
    assert "poetry would create ~/.cache/pypoetry/virtualenvs/moves-" in why_none(
        poetry.home, moved, PATH=poetry.paths[0]
    )
    project = moved.rename(project)
    assert poetry.agrees(project) == environment
    (project / "pyproject.toml").write_text(PYPROJECT.format(name="other"))
    assert poetry.agrees(project) is None


def test_another_project_in_the_old_place_does_not_get_the_environment(poetry: Poetry) -> None:
    project = poetry.project("first")
    poetry.run(project, "env", "use", "-q", poetry.pythons[0])
    first = poetry.agrees(project)
    shutil.rmtree(project)
    project.mkdir()
    (project / "pyproject.toml").write_text(PYPROJECT.format(name="second"))
    poetry.run(project, "env", "use", "-q", poetry.pythons[0])
    second = poetry.agrees(project)
    assert second is not None
    assert second != first


def test_settings_of_the_user_decide(poetry: Poetry, both: tuple[Path, list[Path]]) -> None:
    project, environments = both
    poetry.run(project, "env", "use", "-q", poetry.pythons[0])
    assert poetry.agrees(project) == environments[0]
    other = poetry.home.path / "other settings"
    for folder, given in (
        (poetry.home.path / ".config" / "pypoetry", {}),
        (other, {"POETRY_CONFIG_DIR": str(other)}),
    ):
        folder.mkdir(parents=True, exist_ok=True)
        config = folder / "config.toml"
        config.write_text(f'cache-dir = "{poetry.home.path / "caches"}"\n')
        assert poetry.agrees(project, **given) is None
        config.write_text(f"{config.read_text()}[virtualenvs]\npath = '{environments[0].parent}'\n")
        assert poetry.agrees(project, **given) == environments[0]
        config.write_text("[virtualenvs]\ncreate = false\n")
        assert path_in(poetry.home, project, PATH=poetry.paths[0], **given) is None
        config.unlink()
    assert poetry.agrees(project) == environments[0]
