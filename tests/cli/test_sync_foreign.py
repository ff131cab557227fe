"""A sync of another user's project is asked about before anything of it is run."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.cli.test_list import run
from tests.conftest import Home
from tests.scenario import uv_project
from tests.terminal import venvdash
from venvdash.actions.safety.writable_by_others import foreign_project

OTHER = 54321  # no user of this machine
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to give files away")
_PYPROJECT = """\
[project]
name = "web"
requires-python = ">=3.9"
dynamic = ["version"]
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]
"""
_BACKEND = """\
open({witness!r}, "a").write("ran ")
def build_wheel(*_, **__): raise SystemExit("it was built")
build_editable = prepare_metadata_for_build_wheel = build_wheel
prepare_metadata_for_build_editable = build_wheel
"""


@pytest.fixture
def project(home: Home) -> Path:
    """A project of another user's, whose build backend leaves a trace, with our environment."""
    path = home.path / "code" / "web"
    uv_project(home, path)
    for name in ("uv.lock", ".python-version"):
        (path / name).unlink(missing_ok=True)
    (path / "pyproject.toml").write_text(_PYPROJECT)
    (path / "backend.py").write_text(_BACKEND.format(witness=str(home.path / "ran")))
    home.variables |= {"UV_OFFLINE": "1", "UV_PYTHON_DOWNLOADS": "never"}
    subprocess.run(["chown", "-R", f"{OTHER}:{OTHER}", path], check=True)
    return path


@needs_root
@pytest.mark.parametrize("more", [["--dry-run"], ["--yes"], ["--json"]], ids=" ".join)
def test_it_is_not_built_unasked(home: Home, project: Path, more: list[str]) -> None:
    done = run(home, "sync", "web", *more, check=False)
    assert done.returncode == 2
    told = done.stdout + done.stderr
    place = project if more == ["--json"] else f"~/{project.relative_to(home.path)}"
    assert f"{place} belongs to another user, #{OTHER}" in told
    assert "run `venvdash sync --trust`" in told
    assert not (home.path / "ran").exists()


@needs_root
def test_it_is_built_where_that_is_allowed(home: Home, project: Path) -> None:
    run(home, "sync", "web", "--dry-run", "--trust", check=False)
    assert (home.path / "ran").exists()


@needs_root
@pytest.mark.parametrize("answer", ["y", "n"])
def test_on_a_terminal_it_is_asked(home: Home, project: Path, answer: str) -> None:
    words = ("sync", "web", "--dry-run")
    with venvdash(*words, variables=home.variables, cwd=home.path, columns=200) as screen:
        screen.read(lambda output: b"Run its code? [y/N]" in output)
        assert b"belongs to another user" in screen.output
        assert not (home.path / "ran").exists()
        screen.press(f"{answer}\r")
        screen.wait()
    assert (home.path / "ran").exists() == (answer == "y")


@needs_root
def test_linking_to_what_everybody_may_write_to_runs_nothing(home: Home, project: Path) -> None:
    """Without a lockfile uv would build it, to say under which name it looks for it."""
    subprocess.run(["chown", "-R", "0:0", project], check=True)
    project.chmod(0o777)
    own = home.path / "code" / "own"
    uv_project(home, own)
    shutil.rmtree(own)
    run(home, "relink", "own", str(project), "--dry-run", check=False)
    assert not (home.path / "ran").exists()


def test_what_decides_which_code_runs(tmp_path: Path) -> None:
    project = tmp_path / "work" / "web"
    project.mkdir(parents=True)
    (project / "pyproject.toml").touch()
    script = tmp_path / "work" / "script.py"
    script.touch()
    uid = os.geteuid()
    assert foreign_project(project, uid) == ""
    assert foreign_project(script, uid) == ""
    (tmp_path / "link").symlink_to(project)
    project.chmod(0o777)
    assert foreign_project(tmp_path / "link", uid) == f"everyone can write to {project}"
    project.chmod(0o775)
    assert foreign_project(project, uid) == ""
    if uid:
        return
    for name in ("work/web/pyproject.toml", "work/script.py", "work/uv.toml", "pyproject.toml"):
        place = tmp_path / name
        place.touch()
        os.chown(place, OTHER, OTHER)
        both = [foreign_project(one, uid) for one in (project, script)]
        assert f"{place} belongs to another user, #{OTHER}" in both, name
        os.chown(place, uid, uid)
    os.chown(tmp_path, OTHER, OTHER)  # a directory above decides nothing by itself
    assert foreign_project(project, uid) == ""
