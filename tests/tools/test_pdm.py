"""In pdm's projects, against ``pdm info --python``."""

import shutil
from pathlib import Path
from typing import ClassVar

import pytest

from tests.conftest import Home
from tests.project_tool import ProjectTool
from tests.realtools import Tool
from tests.tools.asking import add_member, path_in, why_none
from venvdash.system.files import real

PYPROJECT = '[project]\nname = "app"\nversion = "1"\nrequires-python = ">=3.10"\n[tool.pdm]\n'


class Pdm(ProjectTool):
    """pdm as the user of one HOME runs it, told to keep environments outside projects."""

    variables: ClassVar = {"PDM_VENV_IN_PROJECT": "0", "PDM_CHECK_UPDATE": "0"}

    def run(self, project: Path, *arguments: str | Path, **variables: str) -> str:
        given = self.variables | variables
        done = self.home.run(self.program, *arguments, cwd=project, check=False, **given)
        return done.stdout.strip()

    def project(self, name: str) -> Path:
        return self.write(name, PYPROJECT)

    def make(self, project: Path, python: int = 0, *name: str, **variables: str) -> Path:
        self.run(project, "venv", "create", *name, self.pythons[python], **variables)
        ident = (
            name[1] if name else ".".join(self.pythons[python].resolve().name[6:].split(".")[:2])
        )
        return Path(self.run(project, "venv", "--path", ident, **variables))

    def agrees(self, project: Path, **variables: str) -> Path | None:
        """Return the environment of the Python that pdm uses; ours has to be the same.

        It is asked last, as pdm notes the Python that it takes, or makes an environment.
        """
        ours = path_in(self.home, project, **self.variables | variables)
        before = set(self.home.path.rglob("pyvenv.cfg"))
        python = Path(self.run(project, "info", "--python", **variables))
        made = set(self.home.path.rglob("pyvenv.cfg")) - before
        answer = None if made else real(python.parent.parent)
        assert ours == answer
        for file in made:
            shutil.rmtree(file.parent)
        return answer


@pytest.fixture(scope="module")
def pdm(module_home: Home, tool: Tool, two_pythons: tuple[Path, Path]) -> Pdm:
    return Pdm(module_home, tool("pdm"), two_pythons)


def forget(project: Path) -> None:
    """Have pdm choose again."""
    (project / ".pdm-python").unlink(missing_ok=True)


def test_the_saved_python_decides_and_travels_with_the_project(pdm: Pdm) -> None:
    project = pdm.project("app")
    assert why_none(pdm.home, project, **pdm.variables).startswith(
        "pdm has no environment to use in "
    )
    environment = pdm.make(project)
    other = pdm.make(project, 1, "--name", "other")
    for used in (environment, other):
        pdm.run(project, "use", "-q", "--venv", used.name.rpartition("-")[2])
        assert pdm.agrees(project) == used
    moved = project.rename(project.with_name("moved"))
    assert pdm.agrees(moved) == other
    forget(moved)
    assert pdm.agrees(moved) is None


def test_a_venv_directory_goes_before_unless_another_python_is_saved(pdm: Pdm) -> None:
    project = pdm.project("inside")
    central = pdm.make(project)
    assert pdm.agrees(project) == central
    inside = pdm.run(project, "venv", "create", pdm.pythons[1], PDM_VENV_IN_PROJECT="1")
    assert inside
    assert (project / ".venv" / "pyvenv.cfg").exists()
    assert pdm.agrees(project) == central
    assert pdm.agrees(project, PDM_IGNORE_SAVED_PYTHON="1") == project / ".venv"
    forget(project)
    assert pdm.agrees(project) == project / ".venv"
    assert pdm.agrees(project, PDM_PYTHON=str(central / "bin" / "python")) == central
    shutil.rmtree(project / ".venv")
    assert pdm.agrees(project) == central
    assert path_in(pdm.home, project, **pdm.variables, PDM_USE_VENV="0") is None


def test_what_does_not_fit_the_project_is_passed_over(pdm: Pdm) -> None:
    project = pdm.project("fits")
    first, second = pdm.make(project), pdm.make(project, 1)
    assert pdm.agrees(project) in (first, second)
    for python, environment in zip(pdm.pythons, (first, second), strict=True):
        minor = ".".join(python.resolve().name[6:].split(".")[:2])
        text = PYPROJECT.replace(">=3.10", f"=={minor}.*")
        (project / "pyproject.toml").write_text(text)
        assert pdm.agrees(project) == environment


def test_a_member_of_a_workspace_uses_the_environment_of_the_root(pdm: Pdm) -> None:
    project = pdm.project("space")
    member = add_member(project, "pdm", PYPROJECT.replace("app", "one"))
    environment = pdm.make(project)
    prefix = pdm.run(member, "run", "python", "-c", "import sys; print(sys.prefix)")
    assert path_in(pdm.home, member, **pdm.variables) == Path(prefix) == environment


def test_where_the_settings_put_it(pdm: Pdm) -> None:
    project = pdm.project("placed")
    usual = pdm.make(project)
    config = pdm.home.path / ".config" / "pdm" / "config.toml"
    config.parent.mkdir(parents=True, exist_ok=True)
    config.write_text('[venv]\nlocation = "~/envs of pdm"\n')
    assert path_in(pdm.home, project, **pdm.variables) is None
    other = pdm.make(project)
    assert other.parent == pdm.home.path / "envs of pdm"
    assert pdm.agrees(project) == other
    config.unlink()
    forget(project)
    assert pdm.agrees(project) == usual


def test_more_settings(pdm: Pdm) -> None:
    project = pdm.project("settings")
    usual = pdm.make(project)
    forget(project)
    other = pdm.home.path / "pdm.toml"
    other.write_text(f'[venv]\nlocation = "{pdm.home.path / "elsewhere"}"\n')
    assert path_in(pdm.home, project, **pdm.variables, PDM_CONFIG_FILE=str(other)) is None
    assert path_in(pdm.home, project, **pdm.variables, XDG_DATA_HOME="/nowhere") is None
    assert pdm.agrees(project) == usual
    (project / "pdm.toml").write_text("[python]\nuse_venv = false\n")
    assert path_in(pdm.home, project, **pdm.variables) is None
    (project / "pdm.toml").write_text("[venv]\nin_project = true\n")
    assert pdm.agrees(project) == usual  # which is saved
    moved = project.rename(project.with_name("moved settings"))
    assert pdm.agrees(moved) == usual
