"""`venvdash run`: uv in it uses this environment and no other, and `--all` runs it in each."""

import json
import os
import shutil
from pathlib import Path

import pytest

from tests.conftest import Home
from tests.scenario import lab, listing, venv
from venvdash.session import subshell
from venvdash.session.subshell import RefusedError

_WHERE = ("--", "sh", "-c", "echo $VIRTUAL_ENV $UV_PROJECT_ENVIRONMENT; pwd")


def test_uv_run_keeps_to_it_whatever_the_project_asks_for(home: Home, pythons: list[Path]) -> None:
    if len(pythons) < 2:
        pytest.skip("needs two versions of Python")
    project, older, newer = lab(home, (pythons[0], pythons[1]))
    (older / "keep").touch()
    version = newer.joinpath("pyvenv.cfg").read_text().partition("version_info = ")[2][:4]
    (project / ".python-version").write_text(version)
    (project / ".venv").unlink()
    words = ("--", "uv", "run", "python", "-c", "import sys; print(sys.prefix)")
    home.variables |= {"UV_OFFLINE": "1", "UV_PYTHON_DOWNLOADS": "never"}
    done = home.venvdash("run", str(older), *words)
    assert done.stdout.strip() == str(older)
    assert (older / "keep").exists()
    assert not os.path.lexists(project / ".venv")
    text = project.joinpath("pyproject.toml").read_text()
    other = "==3.99.*"
    project.joinpath("pyproject.toml").write_text(text.replace(">=3.9", other))
    done = home.venvdash("run", str(older), *words, check=False)
    assert done.returncode == 2
    assert "incompatible with the project's Python requirement" in done.stderr
    assert (older / "keep").exists()  # uv alone deletes the environment and makes another


def test_uv_is_told_only_in_its_own_project(home: Home) -> None:
    project = home.path / "code" / "api"
    project.mkdir(parents=True)
    api = venv(home.path / ".virtualenvs" / "api")
    (api / ".project").write_text(str(project))
    venv(home.path / ".virtualenvs" / "ml")
    own = home.venvdash("run", "api", *_WHERE).stdout.splitlines()
    assert own == [f"{api} {api}", str(project)]
    below = project / "src"
    below.mkdir()
    here = home.venvdash("run", "api", "--here", *_WHERE, cwd=below).stdout.splitlines()
    assert here == [f"{api} {api}", str(below)]
    elsewhere = home.venvdash("run", "api", "--here", *_WHERE).stdout.splitlines()
    assert elsewhere == [str(api), str(home.path)]
    named = home.venvdash("run", "ml", *_WHERE, cwd=project).stdout.splitlines()
    assert named == [str(home.path / ".virtualenvs" / "ml"), str(project)]


def test_all_has_a_line_for_each_and_fails_if_one_does(home: Home) -> None:
    project = home.path / "code" / "api"
    project.mkdir(parents=True)
    for name in ("one", "two", "three"):
        path = venv(home.path / ".virtualenvs" / name)
        (path / ".project").write_text(str(project))
    (home.path / ".virtualenvs" / "alias").symlink_to(home.path / ".virtualenvs" / "one")
    (home.path / ".virtualenvs" / "two" / "bin").chmod(0o777)
    words = ("--", "sh", "-c", "echo $VIRTUAL_ENV; case $VIRTUAL_ENV in *one) exit 7; esac")
    done = home.venvdash("run", "api", "--all", *words, check=False)
    ran = [Path(line).name for line in done.stdout.splitlines()]
    assert (done.returncode, sorted(ran)) == (1, ["one", "three"])
    lines = done.stderr.splitlines()[-3:]
    words_of = sorted(line.partition(")")[2].strip()[:8] for line in lines)
    assert words_of == ["exit sta", "not run.", "ok"]
    answer = home.venvdash("run", "api", "--all", "--json", *words, check=False)
    assert answer.returncode == 1
    runs = {Path(run["path"]).name: run for run in json.loads(answer.stdout)["runs"]}
    assert {name: run["status"] for name, run in runs.items()} == {
        "one": 7,
        "two": None,
        "three": 0,
    }
    assert "Everyone can write" in runs["two"]["problem"]
    assert str(home.path / ".virtualenvs" / "three") in answer.stderr.splitlines()
    shutil.rmtree(home.path / ".virtualenvs" / "two")
    assert home.venvdash("run", "api", "--all", "--", "true").returncode == 0


def test_uv_must_not_uninstall_from_what_projects_share(home: Home) -> None:
    for name in ("api", "web"):
        project = home.path / "code" / name
        project.mkdir(parents=True)
        (project / ".venv").symlink_to(home.path / "shared")
    venv(home.path / "shared")
    session = listing(home, cwd=home.path / "code" / "web")
    (row,) = session.rows.values()
    assert len(row.verdict.projects) == 2
    for words in (["uv", "sync"], ["uv", "-q", "sync", "--frozen"], ["/bin/uv", "remove", "x"]):
        with pytest.raises(RefusedError, match=r"2 projects share it, and `uv (sync|remove)` unin"):
            subshell.command(session, row, words)
    for words in (["uv", "sync", "--inexact"], ["uv", "run", "sync"], ["make", "sync"]):
        made = subshell.command(session, row, words)
        assert made.cwd == home.path / "code" / "web"  # not where the other project is
        assert made.environ["UV_PROJECT_ENVIRONMENT"] == str(home.path / "shared")
