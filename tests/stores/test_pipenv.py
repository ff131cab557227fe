"""Against environments that the real pipenv makes, alone and beside virtualenvwrapper's."""

import os
import shutil
from pathlib import Path

import pytest

from tests.conftest import Home
from tests.freeing import freed
from tests.moving import moved
from tests.project_tool import ProjectTool
from tests.realtools import Tool
from tests.scanner.usage.usage_tools import assert_nothing_is_the_users
from tests.scenario import rows, venv
from tests.stores.places import DAMAGED_PATHS, environment, given, made, paths, reading
from venvdash.config import Config
from venvdash.model import Claim, Direction, EvidenceKind, Status, Traits
from venvdash.stores.pipenv import STORE
from venvdash.stores.roots import Root, RootOrigin
from venvdash.system.machine import Machine

WORKON = {"WORKON_HOME": "{home}/.virtualenvs"}


class Pipenv(ProjectTool):
    """pipenv as the user of one HOME runs it."""

    def __call__(self, project: Path, *arguments: str | Path, **variables: str) -> str:
        variables = {"PIPENV_NOSPIN": "1", "VIRTUALENV_NO_SEED": "1"} | variables
        return self.home.run(
            self.program, *arguments, cwd=project, check=True, **variables
        ).stdout.strip()

    def project(self, name: str, python: Path, **variables: str) -> Path:
        """Make a project with an environment."""
        path = self.write(name, "[packages]\n", "Pipfile")
        self(path, "--python", python, **variables)
        return path

    def venv(self, project: Path, **variables: str) -> Path:
        """Return what pipenv says is the project's environment."""
        return Path(self(project, "--venv", **variables))


@pytest.fixture(scope="module")
def pipenv(module_home: Home, tool: Tool) -> Pipenv:
    return Pipenv(module_home, tool("pipenv"))


@pytest.fixture(scope="module")
def shop(pipenv: Pipenv, pythons: list[Path]) -> Path:
    return pipenv.project("My Shop", pythons[0])


@pytest.fixture(scope="module")
def other(pipenv: Pipenv, pythons: list[Path]) -> Path:
    """A project whose environment is in virtualenvwrapper's folder, with a Python in its name."""
    shared = Pipenv(given(pipenv.home, WORKON), pipenv.program)
    return shared.project("other", pythons[0], PIPENV_PYTHON=str(pythons[0]))


def test_the_environments_are_those_that_pipenv_names(
    pipenv: Pipenv, shop: Path, other: Path, pythons: list[Path]
) -> None:
    home = given(pipenv.home, WORKON)
    shops = pipenv.venv(shop)
    others = Pipenv(home, pipenv.program).venv(other, PIPENV_PYTHON=str(pythons[0]))
    assert others.name.endswith(f"-{pythons[0].name}")
    found = rows(home, records=False)
    assert {path: row.verdict.project for path, row in found.items()} == {
        shops: shop,
        others: other,
    }
    for row in found.values():
        assert row.environment.traits.kind == "pipenv"
        assert (row.verdict.status, row.verdict.evidence) == (Status.LINKED, EvidenceKind.POINTER)


def test_the_traits_and_the_claim(pipenv: Pipenv, shop: Path) -> None:
    path = pipenv.venv(shop)
    root = Root(path.parent, STORE.name)
    found = reading(path, root)
    env = environment(STORE, found)
    assert env.traits == Traits(
        kind="pipenv", name="My_Shop", project_name="My_Shop", digest=path.name[-8:]
    )
    assert STORE.fits(env, shop)
    assert not STORE.fits(env, shop.parent)
    file = path / ".project"
    assert file.read_bytes() == os.fsencode(shop)  # no end of line
    assert list(STORE.claims(found)) == [
        Claim(path, shop, EvidenceKind.POINTER, Direction.ENVIRONMENT, str(file))
    ]


def test_without_project_file_the_hash_finds_the_project(pipenv: Pipenv, shop: Path) -> None:
    path = pipenv.venv(shop)
    with moved(path / ".project", path / ".project-away"):
        row = rows(pipenv.home, records=False)[path]
        assert (row.verdict.project, row.verdict.evidence) == (shop, EvidenceKind.HASH)
        assert row.environment.traits.kind == "pipenv"


def test_a_moved_project_that_names_its_environment_and_a_deleted_one(
    pipenv: Pipenv, shop: Path, tmp_path: Path
) -> None:
    path = pipenv.venv(shop)
    with moved(shop, pipenv.home.path / "code" / "renamed") as there:
        (there / ".venv").write_text(path.name)
        assert pipenv.venv(there) == path
        verdict = rows(pipenv.home, records=False)[path].verdict
        assert (verdict.status, verdict.project, verdict.place) == (Status.MOVED, shop, there)
        # The other form is a path from the project.
        (there / ".venv").write_text(os.path.relpath(path, there))
        assert os.path.realpath(pipenv.venv(there)) == str(path)
        assert rows(pipenv.home, records=False)[path].verdict.place == there
        (there / ".venv").unlink()
    with moved(shop, tmp_path / "outside"):
        verdict = rows(pipenv.home, records=False)[path].verdict
        assert (verdict.status, verdict.project) == (Status.ORPHAN, shop)


def test_pipenv_and_others_in_one_folder(
    home: Home, pipenv: Pipenv, other: Path, tool: Tool
) -> None:
    folder = pipenv.home.path / ".virtualenvs"
    (own,) = folder.iterdir()
    project = home.path / "code" / "wrapped"
    project.mkdir(parents=True)
    wrapper = tool("virtualenvwrapper")
    variables = {
        "WORKON_HOME": str(folder),
        "VIRTUALENVWRAPPER_PYTHON": str(wrapper.parent / "python"),
        "VIRTUALENVWRAPPER_VIRTUALENV": str(wrapper.parent / "virtualenv"),
        "VIRTUALENVWRAPPER_PROJECT_FILENAME": ".belongs",
    }
    user = given(home, variables)
    line = f"source {wrapper} >/dev/null && mkvirtualenv --no-seed -a '{project}' wrapped-12345678"
    user.run("bash", "-c", line)
    wrapped, plain = folder / "wrapped-12345678", venv(folder / "plain-12345678")
    try:
        found = rows(user, records=False)
        assert {path: row.environment.traits.kind for path, row in found.items()} == {
            own: "pipenv",
            wrapped: "virtualenvwrapper",
            plain: "venv",
        }
        assert found[wrapped].verdict.project == project
        assert found[own].verdict.project == other
    finally:
        shutil.rmtree(wrapped)
        shutil.rmtree(plain)


def test_a_name_of_the_users_own_choice(home: Home, tool: Tool, pythons: list[Path]) -> None:
    pipenv = Pipenv(home, tool("pipenv"))
    named = {"PIPENV_CUSTOM_VENV_NAME": "mine"}
    project = pipenv.project("shop", pythons[0], **named)
    path = pipenv.venv(project, **named)
    row = rows(home, records=False)[path]
    assert row.environment.traits == Traits(kind="pipenv", name="mine")
    assert (row.verdict.status, row.verdict.project) == (Status.LINKED, project)


@pytest.mark.parametrize(
    "variables",
    [
        {},
        {"XDG_DATA_HOME": "{home}/d"},
        {"WORKON_HOME": "{home}/w"},
        {"WORKON_HOME": "~/w"},
        {"WORKON_HOME": "w"},
    ],
)
def test_where_pipenv_puts_them(home: Home, tool: Tool, variables: dict[str, str]) -> None:
    user = given(home, variables)
    code = "from pipenv.utils.shell import get_workon_home as w; print(w())"
    said = user.run(tool("pipenv").parent / "python", "-c", code).stdout.strip()
    first, *others = STORE.roots(user.machine(), Config())
    assert first.path == home.path / said
    assert (first.why, first.source) == (
        (RootOrigin.VARIABLE, next(iter(variables))) if variables else (RootOrigin.DEFAULT, "")
    )
    default = home.path / ".local" / "share" / "virtualenvs"
    assert [root.path for root in others] == ([default] if "WORKON_HOME" in variables else [])


def test_variables_in_the_variable(home: Home) -> None:
    """pipenv expands them, but 2026.10.3 ends with a traceback when it has."""
    machine = home.machine(WORKON_HOME="${SUB}/w", SUB="/srv/s")
    assert next(iter(STORE.roots(machine, Config()))).path == Path("/srv/s/w")


def test_windows_has_a_folder_of_its_own(home: Home) -> None:
    assert paths(STORE, Machine(home.path, platform="win32")) == [home.path / ".virtualenvs"]
    mac = Machine(home.path, platform="darwin")
    assert paths(STORE, mac) == [home.path / ".local/share/virtualenvs"]


@pytest.mark.parametrize(
    ("entry", "prompt", "name", "digest"),
    [
        ("webapp-MPSes6ZT", "webapp", "webapp", "MPSes6ZT"),
        ("Pipenv_Proj-nzVkDJz-", "Pipenv_Proj", "Pipenv_Proj", "nzVkDJz-"),
        ("a-b--_-_-_-_", "a-b", "a-b", "-_-_-_-_"),
        ("webapp-MPSes6ZT-3.11", "webapp", "webapp", "MPSes6ZT"),
        ("webapp-MPSes6ZT-python3.11", "webapp", "webapp", "MPSes6ZT"),
        ("webapp-MPSes6ZT-pypy3", None, "webapp", "MPSes6ZT"),
        # What looks like a hash and a Python may be a name and a hash.
        ("x-MPSes6ZT-12345678", "x-MPSes6ZT", "x-MPSes6ZT", "12345678"),
        ("x-MPSes6ZT-12345678", None, "x-MPSes6ZT", "12345678"),
        ("a b-MPSes6ZT", "a b", "a b", "MPSes6ZT"),
        ("webapp-MPSes6Z", "webapp", None, None),
        ("-MPSes6ZT", "", None, None),
    ],
)
def test_names_are_read_from_the_right(
    home: Home, entry: str, prompt: str | None, name: str | None, digest: str | None
) -> None:
    root = Root(home.path, STORE.name)
    cfg = "home = /usr/bin\nversion = 3.12.1\n"
    path = made(home.path / entry, cfg + (f'prompt = "{prompt}"\n' if prompt else ""))
    (path / ".project").write_text("/home/ada/code/webapp")
    traits = STORE.recognise(reading(path, root))
    assert (traits and (traits.project_name, traits.digest)) == (name and (name, digest))


def test_the_hash_of_a_project_that_is_gone(home: Home) -> None:
    root = Root(home.path, STORE.name)
    path = made(root.path / "webapp-MPSes6ZT")
    (path / ".project").write_text("/anywhere")
    env = environment(STORE, reading(path, root))
    assert STORE.fits(env, Path("/home/ada/code/webapp"))
    assert not STORE.fits(env, Path("/home/ada/code/webapp\0"))


@pytest.mark.parametrize("content", DAMAGED_PATHS)
def test_a_damaged_project_file_names_nothing(home: Home, content: bytes) -> None:
    path = made(home.path / "webapp-MPSes6ZT")
    (path / ".project").write_bytes(content)
    assert list(STORE.claims(reading(path, Root(home.path, STORE.name)))) == []


def test_the_name_that_the_user_gave_an_environment_outlives_it(
    home: Home, tool: Tool, pythons: list[Path]
) -> None:
    pipenv = Pipenv(home, tool("pipenv"))
    project = pipenv.project("shop", pythons[0])
    named = pipenv.venv(project).rename(pipenv.venv(project).with_name("mine"))
    (project / ".venv").write_text("mine\n")
    assert freed(home, named) == ""
    assert (project / ".venv").read_text() == "mine\n"
    pipenv(project, "--python", pythons[0])
    assert pipenv.venv(project) == named


def test_nothing_in_them_is_the_users(module_home: Home, shop: Path) -> None:
    assert_nothing_is_the_users(module_home.path / ".local" / "share" / "virtualenvs")
