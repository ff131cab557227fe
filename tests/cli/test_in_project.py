"""Commands without a name in a project whose tool keeps its environment in the project."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from uv import find_uv_bin

from tests.conftest import Home
from tests.scenario import rows, uv_project
from venvdash.tui.widgets.detail import describe

ON = {"UV_PREVIEW_FEATURES": "centralized-project-envs"}


def run(
    home: Home, cwd: Path, *arguments: str, check: bool = True, **variables: str
) -> "subprocess.CompletedProcess[str]":
    return home.venvdash(*arguments, cwd=cwd, check=check, **variables)


@pytest.fixture
def project(home: Home) -> Path:
    """A project of uv's with a directory `.venv`, and below it a folder."""
    path = home.path / "code" / "app"
    (path / "src").mkdir(parents=True)
    home.uv("init", "-q", "--bare", "--no-workspace", cwd=path)
    home.run(find_uv_bin(), "sync", "-q", "--offline", "--python", sys.executable, cwd=path)
    assert (path / ".venv").is_dir()
    assert not (path / ".venv").is_symlink()
    return path


def test_every_command_takes_it(home: Home, project: Path) -> None:
    inside, below = project / ".venv", project / "src"
    assert run(home, below, "path").stdout.strip() == str(inside)
    assert run(home, below, "path", "--project").stdout.strip() == str(project)
    assert f"VIRTUAL_ENV={inside}\n" in run(home, below, "activate", "--shell", "bash").stdout
    words = ("run", "--", "sh", "-c", "echo $VIRTUAL_ENV; pwd")
    assert run(home, below, *words).stdout.split() == [str(inside), str(project)]
    assert run(home, below, "edit", EDITOR="pwd").stdout.strip() == str(project)
    done = run(home, below, "sync")
    assert "Already up to date" in done.stdout
    assert "named by hand" not in done.stdout + done.stderr
    uv_project(home, home.path / "code" / "other")  # one to measure: then names are chosen early
    for options in ((), ("--no-usage",)):
        told = json.loads(run(home, below, "info", "--json", *options).stdout)["environment"]
        assert (told["location"], told["status"]) == ("in-project", "linked")
    assert str(inside) not in run(home, below, "list", "--json").stdout


def test_where_there_is_none_a_sentence_says_what_the_tool_would_do(
    home: Home, project: Path
) -> None:
    shutil.rmtree(project / ".venv")
    before = sorted(home.path.rglob("*"))
    for command in ("path", "activate", "sync"):
        words = [command, *(["--shell", "bash"] if command == "activate" else [])]
        failed = run(home, project / "src", "--no-records", *words, check=False)
        assert failed.returncode == 1
        assert failed.stdout == ""
        assert failed.stderr == (
            "venvdash: uv would create ~/code/app/.venv for ~/code/app:"
            " uv keeps it in the project.\n"
        )
    assert sorted(home.path.rglob("*")) == before


def test_a_venv_directory_that_uv_will_delete_is_warned_about(home: Home, project: Path) -> None:
    inside = project / ".venv"
    inside.rename(project / "kept")
    environment = uv_project(home, project, python=Path(sys.executable))
    inside.unlink()
    (project / "kept").rename(inside)
    (inside / "mine.txt").touch()
    danger = "`uv sync` in that project deletes ~/code/app/.venv and all files in it"
    home.variables |= ON
    assert run(home, project, "path").stdout.strip() == str(environment)
    shown = run(home, project, "info", "--no-usage").stdout
    assert danger in shown
    told = json.loads(run(home, project, "info", "--no-usage", "--json").stdout)["environment"]
    assert told["endangered"] == str(inside)
    assert f"venvdash: app: {danger}.\n" in run(home, project, "list", "--no-usage").stderr
    (use,) = told["tools"]
    assert (use["path"], use["exists"], use["deletes"]) == (str(environment), True, str(inside))
    assert "UV_PREVIEW_FEATURES" in use["depends_on"]
    row = rows(home)[environment]
    assert row.endangered == inside
    assert danger in describe(row, home.path).plain
    proposal = run(home, project, "sync", "--dry-run").stdout
    assert "would delete ~/code/app/.venv with every file in it. This sync does" in proposal
    run(home, project, "sync")
    assert (inside / "mine.txt").exists()
    for name in ON:
        del home.variables[name]
    assert danger not in run(home, project, "info", "--no-usage").stdout
    assert "deletes" not in run(home, project, "list", "--no-usage").stderr
    home.uv("sync", "-q", cwd=project)  # with the feature on
    assert inside.is_symlink()
    assert not (inside / "mine.txt").exists()
