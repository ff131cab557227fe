"""`venvdash edit --setup` names the environment in VS Code's settings, and changes nothing else."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import Home
from tests.scenario import venv
from venvdash.actions.editor_setup import with_interpreter

KEY = "python.defaultInterpreterPath"


@pytest.fixture
def project(home: Home) -> Path:
    """A repository with an environment in a store."""
    path = home.path / "code" / "é app"
    path.mkdir(parents=True)
    home.run("git", "init", "-q", path)
    prefix = venv(home.path / ".virtualenvs" / "app")
    (prefix / ".project").write_text(str(path))
    return path


def python(home: Home) -> str:
    return str(home.path / ".virtualenvs" / "app" / "bin" / "python")


def setup(home: Home, *more: str, code: int = 0) -> "subprocess.CompletedProcess[str]":
    command = (sys.executable, "-m", "venvdash", "edit", "app", "--setup", *more)
    ran = home.run(*command, check=False)
    assert ran.returncode == code, ran.stderr
    return ran


def settings_of(project: Path) -> Path:
    return project / ".vscode" / "settings.json"


def test_it_writes_settings_that_git_does_not_show(home: Home, project: Path) -> None:
    assert "--yes" in setup(home, code=2).stderr
    assert not settings_of(project).exists()
    setup(home, "--yes")
    assert json.loads(settings_of(project).read_text()) == {KEY: python(home)}
    assert home.run("git", "status", "--porcelain", cwd=project).stdout == ""
    assert "already names" in setup(home).stdout


def test_other_settings_stay_byte_for_byte(home: Home, project: Path) -> None:
    file = settings_of(project)
    file.parent.mkdir()
    file.write_text('// mine\n{\n  "a": [1, 2,], // "b"\n}\n')
    assert "if it is committed" in setup(home, "--yes").stderr
    text = f'// mine\n{{\n    "{KEY}": {json.dumps(python(home))},\n  "a": [1, 2,], // "b"\n}}\n'
    assert file.read_text() == text
    file.write_text(text.replace(python(home), "/usr/bin/python"))
    setup(home, "--yes")
    assert file.read_text() == text


@pytest.mark.parametrize("what", ["link", "folder", "text", "pipe"])
def test_what_is_no_settings_file_is_left(home: Home, project: Path, what: str) -> None:
    """A clone may bring a link to the user's own settings."""
    own = home.path / "own"
    own.mkdir()
    (own / "settings.json").write_text("{}")
    if what == "folder":
        settings_of(project).parent.symlink_to(own)
    else:
        settings_of(project).parent.mkdir()
        if what == "link":
            settings_of(project).symlink_to(own / "settings.json")
        elif what == "text":
            settings_of(project).write_text("[]")
        else:
            home.run("mkfifo", settings_of(project))
    assert "cannot set up é app" in setup(home, "--yes", code=2).stderr
    assert (own / "settings.json").read_text() == "{}"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (None, '{\n    "K": "/p"\n}\n'),
        ("", '{\n    "K": "/p"\n}\n'),
        ("{}", '{\n    "K": "/p"}'),
        ("/* { */ { // }\n}", '/* { */ {\n    "K": "/p" // }\n}'),
        ('{"x": {}}', '{\n    "K": "/p","x": {}}'),
        ('{\n// "K": "/old"\n"K": "/older"\n}', '{\n// "K": "/old"\n"K": "/p"\n}'),
        ("[]", None),
        ("x", None),
    ],
)
def test_one_value_is_written(before: str | None, after: str | None) -> None:
    given = before.replace("K", KEY) if before is not None else None
    assert with_interpreter(given, "/p") == (after.replace("K", KEY) if after else None)
