"""A moved project gets its environment back: every tool itself finds it in the new place."""

import json
import sys
from pathlib import Path

import pytest

from tests.actions.relinking import (
    differing,
    everything,
    linked,
    move,
    program_runs,
    relinked,
    with_program,
)
from tests.cli.test_list import run
from tests.conftest import Home
from tests.realtools import Tool
from tests.scenario import rows, uv_project
from tests.stores.places import given
from tests.stores.test_hatch import PYPROJECT as HATCH_PROJECT
from tests.stores.test_hatch import Hatch
from tests.stores.test_pdm import Pdm
from tests.stores.test_pipenv import Pipenv
from tests.stores.test_poetry import BARE, Poetry
from tests.stores.test_prime_uve import _made, prime
from tests.stores.test_pyenv_virtualenv import pyenv, versions
from tests.stores.test_uvlink import _linked
from venvdash.model import Status


def _plan_of_uv(home: Home, project: Path) -> dict[str, object]:
    plan = json.loads(home.uv("sync", "--dry-run", "--output-format", "json", cwd=project))
    sync = plan["sync"]
    assert isinstance(sync, dict)
    return sync


def _moved(home: Home, how: str) -> tuple[Path, Path]:
    """Move a project of uv's that was listed; return its environment, and where it is now."""
    before = home.path / "code" / "My_App"
    old = uv_project(home, before, how)
    rows(home)
    return old, move(before, "renamed")


@pytest.mark.slow
@pytest.mark.parametrize("how", ["--package", "--bare"])
def test_uv(home: Home, how: str) -> None:
    old, after = _moved(home, how)
    assert rows(home)[old].verdict.status is Status.MOVED
    assert _plan_of_uv(home, after)["action"] == "create"
    said = relinked(home, "my-app")
    assert "the project is now at ~/code/renamed" in said
    new = linked(home, after).path
    assert not old.exists()
    plan = _plan_of_uv(home, after)
    assert plan["action"] == "check"
    assert plan["changes"] == []  # what is installed from the project follows it
    assert (after / ".venv").resolve() == new
    home.uv("sync", "--offline", "-q", cwd=after)
    assert (after / ".venv").resolve() == new
    if how == "--package":
        assert "Hello" in home.run(new / "bin" / "my-app").stdout
    with_program(home, new)
    program_runs(home, new)


def test_poetry(home: Home, tool: Tool, two_pythons: tuple[Path, Path]) -> None:
    poetry = Poetry(home, tool("poetry"))
    before = poetry.project("before", BARE.replace("{name}", "My.App"), *two_pythons)
    old = poetry.used(before)
    with_program(home, old)
    rows(home)
    after = move(before, "after")
    assert poetry.listed(after) == set()
    minor = old.name.rpartition("-py")[2]
    relinked(home, f"my-app@{minor}")
    new = linked(home, after).path
    assert poetry.listed(after) == {new}
    assert poetry.used(after) == new  # by envs.toml, whichever Python poetry runs on
    program_runs(home, new)
    # The other one was not in use, and is not now.
    (other,) = (row for row in rows(home).values() if row.verdict.status is Status.MOVED)
    relinked(home, other.path, after)
    assert poetry.used(after) == new
    assert len(poetry.listed(after)) == 2


def test_pdm(home: Home, tool: Tool, pythons: list[Path]) -> None:
    pdm = Pdm(home, tool("pdm"))
    before = pdm.project("before")
    pdm(before, "use", "-f", pythons[0])
    pdm(before, "venv", "create", "--name", "dev", pythons[0])
    old = Path((before / ".pdm-python").read_text()).parent.parent
    with_program(home, old)
    rows(home)
    after = move(before, "after")
    assert pdm.listed(after) == set()
    relinked(home, old)
    new = linked(home, after).path
    assert pdm.listed(after) == {new}
    assert str(new) in pdm(after, "info", "--python")
    program_runs(home, new)
    dev = next(path for path in rows(home) if path.name.endswith("-dev"))
    relinked(home, dev, after)
    assert {path.name.rpartition("-")[2] for path in pdm.listed(after)} == {
        new.name.rpartition("-")[2],
        "dev",
    }
    assert str(new) in pdm(after, "info", "--python")


@pytest.fixture
def pipenv(home: Home, tool: Tool) -> Pipenv:
    """pipenv for the user of the test's HOME."""
    return Pipenv(home, tool("pipenv"))


@pytest.fixture
def pipenvs(home: Home, pipenv: Pipenv, pythons: list[Path]) -> tuple[Path, Path]:
    """An environment that pipenv made, and where its project, which was listed, is now."""
    before = pipenv.project("before", pythons[0])
    old = pipenv.venv(before)
    with_program(home, old)
    rows(home)
    return old, move(before, "after")


def test_pipenv(home: Home, pipenv: Pipenv, pipenvs: tuple[Path, Path]) -> None:
    old, after = pipenvs
    assert home.run(pipenv.program, "--venv", cwd=after, check=False).returncode
    relinked(home, old, after)
    assert linked(home, after).path == old
    assert pipenv.venv(after) == old
    assert (old / ".project").read_bytes() == str(after).encode()
    program_runs(home, old)


def test_uvlink(home: Home, tool: Tool) -> None:
    uvlink, before = tool("uvlink"), home.path / "code" / "before"
    old = _linked(home, uvlink, before)
    with_program(home, old)
    rows(home)
    after = move(before, "after")
    assert "✅" not in home.run(uvlink, "ls", COLUMNS="300").stdout
    relinked(home, "before")
    new = linked(home, after).path
    listed = home.run(uvlink, "ls", COLUMNS="300").stdout
    (line,) = (line for line in listed.splitlines() if "✅" in line)
    assert new.parent.name in line
    assert str(after) in line
    program_runs(home, new)
    assert home.run(uvlink, "gc", "--dry-run").stdout == ""


def test_hatch(home: Home, tool: Tool) -> None:
    hatch = Hatch(home, tool("hatch"))
    before = hatch.project("before", HATCH_PROJECT, "default", "docs")
    (old,) = hatch.found(before, "default")
    (docs,) = hatch.found(before, "docs")
    with_program(home, old)
    rows(home)
    after = move(before, "after")
    relinked(home, old, after)
    relinked(home, docs, after)
    expected = hatch.found(after, "default") | hatch.found(after, "docs")
    assert expected == {path for path in expected if path.is_dir()}
    assert {path for path, row in rows(home).items() if row.verdict.project == after} == expected
    (new,) = hatch.found(after, "default")
    ran = home.run(hatch.program, "--no-color", "run", "greet-all", cwd=after)
    assert ran.stdout == "greet-all\n"
    assert "Creating" not in ran.stderr
    assert "dependencies" not in ran.stderr  # what it noted of them went along
    program_runs(home, new)
    store = home.path / ".local" / "share" / "hatch" / "env"
    assert [path.name for path in (store / ".metadata").iterdir()] == [new.parent.name]
    assert not old.parent.exists()


def test_virtualenvwrapper(home: Home, tool: Tool) -> None:
    wrapper = tool("virtualenvwrapper")
    programs = {
        "VIRTUALENVWRAPPER_PYTHON": str(wrapper.parent / "python"),
        "VIRTUALENVWRAPPER_VIRTUALENV": str(wrapper.parent / "virtualenv"),
    }

    def wrap(line: str) -> str:
        sourced = f"source {wrapper} >/dev/null && {line}"
        return given(home, programs).run("bash", "-c", sourced).stdout

    before = home.path / "code" / "before"
    before.mkdir(parents=True)
    wrap(f"mkvirtualenv --no-seed -a '{before}' shop")
    old = home.path / ".virtualenvs" / "shop"
    with_program(home, old)
    rows(home)
    after = move(before, "after")
    relinked(home, "shop", after)
    assert linked(home, after).path == old
    assert wrap(f"cd / && workon shop && pwd && {'greet-all'}").splitlines()[-2:] == [
        str(after),
        "greet-all",
    ]
    assert (after / ".venv").resolve() == old
    program_runs(home, old)


def test_prime_uve(prime: Home) -> None:
    before = prime.path / "code" / "before"
    old = _made(prime, before, "My_App")
    with_program(prime, old)
    rows(prime)
    after = move(before, "after")
    listed = {
        item["project_path"]: item["status"]
        for item in json.loads(prime.run("prime-uve", "list", "--json").stdout)["venvs"]
    }
    assert listed == {str(before): "orphan"}
    relinked(prime, old, after)
    new = linked(prime, after).path
    (item,) = json.loads(prime.run("prime-uve", "list", "--json", cwd=after).stdout)["venvs"]
    assert (item["project_path"], item["status"]) == (str(after), "valid")
    assert item["venv_path_expanded"] == str(new)
    assert item["hash"] in new.name
    assert "greet-all" in prime.run("uve", "run", "--no-sync", "greet-all", cwd=after).stdout
    program_runs(prime, new)


@pytest.mark.slow
def test_pyenv_virtualenv(pyenv: Home) -> None:
    real = next(path for path in rows(pyenv, records=False))
    project, other = (pyenv.path / "code" / name for name in ("app", "other"))
    for directory in (project, other):
        directory.mkdir(parents=True)
    (project / ".python-version").write_text("3.12.1\n")
    rows(pyenv)
    said = relinked(pyenv, "web", project)
    assert "Replaces the content of .python-version there: 3.12.1." in said
    assert linked(pyenv, project).path == real
    assert pyenv.run("pyenv", "version-name", cwd=project).stdout.strip() == "web"
    assert pyenv.run("pyenv", "prefix", cwd=project).stdout.strip() == str(versions(pyenv) / "web")
    relinked(pyenv, "web", other, "--share")
    assert pyenv.run("pyenv", "version-name", cwd=other).stdout.strip() == "web"
    assert pyenv.run("pyenv", "version-name", cwd=project).stdout.strip() == "web"
    before = everything(pyenv)
    run(pyenv, "unlink", "web")
    assert not (other / ".python-version").exists()
    assert not (project / ".python-version").exists()
    assert rows(pyenv)[real].verdict.status is Status.STANDALONE
    run(pyenv, "relink", "--undo")
    assert differing(everything(pyenv), before) == []


def test_pipenv_unlinked_and_without_a_file_in_the_project(
    home: Home, pipenv: Pipenv, pipenvs: tuple[Path, Path]
) -> None:
    old, after = pipenvs
    relinked(home, old, after)
    run(home, "unlink", str(old))
    assert sorted(path.name for path in after.iterdir()) == ["Pipfile"]
    assert rows(home)[old].verdict.status is Status.UNKNOWN
    # Where nothing is written into the project it gets the name that pipenv looks for.
    synced = home.path / "Dropbox" / "after"
    synced.parent.mkdir()
    after.rename(synced)
    relinked(home, old, synced)
    assert sorted(path.name for path in synced.iterdir()) == ["Pipfile"]
    new = linked(home, synced).path
    assert new != old
    assert pipenv.venv(synced) == new
    program_runs(home, new)


def test_uv_in_a_workspace_and_with_another_python(home: Home, tool: Tool) -> None:
    before = home.path / "code" / "work"
    old = uv_project(home, before, "--bare")
    member = before / "packages" / "part"
    member.mkdir(parents=True)
    home.uv("init", "-q", "--bare", cwd=member)
    home.uv("sync", "-q", cwd=before)
    rows(home)
    after = move(before, "moved")
    said = relinked(home, old, after / "packages" / "part")
    assert "The project belongs to the workspace ~/code/moved." in said
    new = linked(home, after).path
    assert _plan_of_uv(home, after)["action"] == "check"
    assert (after / ".venv").resolve() == new
    assert not (after / "packages" / "part" / ".venv").exists()
    # A project that wants another Python is told so before.
    other = home.path / "code" / "other"
    other.mkdir()
    (other / "pyproject.toml").write_text(
        '[project]\nname = "other"\nversion = "1"\nrequires-python = ">=3.99"\n'
    )
    told = run(home, "relink", str(new), str(other), "--dry-run").stdout
    assert "! uv would not use it" in told
    assert "incompatible" in told


@pytest.mark.slow
def test_uv_shared_and_from_one_living_project_to_another(home: Home) -> None:
    first, second = home.path / "code" / "first", home.path / "code" / "second"
    path = uv_project(home, first, "--bare")
    uv_project(home, second, "--bare")
    theirs = (second / ".venv").resolve()
    told = run(home, "relink", str(path), str(second), "--dry-run", check=False).stdout
    assert f"an environment in this store (uv cache): {theirs.name}" in told
    home.run("rm", "-r", theirs, second / ".venv")
    said = relinked(home, path, second, "--share")
    assert "finds an environment by the path of a single project" in said
    assert (second / ".venv").resolve() == path
    assert {row.verdict.status for row in rows(home).values()} == {Status.LINKED}
    assert set(rows(home)[path].verdict.projects) == {first, second}
    run(home, "relink", "--undo")
    said = relinked(home, path, second)
    assert "It will no longer belong to ~/code/first, which still exists." in said
    assert linked(home, second).path != path
    assert not (first / ".venv").is_symlink()
    assert _plan_of_uv(home, second)["action"] == "check"
    assert _plan_of_uv(home, first)["action"] == "create"


@pytest.mark.slow
@pytest.mark.parametrize("how", ["--package", "--bare"])
def test_without_uv_its_formula_serves(home: Home, how: str) -> None:
    old, after = _moved(home, how)
    path = str(old)
    expected = _plan_of_uv(home, after)["environment"]
    assert isinstance(expected, dict)
    bare = Home(home.path, home.variables | {"PATH": "/usr/bin:/bin"})
    # The package uv lies beside the interpreter: it must not be found either.
    code = (
        "import sys; sys.modules['uv'] = None; from venvdash.cli import main;"
        f"sys.argv = ['venvdash', 'relink', {path!r}]; main()"
    )
    bare.run(sys.executable, "-c", code)
    new = linked(home, after).path
    assert str(new) == expected["path"]
    assert _plan_of_uv(home, after)["action"] == "check"
