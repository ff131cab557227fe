"""Shells activate what was allowed when they come into its project, and nothing else."""

import json
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.conftest import Home
from tests.realtools import Tool
from tests.scenario import venv
from tests.shells import PROMPT, Typist, installed, typing, write_rc

# What a shell might run, expand, or take for the end of a word, but for a newline.
WORST = "a $(touch x) `touch x` 'q\" ;touch x; %s {} \\ ~ * é"
SHELLS = ("bash", "zsh", "fish")


@pytest.fixture(params=SHELLS)
def shell(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def project(home: Home) -> Path:
    """A project with an environment in a store; neither name can be quoted carelessly."""
    path = home.path / "code" / WORST
    (path / "src").mkdir(parents=True)
    prefix = venv(home.path / ".virtualenvs" / WORST)
    (prefix / ".project").write_text(str(path))
    for file in prefix.glob("bin/activate*"):
        file.write_text("touch x\n")
    return path


def prefix_of(home: Home) -> Path:
    return home.path / ".virtualenvs" / WORST


def venvdash(home: Home, *arguments: str | Path, code: int = 0) -> str:
    ran = home.run(sys.executable, "-m", "venvdash", *arguments, check=False)
    assert ran.returncode == code, ran.stderr
    return ran.stdout if not code else ran.stderr


def allowed(home: Home) -> list[dict[str, str]]:
    found: list[dict[str, str]] = json.loads(venvdash(home, "allow", "--list", "--json"))["allowed"]
    return found


@contextmanager
def interactive(home: Home, tool: Tool, shell: str) -> Iterator[tuple[Typist, list[str]]]:
    """Start a shell with the hook; gives the folders on its PATH as well."""
    program = installed(shell, tool)
    folders = write_rc(home, shell)
    command = [str(program), "-i"]
    directory = home.path / "asked"
    with typing(command, variables=home.variables, cwd=home.path, directory=directory) as typist:
        typist.see(PROMPT)
        hook = "venvdash init fish --auto | source"
        typist.type(hook if shell == "fish" else f'eval "$(venvdash init {shell} --auto)"')
        yield typist, folders
    assert not list(home.path.rglob("x")), "something was run"


def enter(typist: Typist, path: Path) -> None:
    """Go to a directory by a link without special characters, or to one without them."""
    typist.type(f"cd {path}")


@pytest.fixture
def way(home: Home, project: Path) -> Path:
    """A link to the project that can be typed."""
    path = home.path / "way"
    path.symlink_to(project)
    return path


def test_a_shell_activates_in_the_project_and_deactivates_outside(
    home: Home, tool: Tool, shell: str, project: Path, way: Path
) -> None:
    venvdash(home, "allow", prefix_of(home))
    with interactive(home, tool, shell) as (typist, folders):
        assert "VIRTUAL_ENV" not in typist.ask(sys.executable).variables
        enter(typist, way)
        told = typist.ask()
        assert told.prefix == str(prefix_of(home))
        assert told.variables["VIRTUAL_ENV"] == str(prefix_of(home))
        assert told.variables["PATH"].split(":") == [f"{prefix_of(home)}/bin", *folders]
        enter(typist, way / "src")
        assert typist.ask().prefix == str(prefix_of(home))
        enter(typist, home.path)
        told = typist.ask(sys.executable)
        assert told.variables["PATH"].split(":") == folders
        assert not {"VIRTUAL_ENV", "VIRTUAL_ENV_PROMPT"} & set(told.variables)


def test_what_the_user_did_stays(
    home: Home, tool: Tool, shell: str, project: Path, way: Path
) -> None:
    """Deactivated by hand it stays inactive, and another environment stays active."""
    venvdash(home, "allow", prefix_of(home))
    other = venv(home.path / ".virtualenvs" / "other")
    with interactive(home, tool, shell) as (typist, _):
        enter(typist, way)
        typist.type("deactivate")
        enter(typist, way / "src")
        assert "VIRTUAL_ENV" not in typist.ask(sys.executable).variables
        enter(typist, home.path)
        typist.type("vd other")
        enter(typist, way)
        assert typist.ask().prefix == str(other)
        enter(typist, home.path)
        assert typist.ask().prefix == str(other)


@pytest.mark.parametrize("what", ["project", "environment", "link", "mode"])
def test_what_was_replaced_is_not_activated(
    home: Home, tool: Tool, shell: str, project: Path, way: Path, what: str
) -> None:
    venvdash(home, "allow", prefix_of(home))
    prefix = prefix_of(home)
    if what == "project":  # a clone, renamed over it
        shutil.copytree(project, home.path / "clone")
        project.rename(home.path / "old")
        (home.path / "clone").rename(project)
    elif what == "mode":
        prefix.chmod(0o777)
    else:
        prefix.rename(home.path / "old")
        made = venv(home.path / "evil" if what == "link" else prefix)
        if what == "link":
            prefix.symlink_to(made)
    with interactive(home, tool, shell) as (typist, _):
        enter(typist, way)
        assert "VIRTUAL_ENV" not in typist.ask(sys.executable).variables
        typist.see("replaced since you allowed it")


def test_what_came_with_a_project_cannot_be_allowed(home: Home, project: Path) -> None:
    link = home.path / ".virtualenvs" / "link"
    link.symlink_to(venv(project / ".venv"))
    said = venvdash(home, "allow", link, "--project", project, code=2)
    assert "it lies in its project" in said
    assert allowed(home) == []


def test_an_environment_that_everybody_may_write_to_cannot_be_allowed(
    home: Home, project: Path
) -> None:
    (prefix_of(home) / "bin").chmod(0o777)
    assert "is not allowed" in venvdash(home, "allow", prefix_of(home), code=2)
    assert allowed(home) == []


def test_changes_keep_it_up_to_date(home: Home, project: Path) -> None:
    """A relink allows, a rename follows, an unlink and undoing the relink withdraw."""
    other = home.path / "code" / "other"
    other.mkdir()
    (other / "pyproject.toml").write_text('[project]\nname = "other"\nversion = "1"\n')
    plain = venv(home.path / ".virtualenvs" / "plain")
    venvdash(home, "relink", plain, other, "--yes")
    assert allowed(home) == [{"project": str(other), "path": str(plain)}]
    venvdash(home, "rename", plain, "plainer", "--yes")
    renamed = plain.with_name("plainer")
    assert allowed(home) == [{"project": str(other), "path": str(renamed)}]
    venvdash(home, "undo", "--yes")
    assert allowed(home) == [{"project": str(other), "path": str(plain)}]
    venvdash(home, "undo", "--yes")
    assert allowed(home) == []
    venvdash(home, "relink", plain, other, "--yes")
    venvdash(home, "unlink", plain, "--yes")
    assert allowed(home) == []


def test_it_can_be_withdrawn(home: Home, project: Path) -> None:
    venvdash(home, "allow", prefix_of(home))
    assert [one["project"] for one in allowed(home)] == [str(project)]
    venvdash(home, "allow", "--remove", "--project", project / "src")
    assert allowed(home) == []
    assert "nothing is allowed" in venvdash(home, "allow", "--remove", "--project", project, code=1)


def test_another_host_has_nothing_allowed(home: Home, project: Path) -> None:
    venvdash(home, "allow", prefix_of(home))
    (folder,) = home.machine().state_directory.glob("auto-activation-*")
    folder.rename(folder.with_name("auto-activation-" + "0" * 32))
    assert allowed(home) == []


def test_a_damaged_file_is_left_out(home: Home, project: Path) -> None:
    venvdash(home, "allow", prefix_of(home))
    (folder,) = home.machine().state_directory.glob("auto-activation-*")
    (file,) = folder.iterdir()
    whole = file.read_bytes()
    for content in (b"", b"\n" * 5, whole[:40], whole + b"more\n", os.urandom(200), b"x" * 99_999):
        file.write_bytes(content)
        assert allowed(home) == []


@pytest.mark.parametrize("name", ["tcsh", "xonsh", "nu", "pwsh"])
def test_other_shells_have_no_hook(home: Home, name: str) -> None:
    assert "bash, zsh, fish only" in venvdash(home, "init", name, "--auto", code=2)
