"""`venvdash adopt` and `move --in-project`, as people and scripts call them, with real tools."""

import json
import os
import sys
from pathlib import Path

import pytest
from uv import find_uv_bin

from tests.conftest import Home
from tests.realtools import Tool
from tests.scenario import venv

PREFIX = "import sys; print(sys.prefix)"


def _project(home: Home, name: str, text: str = "") -> Path:
    path = home.path / "code" / name
    path.mkdir(parents=True)
    (path / "pyproject.toml").write_text(
        f'[project]\nname = "{name}"\nversion = "1"\nrequires-python = ">=3.9"\n{text}'
    )
    return path


@pytest.fixture
def app(home: Home) -> Path:
    """A project of uv's with an environment in it, in a git repository."""
    path = _project(home, "app")
    (path / ".gitignore").write_text(".venv/\n")
    home.run("git", "init", "-q", cwd=path)
    home.run(find_uv_bin(), "sync", "-q", "--offline", "--python", sys.executable, cwd=path)
    home.run("git", "add", ".", cwd=path)
    (home.path / ".venvs").mkdir()
    return path


def _inode(path: Path) -> int:
    return path.stat().st_ino


def test_what_uv_does_with_it(home: Home, app: Path, pythons: list[Path]) -> None:
    known = _inode(app / ".venv")
    done = home.venvdash("adopt", "--git-exclude", cwd=app)
    place = (app / ".venv").resolve()
    assert place.parent == home.path / ".venvs"
    assert done.stdout.splitlines()[-1] == f"app: done. ~/.venvs/{place.name}"
    assert _inode(place) == known
    uv = find_uv_bin()
    before = home.run("git", "status", "--short", cwd=app).stdout
    assert ".venv" not in before
    for words in (
        ["sync"],
        ["run", "python", "-c", PREFIX],
        ["sync", "--python", str(pythons[-1])],
        ["venv", "--clear", "--python", sys.executable],
    ):
        home.run(uv, *words[:1], "--offline", *words[1:], cwd=app)
        assert (app / ".venv").resolve() == place, words
    assert home.run("git", "status", "--short", cwd=app).stdout == before
    home.venvdash("move", "app", "--in-project")
    assert not (app / ".venv").is_symlink()
    home.run(uv, "sync", "--offline", cwd=app)
    assert home.run(app / ".venv" / "bin" / "python", "-c", PREFIX).stdout.strip() == str(
        app / ".venv"
    )
    assert not place.exists()


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("UV_PREVIEW_FEATURES", "centralized-project-envs"),
        ("UV_PREVIEW", "1"),
        ("UV_PROJECT_ENVIRONMENT", "/elsewhere"),
    ],
)
def test_what_uv_would_undo_is_refused(home: Home, app: Path, variable: str, value: str) -> None:
    home.variables[variable] = value
    done = home.venvdash("adopt", cwd=app, check=False)
    assert done.returncode == 2
    assert variable in done.stdout
    del home.variables[variable]
    home.venvdash("adopt", cwd=app)
    home.variables[variable] = value
    done = home.venvdash("move", "app", "--in-project", check=False)
    assert done.returncode == 2
    assert variable in done.stdout
    assert (app / ".venv").is_symlink()


def test_uvs_configuration_is_named(home: Home, app: Path) -> None:
    file = app / "uv.toml"
    file.write_text('preview-features = ["centralized-project-envs"]\n')
    done = home.venvdash("adopt", cwd=app, check=False)
    assert "(by ~/code/app/uv.toml)" in done.stdout
    assert not (app / ".venv").is_symlink()


def test_json_and_dry_run(home: Home, app: Path) -> None:
    shown = json.loads(home.venvdash("adopt", "--dry-run", "--json", cwd=app).stdout)
    (proposal,) = shown["proposals"]
    assert (proposal["action"], proposal["project"]) == ("move", str(app))
    assert proposal["links"] == [str(app / ".venv")]
    assert Path(proposal["place"]).parent == home.path / ".venvs"
    assert not (app / ".venv").is_symlink()
    done = json.loads(home.venvdash("adopt", "--json", cwd=app).stdout)
    assert [result["outcome"] for result in done["results"]] == ["done"]


def test_several_projects_and_all(home: Home, app: Path) -> None:
    others = [_project(home, name) for name in ("one", "two")]
    for other in others:
        venv(other / ".venv")
    asked = home.venvdash("adopt", "--all", check=False)
    assert asked.returncode == 2
    assert "Use `--yes`" in asked.stderr
    home.venvdash("adopt", app, others[0])
    assert [(path / ".venv").is_symlink() for path in (app, *others)] == [True, True, False]
    home.venvdash("adopt", "--all", "--yes")
    assert (others[1] / ".venv").is_symlink()
    done = home.venvdash("adopt", "--all", "--yes", check=False)
    assert done.returncode == 1
    assert "no known project contains an environment" in done.stderr


def test_where_there_is_none_it_is_said(home: Home, app: Path) -> None:
    home.venvdash("adopt", cwd=app)
    done = home.venvdash("adopt", cwd=app, check=False)
    assert done.returncode == 1
    assert "its .venv is a link to ~/.venvs/app-" in done.stderr
    done = home.venvdash("adopt", "nowhere", check=False)
    assert "~/nowhere is not a directory" in done.stderr
    (app / ".venv").unlink()
    (app / ".venv").write_text("/etc\n")
    assert "its .venv is a file" in home.venvdash("adopt", cwd=app, check=False).stderr


def test_move_takes_the_path_of_one_in_a_project(home: Home, app: Path) -> None:
    home.venvdash("move", "./.venv", "--to", "~/.venvs", cwd=app)
    assert (app / ".venv").resolve().parent == home.path / ".venvs"
    for words in ([], ["--to", "~/.venvs", "--in-project"]):
        done = home.venvdash("move", "app", *words, check=False)
        assert done.returncode == 2
        assert "either `--to` or `--in-project`" in done.stderr


def test_poetry_finds_it_in_its_own_folder(home: Home, tool: Tool, pythons: list[Path]) -> None:
    poetry = tool("poetry")
    path = _project(home, "poem", "[tool.poetry]\npackage-mode = false\n")
    home.variables["POETRY_VIRTUALENVS_IN_PROJECT"] = "true"
    home.run(poetry, "env", "use", pythons[0], cwd=path)
    assert (path / ".venv").is_dir()
    known = _inode(path / ".venv")
    done = home.venvdash("adopt", cwd=path, check=False)
    assert "poetry's setting virtualenvs.in-project is true" in done.stdout
    del home.variables["POETRY_VIRTUALENVS_IN_PROJECT"]
    home.venvdash("adopt", cwd=path)
    assert not os.path.lexists(path / ".venv")
    place = Path(home.run(poetry, "run", "python", "-c", PREFIX, cwd=path).stdout.strip())
    assert place.parent == home.path / ".cache" / "pypoetry" / "virtualenvs"
    assert _inode(place) == known
    home.run(poetry, "env", "use", pythons[1], cwd=path)
    assert not os.path.lexists(path / ".venv")
    home.run(poetry, "env", "use", pythons[0], cwd=path)
    home.venvdash("move", place, "--in-project")
    assert home.run(poetry, "run", "python", "-c", PREFIX, cwd=path).stdout.strip() == str(
        path / ".venv"
    )


def test_pipenv_finds_it_in_its_own_folder(home: Home, tool: Tool) -> None:
    pipenv = tool("pipenv")
    path = home.path / "code" / "pip"
    path.mkdir(parents=True)
    (path / "Pipfile").write_text("[packages]\n")
    home.variables["PIPENV_VENV_IN_PROJECT"] = "1"
    home.run(pipenv, "--python", sys.executable, cwd=path)
    known = _inode(path / ".venv")
    done = home.venvdash("adopt", cwd=path, check=False)
    assert "would create `.venv` again" in done.stdout
    del home.variables["PIPENV_VENV_IN_PROJECT"]
    home.venvdash("adopt", cwd=path)
    assert not os.path.lexists(path / ".venv")
    place = Path(home.run(pipenv, "--venv", cwd=path).stdout.strip())
    assert place.parent == home.path / ".local" / "share" / "virtualenvs"
    assert _inode(place) == known
    home.venvdash("move", place, "--in-project")
    assert home.run(pipenv, "--venv", cwd=path).stdout.strip() == str(path / ".venv")


def test_pdm_follows_the_link(home: Home, tool: Tool, pythons: list[Path]) -> None:
    pdm = tool("pdm")
    path = _project(home, "deem", "[tool.pdm]\ndistribution = false\n")
    home.run(pdm, "use", "-f", pythons[0], cwd=path)
    known = _inode(path / ".venv")
    home.venvdash("adopt", cwd=path)
    place = (path / ".venv").resolve()
    assert place.parent == home.path / ".venvs"
    assert _inode(place) == known
    for words in (["run", "python", "-c", PREFIX], ["use", "-f", str(pythons[1])]):
        home.run(pdm, *words, cwd=path)
        assert (path / ".venv").resolve() == place
    home.venvdash("move", place, "--in-project", "--yes")
    ran = home.run(pdm, "run", "python", "-c", PREFIX, cwd=path).stdout
    assert ran.strip() == str(path / ".venv")
    assert not (path / ".venv").is_symlink()


def test_hatch_follows_the_link_if_its_path_names_it(home: Home, tool: Tool) -> None:
    hatch = tool("hatch")
    text = '[tool.hatch.envs.default]\npath = ".venv"\nskip-install = true\n'
    path = _project(home, "hatched", text)
    home.run(hatch, "env", "create", cwd=path)
    home.venvdash("adopt", cwd=path)
    place = (path / ".venv").resolve()
    assert home.run(hatch, "run", "python", "-c", PREFIX, cwd=path).stdout.strip() == str(place)
    home.venvdash("move", place, "--in-project", "--yes")
    assert not (path / ".venv").is_symlink()
    file = path / "pyproject.toml"
    home.venvdash("adopt", cwd=path)
    file.write_text(file.read_text().replace('path = ".venv"\n', ""))
    done = home.venvdash("move", (path / ".venv").resolve(), "--in-project", check=False)
    assert "hatch keeps its environments in its own folder" in done.stdout
