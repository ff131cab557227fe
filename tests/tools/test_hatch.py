"""In hatch's projects, against ``hatch env find``."""

from pathlib import Path

import pytest

from tests.conftest import Home
from tests.project_tool import ProjectTool
from tests.realtools import Tool
from tests.scenario import venv
from tests.tools.asking import as_ours, why_none
from venvdash.system.files import real

PYPROJECT = """[project]
name = "{name}"
version = "1"
[tool.hatch.envs.default]
skip-install = true
[tool.hatch.envs.docs]
skip-install = true
"""


class Hatch(ProjectTool):
    """hatch as the user of one HOME runs it."""

    def run(self, project: Path, *arguments: str, **variables: str) -> str:
        return self.home.run(self.program, *arguments, cwd=project, check=True, **variables).stdout

    def project(self, name: str, pyproject: str = PYPROJECT) -> Path:
        return self.write(name, pyproject)

    def make(self, project: Path, *name: str, python: int = 0, **variables: str) -> Path:
        given = {"HATCH_PYTHON": str(self.pythons[python]), "VIRTUALENV_NO_PIP": "1"} | variables
        self.run(project, "env", "create", *name, **given)
        return Path(self.run(project, "env", "find", *name, **variables).strip())

    def agrees(self, project: Path, **variables: str) -> Path | None:
        """Return the environment that hatch finds if it is there; ours has to be the same."""
        name = variables.get("HATCH_ENV", "default")
        path = real(Path(self.run(project, "env", "find", name, **variables).strip()))
        answer = path if (path / "pyvenv.cfg").exists() else None
        return as_ours(self.home, project, answer, **variables)


@pytest.fixture(scope="module")
def hatch(module_home: Home, tool: Tool, two_pythons: tuple[Path, Path]) -> Hatch:
    return Hatch(module_home, tool("hatch"), two_pythons)


def test_the_default_environment_is_used_whatever_venv_is(hatch: Hatch) -> None:
    project = hatch.project("My_App.x")
    assert hatch.agrees(project) is None
    reason = why_none(hatch.home, project)
    assert reason.startswith("hatch would create ~/.local/share/hatch/env/virtual/my-app-x/")
    environment = hatch.make(project)
    assert hatch.agrees(project) == environment
    venv(project / ".venv")
    assert hatch.agrees(project) == environment
    docs = hatch.make(project, "docs", python=1)
    assert hatch.agrees(project, HATCH_ENV="docs") == docs
    assert hatch.agrees(project) == environment
    moved = project.rename(project.with_name("moved"))
    assert hatch.agrees(moved) is None
    assert hatch.agrees(moved.rename(project)) == environment


def test_where_the_settings_put_it(hatch: Hatch) -> None:
    project = hatch.project("placed")
    usual = hatch.make(project)
    data = str(hatch.home.path / "data of hatch")
    assert hatch.agrees(project, HATCH_DATA_DIR=data) is None
    assert hatch.agrees(project) == usual
    config = hatch.home.path / ".config" / "hatch" / "config.toml"
    config.parent.mkdir(parents=True, exist_ok=True)
    for text in ('[dirs]\ndata = "~/hatch data"\n', '[dirs.env]\nvirtual = ".hatch"\n',
                 '[dirs.env]\nvirtual = "~/.virtualenvs"\n'):  # fmt: skip
        config.write_text(text)
        assert hatch.agrees(project) is None
        made = hatch.make(project)
        assert hatch.agrees(project) == made != usual
    config.unlink()
    own = project / "hatch.toml"
    own.write_text('[envs.default]\nskip-install = true\npath = "in here"\n')
    assert hatch.agrees(project) is None
    assert hatch.agrees(project, HATCH_ENV_TYPE_VIRTUAL_PATH=str(usual)) == usual
    inside = hatch.make(project)
    assert hatch.agrees(project) == inside == project / "in here"
    own.unlink()
    assert hatch.agrees(project) == usual


def test_a_project_without_a_name(hatch: Hatch) -> None:
    project = hatch.project("bare", "[tool.hatch.envs.default]\nskip-install = true\n")
    assert hatch.agrees(project) is None
    made = hatch.make(project)
    assert hatch.agrees(project) == made


def test_more_settings(hatch: Hatch) -> None:
    project = hatch.project("settings")
    usual = hatch.make(project)
    other = hatch.home.path / "other.toml"
    other.write_text(f'[dirs]\ndata = "{hatch.home.path / "elsewhere"}"\n')
    assert hatch.agrees(project, HATCH_CONFIG=str(other)) is None
    assert (
        hatch.agrees(project, XDG_DATA_HOME=str(hatch.home.path / "xdg")) == usual
    )  # in its settings
    assert hatch.agrees(project) == usual
    pyproject = project / "pyproject.toml"
    pyproject.write_text(pyproject.read_text().replace('"settings"', '"renamed"'))
    assert hatch.agrees(project) is None
    made = hatch.make(project, python=1)
    assert hatch.agrees(project) == made != usual
