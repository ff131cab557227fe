"""Projects with the files of several tools: whose environment commands without a name take."""

from pathlib import Path

import pytest

from tests.conftest import Home
from tests.session.test_names import made
from tests.tools.asking import choice_in, statuses
from tests.tools.test_migrations import central, local
from venvdash.model import Status
from venvdash.session.name_resolution import AmbiguousError, NotFoundError

PLAIN = '[project]\nname = "app"\nversion = "1"\n'
POETRY = '[tool.poetry]\nname = "app"\nversion = "1"\n'
POETRY_CORE = f'{PLAIN}[build-system]\nbuild-backend = "poetry.core.masonry.api"\n'
HATCHLING = f'{PLAIN}[build-system]\nbuild-backend = "hatchling.build"\n'
PDM = f"{PLAIN}[tool.pdm]\n"


@pytest.fixture
def project(home: Home) -> Path:
    path = home.path / "code" / "app"
    path.mkdir(parents=True)
    home.variables["PATH"] = "/nowhere"  # so that no Python decides
    return path


def lay(home: Home, project: Path, pyproject: str, files: str) -> dict[str, Path]:
    """Write the files; return where each tool that made an environment has it."""
    (project / "pyproject.toml").write_text(pyproject)
    found = {}
    for file in files.split():
        if file in ("poetry", "pdm", "hatch"):
            found[file] = central(home, project, file)
        elif file == ".pdm-python":  # of another project's name: the pointer alone leads there
            found["pointer"] = made(home.path / ".local/share/pdm/venvs/was-abcdEF12-3.12")
            (found["pointer"] / "bin" / "python").touch()
            (project / file).write_text(str(found["pointer"] / "bin" / "python"))
        elif file == ".venv":
            found[file] = local(project)
        else:
            (project / file).touch()
    return found


@pytest.mark.slow
@pytest.mark.parametrize(
    ("pyproject", "files", "taken"),
    [
        (POETRY, ".pdm-python", "pointer"),  # poetry has made none
        (POETRY, ".pdm-python poetry", "several"),
        (POETRY_CORE, ".pdm-python", "pointer"),
        (POETRY_CORE, ".pdm-python poetry", "pointer"),  # the backend is no sign of the tool
        (POETRY_CORE, "poetry", "poetry"),
        (POETRY_CORE, ".venv", ".venv"),
        (PLAIN, ".pdm-python", "pointer"),
        (PLAIN, ".pdm-python .venv", "pointer"),  # pdm itself would use it
        (POETRY, ".pdm-python poetry.lock", None),  # the lock file goes before a pointer
        (POETRY, ".pdm-python poetry.lock poetry", "poetry"),
        (POETRY, ".pdm-python pdm.lock", "pointer"),
        (POETRY, ".pdm-python pdm.lock poetry.lock", "pointer"),
        (POETRY, ".pdm-python pdm.lock poetry.lock poetry", "several"),
        (POETRY, ".pdm-python pdm.lock poetry.lock .venv", "several"),
        (PLAIN, ".pdm-python uv.lock", None),
        (PLAIN, ".pdm-python uv.lock .venv", ".venv"),
        (PLAIN, "uv.lock poetry.lock", None),
        (PLAIN, "uv.lock poetry.lock poetry", "poetry"),
        (PLAIN, "uv.lock poetry.lock .venv", ".venv"),  # both use it
        (POETRY, "uv.lock poetry .venv", ".venv"),
        (PDM, "uv.lock pdm", None),
        (PDM, "poetry pdm", "pdm"),
        (PDM, "Pipfile pdm", None),
        (PDM, "Pipfile pdm.lock pdm", "pdm"),
        (PLAIN, "Pipfile uv.lock .venv", ".venv"),
        (HATCHLING, ".venv", ".venv"),  # as made by hand, hatch only builds
        (HATCHLING, "hatch", "hatch"),
        (HATCHLING, ".pdm-python .venv", "pointer"),
    ],
)
def test_whose_environment_is_taken(
    home: Home, project: Path, pyproject: str, files: str, taken: str | None
) -> None:
    found = lay(home, project, pyproject, files)
    if taken is None:
        with pytest.raises(NotFoundError) as told:
            choice_in(home, project)
        assert "would create" in told.value.reason or "has no environment" in told.value.reason
    elif taken == "several":
        with pytest.raises(AmbiguousError, match=r"~/code/app \((poetry, pdm|uv, poetry)"):
            choice_in(home, project)
    else:
        assert choice_in(home, project).rows[0].path == found[taken]


def test_a_note_says_whose_it_is_where_several_tools_count(home: Home, project: Path) -> None:
    lay(home, project, POETRY, ".pdm-python")
    assert choice_in(home, project).note == (
        "app: pdm's (its .pdm-python names its Python), since poetry has no environment here"
        " (~/.local/share/pdm/venvs/was-abcdEF12-3.12)"
    )
    (project / "pdm.lock").touch()
    assert choice_in(home, project).note == ""


def test_a_pointer_that_leads_nowhere_is_no_sign(home: Home, project: Path) -> None:
    lay(home, project, POETRY, "poetry")
    for text in ("/nowhere/bin/python", ""):
        (project / ".pdm-python").write_text(text)
        assert choice_in(home, project).rows[0].environment.store == "poetry"
    (project / ".pdm-python").unlink()
    assert choice_in(home, project).rows[0].environment.store == "poetry"


@pytest.mark.slow
def test_what_two_tools_may_use_is_not_replaced(home: Home, project: Path) -> None:
    found = lay(home, project, POETRY_CORE, ".pdm-python poetry")
    assert {statuses(home)[path][0] for path in found.values()} == {Status.LINKED}
